//! `token revoke -self`: what hooks of stock images call before an agent's container ends.

use std::path::PathBuf;

use thiserror::Error;
use vault_api::{Client, Token};
use zeroize::Zeroizing;

use super::ClientFlags;
use crate::config::{self, ConfigError, Environment};

/// Why the token was not revoked.
#[derive(Debug, Error)]
pub enum RevokeError {
    /// Another token than the own one.
    #[error(
        "token revoke without -self is not part of this program: it revokes its own token only"
    )]
    NotSelf,
    /// No token.
    #[error("no token: VAULT_TOKEN is not set, and {path} cannot be read: {source}")]
    NoToken {
        /// The file that would hold it.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Text that cannot be a token.
    #[error("VAULT_TOKEN or ~/.vault-token: {0}")]
    BadToken(#[from] vault_api::InvalidToken),
    /// The address or the certificates.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The same, said by the client.
    #[error("{0}")]
    Client(#[from] vault_api::ConfigError),
    /// Vault's answer.
    #[error("Error revoking token: {0}")]
    Vault(#[from] vault_api::Error),
}

/// Revokes the token in `VAULT_TOKEN`, else in `~/.vault-token`.
pub async fn revoke_self(
    own: bool,
    flags: &ClientFlags,
    environment: &Environment,
) -> Result<(), RevokeError> {
    if !own {
        return Err(RevokeError::NotSelf);
    }
    let client = Client::new(&config::client_of_flags(flags, environment)?)?;
    let token = token(environment)?;
    Ok(client.with_token(&token).revoke_self().await?)
}

fn token(environment: &Environment) -> Result<Token, RevokeError> {
    let text = match environment.vault("TOKEN") {
        Some(variable) if !variable.value.is_empty() => Zeroizing::new(variable.value.to_owned()),
        _ => {
            let home = environment.get("HOME").filter(|home| !home.is_empty());
            let home = home.unwrap_or(contract::names::AGENT_HOME);
            let path = PathBuf::from(home).join(".vault-token");
            Zeroizing::new(
                std::fs::read_to_string(&path)
                    .map_err(|source| RevokeError::NoToken { path, source })?,
            )
        }
    };
    Ok(Token::new(&text)?)
}
