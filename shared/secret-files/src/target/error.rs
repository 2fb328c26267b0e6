//! Why a file is not written.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::LONGEST_APPENDED;
use crate::names;

/// A file could not be written. All but [`FileError::NoName`] may pass when the volume changes.
#[derive(Debug, Error)]
pub enum FileError {
    /// A part of the path is a symbolic link that somebody else than root may have made.
    #[error(
        "{}: {} is a symbolic link, and is followed only if root owns it and only root can write in \
         its directory; use the path that it leads to",
        path.display(), link.display()
    )]
    Link {
        /// The file.
        path: PathBuf,
        /// The link.
        link: PathBuf,
    },
    /// A part of the path is not a directory.
    #[error("{}: {} is not a directory", path.display(), part.display())]
    NotADirectory {
        /// The file.
        path: PathBuf,
        /// The part.
        part: PathBuf,
    },
    /// The directory is not there and is not to be made.
    #[error("{}: parent directory is missing", path.display())]
    ParentMissing {
        /// The file.
        path: PathBuf,
    },
    /// The path has no last part.
    #[error("{path:?} is not the name of a file")]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// There is a directory (or a device) where the file should be.
    #[error("{}: is not a regular file; use another path", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// It is of another user, or a link or no directory where one should be.
    #[error("{}: somebody else has put it there; remove it, and it is made again", path.display())]
    NotOurs {
        /// The file or directory.
        path: PathBuf,
    },
    /// The file that was to be appended to is too long for that.
    #[error(
        "{}: it has {size} bytes, and a file that is appended to may have no more than {} in the \
         end; remove it or move it away", path.display(), LONGEST_APPENDED
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// Its owner or group is not known here.
    #[error("{}: {source}", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// The name.
        source: names::UnknownName,
    },
    /// The system refused.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        source: std::io::Error,
    },
}

impl FileError {
    /// Whether somebody else has put something in the way, which must not keep a program from its
    /// work.
    pub fn is_of_others(&self) -> bool {
        matches!(
            self,
            Self::Link { .. } | Self::NotAFile { .. } | Self::NotOurs { .. }
        )
    }

    pub(crate) fn io(path: &Path, action: &'static str, source: impl Into<std::io::Error>) -> Self {
        Self::Io {
            path: path.to_owned(),
            action,
            source: source.into(),
        }
    }
}
