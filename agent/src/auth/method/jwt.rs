//! The jwt method: a JSON Web Token from a file for a Vault token.

use std::path::PathBuf;
use std::time::Duration;

use zeroize::Zeroizing;

use super::file::{Afterwards, CredentialFile};
use super::options::{MethodError, Options};
use super::{Ask, Claims, LoginError};

/// Settings of the method, and the token while its file is gone.
#[derive(Clone, Debug)]
pub(super) struct Jwt {
    role: String,
    file: CredentialFile,
    read_period: Option<Duration>,
}

impl Jwt {
    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, MethodError> {
        let path = options.required("path")?;
        let remove = options.switch("remove_jwt_after_reading", true)?;
        let follow = options.switch("remove_jwt_follows_symlinks", false)?;
        let afterwards = match (remove, follow) {
            (false, _) => Afterwards::Keep,
            (true, false) => Afterwards::Remove,
            (true, true) => Afterwards::RemoveTarget,
        };
        Ok(Self {
            role: options.required("role")?,
            file: CredentialFile::new("JWT", path, afterwards),
            read_period: options.duration("jwt_read_period")?,
        })
    }

    pub(super) fn role(&self) -> &str {
        &self.role
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
