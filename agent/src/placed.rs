//! The files of templates and sinks after they were written, and whether they are still as they were
//! left.

use std::fmt;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secret_files::{Reader, Stamp, Target};
use sha2::{Digest, Sha256};

/// The part of the interval after which files come back, so that they are back within all of it.
const PART: f64 = 0.9;

/// How often files are compared with what was left, so that one that somebody else removes or changes
/// is back within `interval`.
pub(crate) fn pace(interval: Duration) -> Duration {
    interval.mul_f64(PART)
}

/// What somebody else has done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is not there.
    Removed,
    /// Another one is in its place, or it has another content, mode or owner.
    Changed,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "removed",
            Self::Changed => "changed",
        })
    }
}

/// A file as it was left.
pub(crate) struct Placed {
    path: PathBuf,
    /// `None` for a file that others may write on: it only has to be there.
    whole: Option<Whole>,
    was_reported: bool,
}

struct Whole {
    content: Content,
    rights: Rights,
    /// `None` if the file was gone at once.
    stamp: Option<Stamp>,
    /// Another file in its place, which need not be read again.
    other: Option<Stamp>,
}

/// Mode and owner, as far as the configuration gives them. The rest is for others to choose.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Rights {
    mode: Option<u32>,
    uid: Option<u32>,
    gid: Option<u32>,
}

impl Rights {
    fn of(file: &Metadata, target: &Target) -> Self {
        Self {
            mode: target.mode.and(Some(file.mode() & 0o7777)),
            uid: target.uid.and(Some(file.uid())),
            gid: target.gid.and(Some(file.gid())),
        }
    }

    /// Whether the file still has them.
    fn are_of(self, path: &Path) -> bool {
        let is = |wanted: Option<u32>, now: u32| wanted.is_none_or(|wanted| wanted == now);
        std::fs::symlink_metadata(path).is_ok_and(|file| {
            is(self.mode, file.mode() & 0o7777)
                && is(self.uid, file.uid())
                && is(self.gid, file.gid())
        })
    }
}

/// By what a content is known again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    length: u64,
    hash: [u8; 32],
}

impl Content {
    pub(crate) fn of(bytes: &[u8]) -> Self {
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
    pub(crate) fn whole(target: &Target, content: Content) -> Self {
        let path = target.path.clone();
        // Before the rights: a change between the two is found later.
        let stamp = Stamp::of_entry(&path).ok();
        let file = std::fs::symlink_metadata(&path).ok();
        let rights = file.map(|file| Rights::of(&file, target));
        Self {
            whole: Some(Whole {
                content,
                rights: rights.unwrap_or_default(),
                stamp,
                other: None,
            }),
            path,
            was_reported: false,
        }
    }

    /// A file that a template has appended to.
    pub(crate) fn appended(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            whole: None,
            was_reported: false,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether both are one file.
    pub(crate) fn is_the_same_as(&self, other: &Self) -> bool {
        self.path == other.path
    }

    /// Whether somebody has removed, replaced or changed it, by its stamp.
    pub(crate) fn loss(&self) -> Option<Loss> {
        let Ok(now) = Stamp::of_entry(&self.path) else {
            return Some(Loss::Removed);
        };
        let left = self.whole.as_ref();
        let is_as_left = left.is_none_or(|left| left.stamp == Some(now));
        (!is_as_left).then_some(Loss::Changed)
    }

    /// The same, once for each loss.
    pub(crate) fn new_loss(&mut self) -> Option<Loss> {
        let loss = self.loss();
        let is_new = !self.was_reported;
        self.was_reported = loss.is_some();
        loss.filter(|_| is_new)
    }

    /// Whether it is as it was left.
    pub(crate) fn is_as_left(&self) -> bool {
        self.loss().is_none()
    }

    /// Reads a file with another stamp, once. One with the same content, because it was only touched
    /// or copied, is as it was left from now on, unless it has lost a mode or owner that the
    /// configuration gives it.
    pub(crate) fn recognize(&mut self) {
        let (Some(left), Ok(now)) = (&mut self.whole, Stamp::of_entry(&self.path)) else {
            return;
        };
        if [left.stamp, left.other].contains(&Some(now)) {
            return;
        }
        if left.rights.are_of(&self.path) && left.content.is_in(&self.path, now) {
            left.stamp = Some(now);
        } else {
            left.other = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_file_that_is_gone_other_or_a_link_is_not_as_it_was_left() {
        let dir = tempfile::tempdir().unwrap();
        let target = Target::new(dir.path().join("app"));
        target.write(b"one").unwrap();
        let (whole, appended) = (
            Placed::whole(&target, Content::of(b"one")),
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
        let mut placed = Placed::whole(&target, Content::of(b"one"));
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

    #[test]
    fn a_mode_that_was_changed_is_a_loss_only_if_the_configuration_gives_one() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, expected) in [(None, None), (Some(0o640), Some(Loss::Changed))] {
            let target = Target {
                mode,
                ..Target::new(dir.path().join("app"))
            };
            target.write(b"one").unwrap();
            let mut placed = Placed::whole(&target, Content::of(b"one"));
            let chmod = |mode| {
                let mode = std::fs::Permissions::from_mode(mode);
                std::fs::set_permissions(&target.path, mode).unwrap();
            };
            chmod(0o600);
            placed.recognize();
            assert_eq!(placed.new_loss(), expected);
            assert_eq!(placed.new_loss(), None, "reported once");
            assert_eq!(placed.loss(), expected);
            assert_eq!(placed.is_as_left(), expected.is_none());
            std::fs::remove_file(&target.path).unwrap();
            assert_eq!(placed.loss(), Some(Loss::Removed));
        }
    }
}
