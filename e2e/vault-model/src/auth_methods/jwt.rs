//! JWT auth: a signed token with the right claims for a Vault token.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{TokenSettings, names};
use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::crypto::Crypto;
use crate::jwt::{self, PublicKey};
use crate::request::{Operation, Request};
use crate::tokens::NewToken;

/// A mount's keys and roles.
#[derive(Debug, Default)]
pub(crate) struct Jwt {
    pems: Vec<String>,
    keys: Vec<PublicKey>,
    bound_issuer: String,
    roles: BTreeMap<String, Role>,
}

#[derive(Debug)]
struct Role {
    user_claim: String,
    audiences: Vec<String>,
    subject: String,
    token: TokenSettings,
}

impl Jwt {
    pub(super) fn handle(&mut self, path: &str, request: &Request) -> Outcome {
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        match (kind, name, request.operation) {
            ("config", "", Operation::Write) => self.configure(request),
            ("config", "", Operation::Read) => {
                let data = json!({
                    "jwt_validation_pubkeys": self.pems, "bound_issuer": self.bound_issuer,
                });
                Ok(Secret::data("jwt", data).into())
            }
            ("role", "", Operation::List) => names("jwt", &self.roles),
            ("role", _, Operation::Write) => {
                let role = Role::from_request(request)?;
                self.roles.insert(name.to_owned(), role);
                Ok(Answer::Empty)
            }
            ("role", _, Operation::Read) => {
                let role = self.roles.get(name).ok_or_else(Refusal::not_found)?;
                Ok(Secret::data("jwt", role.view()).into())
            }
            ("role", _, Operation::Delete) => {
                self.roles.remove(name);
                Ok(Answer::Empty)
            }
            _ => Err(Refusal::unsupported()),
        }
    }

    fn configure(&mut self, request: &Request) -> Outcome {
        let pems = match request.body.get("jwt_validation_pubkeys") {
            Some(Value::String(pem)) => vec![pem.clone()],
            _ => request.texts("jwt_validation_pubkeys"),
        };
        if pems.is_empty() {
            return Err(Refusal::bad_request(
                "exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set",
            ));
        }
        let keys = pems.iter().map(|pem| PublicKey::from_pem(pem));
        self.keys = keys
            .collect::<Result<_, _>>()
            .map_err(|error| Refusal::bad_request(format!("error parsing public key: {error}")))?;
        self.pems = pems;
        let issuer = request.text("bound_issuer").unwrap_or_default();
        issuer.clone_into(&mut self.bound_issuer);
        Ok(Answer::Empty)
    }

    pub(super) fn login(
        &self,
        mount: &str,
        request: &Request,
        crypto: &dyn Crypto,
        now: Timestamp,
    ) -> Result<NewToken, Refusal> {
        let name = request.text("role").filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Refusal::bad_request("missing role"))?;
        let role = self.roles.get(name);
        let role =
            role.ok_or_else(|| Refusal::bad_request(format!("role {name:?} could not be found")))?;
        let token = request.text("jwt").filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| Refusal::bad_request("missing token"))?;
        let invalid = |why: &dyn std::fmt::Display| {
            Refusal::bad_request(format!("error validating token: {why}"))
        };
        let claims =
            jwt::claims(token, &self.keys, crypto, now).map_err(|error| invalid(&error))?;
        if !self.bound_issuer.is_empty() && claims["iss"] != self.bound_issuer {
            return Err(invalid(&"invalid issuer (iss) claim"));
        }
        if !role.subject.is_empty() && claims["sub"] != role.subject {
            return Err(invalid(&"invalid subject (sub) claim"));
        }
        role.check_audience(&claims).map_err(|why| invalid(&why))?;
        let user = claims[&role.user_claim].as_str().ok_or_else(|| {
            Refusal::bad_request(format!("claim {:?} not found in token", role.user_claim))
        })?;
        let display = format!("{}-{user}", mount.trim_end_matches('/'));
        Ok(role.token.token(display, &[("role", name)]))
    }
}

impl Role {
    fn from_request(request: &Request) -> Result<Self, Refusal> {
        let user_claim = request.text("user_claim").unwrap_or_default();
        if user_claim.is_empty() {
            return Err(Refusal::bad_request(
                "a user claim must be defined on the role",
            ));
        }
        Ok(Self {
            user_claim: user_claim.to_owned(),
            audiences: request.texts("bound_audiences"),
            subject: request.text("bound_subject").unwrap_or_default().to_owned(),
            token: TokenSettings::from_request(request)?,
        })
    }

    fn check_audience(&self, claims: &Value) -> Result<(), &'static str> {
        let has = |wanted: &String| match &claims["aud"] {
            Value::String(audience) => audience == wanted,
            Value::Array(audiences) => audiences.iter().any(|audience| audience == wanted),
            _ => false,
        };
        if self.audiences.is_empty() {
            return match &claims["aud"] {
                Value::Null => Ok(()),
                _ => Err("audience claim found in JWT but no audiences bound to the role"),
            };
        }
        if self.audiences.iter().any(has) {
            Ok(())
        } else {
            Err("invalid audience (aud) claim: audience claim does not match any expected audience")
        }
    }

    fn view(&self) -> Value {
        let mut view = self.token.view();
        view["role_type"] = json!("jwt");
        view["user_claim"] = json!(self.user_claim);
        view["bound_audiences"] = json!(self.audiences);
        view["bound_subject"] = json!(self.subject);
        view
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::state::harness::{Answered, Harness, Keys, message, mk_server};

    fn mk_mount(keys: &Keys) -> Harness {
        let mut server = mk_server();
        server.done("sys/auth/jwt", json!({ "type": "jwt" }));
        server.done(
            "auth/jwt/config",
            json!({ "jwt_validation_pubkeys": keys.public_key_pem() }),
        );
        server.done(
            "auth/jwt/role/app",
            json!({ "role_type": "jwt", "user_claim": "sub", "bound_audiences": "vault", "policies": "p" }),
        );
        server
    }

    fn login(server: &mut Harness, jwt: &str) -> Answered {
        let body = json!({ "role": "app", "jwt": jwt });
        server.ask("PUT", None, "auth/jwt/login", &body)
    }

    #[test]
    fn a_signed_token_logs_in() {
        let keys = Keys("mine");
        let mut server = mk_mount(&keys);
        let jwt = keys.mint("production", "api", &["vault"], Duration::from_secs(60));
        let (status, answer) = login(&mut server, &jwt);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["auth"]["policies"], json!(["default", "p"]));
    }

    #[test]
    fn a_token_is_refused_with_the_reason() {
        let keys = Keys("mine");
        let mut server = mk_mount(&keys);
        let hour = Duration::from_secs(3600);
        let other = Keys("other").mint("a", "b", &["vault"], hour);
        assert!(message(&login(&mut server, &other)).contains("no known key"));
        let audience = keys.mint("a", "b", &["else"], hour);
        let refused = login(&mut server, &audience);
        assert_eq!(refused.0, 400);
        assert!(message(&refused).contains("invalid audience (aud) claim"));
        let late = keys.mint("a", "b", &["vault"], hour);
        server.advance(7200);
        assert!(message(&login(&mut server, &late)).contains("token is expired"));
    }
}
