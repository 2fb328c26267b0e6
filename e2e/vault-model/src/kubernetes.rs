//! Kubernetes auth: a service account's token for a Vault token.
//!
//! It checks signatures against keys (`pem_keys`, or those the server was started with) instead of
//! asking a cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::auth_methods::AuthMethod;
use crate::duration;
use crate::jwt::{self, JwtError, PublicKey, ServiceAccount};
use crate::request::{Operation, Request};
use crate::state::State;
use crate::tokens::{NewToken, api};

/// A mount's configuration and roles.
#[derive(Debug, Default)]
pub(crate) struct Kubernetes {
    config: Option<Config>,
    roles: BTreeMap<String, Role>,
}

#[derive(Debug)]
struct Config {
    host: String,
    issuer: String,
    check_issuer: bool,
    disable_local_ca_jwt: bool,
    pem_keys: Vec<String>,
    keys: Vec<PublicKey>,
}

#[derive(Debug, Clone)]
struct Role {
    names: Vec<String>,
    namespaces: Vec<String>,
    audience: Option<String>,
    policies: Vec<String>,
    ttl: Option<Duration>,
    max_ttl: Option<Duration>,
    explicit_max_ttl: Option<Duration>,
    period: Option<Duration>,
    batch: bool,
}

impl Kubernetes {
    /// Everything but `login`.
    pub(crate) fn handle(&mut self, path: &str, request: &Request) -> Outcome {
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        match (kind, name, request.operation) {
            ("config", "", Operation::Write) => {
                self.config = Some(Config::from_request(request)?);
                Ok(Answer::Empty)
            }
            ("config", "", Operation::Read) => {
                let config = self.config.as_ref().ok_or_else(Refusal::not_found)?;
                Ok(Secret::data("kubernetes", config.view()).into())
            }
            ("role", "", Operation::List) => {
                let names: Vec<String> = self.roles.keys().cloned().collect();
                Answer::keys("kubernetes", &names)
            }
            ("role", "", _) => Err(Refusal::bad_request("missing name")),
            ("role", _, Operation::Write) => {
                self.roles
                    .insert(name.to_owned(), Role::from_request(request)?);
                Ok(Answer::Empty)
            }
            ("role", _, Operation::Read) => {
                let role = self.roles.get(name).ok_or_else(Refusal::not_found)?;
                Ok(Secret::data("kubernetes", role.view()).into())
            }
            ("role", _, Operation::Delete) => {
                self.roles.remove(name);
                Ok(Answer::Empty)
            }
            _ => Err(Refusal::unsupported()),
        }
    }
}

/// Vault tells a client about its token's times, and nothing of a token that is not genuine.
fn refuse(error: JwtError) -> Refusal {
    match error {
        JwtError::Expired | JwtError::TooEarly => Refusal::new(403, error.to_string()),
        _ => Refusal::denied(),
    }
}

/// `auth/{mount}login`, which takes no token.
pub(crate) fn login(state: &mut State, mount: &str, request: &Request, now: Timestamp) -> Outcome {
    let name = request.text("role").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::bad_request("missing role"))?;
    let token = request.text("jwt").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Refusal::bad_request("missing jwt"))?;
    let Some(AuthMethod::Kubernetes(auth)) = state.here.auth.get(mount) else {
        return Err(Refusal::denied());
    };
    let role = auth.roles.get(name);
    let role = role
        .ok_or_else(|| Refusal::bad_request(format!("invalid role name {name:?}")))?
        .clone();
    let config = auth
        .config
        .as_ref()
        .ok_or_else(|| Refusal::new(500, "could not load backend configuration"))?;
    let keys: Vec<PublicKey> = config.keys.iter().chain(&state.jwt_keys).cloned().collect();
    let account = jwt::verify(token, &keys, &*state.crypto, now).map_err(refuse)?;
    if config.check_issuer && account.issuer != config.issuer {
        return Err(Refusal::new(403, "invalid issuer (iss) claim"));
    }
    role.admit(&account)?;
    let meta = BTreeMap::from([
        ("role".to_owned(), name.to_owned()),
        ("service_account_name".to_owned(), account.name.clone()),
        (
            "service_account_namespace".to_owned(),
            account.namespace.clone(),
        ),
        ("service_account_secret_name".to_owned(), String::new()),
        ("service_account_uid".to_owned(), account.uid.clone()),
    ]);
    let new = NewToken {
        display_name: format!(
            "{}-{}-{}",
            mount.trim_end_matches('/'),
            account.namespace,
            account.name
        ),
        policies: role.policies.clone(),
        meta,
        path: format!("auth/{mount}login"),
        ttl: role.ttl,
        max_ttl: role.max_ttl,
        explicit_max_ttl: role.explicit_max_ttl,
        period: role.period,
        batch: role.batch,
        ..NewToken::default()
    };
    let id = state.issue(new, now);
    Ok(api::authenticated(state, &id, Vec::new()))
}

impl Config {
    fn from_request(request: &Request) -> Result<Self, Refusal> {
        let host = request
            .text("kubernetes_host")
            .filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| Refusal::bad_request("no host provided"))?;
        let pem_keys = match request.body.get("pem_keys") {
            Some(Value::String(text)) => vec![text.clone()],
            _ => request.texts("pem_keys"),
        };
        let keys = pem_keys
            .iter()
            .map(|pem| {
                PublicKey::from_pem(pem).map_err(|error| Refusal::bad_request(error.to_string()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            host: host.to_owned(),
            issuer: request.text("issuer").unwrap_or_default().to_owned(),
            check_issuer: request.flag("disable_iss_validation") == Some(false),
            disable_local_ca_jwt: request.flag("disable_local_ca_jwt").unwrap_or(false),
            pem_keys,
            keys,
        })
    }

    fn view(&self) -> Value {
        json!({
            "kubernetes_host": self.host,
            "kubernetes_ca_cert": "",
            "issuer": self.issuer,
            "disable_iss_validation": !self.check_issuer,
            "disable_local_ca_jwt": self.disable_local_ca_jwt,
            "pem_keys": self.pem_keys,
        })
    }
}

impl Role {
    fn from_request(request: &Request) -> Result<Self, Refusal> {
        let required = |field: &str| match request.texts(field) {
            values if values.is_empty() => {
                Err(Refusal::bad_request(format!("{field:?} can not be empty")))
            }
            values => Ok(values),
        };
        let ttl = |names: &[&str]| duration::any_field(&request.body, names);
        let mut policies = request.texts("token_policies");
        policies.extend(request.texts("policies"));
        policies.push("default".into());
        policies.sort();
        policies.dedup();
        Ok(Self {
            names: required("bound_service_account_names")?,
            namespaces: required("bound_service_account_namespaces")?,
            audience: request
                .text("audience")
                .filter(|text| !text.is_empty())
                .map(str::to_owned),
            policies,
            ttl: ttl(&["token_ttl", "ttl"])?,
            max_ttl: ttl(&["token_max_ttl", "max_ttl"])?,
            explicit_max_ttl: ttl(&["token_explicit_max_ttl"])?,
            period: ttl(&["token_period", "period"])?.filter(|period| !period.is_zero()),
            batch: request.text("token_type") == Some("batch"),
        })
    }

    fn admit(&self, account: &ServiceAccount) -> Result<(), Refusal> {
        if let Some(audience) = &self.audience
            && !account.audiences.contains(audience)
        {
            return Err(Refusal::new(
                403,
                "invalid audience (aud) claim: audience claim does not match any expected audience",
            ));
        }
        if !bound(&self.namespaces, &account.namespace) {
            return Err(Refusal::new(403, "namespace not authorized"));
        }
        if !bound(&self.names, &account.name) {
            return Err(Refusal::new(403, "service account name not authorized"));
        }
        Ok(())
    }

    fn view(&self) -> Value {
        json!({
            "bound_service_account_names": self.names,
            "bound_service_account_namespaces": self.namespaces,
            "audience": self.audience,
            "token_policies": self.policies,
            "token_ttl": self.ttl.unwrap_or_default().as_secs(),
            "token_max_ttl": self.max_ttl.unwrap_or_default().as_secs(),
            "token_explicit_max_ttl": self.explicit_max_ttl.unwrap_or_default().as_secs(),
            "token_period": self.period.unwrap_or_default().as_secs(),
            "token_type": if self.batch { "batch" } else { "default" },
        })
    }
}

/// One of `allowed` is the name, or a pattern with a `*` at either end that fits it.
fn bound(allowed: &[String], name: &str) -> bool {
    allowed.iter().any(
        |pattern| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(""), _) => true,
            (Some(rest), Some(_)) => name.contains(rest.trim_end_matches('*')),
            (Some(suffix), None) => name.ends_with(suffix),
            (None, Some(prefix)) => name.starts_with(prefix),
            (None, None) => pattern == name,
        },
    )
}

#[cfg(test)]
mod tests;
