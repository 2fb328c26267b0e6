//! `token revoke -self`: what hooks of stock images call before an agent's container ends.

use std::path::PathBuf;

use secret_files::{limit, read_text};
use thiserror::Error;
use vault_client::Client;
use vault_wire::Token;
use zeroize::Zeroizing;

use crate::config::{self, ClientFlags, ConfigError, Environment};

/// Why the token was not revoked.
#[derive(Debug, Error)]
pub(crate) enum RevokeError {
    /// Another token than the own one.
    #[error(
        "token revoke without -self is not part of this program: it revokes its own token only"
    )]
    NotSelf,
    /// No token.
    #[error(transparent)]
    Token(#[from] OwnTokenError),
    /// The address or the certificates.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The same, said by the client.
    #[error("{0}")]
    Client(#[from] vault_client::ConfigError),
    /// Vault's answer.
    #[error("Error revoking token: {0}")]
    Vault(#[from] vault_wire::Error),
}

/// Why the caller has no token.
#[derive(Debug, Error)]
pub(crate) enum OwnTokenError {
    /// None is set.
    #[error("no token: VAULT_TOKEN is not set, and {path} cannot be read: {source}")]
    Missing {
        /// The file that would hold it.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Text that cannot be a token.
    #[error("VAULT_TOKEN or ~/.vault-token: {0}")]
    Bad(#[from] vault_wire::InvalidToken),
}

/// Revokes the token in `VAULT_TOKEN`, else in `~/.vault-token`.
pub(crate) async fn revoke_self(
    own: bool,
    flags: &ClientFlags,
    environment: &Environment,
) -> Result<(), RevokeError> {
    if !own {
        return Err(RevokeError::NotSelf);
    }
    let client = Client::new(&config::client_of_flags(flags, environment)?)?;
    let token = own_token(environment)?;
    Ok(client.with_token(&token).revoke_self().await?)
}

/// The token in `VAULT_TOKEN`, else in `~/.vault-token`.
pub(super) fn own_token(environment: &Environment) -> Result<Token, OwnTokenError> {
    let text = match environment.vault("TOKEN") {
        Some(variable) if !variable.value.is_empty() => Zeroizing::new(variable.value.to_owned()),
        _ => {
            let path = home(environment).join(".vault-token");
            read_text(&path, limit::CREDENTIAL).map_err(|source| OwnTokenError::Missing {
                path,
                source: source.into(),
            })?
        }
    };
    Ok(Token::new(&text)?)
}

/// The directory of `~`.
pub(super) fn home(environment: &Environment) -> PathBuf {
    let home = environment.get("HOME").filter(|home| !home.is_empty());
    home.unwrap_or(contract::names::AGENT_HOME).into()
}
