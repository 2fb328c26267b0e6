//! The auth methods: what each shows to Vault, and where it has that from.
//!
//! ```text
//! method.config ─▶ Method ─▶ ask(): files, metadata servers ─▶ Ask ─┬─ Login: PUT {mount}/login
//!                                                                   └─ Token: GET auth/token/lookup-self
//! ```
//!
//! The loop that logs in knows none of them. All read their sources afresh for each login, because
//! those rotate.

mod approle;
mod aws;
mod azure;
mod cert;
mod file;
mod gcp;
mod jwt;
mod kubernetes;
mod platform;
mod token_file;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contract::agent_config::check::{self, MethodError};
use vault_client::{Client, ClientConfig};
use vault_wire::{Auth, Granted, Token};
use zeroize::Zeroizing;

use crate::hint::{self, Claims};
use crate::{LoginError, Principal, Variables};

/// An auth method and its settings.
#[derive(Clone, Debug)]
pub struct Method {
    mount_path: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Kubernetes(kubernetes::Kubernetes),
    Jwt(jwt::Jwt),
    AppRole(approle::AppRole),
    Cert(cert::Cert),
    TokenFile(token_file::TokenFile),
    Gcp(gcp::Gcp),
    Azure(azure::Azure),
    Aws(aws::Aws),
}

/// A method that cannot be set up. Permanent until what it names is put right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    /// One of its settings.
    #[error(transparent)]
    Setting(#[from] MethodError),
    /// The credentials that it finds in the environment, which is another one elsewhere.
    #[error(transparent)]
    Environment(MethodError),
}

/// The fields of a login. They are wiped when it is done.
type Body = BTreeMap<&'static str, Zeroizing<String>>;

/// What a method asks Vault for.
enum Ask {
    /// A login with this body. The claims are those of the token in it, for hints.
    Login { body: Body, claims: Claims },
    /// A token that is there already.
    Token(Token),
}

impl Ask {
    fn login<const N: usize>(fields: [(&'static str, Zeroizing<String>); N]) -> Self {
        Self::Login {
            body: fields.into(),
            claims: Claims::default(),
        }
    }
}

impl Method {
    /// The method of a login. Some get credentials from the environment.
    pub fn new(login: check::Login<'_>, variables: &dyn Variables) -> Result<Self, SetupError> {
        use check::Method as Checked;
        let mount_path = match login.block.mount_path.trim_matches('/') {
            "" => format!("auth/{}", login.block.kind),
            path => path.to_owned(),
        };
        let kind = match login.method {
            Checked::Kubernetes(it) => Kind::Kubernetes(kubernetes::Kubernetes::new(&it)),
            Checked::Jwt(it) => Kind::Jwt(jwt::Jwt::new(&it)),
            Checked::AppRole(it) => Kind::AppRole(approle::AppRole::new(&it)),
            Checked::Cert(it) => Kind::Cert(cert::Cert::new(&it)),
            Checked::TokenFile(it) => Kind::TokenFile(token_file::TokenFile::new(&it)),
            Checked::Aws(it) => Kind::Aws(aws::Aws::new(&it, variables)?),
            Checked::Gcp(it) => Kind::Gcp(gcp::Gcp::new(&it, variables)),
            Checked::Azure(it) => Kind::Azure(azure::Azure::new(&it, variables)),
        };
        Ok(Self { mount_path, kind })
    }

    /// Names method, mount and role: a token of another login is not ours.
    pub fn identity(&self) -> String {
        let (kind, role) = match &self.kind {
            Kind::Kubernetes(method) => ("kubernetes", method.role().to_owned()),
            Kind::Jwt(method) => ("jwt", method.role().to_owned()),
            Kind::AppRole(method) => ("approle", method.role()),
            Kind::Cert(method) => ("cert", method.role()),
            Kind::TokenFile(method) => ("token_file", method.role()),
            Kind::Gcp(method) => ("gcp", method.role().to_owned()),
            Kind::Azure(method) => ("azure", method.role().to_owned()),
            Kind::Aws(method) => ("aws", method.role().to_owned()),
        };
        format!("{kind} {} {role}", self.mount_path)
    }

    /// Whom Vault's policies are for; `None` for a token that was made elsewhere.
    pub fn principal(&self) -> Option<Principal> {
        let mount = &self.mount_path;
        let named = |role: &str, kind: &str| match role {
            "" => Principal::of_mount(mount),
            role => Principal {
                name: format!("role {role:?}"),
                shown_by: Some(format!("vault read {mount}/{kind}/{role}")),
            },
        };
        Some(match &self.kind {
            Kind::Kubernetes(method) => named(method.role(), "role"),
            Kind::Jwt(method) => named(method.role(), "role"),
            Kind::Gcp(method) => named(method.role(), "role"),
            Kind::Azure(method) => named(method.role(), "role"),
            Kind::Aws(method) => named(method.role(), "role"),
            Kind::Cert(method) => named(&method.role(), "certs"),
            Kind::AppRole(_) => Principal::of_mount(mount),
            Kind::TokenFile(_) => return None,
        })
    }

    /// How to reach Vault for logins and for the token they give, where the method has certificates
    /// of its own. Vault wants to see them again when the token is renewed.
    pub fn client_config(&self, vault: &ClientConfig) -> Option<ClientConfig> {
        match &self.kind {
            Kind::Cert(method) => Some(method.client_config(vault)),
            _ => None,
        }
    }

    /// The files whose change is a reason to log in again.
    pub(crate) fn credential_files(&self) -> Vec<PathBuf> {
        match &self.kind {
            // What the platform rotates all the time is for the same account.
            Kind::Kubernetes(_) | Kind::Gcp(_) | Kind::Azure(_) | Kind::Aws(_) => Vec::new(),
            Kind::Jwt(method) => vec![method.path()],
            Kind::AppRole(method) => method.paths(),
            Kind::Cert(method) => method.paths(),
            Kind::TokenFile(method) => vec![method.path()],
        }
    }

    /// The files whose content Vault takes for a login: they are nobody else's.
    pub fn token_files(&self) -> Vec<PathBuf> {
        match &self.kind {
            Kind::Kubernetes(method) => vec![method.path()],
            Kind::Jwt(method) => vec![method.path()],
            Kind::AppRole(method) => method.paths(),
            Kind::TokenFile(method) => vec![method.path()],
            Kind::Azure(method) => method.token_file().into_iter().collect(),
            Kind::Aws(method) => method.token_file().into_iter().collect(),
            // An application may use the certificate as well.
            Kind::Cert(_) | Kind::Gcp(_) => Vec::new(),
        }
    }

    /// Leaves the files of credentials where they are, for another process; `false` if a login uses up
    /// what they hold.
    pub fn keep_credentials(&mut self) -> bool {
        match &mut self.kind {
            Kind::Jwt(method) => method.keep_credentials(),
            Kind::AppRole(method) => return method.keep_credentials(),
            _ => {}
        }
        true
    }

    /// Whether a login makes a token. The one of `token_file` is somebody else's.
    pub fn makes_token(&self) -> bool {
        !matches!(self.kind, Kind::TokenFile(_))
    }

    /// How often to look at them, where the configuration says so.
    pub(crate) fn read_period(&self) -> Option<Duration> {
        match &self.kind {
            Kind::Jwt(method) => method.read_period(),
            _ => None,
        }
    }

    /// Logs in; with `wrap_ttl`, the token stays wrapped.
    pub async fn login(
        &mut self,
        client: &Client,
        wrap_ttl: Option<Duration>,
    ) -> Result<Granted, LoginError> {
        match self.ask(client).await? {
            Ask::Token(token) => {
                let looked_up = client.with_token(&token).lookup_self().await;
                let info = looked_up.map_err(|error| self.refusal(error, &Claims::default()))?;
                Ok(Granted::Token(Auth::of_token(token, info)))
            }
            Ask::Login { body, claims } => {
                let path = self.mount_path.as_str();
                let granted = match wrap_ttl {
                    None => client.login(path, &body).await.map(Granted::Token),
                    Some(ttl) => client
                        .login_wrapped(path, &body, ttl)
                        .await
                        .map(Granted::Wrapped),
                };
                granted.map_err(|error| self.refusal(error, &claims))
            }
        }
    }

    async fn ask(&mut self, client: &Client) -> Result<Ask, LoginError> {
        match &mut self.kind {
            Kind::Kubernetes(method) => method.ask(),
            Kind::Jwt(method) => method.ask(),
            Kind::AppRole(method) => method.ask(client).await,
            Kind::Cert(method) => Ok(method.ask()),
            Kind::TokenFile(method) => method.ask(),
            Kind::Gcp(method) => method.ask().await,
            Kind::Azure(method) => method.ask().await,
            Kind::Aws(method) => method.ask().await,
        }
    }

    /// Whether Vault understood and said no, and then what to check.
    fn refusal(&self, source: vault_wire::Error, claims: &Claims) -> LoginError {
        if !matches!(source.status(), Some(400 | 403 | 404)) {
            return source.into();
        }
        let hint = hint::mount(&source, &self.mount_path).unwrap_or_else(|| match &self.kind {
            Kind::Kubernetes(method) => {
                hint::kubernetes(&source, method.role(), &self.mount_path, claims)
            }
            Kind::Jwt(method) => hint::jwt(&source, method.role(), &self.mount_path, claims),
            Kind::AppRole(method) => method.hint(),
            Kind::Cert(method) => method.hint(&self.mount_path),
            Kind::TokenFile(method) => method.hint(),
            Kind::Gcp(method) => hint::cloud(&source, method.role(), &self.mount_path, claims),
            Kind::Azure(method) => hint::cloud(&source, method.role(), &self.mount_path, claims),
            Kind::Aws(method) => method.hint(&self.mount_path),
        });
        LoginError::Refused {
            source: Arc::new(source),
            hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// A method's `config` block.
    pub(super) fn mk_options(config: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(config).unwrap()
    }

    /// What a login sends, with its secrets.
    pub(super) fn body_of(ask: Ask) -> Value {
        let Ask::Login { body, .. } = ask else {
            return Value::Null;
        };
        let fields = body.into_iter();
        let fields = fields.map(|(key, text)| (key.to_owned(), Value::from(text.as_str())));
        Value::Object(fields.collect())
    }
}
