//! `AppRole` auth: a role's id and one of its secret ids for a Vault token.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{TokenSettings, names};
use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::duration;
use crate::ids::Ids;
use crate::request::{Operation, Request};
use crate::tokens::NewToken;

/// A mount's roles.
#[derive(Debug, Default)]
pub(crate) struct AppRole {
    roles: BTreeMap<String, Role>,
}

#[derive(Debug)]
struct Role {
    id: String,
    secret_id_ttl: Duration,
    secret_id_num_uses: u64,
    secrets: BTreeMap<String, SecretId>,
    token: TokenSettings,
}

#[derive(Debug)]
struct SecretId {
    expires: Option<Timestamp>,
    /// `None`: as often as anybody likes.
    uses: Option<u64>,
}

impl AppRole {
    pub(super) fn handle(
        &mut self,
        path: &str,
        request: &Request,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Outcome {
        let mut parts = path.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let (kind, name, field) = (part(), part(), part());
        if kind != "role" {
            return Err(Refusal::unsupported());
        }
        match (name, field, request.operation) {
            ("", _, Operation::List) => names("approle", &self.roles),
            (_, "", Operation::Write) => {
                let earlier = self.roles.remove(name);
                let role = Role::from_request(request, earlier, ids)?;
                self.roles.insert(name.to_owned(), role);
                Ok(Answer::Empty)
            }
            (_, "", Operation::Delete) => {
                self.roles.remove(name);
                Ok(Answer::Empty)
            }
            (_, field, operation) => {
                let role = self.roles.get_mut(name).ok_or_else(Refusal::not_found)?;
                match (field, operation) {
                    ("", Operation::Read) => Ok(Secret::data("approle", role.view()).into()),
                    ("role-id", Operation::Read) => {
                        Ok(Secret::data("approle", json!({ "role_id": role.id })).into())
                    }
                    ("role-id", Operation::Write) => {
                        let id = request.text("role_id").filter(|id| !id.is_empty());
                        let id = id.ok_or_else(|| Refusal::bad_request("missing role_id"))?;
                        id.clone_into(&mut role.id);
                        Ok(Answer::Empty)
                    }
                    ("secret-id", Operation::Write) => {
                        Ok(Secret::data("approle", role.new_secret(now, ids)).into())
                    }
                    _ => Err(Refusal::unsupported()),
                }
            }
        }
    }

    pub(super) fn login(&mut self, request: &Request, now: Timestamp) -> Result<NewToken, Refusal> {
        let invalid = || Refusal::bad_request("invalid role or secret ID");
        let text = |name| request.text(name).map(str::trim);
        let role_id = text("role_id").filter(|id| !id.is_empty());
        let role_id = role_id.ok_or_else(|| Refusal::bad_request("missing role_id"))?;
        let found = self.roles.iter_mut().find(|(_, role)| role.id == role_id);
        let (name, role) = found.ok_or_else(invalid)?;
        let secret_id = text("secret_id").filter(|id| !id.is_empty());
        let secret_id = secret_id.ok_or_else(|| Refusal::bad_request("missing secret_id"))?;
        role.secrets
            .retain(|_, secret| secret.expires.is_none_or(|end| end > now));
        let secret = role.secrets.get_mut(secret_id).ok_or_else(invalid)?;
        if let Some(uses) = &mut secret.uses {
            *uses -= 1;
            if *uses == 0 {
                role.secrets.remove(secret_id);
            }
        }
        Ok(role.token.token("approle".into(), &[("role_name", name)]))
    }
}

impl Role {
    /// A role that is written again keeps its ids.
    fn from_request(
        request: &Request,
        earlier: Option<Self>,
        ids: &mut Ids,
    ) -> Result<Self, Refusal> {
        let (id, secrets) = match earlier {
            Some(role) => (role.id, role.secrets),
            None => (ids.uuid(), BTreeMap::new()),
        };
        let uses = request.body.get("secret_id_num_uses");
        Ok(Self {
            id,
            secrets,
            secret_id_ttl: duration::field(&request.body, "secret_id_ttl")?.unwrap_or_default(),
            secret_id_num_uses: uses.and_then(Value::as_u64).unwrap_or_default(),
            token: TokenSettings::from_request(request)?,
        })
    }

    fn new_secret(&mut self, now: Timestamp, ids: &mut Ids) -> Value {
        let id = ids.uuid();
        let secret = SecretId {
            expires: (!self.secret_id_ttl.is_zero()).then(|| now + self.secret_id_ttl),
            uses: Some(self.secret_id_num_uses).filter(|uses| *uses > 0),
        };
        self.secrets.insert(id.clone(), secret);
        json!({
            "secret_id": id,
            "secret_id_accessor": ids.uuid(),
            "secret_id_num_uses": self.secret_id_num_uses,
            "secret_id_ttl": self.secret_id_ttl.as_secs(),
        })
    }

    fn view(&self) -> Value {
        let mut view = self.token.view();
        view["bind_secret_id"] = json!(true);
        view["secret_id_ttl"] = json!(self.secret_id_ttl.as_secs());
        view["secret_id_num_uses"] = json!(self.secret_id_num_uses);
        view
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::harness::{Harness, ROOT, message, mk_server};

    fn mk_role(settings: Value) -> (Harness, String) {
        let mut server = mk_server();
        server.done("sys/auth/approle", json!({ "type": "approle" }));
        server.done("auth/approle/role/app", settings);
        let id = server.get(ROOT, "auth/approle/role/app/role-id").1["data"]["role_id"].clone();
        (server, id.as_str().unwrap().to_owned())
    }

    fn login(server: &mut Harness, role_id: &str, secret_id: &Value) -> (u16, Value) {
        let body = json!({ "role_id": role_id, "secret_id": secret_id });
        server.ask("PUT", None, "auth/approle/login", &body)
    }

    #[test]
    fn a_secret_id_serves_as_often_and_as_long_as_its_role_says() {
        let (mut server, role_id) = mk_role(json!({
            "token_policies": "p", "secret_id_num_uses": 2, "secret_id_ttl": "1m",
        }));
        let mut secret = || {
            let answer = server.done("auth/approle/role/app/secret-id", json!({}));
            answer["data"]["secret_id"].clone()
        };
        let (used, late) = (secret(), secret());
        let (status, answer) = login(&mut server, &role_id, &used);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["auth"]["metadata"]["role_name"], "app");
        assert_eq!(login(&mut server, &role_id, &used).0, 200);
        let third = login(&mut server, &role_id, &used);
        assert_eq!(
            (third.0, message(&third)),
            (400, "invalid role or secret ID")
        );
        server.advance(60);
        assert_eq!(login(&mut server, &role_id, &late).0, 400);
    }

    #[test]
    fn a_login_says_what_is_missing() {
        let (mut server, role_id) = mk_role(json!({}));
        let missing = login(&mut server, &role_id, &json!(""));
        assert_eq!(message(&missing), "missing secret_id");
        let other = login(&mut server, "nobody", &json!("x"));
        assert_eq!(message(&other), "invalid role or secret ID");
    }

    #[test]
    fn space_around_the_ids_makes_no_difference() {
        let (mut server, role_id) = mk_role(json!({}));
        let answer = server.done("auth/approle/role/app/secret-id", json!({}));
        let secret_id = format!("{}\n", answer["data"]["secret_id"].as_str().unwrap());
        let (status, answer) = login(&mut server, &format!(" {role_id}\n"), &json!(secret_id));
        assert_eq!(status, 200, "{answer}");
    }
}
