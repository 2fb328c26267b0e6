//! The `token_file` method: a token that somebody else has made.

use std::path::PathBuf;

use contract::agent_config::check;
use vault_wire::Token;

use super::{Ask, LoginError, file};

const WHAT: &str = "token";

/// Settings of the method.
#[derive(Clone, Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    pub(super) fn new(checked: &check::TokenFile<'_>) -> Self {
        Self {
            path: checked.path.into(),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    pub(super) fn role(&self) -> String {
        self.path.display().to_string()
    }

    pub(super) fn ask(&self) -> Result<Ask, LoginError> {
        let text = file::read(WHAT, &self.path)?;
        let token = Token::new(&text).map_err(|source| LoginError::Unusable {
            what: WHAT,
            path: self.role(),
            source,
        })?;
        Ok(Ask::Token(token))
    }

    pub(super) fn hint(&self) -> String {
        format!(
            "the token in {} has expired or was revoked, or is of another Vault or Vault namespace: \
             put another into the file",
            self.path.display()
        )
    }
}
