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

/// The body of a write. Its values may be secrets: [`fmt::Debug`] shows only the names.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields(Arc<BTreeMap<String, String>>);

impl Fields {
    /// The fields, by name.
    pub fn as_map(&self) -> &BTreeMap<String, String> {
        &self.0
    }
}

impl From<BTreeMap<String, String>> for Fields {
    fn from(fields: BTreeMap<String, String>) -> Self {
        Self(Arc::new(fields))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
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
        /// The body.
        data: Fields,
    },
    /// A certificate, issued by a write.
    Issue {
        /// The path, never rewritten.
        path: Arc<str>,
        /// The body.
        data: Fields,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_write_show_nowhere() {
        let fields = BTreeMap::from([("password".to_owned(), "canary".to_owned())]);
        let data = Fields::from(fields);
        assert_eq!(data.as_map()["password"], "canary");
        let call = crate::Call::Write {
            token: vault_wire::Token::new("hvs.canary").unwrap(),
            path: "a/b".into(),
            data: data.clone(),
            is_kv_v2: true,
        };
        let want = Want::Issue {
            path: "a/b".into(),
            data,
        };
        let shown = format!("{call:?} {want:?}");
        assert!(
            shown.contains("password") && !shown.contains("canary"),
            "{shown}"
        );
    }

    #[test]
    fn a_want_shows_what_it_does_and_where() {
        let path = || "a/b".into();
        let data = Fields::default;
        for (want, shown) in [
            (Want::Read { path: path() }, "read a/b"),
            (Want::List { path: path() }, "list a/b"),
            (
                Want::Write {
                    path: path(),
                    data: data(),
                },
                "write a/b",
            ),
            (
                Want::Issue {
                    path: path(),
                    data: data(),
                },
                "issue a/b",
            ),
        ] {
            assert_eq!(format!("{want:?}"), shown);
        }
    }
}
