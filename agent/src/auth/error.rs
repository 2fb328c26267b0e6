//! When a failing login is the end.

use thiserror::Error;
use vault_login::LoginError;

/// The agent cannot go on without a token.
#[derive(Debug, Error)]
pub enum AuthError {
    /// The first failure is the last, as configured.
    #[error("login failed and exit_on_err is set: {0}")]
    ExitOnError(#[source] LoginError),
    /// Vault keeps refusing.
    #[error("Vault refuses the login, {tries} times now: {source}")]
    Refused {
        /// How often.
        tries: u32,
        /// The last refusal.
        source: LoginError,
    },
}
