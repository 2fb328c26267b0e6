//! Waiting for a change of files: on hints of the kernel, and now and then without one.
//!
//! Directories are watched, not files: a volume of Kubernetes changes by swapping the link `..data`,
//! which touches no file that is open, and other writers rename a new file over the old one. A hint
//! does not tell what has changed, and not every file system gives them. So a hint is a reason to
//! compare, and each [`PERIOD`] without one is, too.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::PERIOD;

/// From a hint to the look: a program that writes one file has often more to write.
const SETTLE: Duration = Duration::from_millis(100);

/// Watches directories until it is dropped.
#[derive(Debug)]
pub struct Watch {
    hint: Arc<Notify>,
    problem: Option<notify::Error>,
    // Dropping it ends the hints.
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Watches what can be watched of these directories; those below them are not.
    pub fn over<P: AsRef<Path>>(directories: impl IntoIterator<Item = P>) -> Self {
        let hint = Arc::new(Notify::new());
        let mut problem = None;
        let watcher = start(Arc::clone(&hint)).map(|mut watcher| {
            for directory in directories {
                let watched = watcher.watch(directory.as_ref(), RecursiveMode::NonRecursive);
                problem = problem.take().or(watched.err());
            }
            watcher
        });
        let watcher = match watcher {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                problem = Some(error);
                None
            }
        };
        Self {
            hint,
            problem,
            _watcher: watcher,
        }
    }

    /// Why no hints come from one or all of the directories.
    pub fn problem(&self) -> Option<&notify::Error> {
        self.problem.as_ref()
    }

    /// Looks until a look finds a change: at once, for what came before the watch, soon after each
    /// hint, and every [`PERIOD`]. In a directory in which other things go on, hint after hint is
    /// waited for longer, up to that period.
    pub async fn until(&self, mut is_changed: impl FnMut() -> bool) {
        let mut settle = SETTLE;
        while !is_changed() {
            tokio::select! {
                () = self.hint.notified() => {
                    sleep(settle).await;
                    settle = PERIOD.min(settle * 2);
                }
                () = sleep(PERIOD) => settle = SETTLE,
            }
        }
    }
}

/// The directory in which a file's replacement shows.
pub fn directory(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn start(hint: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| is_change(event.kind)) {
            hint.notify_one();
        }
    })
}

/// Whether an event tells of new contents. Reading the files makes events of its own; taken for a
/// change, they would have the files read for ever.
fn is_change(kind: EventKind) -> bool {
    !kind.is_access() || kind == EventKind::Access(AccessKind::Close(AccessMode::Write))
}

#[cfg(test)]
mod tests;
