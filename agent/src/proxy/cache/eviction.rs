//! What is to go from the cache.

use super::ask::{TokenId, path_of};

/// Answers that are to go, with all that was got by their tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Eviction {
    All,
    /// A token, its leases, its children, and so on.
    Token(TokenId),
    /// A token and its leases; its children live on.
    TokenAlone(TokenId),
    /// The token with this handle, as [`Eviction::Token`].
    Accessor(String),
    /// Leases whose names begin so.
    Lease(String),
    /// The same, and the tokens of logins at paths that begin so.
    Prefix(String),
    /// Answers to requests for paths that begin so.
    Path {
        namespace: String,
        path: String,
    },
}

/// What `cache-clear` is asked for.
#[derive(Debug)]
pub struct Clear(pub(super) Eviction);

impl Clear {
    /// Reads type, value and namespace of the request, or says what is wrong with them.
    pub fn new(kind: &str, value: &str, namespace: &str) -> Result<Self, &'static str> {
        let eviction = match kind {
            "all" => return Ok(Self(Eviction::All)),
            "request_path" => Eviction::Path {
                namespace: namespace.trim_matches('/').to_owned(),
                path: path_of(value),
            },
            "token" => Eviction::Token(TokenId::of(value)),
            "token_accessor" => Eviction::Accessor(value.to_owned()),
            "lease" => Eviction::Lease(value.to_owned()),
            _ => return Err("type has to be request_path, token, token_accessor, lease or all"),
        };
        if value.is_empty() {
            return Err("a value is needed for this type");
        }
        Ok(Self(eviction))
    }
}
