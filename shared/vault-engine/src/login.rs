//! A login, as others see it.

use vault_wire::Token;

use crate::backoff::Backoff;
use crate::time::Instant;

/// How logins are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginPolicy {
    /// The waits between failed logins.
    pub backoff: Backoff,
    /// The first failure is the last.
    pub exit_on_error: bool,
    /// The token stays wrapped: the engine never sees it.
    pub is_wrapped: bool,
}

impl Default for LoginPolicy {
    fn default() -> Self {
        Self {
            backoff: Backoff::LOGIN,
            exit_on_error: false,
            is_wrapped: false,
        }
    }
}

/// A login that worked.
#[derive(Clone, Debug)]
pub struct Login {
    /// Counts logins: the first is 1.
    pub generation: u64,
    /// The token.
    pub token: Token,
    /// What becomes of leases that belong to the login before.
    pub predecessor: Predecessor,
    /// Tokens of logins before that have not ended yet, and when they do.
    pub earlier: Vec<(Token, Instant)>,
    /// It was made just now, rather than kept by an earlier process.
    pub is_fresh: bool,
}

/// The fate of the token before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predecessor {
    /// There was none.
    None,
    /// It ends at this time, and its leases with it.
    EndsAt(Instant),
    /// It has ended.
    Dead,
}

/// How long the token lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenLife {
    /// It has ended.
    Dead,
    /// It has no end.
    Endless,
    /// Until then, unless it is renewed.
    Until(Instant),
}

/// Why the driver has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GaveUp {
    /// A login failed, and the policy allows no other.
    ExitOnError,
    /// Vault keeps refusing the first login.
    Refused {
        /// So many times.
        tries: u32,
    },
}
