//! The auth methods, and what they have in common: who may log in, and which token that gives.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome, Refusal};
use crate::duration;
use crate::ids::Ids;
use crate::kubernetes::{self, Kubernetes};
use crate::request::Request;
use crate::state::State;
use crate::tokens::{NewToken, api};

mod approle;
mod cert;
mod jwt;
mod users;

/// A method at its place.
#[derive(Debug)]
pub(crate) enum AuthMethod {
    Kubernetes(Kubernetes),
    Jwt(jwt::Jwt),
    AppRole(approle::AppRole),
    Cert(cert::Cert),
    Users(users::Users),
}

impl AuthMethod {
    /// A method by its name.
    pub(crate) fn new(kind: &str) -> Option<Self> {
        Some(match kind {
            "kubernetes" => Self::Kubernetes(Kubernetes::default()),
            "jwt" => Self::Jwt(jwt::Jwt::default()),
            "approle" => Self::AppRole(approle::AppRole::default()),
            "cert" => Self::Cert(cert::Cert::default()),
            "userpass" => Self::Users(users::Users::new(users::Kind::UserPass)),
            "ldap" => Self::Users(users::Users::new(users::Kind::Ldap)),
            _ => return None,
        })
    }

    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Kubernetes(_) => "kubernetes",
            Self::Jwt(_) => "jwt",
            Self::AppRole(_) => "approle",
            Self::Cert(_) => "cert",
            Self::Users(method) => method.kind(),
        }
    }

    /// Everything but `login`.
    pub(crate) fn handle(
        &mut self,
        path: &str,
        request: &Request,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Outcome {
        match self {
            Self::Kubernetes(method) => method.handle(path, request),
            Self::Jwt(method) => method.handle(path, request),
            Self::AppRole(method) => method.handle(path, request, now, ids),
            Self::Cert(method) => method.handle(path, request),
            Self::Users(method) => method.handle(path, request),
        }
    }

    /// Whether `path` below the mount is where one logs in.
    pub(crate) fn is_login(&self, path: &str) -> bool {
        match self {
            Self::Users(_) => path.starts_with("login/"),
            _ => path == "login",
        }
    }
}

/// `auth/{mount}login`, for users `auth/{mount}login/{name}`, which take no token.
pub(crate) fn login(state: &mut State, mount: &str, request: &Request, now: Timestamp) -> Outcome {
    let new = match state.here.auth.get_mut(mount).ok_or_else(Refusal::denied)? {
        AuthMethod::Kubernetes(_) => return kubernetes::login(state, mount, request, now),
        AuthMethod::Jwt(method) => method.login(mount, request, &*state.crypto, now)?,
        AuthMethod::AppRole(method) => method.login(request, now)?,
        AuthMethod::Cert(method) => method.login(mount, request)?,
        AuthMethod::Users(method) => {
            let name = request.path.rsplit('/').next().unwrap_or_default();
            method.login(mount, name, request)?
        }
    };
    let new = NewToken {
        path: request.path.clone(),
        ..new
    };
    let id = state.issue(new, now);
    Ok(api::authenticated(state, &id, Vec::new()))
}

/// What a role says about its tokens.
#[derive(Debug, Clone)]
struct TokenSettings {
    policies: Vec<String>,
    ttl: Option<Duration>,
    max_ttl: Option<Duration>,
    period: Option<Duration>,
    batch: bool,
}

impl TokenSettings {
    fn from_request(request: &Request) -> Result<Self, Refusal> {
        let ttl = |names: &[&str]| duration::any_field(&request.body, names);
        let mut policies = request.texts("token_policies");
        policies.extend(request.texts("policies"));
        policies.push("default".into());
        policies.sort();
        policies.dedup();
        Ok(Self {
            policies,
            ttl: ttl(&["token_ttl", "ttl"])?,
            max_ttl: ttl(&["token_max_ttl", "max_ttl"])?,
            period: ttl(&["token_period", "period"])?.filter(|period| !period.is_zero()),
            batch: request.text("token_type") == Some("batch"),
        })
    }

    fn view(&self) -> Value {
        json!({
            "token_policies": self.policies,
            "token_ttl": self.ttl.unwrap_or_default().as_secs(),
            "token_max_ttl": self.max_ttl.unwrap_or_default().as_secs(),
            "token_period": self.period.unwrap_or_default().as_secs(),
            "token_type": if self.batch { "batch" } else { "default" },
        })
    }

    fn token(&self, display_name: String, meta: &[(&str, &str)]) -> NewToken {
        let own = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        NewToken {
            display_name,
            policies: self.policies.clone(),
            meta: meta.iter().map(own).collect::<BTreeMap<_, _>>(),
            ttl: self.ttl,
            max_ttl: self.max_ttl,
            period: self.period,
            batch: self.batch,
            ..NewToken::default()
        }
    }
}

/// The names of a map, as a list.
fn names<T>(kind: &'static str, map: &BTreeMap<String, T>) -> Outcome {
    let names: Vec<String> = map.keys().cloned().collect();
    Answer::keys(kind, &names)
}
