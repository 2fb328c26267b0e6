//! What a template asks for. Equality is identity: two calls that make the same [`Request`] are one
//! fetch, however many templates they stand in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// One distinct thing that a template asks for.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Request {
    /// `secret "PATH"`: a read. Kept with its query string as written, surrounding slashes removed.
    Read {
        /// The API path without `v1/`, with its query string.
        path: String,
    },
    /// `secret "PATH" "k=v"…`: a write whose answer is the secret.
    Write {
        /// The API path without `v1/`.
        path: String,
        /// The body. It may hold secrets, so [`fmt::Debug`] shows only the names.
        data: BTreeMap<String, String>,
    },
    /// `secrets "PATH"`: the names below a path.
    List {
        /// The API path without `v1/`.
        path: String,
    },
    /// `pkiCert "PATH" "k=v"…`: a certificate, issued by a write and kept until it must be renewed.
    /// Templates that ask for the same path and arguments share one issuance, so that the key in
    /// one file fits the certificate in another.
    Pki {
        /// The API path without `v1/`.
        path: String,
        /// The body. [`fmt::Debug`] shows only the names.
        data: BTreeMap<String, String>,
    },
    /// `file "PATH"`: the content of a local file.
    File {
        /// The path as the template gives it, without `.`, `..` and double slashes.
        path: String,
        /// The directory that the file has to lie below.
        sandbox: Option<PathBuf>,
    },
}

impl Request {
    /// A local file, wherever it lies.
    pub fn file(path: impl Into<String>) -> Self {
        Self::File {
            path: path.into(),
            sandbox: None,
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path } => f.debug_struct("Read").field("path", path).finish(),
            Self::Write { path, data } => f
                .debug_struct("Write")
                .field("path", path)
                .field("data", &data.keys().collect::<Vec<_>>())
                .finish(),
            Self::Pki { path, data } => f
                .debug_struct("Pki")
                .field("path", path)
                .field("data", &data.keys().collect::<Vec<_>>())
                .finish(),
            Self::List { path } => f.debug_struct("List").field("path", path).finish(),
            Self::File { path, .. } => f.debug_struct("File").field("path", path).finish(),
        }
    }
}

/// Short words for a log line: `read secret/app`, never a value of a write.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { path } => write!(f, "read {path}"),
            Self::Write { path, .. } => write!(f, "write {path}"),
            Self::Pki { path, .. } => write!(f, "certificate {path}"),
            Self::List { path } => write!(f, "list {path}"),
            Self::File { path, .. } => write!(f, "file {path}"),
        }
    }
}
