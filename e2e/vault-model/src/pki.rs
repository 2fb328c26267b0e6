//! The PKI engine: a root, and roles that say which certificates it issues. The certificates
//! themselves are made by [`Crypto`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::crypto::{Authority, Crypto, Subject};
use crate::duration;
use crate::ids::Ids;
use crate::request::{Operation, Request};
use crate::tokens::SYSTEM_MAX_TTL;

/// As much before its issuance as Vault makes a certificate valid, for clocks that differ.
const BACKDATED: Duration = Duration::from_secs(30);

/// A mount's authority and roles.
#[derive(Debug, Default)]
pub(crate) struct Pki {
    root: Option<Box<dyn Authority>>,
    roles: BTreeMap<String, Role>,
    issued: u64,
}

#[derive(Debug)]
struct Role {
    domains: Vec<String>,
    subdomains: bool,
    any_name: bool,
    ttl: Duration,
    max_ttl: Duration,
}

impl Pki {
    pub(crate) fn handle(
        &mut self,
        path: &str,
        request: &Request,
        now: Timestamp,
        ids: &mut Ids,
        crypto: &dyn Crypto,
    ) -> Outcome {
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        match (kind, name, request.operation) {
            ("root", "generate/internal", Operation::Write) => {
                self.make_root(request, now, ids, crypto)
            }
            ("roles", _, Operation::Write) if !name.is_empty() => {
                let role = Role::of(request)?;
                self.roles.insert(name.to_owned(), role);
                Ok(Answer::Empty)
            }
            ("issue", _, Operation::Write) => self.issue(name, request, now, ids),
            ("cert", "ca", Operation::Read) => {
                let data = json!({ "certificate": self.root()?.certificate().trim(), "revocation_time": 0 });
                Ok(Secret::data("pki", data).into())
            }
            _ => Err(Refusal::unsupported()),
        }
    }

    fn root(&self) -> Result<&dyn Authority, Refusal> {
        self.root.as_deref().ok_or_else(|| {
            Refusal::new(
                500,
                "no default issuer currently configured; configure one first",
            )
        })
    }

    fn make_root(
        &mut self,
        request: &Request,
        now: Timestamp,
        ids: &mut Ids,
        crypto: &dyn Crypto,
    ) -> Outcome {
        let ttl = positive(duration::field(&request.body, "ttl")?).unwrap_or(SYSTEM_MAX_TTL);
        let name = request.text("common_name").unwrap_or("dev-vault root");
        let root = crypto.authority(&subject(name, Vec::new(), now, ttl, ids));
        let root = root.map_err(|message| Refusal::new(500, message))?;
        let data = json!({
            "certificate": root.certificate().trim(),
            "issuing_ca": root.certificate().trim(),
            "expiration": (now + ttl).as_second(),
            "serial_number": ids.uuid(),
        });
        self.root = Some(root);
        Ok(Secret::data("pki", data).into())
    }

    fn issue(&mut self, role: &str, request: &Request, now: Timestamp, ids: &mut Ids) -> Outcome {
        let unknown = || Refusal::bad_request(format!("unknown role: {role}"));
        let role = self.roles.get(role).ok_or_else(unknown)?;
        let name = request.text("common_name").unwrap_or_default();
        let alternatives = request.texts("alt_names");
        for name in std::iter::once(name).chain(alternatives.iter().map(String::as_str)) {
            if !role.allows(name) {
                return Err(Refusal::bad_request(format!(
                    "common name {name} not allowed by this role"
                )));
            }
        }
        let asked = positive(duration::field(&request.body, "ttl")?);
        let ttl = asked.unwrap_or(role.ttl).min(role.max_ttl);
        let root = self.root()?;
        let names = std::iter::once(name.to_owned())
            .chain(alternatives)
            .chain(request.texts("ip_sans"));
        let made = root.issue(&subject(name, names.collect(), now, ttl, ids));
        let made = made.map_err(|message| Refusal::new(500, message))?;
        let ca = root.certificate().trim().to_owned();
        self.issued += 1;
        let data = json!({
            "certificate": made.certificate.trim(),
            "private_key": made.private_key.trim(),
            "private_key_type": "ec",
            "issuing_ca": ca,
            "ca_chain": [ca],
            "expiration": (now + ttl).as_second(),
            "serial_number": format!("{:020x}", self.issued),
        });
        Ok(Secret::data("pki", data).into())
    }
}

impl Role {
    fn of(request: &Request) -> Result<Self, Refusal> {
        let ttl = |field| duration::field(&request.body, field).map(positive);
        let max_ttl = ttl("max_ttl")?.unwrap_or(SYSTEM_MAX_TTL);
        Ok(Self {
            domains: request.texts("allowed_domains"),
            subdomains: request.flag("allow_subdomains").unwrap_or_default(),
            any_name: request.flag("allow_any_name").unwrap_or_default(),
            ttl: ttl("ttl")?.unwrap_or(max_ttl).min(max_ttl),
            max_ttl,
        })
    }

    fn allows(&self, name: &str) -> bool {
        let below = |domain: &String| {
            let host = name.strip_suffix(domain.as_str());
            host.is_some_and(|host| host.ends_with('.') && host.len() > 1)
        };
        self.any_name || (self.subdomains && self.domains.iter().any(below))
    }
}

fn subject(
    name: &str,
    alternative_names: Vec<String>,
    now: Timestamp,
    ttl: Duration,
    ids: &mut Ids,
) -> Subject {
    Subject {
        common_name: name.to_owned(),
        alternative_names,
        not_before: now - BACKDATED,
        not_after: now + ttl,
        seed: ids.number(),
    }
}

fn positive(duration: Option<Duration>) -> Option<Duration> {
    duration.filter(|duration| !duration.is_zero())
}

#[cfg(test)]
mod tests {
    use crate::state::harness::{ROOT, message, mk_server};
    use serde_json::json;

    #[test]
    fn a_role_issues_what_it_allows_and_its_root_signs() {
        let mut server = mk_server();
        server.done("sys/mounts/pki", json!({ "type": "pki" }));
        let role =
            json!({ "allowed_domains": "example.com", "allow_subdomains": true, "max_ttl": "1h" });
        server.done("pki/roles/web", role);
        let asked = json!({ "common_name": "app.example.com", "ttl": "2h" });
        let answer = server.put(ROOT, "pki/issue/web", asked.clone());
        assert!(answer.0 == 500 && message(&answer).contains("no default issuer"));
        let root = server.done(
            "pki/root/generate/internal",
            json!({ "common_name": "root" }),
        );
        let issued = server.done("pki/issue/web", asked);
        assert_eq!(issued["data"]["issuing_ca"], root["data"]["certificate"]);
        let left = issued["data"]["expiration"].as_i64().unwrap() - server.advance(0).as_second();
        assert!(
            (3595..=3600).contains(&left),
            "cut to the role's limit: {left}"
        );
        for name in ["example.org", "example.com", "badexample.com"] {
            let refused = server.put(ROOT, "pki/issue/web", json!({ "common_name": name }));
            assert!(
                message(&refused).contains("not allowed by this role"),
                "{name}"
            );
        }
    }
}
