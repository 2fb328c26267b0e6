//! The kubernetes method: the pod's service-account token for a Vault token.
//!
//! Kubernetes rotates the token file, so it is read for each login and never kept.

use std::path::PathBuf;

use contract::names::SERVICE_ACCOUNT_TOKEN;
use zeroize::Zeroizing;

use super::options::{MethodError, Options};
use super::{Ask, Claims, LoginError, file};

/// Settings of the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kubernetes {
    role: String,
    token_path: PathBuf,
}

impl Kubernetes {
    pub(super) fn from_options(options: &Options<'_>) -> Result<Self, MethodError> {
        let token_path = options.text("token_path")?;
        Ok(Self {
            role: options.required("role")?,
            token_path: token_path.map_or_else(|| SERVICE_ACCOUNT_TOKEN.into(), Into::into),
        })
    }

    pub(super) fn role(&self) -> &str {
        &self.role
    }

    pub(super) fn ask(&self) -> Result<Ask, LoginError> {
        let jwt = file::read("service-account token", &self.token_path)?;
        Ok(Ask::Login {
            claims: Claims::of(&jwt),
            body: [("role", Zeroizing::new(self.role.clone())), ("jwt", jwt)].into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    fn mk_config(config: Value) -> Result<Kubernetes, MethodError> {
        let config: BTreeMap<String, Value> = serde_json::from_value(config).unwrap();
        Kubernetes::from_options(&Options::new(&config))
    }

    #[test]
    fn a_role_is_required_and_the_token_path_has_a_default() {
        assert_eq!(mk_config(json!({})), Err(MethodError::Missing("role")));
        assert_eq!(
            mk_config(json!({"role": 1})),
            Err(MethodError::NotText("role"))
        );
        assert_eq!(
            mk_config(json!({"role": ""})),
            Err(MethodError::Empty("role"))
        );
        let odd = mk_config(json!({"role": "app", "token_path": 1}));
        assert_eq!(odd, Err(MethodError::NotText("token_path")));
        let plain = mk_config(json!({"role": "app"})).unwrap();
        assert_eq!(plain.token_path, PathBuf::from(SERVICE_ACCOUNT_TOKEN));
        let own = mk_config(json!({"role": "app", "token_path": "/t"})).unwrap();
        assert_eq!(own.token_path, PathBuf::from("/t"));
    }
}
