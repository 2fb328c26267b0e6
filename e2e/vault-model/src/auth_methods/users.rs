//! Userpass and LDAP auth: a name and its password for a Vault token.
//!
//! A user of an LDAP mount may be written with a `password` too, which stands in for the directory.

use std::collections::BTreeMap;

use super::{TokenSettings, names};
use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::request::{Operation, Request};
use crate::tokens::NewToken;

/// A mount's users.
#[derive(Debug)]
pub(crate) struct Users {
    kind: Kind,
    by_name: BTreeMap<String, User>,
}

/// Where passwords are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In the mount itself.
    UserPass,
    /// In a directory.
    Ldap,
}

#[derive(Debug)]
struct User {
    /// Empty: nobody logs in with it.
    password: String,
    token: TokenSettings,
}

impl Users {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            by_name: BTreeMap::new(),
        }
    }

    pub(super) fn kind(&self) -> &'static str {
        match self.kind {
            Kind::UserPass => "userpass",
            Kind::Ldap => "ldap",
        }
    }

    pub(super) fn handle(&mut self, path: &str, request: &Request) -> Outcome {
        let mut parts = path.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let (kind, name, field) = (part(), part().to_lowercase(), part());
        match (kind, name.as_str(), field, request.operation) {
            ("users", "", "", Operation::List) => names(self.kind(), &self.by_name),
            ("users", "", _, _) => Err(Refusal::unsupported()),
            ("users", _, "", Operation::Write) => self.set(name, request),
            ("users", _, "", Operation::Read) => {
                let user = self.by_name.get(&name).ok_or_else(Refusal::not_found)?;
                Ok(Secret::data(self.kind(), user.token.view()).into())
            }
            ("users", _, "", Operation::Delete) => {
                self.by_name.remove(&name);
                Ok(Answer::Empty)
            }
            ("users", _, "password", Operation::Write) => {
                let password = password(request)?;
                let user = self.by_name.get_mut(&name);
                let missing = || Refusal::bad_request("username does not exist");
                user.ok_or_else(missing)?.password = password;
                Ok(Answer::Empty)
            }
            ("config", "", "", Operation::Write) if self.kind == Kind::Ldap => Ok(Answer::Empty),
            _ => Err(Refusal::unsupported()),
        }
    }

    fn set(&mut self, name: String, request: &Request) -> Outcome {
        let earlier = self.by_name.get(&name).map(|user| user.password.clone());
        let password = match (request.text("password"), earlier) {
            (None | Some(""), Some(earlier)) => earlier,
            (None, None) if self.kind == Kind::Ldap => String::new(),
            _ => password(request)?,
        };
        let token = TokenSettings::from_request(request)?;
        self.by_name.insert(name, User { password, token });
        Ok(Answer::Empty)
    }

    /// `login/{name}`.
    pub(super) fn login(
        &self,
        mount: &str,
        name: &str,
        request: &Request,
    ) -> Result<NewToken, Refusal> {
        let name = name.to_lowercase();
        let given = request.text("password").unwrap_or_default();
        let user = self.by_name.get(&name);
        let user = user.filter(|user| !given.is_empty() && user.password == given);
        let user = user.ok_or_else(|| {
            Refusal::bad_request(match self.kind {
                Kind::UserPass => "invalid username or password",
                Kind::Ldap => "ldap operation failed: failed to bind as user",
            })
        })?;
        let display = format!("{}-{name}", mount.trim_end_matches('/'));
        Ok(user.token.token(display, &[("username", &name)]))
    }
}

fn password(request: &Request) -> Result<String, Refusal> {
    let password = request.text("password").filter(|text| !text.is_empty());
    let missing = || Refusal::bad_request("missing password");
    Ok(password.ok_or_else(missing)?.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::state::harness::{Answered, Harness, ROOT, message, mk_server};

    fn mk_mount(kind: &str) -> Harness {
        let mut server = mk_server();
        server.done(&format!("sys/auth/{kind}"), json!({ "type": kind }));
        let user = json!({ "password": "pw", "token_policies": "app", "token_ttl": "10m" });
        server.done(&format!("auth/{kind}/users/Jane"), user);
        server
    }

    fn login(server: &mut Harness, path: &str, password: &str) -> Answered {
        let body = json!({ "password": password });
        server.ask("PUT", None, &format!("auth/{path}"), &body)
    }

    #[test]
    fn a_user_logs_in_by_name_in_any_case() {
        for kind in ["userpass", "ldap"] {
            let mut server = mk_mount(kind);
            let (status, answer) = login(&mut server, &format!("{kind}/login/jane"), "pw");
            assert_eq!(status, 200, "{answer}");
            let auth = &answer["auth"];
            assert_eq!(auth["policies"], json!(["app", "default"]));
            assert_eq!(
                (&auth["metadata"]["username"], &auth["lease_duration"]),
                (&json!("jane"), &json!(600))
            );
            assert_eq!(
                login(&mut server, &format!("{kind}/login/JANE"), "pw").0,
                200
            );
        }
    }

    #[test]
    fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
        let mut server = mk_mount("userpass");
        for (name, password) in [("jane", "no"), ("jane", ""), ("joe", "pw")] {
            let refused = login(&mut server, &format!("userpass/login/{name}"), password);
            assert_eq!(
                (refused.0, message(&refused)),
                (400, "invalid username or password"),
                "{name} {password}"
            );
        }
        let mut server = mk_mount("ldap");
        let refused = login(&mut server, "ldap/login/jane", "no");
        assert!(message(&refused).starts_with("ldap operation failed"));
        server.done("auth/ldap/users/nobody", json!({ "policies": "app" }));
        assert_eq!(login(&mut server, "ldap/login/nobody", "").0, 400);
    }

    #[test]
    fn a_user_that_is_written_again_keeps_the_password_until_it_gets_another() {
        let mut server = mk_mount("userpass");
        server.done("auth/userpass/users/jane", json!({ "token_policies": "b" }));
        let (_, answer) = login(&mut server, "userpass/login/jane", "pw");
        assert_eq!(answer["auth"]["policies"], json!(["b", "default"]));
        let password = json!({ "password": "new" });
        server.done("auth/userpass/users/jane/password", password);
        assert_eq!(login(&mut server, "userpass/login/jane", "pw").0, 400);
        assert_eq!(login(&mut server, "userpass/login/jane", "new").0, 200);
        let unnamed = server.put(ROOT, "auth/userpass/users/joe", json!({}));
        assert_eq!((unnamed.0, message(&unnamed)), (400, "missing password"));
        let list = server.ask("LIST", Some(ROOT), "auth/userpass/users", &Value::Null);
        assert_eq!(list.1["data"]["keys"], json!(["jane"]));
        server.ask(
            "DELETE",
            Some(ROOT),
            "auth/userpass/users/jane",
            &Value::Null,
        );
        assert_eq!(login(&mut server, "userpass/login/jane", "new").0, 400);
    }

    #[test]
    fn a_name_behind_login_is_for_users_only() {
        let mut server = mk_mount("userpass");
        server.done("sys/auth/approle", json!({ "type": "approle" }));
        assert_eq!(login(&mut server, "approle/login/jane", "pw").0, 403);
    }
}
