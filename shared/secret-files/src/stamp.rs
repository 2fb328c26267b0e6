//! By what a change of a file is seen without reading it.

use std::io;
use std::path::Path;

use rustix::fs::Stat;

/// A file as it was at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    inode: u64,
    size: i64,
    modified: (i64, u64),
    /// Of content, owner, mode or name: unlike the time above, nobody can set it.
    changed: (i64, u64),
}

impl Stamp {
    /// The file at this path. Links are followed: a volume of Kubernetes swaps one.
    pub fn of(path: &Path) -> io::Result<Self> {
        Ok(Self::from(&rustix::fs::stat(path)?))
    }

    /// What lies at this path itself, be it a link.
    pub fn of_entry(path: &Path) -> io::Result<Self> {
        Ok(Self::from(&rustix::fs::lstat(path)?))
    }
}

#[allow(
    clippy::useless_conversion,
    clippy::unnecessary_cast,
    reason = "the width of these depends on the system"
)]
impl From<&Stat> for Stamp {
    fn from(stat: &Stat) -> Self {
        Self {
            inode: stat.st_ino.into(),
            size: stat.st_size.into(),
            modified: (stat.st_mtime.into(), stat.st_mtime_nsec as u64),
            changed: (stat.st_ctime.into(), stat.st_ctime_nsec as u64),
        }
    }
}
