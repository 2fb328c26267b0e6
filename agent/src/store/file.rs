//! Local files that templates read.
//!
//! Looked at every two seconds: the files may lie in volumes whose changes no notification tells of.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secret_files::{ReadError, Reader, Stamp, limit};
use templating::{Found, Request};
use tokio::sync::mpsc;
use tracing::warn;
use vault_engine::RetryPolicy;
use watched_files::Pace;

use crate::driver::{Event, EventKind, Trouble};

/// Time between looks.
const INTERVAL: Duration = Duration::from_secs(2);

/// The watch of one file, until it is aborted.
pub(super) struct Watch {
    key: u64,
    /// What messages call the file: its path may be a secret.
    name: Arc<str>,
    reader: Reader,
    retry: RetryPolicy,
    events: mpsc::UnboundedSender<Event>,
    failures: u32,
}

impl Watch {
    pub(super) fn new(
        key: u64,
        name: Arc<str>,
        reader: Reader,
        retry: RetryPolicy,
        events: mpsc::UnboundedSender<Event>,
    ) -> Self {
        Self {
            key,
            name,
            reader,
            retry,
            events,
            failures: 0,
        }
    }

    pub(super) async fn run(mut self, request: Arc<Request>) {
        let Request::File { path, sandbox } = &*request else {
            return;
        };
        let is_shown = *self.name == *request.to_string();
        let mut seen = None;
        let mut pace = Pace::every(INTERVAL);
        loop {
            let read =
                read_if_changed(&self.reader, Path::new(path), sandbox.as_deref(), &mut seen);
            let kind = match read {
                Ok(found) => {
                    self.failures = 0;
                    found.map(|found| EventKind::Fresh {
                        found: without_path(found, is_shown),
                        lease_ends: None,
                    })
                }
                // The file may come; its template waits.
                Err(error) => self.fail(&error),
            };
            if let Some(kind) = kind {
                let event = Event {
                    key: self.key,
                    kind,
                };
                if self.events.send(event).is_err() {
                    return;
                }
            }
            pace.due().await;
        }
    }

    /// Reports it once, and once more when the tries are used up: a missing file is no news every two
    /// seconds.
    fn fail(&mut self, error: &ReadError) -> Option<EventKind> {
        let was_exhausted = self.retry.is_exhausted(self.failures);
        self.failures = self.failures.saturating_add(1);
        let exhausted = self.retry.is_exhausted(self.failures);
        if self.failures > 1 && exhausted == was_exhausted {
            return None;
        }
        warn!(target: "agent", %error, "(view) {}: waiting for the file", self.name);
        Some(EventKind::Failed(Trouble {
            reason: format!("{}: {error}", self.name).into(),
            exhausted,
        }))
    }
}

/// A reason may name a part of the path.
fn without_path(found: Found, is_shown: bool) -> Found {
    match found {
        Found::Refused(_) if !is_shown => Found::Refused("no template may read it".into()),
        found => found,
    }
}

/// What was there at the last look.
#[derive(PartialEq, Eq)]
enum Seen {
    File(Stamp),
    /// A file that is not read, and why.
    Refused(String),
}

/// The file's content if it changed since it was `seen`; `None` if it did not.
fn read_if_changed(
    reader: &Reader,
    path: &Path,
    sandbox: Option<&Path>,
    seen: &mut Option<Seen>,
) -> Result<Option<Found>, ReadError> {
    let before = seen.take();
    let (now, found) = match reader.open(path, sandbox) {
        Ok(file) => {
            let now = Seen::File(file.stamp());
            let found = if before.as_ref() == Some(&now) {
                None
            } else {
                Some(Found::File(Arc::new(file.read(limit::DOCUMENT)?)))
            };
            (now, found)
        }
        Err(error) if error.is_refusal() => {
            let reason = error.to_string();
            let is_new = before != Some(Seen::Refused(reason.clone()));
            let found = is_new.then(|| Found::Refused(reason.as_str().into()));
            (Seen::Refused(reason), found)
        }
        Err(error) => return Err(error),
    };
    *seen = Some(now);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use secret_files::Target;

    use super::*;

    fn mk_content(found: Option<Found>) -> Option<Vec<u8>> {
        match found {
            Some(Found::File(content)) => Some(content.to_vec()),
            None => None,
            Some(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_file_is_read_again_only_after_a_change() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::new(dir.path().join("app"));
        let reader = Reader::default();
        let mut seen = None;
        assert!(read_if_changed(&reader, &target.path, None, &mut seen).is_err());
        target.write(b"one").unwrap();
        let mut read =
            || mk_content(read_if_changed(&reader, &target.path, None, &mut seen).unwrap());
        assert_eq!(read().as_deref(), Some(&b"one"[..]));
        assert_eq!(read(), None);
        target.write(b"two").unwrap();
        assert_eq!(read().as_deref(), Some(&b"two"[..]));
    }

    #[test]
    fn a_refusal_is_told_once_and_the_file_after_it_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::new(dir.path().join("token"));
        target.write(b"t0ken").unwrap();
        let reader = Reader::except(vec![target.path.clone()], Vec::new());
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("token", &link).unwrap();
        let mut seen = None;
        let mut read = || read_if_changed(&reader, &link, None, &mut seen).unwrap();
        assert!(matches!(read(), Some(Found::Refused(_))));
        assert!(read().is_none());
        std::fs::remove_file(&link).unwrap();
        Target::new(&link).write(b"one").unwrap();
        assert_eq!(mk_content(read()).as_deref(), Some(&b"one"[..]));
    }
}
