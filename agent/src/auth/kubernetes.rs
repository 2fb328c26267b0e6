//! The kubernetes method: the pod's service-account token for a Vault token.
//!
//! Kubernetes rotates the token file, so it is read for each login and never kept.

use std::collections::BTreeMap;
use std::path::PathBuf;

use contract::names::SERVICE_ACCOUNT_TOKEN;
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;
use vault_api::{Auth, Client};
use zeroize::Zeroizing;

use super::LoginError;
use super::hint::{Claims, hint};

/// Settings of the method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubernetes {
    mount_path: String,
    role: String,
    token_path: PathBuf,
}

/// Settings that cannot be used. The words are the established ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KubernetesError {
    /// No role.
    #[error("missing 'role' value")]
    RoleMissing,
    /// Not text.
    #[error("could not convert 'role' config value to string")]
    RoleNotText,
    /// Empty.
    #[error("'role' value is empty")]
    RoleEmpty,
    /// Not text.
    #[error("could not convert 'token_path' config value to string")]
    TokenPathNotText,
}

#[derive(Serialize)]
struct Body<'a> {
    role: &'a str,
    jwt: &'a str,
}

impl Kubernetes {
    /// Reads the settings from the method's `config` block.
    pub fn from_config(
        mount_path: String,
        config: &BTreeMap<String, Value>,
    ) -> Result<Self, KubernetesError> {
        let role = match config.get("role") {
            None => return Err(KubernetesError::RoleMissing),
            Some(Value::String(role)) if role.is_empty() => return Err(KubernetesError::RoleEmpty),
            Some(Value::String(role)) => role.clone(),
            Some(_) => return Err(KubernetesError::RoleNotText),
        };
        let token_path = match config.get("token_path") {
            None => SERVICE_ACCOUNT_TOKEN.into(),
            Some(Value::String(path)) if path.is_empty() => SERVICE_ACCOUNT_TOKEN.into(),
            Some(Value::String(path)) => path.into(),
            Some(_) => return Err(KubernetesError::TokenPathNotText),
        };
        Ok(Self {
            mount_path,
            role,
            token_path,
        })
    }

    pub(super) async fn login(&self, client: &Client) -> Result<Auth, LoginError> {
        let path = || self.token_path.display().to_string();
        let text = std::fs::read_to_string(&self.token_path)
            .map(Zeroizing::new)
            .map_err(|source| LoginError::TokenFile {
                path: path(),
                source,
            })?;
        let jwt = text.trim();
        if jwt.is_empty() {
            return Err(LoginError::TokenEmpty { path: path() });
        }
        let role = &self.role;
        let login = client.login(&self.mount_path, &Body { role, jwt }).await;
        login.map_err(|source| match source.status() {
            Some(400 | 403 | 404) => LoginError::Refused {
                hint: hint(&source, role, &self.mount_path, &Claims::of(jwt)),
                source,
            },
            _ => LoginError::Vault(source),
        })
    }

    /// What a token of this login cannot be taken over from or to.
    pub(super) fn identity(&self) -> String {
        format!("kubernetes {} {}", self.mount_path, self.role)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_config(config: Value) -> Result<Kubernetes, KubernetesError> {
        let config: BTreeMap<String, Value> = serde_json::from_value(config).unwrap();
        Kubernetes::from_config("auth/kubernetes".into(), &config)
    }

    #[test]
    fn a_role_is_required_and_the_token_path_has_a_default() {
        assert_eq!(mk_config(json!({})), Err(KubernetesError::RoleMissing));
        assert_eq!(
            mk_config(json!({"role": 1})),
            Err(KubernetesError::RoleNotText)
        );
        assert_eq!(
            mk_config(json!({"role": ""})),
            Err(KubernetesError::RoleEmpty)
        );
        let odd = mk_config(json!({"role": "app", "token_path": 1}));
        assert_eq!(odd, Err(KubernetesError::TokenPathNotText));
        let plain = mk_config(json!({"role": "app"})).unwrap();
        assert_eq!(plain.token_path, PathBuf::from(SERVICE_ACCOUNT_TOKEN));
        let own = mk_config(json!({"role": "app", "token_path": "/t"})).unwrap();
        assert_eq!(own.token_path, PathBuf::from("/t"));
    }
}
