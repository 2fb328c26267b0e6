//! The directory that holds a file, reached without following a link.

use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::FileError;

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
        let start = if path.is_absolute() { "/" } else { "." };
        let mut directory = open_directory(CWD, OsStr::new(start))
            .map_err(|source| FileError::io(path, "open its directory", source))?;
        let mut walked = PathBuf::from(start);
        for part in path.parent().into_iter().flat_map(Path::components) {
            let part = match part {
                Component::Normal(part) => part,
                Component::ParentDir => OsStr::new(".."),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
            };
            walked.push(part);
            directory = Self::enter(&directory, part, create).map_err(|errno| match errno {
                Errno::NOENT => FileError::ParentMissing {
                    path: path.to_owned(),
                },
                // A link opened without following is one or the other, by system.
                Errno::LOOP | Errno::NOTDIR => FileError::NotADirectory {
                    path: path.to_owned(),
                    part: walked.clone(),
                },
                source => FileError::io(path, "open its directory", source),
            })?;
        }
        Ok(Self {
            directory,
            name: name.to_owned(),
        })
    }

    fn enter(directory: &OwnedFd, part: &OsStr, create: bool) -> Result<OwnedFd, Errno> {
        match open_directory(directory, part) {
            Err(Errno::NOENT) if create => {
                match rustix::fs::mkdirat(directory, part, Mode::from_raw_mode(0o755)) {
                    // Another program may have been faster.
                    Ok(()) | Err(Errno::EXIST) => open_directory(directory, part),
                    Err(errno) => Err(errno),
                }
            }
            result => result,
        }
    }

    /// A name that no other file has: hidden, so that `*` does not show an unfinished file.
    pub(crate) fn temporary_name() -> String {
        let mut random = [0_u8; 8];
        // Only a guess is left where the system has no randomness; O_EXCL still keeps us safe.
        let _ = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty());
        format!(".vault-agent-{:016x}", u64::from_ne_bytes(random))
    }

    /// Makes a file that only we can read.
    pub(crate) fn create(&self, name: &str) -> Result<OwnedFd, Errno> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(self, name, flags, Mode::from_raw_mode(0o600))
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

fn open_directory(at: impl AsFd, name: &OsStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(at, name, flags, Mode::empty())
}
