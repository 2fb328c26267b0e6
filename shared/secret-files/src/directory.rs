//! The directory that holds a file to be written.

use std::ffi::{CStr, OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::FileError;
use crate::walk::{Rule, Stop, Walk, own_user};

/// How the names of unfinished files begin.
const TEMPORARY: &str = ".vault-agent-";

/// An open directory and the name of one file in it.
pub(crate) struct Parent {
    directory: OwnedFd,
    pub(crate) name: OsString,
}

impl AsFd for Parent {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

impl Parent {
    /// Walks to the directory of `path`, and makes what is missing on the way with mode 0755.
    pub(crate) fn open(path: &Path, create: bool) -> Result<Self, FileError> {
        let name = path.file_name().ok_or_else(|| FileError::NoName {
            path: path.to_owned(),
        })?;
        let directory = path.parent().filter(|parent| *parent != Path::new(""));
        let directory = open_directory(directory.unwrap_or(Path::new(".")), create);
        Ok(Self {
            directory: directory.map_err(|stop| stopped(path, stop))?,
            name: name.to_owned(),
        })
    }

    /// A name that no other file has: hidden, so that `*` does not show an unfinished file.
    pub(crate) fn temporary_name() -> String {
        let mut random = [0_u8; 8];
        // Only a guess is left where the system has no randomness; O_EXCL still keeps us safe.
        let _ = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty());
        format!("{TEMPORARY}{:016x}", u64::from_ne_bytes(random))
    }

    /// Removes temporary files of ours that no process works on any more.
    pub(crate) fn tidy(&self) {
        let entries = Dir::read_from(&self.directory).into_iter().flatten();
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name.to_bytes().starts_with(TEMPORARY.as_bytes()) && self.is_left_over(name) {
                // One that stays is in nobody's way.
                let _ = rustix::fs::unlinkat(self, name, AtFlags::empty());
            }
        }
    }

    fn is_left_over(&self, name: &CStr) -> bool {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let Ok(file) = rustix::fs::openat(self, name, flags, Mode::empty()) else {
            return false;
        };
        let is_ours = |stat: Stat| {
            stat.st_uid == own_user()
                && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        };
        rustix::fs::fstat(&file).is_ok_and(is_ours)
            && rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
    }

    /// Makes a file that only we can read. It is locked while it is open, so that it is not taken for
    /// one that was left behind.
    pub(crate) fn create(&self, name: &str) -> Result<OwnedFd, Errno> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self, name, flags, Mode::from_raw_mode(0o600))?;
        // Where files cannot be locked, none is taken for left behind either.
        let _ = rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        Ok(file)
    }

    /// Gives the file itself, never what a link points to, another name in the directory.
    pub(crate) fn link(&self, name: &str) -> Result<(), Errno> {
        rustix::fs::linkat(self, &self.name, self, name, AtFlags::empty())
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), Errno> {
        rustix::fs::unlinkat(self, name, AtFlags::empty())
    }

    /// Makes the renaming last.
    pub(crate) fn sync(&self) -> Result<(), Errno> {
        match rustix::fs::fsync(self) {
            // Some file systems cannot sync directories, and need not.
            Err(Errno::INVAL) => Ok(()),
            result => result,
        }
    }
}

/// The directory itself is opened for reading, so that it can be synced.
fn open_directory(path: &Path, create: bool) -> Result<OwnedFd, Stop> {
    let mut walk = Walk::new(Rule::Destination)?;
    if walk.go(path, create)?.is_some() {
        return Err(Stop::NotADirectory(path.to_owned()));
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = rustix::fs::openat(walk.directory(), OsStr::new("."), flags, Mode::empty());
    Ok(directory?)
}

fn stopped(path: &Path, stop: Stop) -> FileError {
    let path = path.to_owned();
    match stop {
        Stop::Link(link) => FileError::Link { path, link },
        Stop::NotADirectory(part) => FileError::NotADirectory { path, part },
        Stop::System(Errno::NOENT) => FileError::ParentMissing { path },
        Stop::System(errno) => FileError::io(&path, "open its directory", errno),
    }
}
