//! The files of a template after they were written, and whether they are still as they were left.

use std::path::PathBuf;

use secret_files::Stamp;

/// A file as it was left.
pub(super) struct Placed {
    path: PathBuf,
    /// `None` for a file that others may write on: it only has to be there.
    stamp: Option<Stamp>,
}

impl Placed {
    /// A file that holds what a template wants, and nothing else.
    pub(super) fn whole(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            stamp: Stamp::of_entry(&path).ok(),
            path,
        }
    }

    /// A file that a template has appended to.
    pub(super) fn appended(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            stamp: None,
        }
    }

    /// Whether both are one file.
    pub(super) fn is_the_same_as(&self, other: &Self) -> bool {
        self.path == other.path
    }

    /// Whether nobody has removed, replaced or changed it.
    pub(super) fn is_as_left(&self) -> bool {
        match Stamp::of_entry(&self.path) {
            Ok(now) => self.stamp.is_none_or(|left| left == now),
            Err(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use secret_files::Target;

    use super::*;

    #[test]
    fn a_file_that_is_gone_other_or_a_link_is_not_as_it_was_left() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::new(dir.path().join("app"));
        target.write(b"one").unwrap();
        let (whole, appended) = (Placed::whole(&target.path), Placed::appended(&target.path));
        assert!(whole.is_as_left() && appended.is_as_left());
        let elsewhere = dir.path().join("elsewhere");
        std::fs::rename(&target.path, &elsewhere).unwrap();
        assert!(!whole.is_as_left() && !appended.is_as_left());
        std::os::unix::fs::symlink(&elsewhere, &target.path).unwrap();
        assert!(!whole.is_as_left(), "the file behind it may be any");
        target.write(b"two").unwrap();
        assert!(!whole.is_as_left() && appended.is_as_left());
    }
}
