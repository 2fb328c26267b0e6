//! Why a file is not read.

use std::io;
use std::path::PathBuf;

use rustix::io::Errno;
use thiserror::Error;

use crate::walk::Stop;

/// A file is not read. May pass, because whoever owns the file can put it right. The messages do not
/// name the file: whoever reports them does.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The system refused; among others, the file does not exist.
    #[error(transparent)]
    System(io::Error),
    /// There is something else in its place, which might never end or never begin.
    #[error("it is a {kind}, not a regular file")]
    NotAFile {
        /// What there is.
        kind: &'static str,
    },
    /// It has more bytes than wanted.
    #[error("it has more than {limit} bytes, which is the limit here")]
    TooLarge {
        /// The most that it may have.
        limit: u64,
    },
    /// It is not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// A link on the way leads out of a volume, and others may have made it.
    #[error(
        "{} is a symbolic link that leads to another volume, and an application may have made it: put \
         the file itself there, let only root write there, or mount the volume read-only", link.display()
    )]
    LeadsOut {
        /// The link.
        link: PathBuf,
    },
    /// It does not lie below the directory that it has to lie below.
    #[error("it is outside of sandbox")]
    OutsideOfSandbox,
    /// It is one that [`Reader::except`](crate::Reader::except) was given.
    #[error(
        "it holds a token or the state of this program, which is never read for others; a token \
         sink writes the token to a file of its own"
    )]
    OwnSecret,
}

impl ReadError {
    /// Whether the file is there and may not be read, whoever asks again.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::LeadsOut { .. } | Self::OutsideOfSandbox | Self::OwnSecret
        )
    }
}

impl From<Errno> for ReadError {
    fn from(errno: Errno) -> Self {
        Self::System(errno.into())
    }
}

impl From<Stop> for ReadError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Link(link) => Self::LeadsOut { link },
            Stop::NotADirectory(_) => Errno::NOTDIR.into(),
            Stop::System(errno) => errno.into(),
        }
    }
}

/// For errors that have a cause of the system.
impl From<ReadError> for io::Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::System(error) => error,
            other => Self::new(io::ErrorKind::InvalidData, other),
        }
    }
}
