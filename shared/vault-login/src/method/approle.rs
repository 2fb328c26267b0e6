//! The approle method: a role's id and a secret id, each from a file, for a Vault token.
//!
//! ```text
//! secret-id file ─┬─ plain ────────────────────────────────────────────────▶ secret id ─▶ login
//!                 └─ wrapped ─▶ lookup: is it the path that it should be? ─▶ unwrap ─┘
//! ```
//!
//! A wrapped secret id can be taken out once. So it is kept in memory from then on, and a login that
//! fails does not lose it.

use std::fmt;
use std::path::PathBuf;

use contract::agent_config::check;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use vault_client::Client;
use vault_wire::Token;
use zeroize::Zeroizing;

use super::file::{Afterwards, CredentialFile};
use super::{Ask, LoginError, file};

const WRAPPED: &str = "wrapped secret id";
/// Of a path that Vault names, in an error.
const LONGEST_PATH: usize = 1024;

/// Settings of the method, and the secret id while its file is gone.
#[derive(Clone, Debug)]
pub(super) struct AppRole {
    role_id: PathBuf,
    secret_id: Option<SecretId>,
}

#[derive(Clone, Debug)]
struct SecretId {
    file: CredentialFile,
    /// The path whose answer the file's wrapping token has to hold.
    wrapped_at: Option<String>,
    unwrapped: Option<Unwrapped>,
}

/// A secret id, and a hash of the wrapping token that held it.
#[derive(Clone)]
struct Unwrapped {
    wrapping: [u8; 32],
    secret_id: Zeroizing<String>,
}

/// Without the secret.
impl fmt::Debug for Unwrapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unwrapped([REDACTED])")
    }
}

impl AppRole {
    pub(super) fn new(checked: &check::AppRole<'_>) -> Self {
        let afterwards = if checked.removes {
            Afterwards::Remove
        } else {
            Afterwards::Keep
        };
        let what = if checked.wrapped_at.is_some() {
            WRAPPED
        } else {
            "secret id"
        };
        Self {
            role_id: checked.role_id.into(),
            secret_id: checked.secret_id.map(|path| SecretId {
                file: CredentialFile::new(what, path, afterwards),
                wrapped_at: checked.wrapped_at.map(str::to_owned),
                unwrapped: None,
            }),
        }
    }

    /// Leaves the file of the secret id where it is; `false` if a login uses up what it holds.
    pub(super) fn keep_credentials(&mut self) -> bool {
        let Some(secret_id) = &mut self.secret_id else {
            return true;
        };
        secret_id.file.keep();
        secret_id.wrapped_at.is_none()
    }

    pub(super) fn role(&self) -> String {
        self.role_id.display().to_string()
    }

    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let secret_id = self.secret_id.as_ref();
        let secret_id = secret_id.map(|secret_id| secret_id.file.path().to_owned());
        [self.role_id.clone()]
            .into_iter()
            .chain(secret_id)
            .collect()
    }

    pub(super) async fn ask(&mut self, client: &Client) -> Result<Ask, LoginError> {
        let role_id = file::read("role id", &self.role_id)?;
        let Some(secret_id) = &mut self.secret_id else {
            return Ok(Ask::login([("role_id", role_id)]));
        };
        let secret_id = secret_id.get(client).await?;
        Ok(Ask::login([("role_id", role_id), ("secret_id", secret_id)]))
    }

    pub(super) fn hint(&self) -> String {
        let role_id = self.role_id.display();
        match &self.secret_id {
            None => format!(
                "check the role id in {role_id}; a role that wants a secret id needs \
                 secret_id_file_path"
            ),
            Some(secret_id) => format!(
                "check the role id in {role_id}, and that the secret id is of this role and neither \
                 expired nor used up (secret_id_ttl, secret_id_num_uses); if so, put another into {}",
                secret_id.file.path().display()
            ),
        }
    }
}

impl SecretId {
    async fn get(&mut self, client: &Client) -> Result<Zeroizing<String>, LoginError> {
        let text = self.file.take()?;
        let Some(expected) = &self.wrapped_at else {
            return Ok(text);
        };
        let path = || self.file.path().display().to_string();
        let wrapping: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if let Some(known) = &self.unwrapped
            && known.wrapping == wrapping
        {
            return Ok(known.secret_id.clone());
        }
        let token = Token::new(&text).map_err(|source| LoginError::Unusable {
            what: WRAPPED,
            path: path(),
            source,
        })?;
        let spent = |source: vault_wire::Error| match source.status() {
            Some(400 | 403 | 404) => LoginError::Refused {
                source: source.into(),
                hint: format!(
                    "the wrapping token in {} has expired, or somebody has unwrapped it before: find \
                     out who, and put another into the file",
                    path()
                ),
            },
            _ => source.into(),
        };
        // A token that was swapped on its way gives itself away by the path.
        let actual = client.wrapped_path(&token).await.map_err(spent)?;
        if actual.trim_matches('/') != expected {
            return Err(LoginError::WrongWrapping {
                path: path(),
                expected: expected.clone(),
                actual: vault_wire::shortened(actual, LONGEST_PATH),
            });
        }
        let response = client.with_token(&token).unwrap().await.map_err(spent)?;
        let data = response.data.as_ref();
        let secret_id = data
            .and_then(|data| data.parse::<Held>().ok())
            .map(|held| held.secret_id)
            .filter(|secret_id| !secret_id.is_empty())
            .ok_or_else(|| LoginError::NothingWrapped { path: path() })?;
        self.unwrapped = Some(Unwrapped {
            wrapping,
            secret_id: secret_id.clone(),
        });
        Ok(secret_id)
    }
}

#[derive(Deserialize)]
struct Held {
    secret_id: Zeroizing<String>,
}
