//! Why a login fails.

use std::sync::Arc;

use thiserror::Error;
use vault_wire::InvalidToken;

/// A login failed.
#[derive(Debug, Error)]
pub enum LoginError {
    /// A credential cannot be read. May pass.
    #[error("cannot read the {what} {path}: {source}")]
    File {
        /// What it holds.
        what: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A credential is empty. May pass.
    #[error("the {what} {path} is empty")]
    Empty {
        /// What it should hold.
        what: &'static str,
        /// The file.
        path: String,
    },
    /// A file does not hold a token. Permanent until it changes.
    #[error("the {what} {path} cannot be used: {source}")]
    Unusable {
        /// What it should hold.
        what: &'static str,
        /// The file.
        path: String,
        /// Why.
        source: InvalidToken,
    },
    /// The platform below the pod does not give what the login needs. May pass.
    #[error("cannot get the {what} from {address}: {reason}")]
    Platform {
        /// What it should give.
        what: &'static str,
        /// Who.
        address: String,
        /// What it said.
        reason: String,
    },
    /// A request cannot be signed. Permanent.
    #[error("cannot sign the request to AWS: {reason}")]
    Sign {
        /// Why.
        reason: String,
    },
    /// A wrapping token holds the answer of another path: somebody may have exchanged it.
    #[error(
        "the wrapping token in {path} is of {actual:?}, not of {expected:?} \
         (secret_id_response_wrapping_path): it may have been exchanged on its way, and is not used"
    )]
    WrongWrapping {
        /// The file.
        path: String,
        /// The path that the configuration names.
        expected: String,
        /// The path that Vault names.
        actual: String,
    },
    /// What was wrapped is no secret id.
    #[error("the wrapping token in {path} holds no secret id")]
    NothingWrapped {
        /// The file.
        path: String,
    },
    /// Vault understood and said no: role, audience, namespace or account do not fit.
    #[error("{source}; {hint}")]
    Refused {
        /// Vault's message.
        source: Arc<vault_wire::Error>,
        /// What to check.
        hint: String,
    },
    /// Vault did not log us in; see [`vault_wire::Error`].
    #[error(transparent)]
    Vault(Arc<vault_wire::Error>),
}

impl From<vault_wire::Error> for LoginError {
    fn from(error: vault_wire::Error) -> Self {
        Self::Vault(Arc::new(error))
    }
}
