//! Why a secret or a login waits after a failure, and so what may end the wait early.

use vault_wire::Error;

/// What keeps a secret or a login waiting after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Vault as a whole is away: any answer ends the wait.
    Outage,
    /// The token or its policies: a new token ends the wait.
    Denied,
    /// Vault asked for the wait: nothing ends it early.
    Limited,
    /// Anything else: a new token ends the wait.
    Other,
}

impl Cause {
    pub(crate) fn of(error: &Error) -> Self {
        if error.is_rate_limited() || error.retry_after().is_some() {
            Self::Limited
        } else if error.is_away() {
            Self::Outage
        } else if error.is_permission_denied() {
            Self::Denied
        } else {
            Self::Other
        }
    }
}
