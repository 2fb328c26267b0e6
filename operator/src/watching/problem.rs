//! What can be wrong with a watch.

use kube::runtime::watcher;
use tracing::warn;

/// Whether the cluster does not have the kind.
pub(super) fn is_missing(error: &watcher::Error) -> bool {
    matches!(
        error,
        watcher::Error::InitialListFailed(kube::Error::Api(status)) if status.code == 404
    )
}

/// Says once what is wrong with a watch; it is tried again by itself.
pub(super) fn report(problem: &mut String, kind: &str, error: &watcher::Error) {
    let text = error.to_string();
    if *problem != text {
        warn!(kind, error = &*process::cut(&text), "cannot watch");
        *problem = text;
    }
}
