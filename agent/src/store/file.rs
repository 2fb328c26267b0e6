//! Local files that templates read.
//!
//! Looked at every two seconds: the files may lie in volumes whose changes no notification tells of.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use templating::Found;
use zeroize::Zeroizing;

use secret_files::Stamp;

/// Time between looks.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// The file's content if it changed since it was `seen`; `None` if it did not.
pub(super) fn read_if_changed(path: &Path, seen: &mut Option<Stamp>) -> io::Result<Option<Found>> {
    let stamp = Stamp::of(path).inspect_err(|_| *seen = None)?;
    if *seen == Some(stamp) {
        return Ok(None);
    }
    let content = Zeroizing::new(fs::read(path)?);
    *seen = Some(stamp);
    Ok(Some(Found::File(Arc::new(content))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secret_files::Target;

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
        let mut seen = None;
        assert!(read_if_changed(&target.path, &mut seen).is_err());
        target.write(b"one").unwrap();
        let mut read = || mk_content(read_if_changed(&target.path, &mut seen).unwrap());
        assert_eq!(read().as_deref(), Some(&b"one"[..]));
        assert_eq!(read(), None);
        target.write(b"two").unwrap();
        assert_eq!(read().as_deref(), Some(&b"two"[..]));
    }
}
