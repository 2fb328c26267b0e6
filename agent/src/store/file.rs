//! Local files that templates read.
//!
//! Looked at every two seconds: the files may lie in volumes whose changes no notification tells of.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secret_files::{ReadError, Reader, Stamp, limit};
use templating::Found;

/// Time between looks.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// What was there at the last look.
#[derive(PartialEq, Eq)]
pub(super) enum Seen {
    File(Stamp),
    /// A file that is not read, and why.
    Refused(String),
}

/// The file's content if it changed since it was `seen`; `None` if it did not.
pub(super) fn read_if_changed(
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
