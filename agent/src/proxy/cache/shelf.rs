//! The answers that are kept: bounded, found by their request, and gone with what they depend on.

use std::collections::{HashMap, HashSet};

use hyper::body::Bytes;
use hyper::{HeaderMap, StatusCode};
use tokio::task::AbortHandle;
use tokio::time::Instant;
use vault_wire::LeaseId;

use super::ask::{Key, TokenId};
use super::eviction::Eviction;

/// Most answers, and most bytes of their bodies. What was asked for least recently makes way.
const ENTRIES: usize = 1024;
const BYTES: usize = 4 * 1024 * 1024;

/// An answer as it came.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) since: Instant,
}

/// An answer and what it depends on.
pub(super) struct Entry {
    pub(super) answer: Kept,
    pub(super) path: String,
    pub(super) namespace: String,
    /// What it was asked for with.
    pub(super) token: Option<TokenId>,
    pub(super) holds: Holds,
    /// Ends with this.
    pub(super) _watch: Option<Watch>,
    pub(super) used: u64,
}

/// The credential in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    Lease(LeaseId),
    Token {
        id: TokenId,
        accessor: String,
        /// It ends with this one.
        parent: Option<TokenId>,
    },
}

/// The task that keeps a credential alive; it ends with this value.
pub(super) struct Watch(pub(super) AbortHandle);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[derive(Default)]
pub(super) struct Shelf {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    clock: u64,
}

impl Shelf {
    pub(super) fn find(&mut self, key: &Key) -> Option<Kept> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(entry.answer.clone())
    }

    pub(super) fn insert(&mut self, key: Key, mut entry: Entry) {
        self.clock += 1;
        entry.used = self.clock;
        self.remove(&key);
        self.bytes += entry.answer.body.len();
        self.entries.insert(key, entry);
        while self.entries.len() > ENTRIES || self.bytes > BYTES {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| *key) else {
                return;
            };
            self.remove(&oldest);
        }
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.answer.body.len();
        }
    }

    /// The token in the answer to a request.
    pub(super) fn token_in(&self, key: &Key) -> Option<TokenId> {
        match self.entries.get(key)?.holds {
            Holds::Lease(_) => None,
            Holds::Token { id, .. } => Some(id),
        }
    }

    /// Whether this token is in an answer that is kept.
    pub(super) fn has_token(&self, wanted: TokenId) -> bool {
        let mut held = self.entries.values().map(|entry| &entry.holds);
        held.any(|holds| matches!(holds, Holds::Token { id, .. } if *id == wanted))
    }

    /// Takes out what is to go; gives how many that were.
    pub(super) fn evict(&mut self, eviction: &Eviction) -> usize {
        let before = self.entries.len();
        let mut tokens = match eviction {
            Eviction::All => {
                self.entries.clear();
                self.bytes = 0;
                return before;
            }
            Eviction::Token(token) => vec![*token],
            Eviction::TokenAlone(token) => {
                self.set_free_children(*token);
                vec![*token]
            }
            _ => Vec::new(),
        };
        self.take(&mut tokens, |entry| entry.is_named(eviction));
        // Who goes takes along what it was used for.
        let mut gone = HashSet::new();
        while let Some(token) = tokens.pop() {
            if gone.insert(token) {
                self.take(&mut tokens, |entry| entry.depends_on(token));
            }
        }
        before - self.entries.len()
    }

    /// Removes entries, and notes the tokens in them.
    fn take(&mut self, tokens: &mut Vec<TokenId>, is_to_go: impl Fn(&Entry) -> bool) {
        let bytes = &mut self.bytes;
        self.entries.retain(|_, entry| {
            let goes = is_to_go(entry);
            if goes {
                *bytes -= entry.answer.body.len();
                if let Holds::Token { id, .. } = entry.holds {
                    tokens.push(id);
                }
            }
            !goes
        });
    }

    fn set_free_children(&mut self, token: TokenId) {
        for entry in self.entries.values_mut() {
            if let Holds::Token { parent, .. } = &mut entry.holds
                && *parent == Some(token)
            {
                *parent = None;
            }
        }
    }
}

impl Entry {
    fn is_named(&self, eviction: &Eviction) -> bool {
        match (eviction, &self.holds) {
            (Eviction::Accessor(wanted), Holds::Token { accessor, .. }) => accessor == wanted,
            (Eviction::Lease(name) | Eviction::Prefix(name), Holds::Lease(lease)) => {
                lease.as_str().starts_with(name)
            }
            // The lease of a login is called after its path. A namespace may stand in front of that.
            (Eviction::Prefix(prefix), Holds::Token { .. }) => {
                let login = self.path.find("auth/").map(|at| &self.path[at..]);
                login.is_some_and(|login| login.starts_with(prefix))
            }
            (Eviction::Path { namespace, path }, _) => {
                let whole = |namespace: &str, path: &str| match namespace {
                    "" => path.to_owned(),
                    namespace => format!("{namespace}/{path}"),
                };
                whole(&self.namespace, &self.path).starts_with(&whole(namespace, path))
            }
            _ => false,
        }
    }

    /// Whether it is of no use without this token.
    fn depends_on(&self, token: TokenId) -> bool {
        match &self.holds {
            Holds::Lease(_) => self.token == Some(token),
            Holds::Token { id, parent, .. } => *id == token || *parent == Some(token),
        }
    }
}

#[cfg(test)]
mod tests;
