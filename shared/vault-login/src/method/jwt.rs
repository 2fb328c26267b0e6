//! The jwt method: a JSON Web Token from a file for a Vault token.

use std::path::PathBuf;
use std::time::Duration;

use contract::agent_config::check;
use zeroize::Zeroizing;

use super::file::{Afterwards, CredentialFile};
use super::{Ask, Claims, LoginError};

/// Settings of the method, and the token while its file is gone.
#[derive(Clone, Debug)]
pub(super) struct Jwt {
    role: String,
    file: CredentialFile,
    read_period: Option<Duration>,
}

impl Jwt {
    pub(super) fn new(checked: &check::Jwt<'_>) -> Self {
        let afterwards = match (checked.removes, checked.follows) {
            (false, _) => Afterwards::Keep,
            (true, false) => Afterwards::Remove,
            (true, true) => Afterwards::RemoveTarget,
        };
        Self {
            role: checked.role.to_owned(),
            file: CredentialFile::new("JWT", checked.path, afterwards),
            read_period: checked.read_period,
        }
    }

    pub(super) fn role(&self) -> &str {
        &self.role
    }

    /// Leaves the file of the token where it is.
    pub(super) fn keep_credentials(&mut self) {
        self.file.keep();
    }

    pub(super) fn path(&self) -> PathBuf {
        self.file.path().to_owned()
    }

    pub(super) fn read_period(&self) -> Option<Duration> {
        self.read_period
    }

    pub(super) fn ask(&mut self) -> Result<Ask, LoginError> {
        let jwt = self.file.take()?;
        Ok(Ask::Login {
            claims: Claims::of(&jwt),
            body: [("role", Zeroizing::new(self.role.clone())), ("jwt", jwt)].into(),
        })
    }
}
