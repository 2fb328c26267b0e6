//! The kubernetes method: the pod's service-account token for a Vault token.
//!
//! Kubernetes rotates the token file, so it is read for each login and never kept.

use std::path::PathBuf;

use contract::agent_config::check;
use zeroize::Zeroizing;

use super::{Ask, Claims, LoginError, file};

/// Settings of the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kubernetes {
    role: String,
    token_path: PathBuf,
}

impl Kubernetes {
    pub(super) fn new(checked: &check::Kubernetes<'_>) -> Self {
        Self {
            role: checked.role.to_owned(),
            token_path: checked.token_path.into(),
        }
    }

    pub(super) fn role(&self) -> &str {
        &self.role
    }

    pub(super) fn path(&self) -> PathBuf {
        self.token_path.clone()
    }

    pub(super) fn ask(&self) -> Result<Ask, LoginError> {
        let jwt = file::read("service-account token", &self.token_path)?;
        Ok(Ask::Login {
            claims: Claims::of(&jwt),
            body: [("role", Zeroizing::new(self.role.clone())), ("jwt", jwt)].into(),
        })
    }
}
