//! What is wanted from Vault.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// Names a secret of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretId(u64);

impl SecretId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }
}

/// What is wanted from Vault.
#[derive(Clone, PartialEq, Eq)]
pub enum Want {
    /// A read. The path has no `v1/`, and may have a query.
    Read {
        /// As the user wrote it: for KV version 2 with or without `data/`.
        path: Arc<str>,
    },
    /// A list of the names below a path.
    List {
        /// As the user wrote it: for KV version 2 with or without `metadata/`.
        path: Arc<str>,
    },
    /// A write whose answer is the secret.
    Write {
        /// As the user wrote it.
        path: Arc<str>,
        /// The fields. They may hold secrets.
        data: Arc<BTreeMap<String, String>>,
    },
    /// A certificate, issued by a write.
    Issue {
        /// The path, never rewritten.
        path: Arc<str>,
        /// The fields.
        data: Arc<BTreeMap<String, String>>,
    },
}

impl Want {
    pub(crate) fn path(&self) -> &Arc<str> {
        match self {
            Self::Read { path }
            | Self::List { path }
            | Self::Write { path, .. }
            | Self::Issue { path, .. } => path,
        }
    }
}

impl fmt::Debug for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self {
            Self::Read { .. } => "read",
            Self::List { .. } => "list",
            Self::Write { .. } => "write",
            Self::Issue { .. } => "issue",
        };
        write!(f, "{verb} {}", self.path())
    }
}
