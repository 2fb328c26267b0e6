//! The files of a template after they were written, and whether they are still as they were left.

use std::path::{Path, PathBuf};

use secret_files::{Reader, Stamp};
use sha2::{Digest, Sha256};

/// A file as it was left.
pub(super) struct Placed {
    path: PathBuf,
    /// `None` for a file that others may write on: it only has to be there.
    whole: Option<Whole>,
}

struct Whole {
    content: Content,
    /// `None` if the file was gone at once.
    stamp: Option<Stamp>,
    /// A file in its place with other content, which need not be read again.
    other: Option<Stamp>,
}

/// By what a content is known again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Content {
    length: u64,
    hash: [u8; 32],
}

impl Content {
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self {
            length: bytes.len() as u64,
            hash: Sha256::digest(bytes).into(),
        }
    }

    /// Whether the file has it; `false` if it is no longer the one with this stamp.
    fn is_in(self, path: &Path, stamp: Stamp) -> bool {
        let opened = Reader::default().open(path, None).ok();
        let opened = opened.filter(|file| file.stamp() == stamp);
        let read = opened.and_then(|file| file.read(self.length).ok());
        read.is_some_and(|bytes| Self::of(&bytes) == self)
    }
}

impl Placed {
    /// A file that holds what a template wants, and nothing else.
    pub(super) fn whole(path: impl Into<PathBuf>, content: Content) -> Self {
        let path = path.into();
        Self {
            whole: Some(Whole {
                content,
                stamp: Stamp::of_entry(&path).ok(),
                other: None,
            }),
            path,
        }
    }

    /// A file that a template has appended to.
    pub(super) fn appended(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            whole: None,
        }
    }

    /// Whether both are one file.
    pub(super) fn is_the_same_as(&self, other: &Self) -> bool {
        self.path == other.path
    }

    /// Whether nobody has removed, replaced or changed it, by a look at its stamp.
    pub(super) fn is_as_left(&self) -> bool {
        match Stamp::of_entry(&self.path) {
            Ok(now) => self
                .whole
                .as_ref()
                .is_none_or(|left| left.stamp == Some(now)),
            Err(_) => false,
        }
    }

    /// Reads a file with another stamp, once. One with the same content, because it was only touched
    /// or copied, is as it was left from now on.
    pub(super) fn recognize(&mut self) {
        let (Some(left), Ok(now)) = (&mut self.whole, Stamp::of_entry(&self.path)) else {
            return;
        };
        if [left.stamp, left.other].contains(&Some(now)) {
            return;
        }
        if left.content.is_in(&self.path, now) {
            left.stamp = Some(now);
        } else {
            left.other = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use secret_files::Target;

    use super::*;

    #[test]
    fn a_file_that_is_gone_other_or_a_link_is_not_as_it_was_left() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::new(dir.path().join("app"));
        target.write(b"one").unwrap();
        let (whole, appended) = (
            Placed::whole(&target.path, Content::of(b"one")),
            Placed::appended(&target.path),
        );
        assert!(whole.is_as_left() && appended.is_as_left());
        let elsewhere = dir.path().join("elsewhere");
        std::fs::rename(&target.path, &elsewhere).unwrap();
        assert!(!whole.is_as_left() && !appended.is_as_left());
        std::os::unix::fs::symlink(&elsewhere, &target.path).unwrap();
        assert!(!whole.is_as_left(), "the file behind it may be any");
        target.write(b"two").unwrap();
        assert!(!whole.is_as_left() && appended.is_as_left());
    }

    #[test]
    fn a_file_that_was_touched_or_copied_is_known_by_its_content_and_no_link_to_one_is() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::new(dir.path().join("app"));
        target.write(b"one").unwrap();
        let mut placed = Placed::whole(&target.path, Content::of(b"one"));
        let mut is_known = || {
            let was_changed = !placed.is_as_left();
            placed.recognize();
            was_changed && placed.is_as_left()
        };
        let touch = || {
            let file = std::fs::File::options().write(true).open(&target.path);
            let time = SystemTime::UNIX_EPOCH;
            file.unwrap().set_modified(time).unwrap();
        };
        touch();
        assert!(is_known());
        let elsewhere = dir.path().join("elsewhere");
        std::fs::copy(&target.path, &elsewhere).unwrap();
        std::fs::rename(&elsewhere, &target.path).unwrap();
        assert!(is_known());
        for other in [b"two".as_slice(), b"one and more"] {
            target.write(other).unwrap();
            assert!(!is_known());
        }
        target.write(b"one").unwrap();
        assert!(is_known());
        std::fs::rename(&target.path, &elsewhere).unwrap();
        assert!(!is_known());
        std::os::unix::fs::symlink(&elsewhere, &target.path).unwrap();
        assert!(!is_known());
    }
}
