//! Cert auth: the client certificate of the connection for a Vault token.

use std::collections::BTreeMap;

use serde_json::json;

use super::{TokenSettings, names};
use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::pem;
use crate::request::{Operation, Request};
use crate::tokens::NewToken;

/// A mount's trusted certificates.
#[derive(Debug, Default)]
pub(crate) struct Cert {
    roles: BTreeMap<String, Role>,
}

#[derive(Debug)]
struct Role {
    pem: String,
    /// In DER.
    trusted: Vec<Vec<u8>>,
    token: TokenSettings,
}

impl Cert {
    pub(super) fn handle(&mut self, path: &str, request: &Request) -> Outcome {
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        match (kind, name, request.operation) {
            ("certs", "", Operation::List) => names("cert", &self.roles),
            ("certs", _, Operation::Write) => {
                let pem = request.text("certificate").unwrap_or_default().to_owned();
                let trusted = pem::read(&pem, "CERTIFICATE").unwrap_or_default();
                if trusted.is_empty() {
                    return Err(Refusal::bad_request("failed to parse certificate"));
                }
                let token = TokenSettings::from_request(request)?;
                let role = Role {
                    pem,
                    trusted,
                    token,
                };
                self.roles.insert(name.to_owned(), role);
                Ok(Answer::Empty)
            }
            ("certs", _, Operation::Read) => {
                let role = self.roles.get(name).ok_or_else(Refusal::not_found)?;
                let mut view = role.token.view();
                view["certificate"] = json!(role.pem);
                Ok(Secret::data("cert", view).into())
            }
            ("certs", _, Operation::Delete) => {
                self.roles.remove(name);
                Ok(Answer::Empty)
            }
            _ => Err(Refusal::unsupported()),
        }
    }

    /// Trusts exactly the certificates that were written, not what an authority has signed: the
    /// server's own check of the chain is at the handshake.
    pub(super) fn login(&self, mount: &str, request: &Request) -> Result<NewToken, Refusal> {
        let Some(peer) = &request.peer_certificate else {
            return Err(Refusal::bad_request("client certificate must be supplied"));
        };
        let wanted = request.text("name").filter(|name| !name.is_empty());
        let found = self.roles.iter().find(|(name, role)| {
            wanted.is_none_or(|wanted| wanted == *name) && role.trusted.contains(peer)
        });
        let (name, role) = found.ok_or_else(|| {
            Refusal::bad_request("invalid certificate or no client certificate supplied")
        })?;
        let display = format!("{}-{name}", mount.trim_end_matches('/'));
        Ok(role.token.token(display, &[("cert_name", name)]))
    }
}
