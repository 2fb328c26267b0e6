//! The right of one agent to a directory, for as long as it runs.
//!
//! Two agents that start at the same instant both find no socket and no state of another. A lock is
//! taken by one of them, and the kernel releases it however its process ends.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags};
use rustix::io::Errno;
use thiserror::Error;
use tracing::debug;

/// A locked file; free again with this value. It stays, because a file that is removed while another
/// process opens it could be locked twice.
#[derive(Debug)]
pub(crate) struct Claim {
    _file: File,
}

/// The directory is another agent's for now.
#[derive(Debug, Error)]
#[error("another agent{} uses {}", shown(*pid), directory.display())]
pub(crate) struct InUse {
    directory: PathBuf,
    /// As that agent sees itself; unknown for a moment while it starts.
    pid: Option<u32>,
}

fn shown(pid: Option<u32>) -> String {
    pid.map_or_else(String::new, |pid| format!(" (pid {pid})"))
}

impl Claim {
    /// Claims a directory by this file in it. `None` if nothing can be locked there, because the
    /// directory is missing or read-only, or its file system has no locks.
    pub(crate) fn take(path: &Path) -> Result<Option<Self>, InUse> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(CWD, path, flags, Mode::from_raw_mode(0o600));
        let locked = opened.map(|file| {
            let locked = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
            (File::from(file), locked)
        });
        match locked {
            Ok((mut file, Ok(()))) => {
                // The number is for messages alone.
                let _ = write_pid(&mut file);
                Ok(Some(Self { _file: file }))
            }
            Ok((file, Err(Errno::WOULDBLOCK))) => Err(InUse {
                directory: path.parent().unwrap_or(path).to_owned(),
                pid: read_pid(file),
            }),
            Ok((_, Err(error))) | Err(error) => {
                debug!(target: "agent", %error, "cannot lock {}", path.display());
                Ok(None)
            }
        }
    }
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn read_pid(file: File) -> Option<u32> {
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_that_claim_a_directory_at_once_one_gets_it_and_the_others_learn_its_pid() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let start = std::sync::Barrier::new(8);
        let claims: Vec<_> = std::thread::scope(|scope| {
            let claim = || {
                start.wait();
                Claim::take(&path)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(claim)).collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap());
            ended.collect()
        });
        let taken = claims.iter().filter(|claim| matches!(claim, Ok(Some(_))));
        assert_eq!(taken.count(), 1);
        let in_use = Claim::take(&path).unwrap_err().to_string();
        let (pid, dir) = (std::process::id(), dir.path().display());
        assert_eq!(in_use, format!("another agent (pid {pid}) uses {dir}"));
        drop(claims);
        assert!(matches!(Claim::take(&path), Ok(Some(_))));
    }

    #[test]
    fn where_nothing_can_be_locked_nothing_is_claimed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nowhere/lock");
        assert!(matches!(Claim::take(&path), Ok(None)));
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("elsewhere", &link).unwrap();
        assert!(matches!(Claim::take(&link), Ok(None)));
        assert!(!dir.path().join("elsewhere").exists());
    }
}
