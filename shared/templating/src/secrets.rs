//! The one door to secrets, for every template language.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::{Certificate, Request, Secret};

/// Where a render finds what its template asks for.
///
/// An implementation answers from what it already has and never waits: a render that lacks
/// something reports it as missing and is tried again when it is there.
pub trait Secrets {
    /// The latest answer to a request, or `None` while there is none yet.
    fn lookup(&self, request: &Request) -> Option<Found>;
}

/// An answer. Cheap to clone.
#[derive(Clone)]
#[non_exhaustive]
pub enum Found {
    /// For [`Request::Read`] and [`Request::Write`]. `None`: answered without a body, as a write
    /// to KV version 1 is.
    Secret(Option<Arc<Secret>>),
    /// For [`Request::List`]: names, folders with a trailing slash.
    List(Arc<Vec<String>>),
    /// For [`Request::Pki`].
    Pki(Arc<Certificate>),
    /// For [`Request::File`]: the bytes of the file.
    File(Arc<Zeroizing<Vec<u8>>>),
    /// For [`Request::File`]: there is a file that no template may read, and why.
    Refused(Arc<str>),
}

impl fmt::Debug for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(Some(_)) => "Secret(..)",
            Self::Secret(None) => "Secret(nil)",
            Self::List(_) => "List(..)",
            Self::Pki(_) => "Certificate(..)",
            Self::File(_) => "File(..)",
            Self::Refused(_) => "Refused(..)",
        })
    }
}
