//! Vault as the run has it: the model, what is wrong with it now, and the truth about each secret.

mod wire;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde_json::{Value, json};
use vault_engine::{Fields, Want};
use vault_model::{Config, Model, Request};

use crate::scenario::{Absence, Kind, Millis, Scenario};
pub(crate) use wire::{lease_of, token_of, unanswered};

/// 2030-01-01T00:00:00Z, in milliseconds since 1970.
const START: u64 = 1_893_456_000_000;

/// See the module.
pub(crate) struct Vault {
    model: Model,
    wants: Vec<(usize, Kind)>,
    pub(crate) absence: Option<Absence>,
    pub(crate) faults: Vec<PathFault>,
    off: Vec<usize>,
    changes: u64,
}

/// One path that fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathFault {
    pub(crate) want: usize,
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
}

/// The time of the world, as Vault tells it.
pub(crate) fn wall(at: Millis) -> Timestamp {
    let millis = i64::try_from(START + at).ok();
    let wall = millis.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    wall.expect("a run must end before the year 9999")
}

/// The same for the agent's machine.
pub(crate) fn system_time(at: Millis) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(START + at)
}

/// What is wanted of a secret.
pub(crate) fn want(number: usize, kind: Kind) -> Want {
    let path = match kind {
        Kind::Kv2 => format!("secret/app{number}"),
        Kind::Kv1 => format!("plain/app{number}"),
        Kind::List => format!("secret/list{number}"),
        Kind::Write => format!("secret/out{number}"),
        Kind::Dynamic { .. } | Kind::ZeroLease => format!("database/creds/app{number}"),
        Kind::Static { .. } => format!("database/static-creds/app{number}"),
        Kind::Pki { .. } => format!("pki/issue/app{number}"),
    };
    let path: Arc<str> = path.into();
    let field = |name: &str, value: &str| {
        Fields::from(BTreeMap::from([(name.to_owned(), value.to_owned())]))
    };
    match kind {
        Kind::List => Want::List { path },
        Kind::Write => Want::Write {
            path,
            data: field("a", "b"),
        },
        Kind::Pki { .. } => Want::Issue {
            path,
            data: field("common_name", "app.example.com"),
        },
        _ => Want::Read { path },
    }
}

fn allow(policy: &mut String, path: &str, capabilities: &str) {
    policy.push_str("\npath \"");
    policy.push_str(path);
    policy.push_str("\" { capabilities = ");
    policy.push_str(capabilities);
    policy.push_str(" }");
}

fn seconds(time: Millis) -> String {
    format!("{}s", time / 1000)
}

impl Vault {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let config = Config {
            seed: scenario.seed,
            ..Config::default()
        };
        let mut vault = Self {
            model: Model::new(wall(0), config),
            wants: scenario.wants.clone(),
            absence: None,
            faults: Vec::new(),
            off: Vec::new(),
            changes: 0,
        };
        for (path, body) in [
            ("sys/auth/kubernetes", json!({ "type": "kubernetes" })),
            (
                "auth/kubernetes/config",
                json!({ "kubernetes_host": "https://k8s" }),
            ),
            (
                "sys/mounts/plain",
                json!({ "type": "kv", "options": { "version": "1" } }),
            ),
            ("sys/mounts/database", json!({ "type": "database" })),
            (
                "database/config/db",
                json!({ "plugin_name": "p", "allowed_roles": "*" }),
            ),
            ("sys/mounts/pki", json!({ "type": "pki" })),
            (
                "pki/root/generate/internal",
                json!({ "common_name": "root" }),
            ),
        ] {
            vault.write(0, path, &body);
        }
        vault.set_role(0, scenario, true);
        for (number, kind) in scenario.wants.clone() {
            let (path, body) = match kind {
                Kind::Kv2 | Kind::Kv1 | Kind::List => {
                    vault.change(0, number);
                    continue;
                }
                Kind::Write => continue,
                Kind::Dynamic { ttl, max_ttl } => (
                    format!("database/roles/app{number}"),
                    json!({ "db_name": "db", "default_ttl": seconds(ttl), "max_ttl": seconds(max_ttl) }),
                ),
                Kind::ZeroLease => {
                    let ttl = seconds(scenario.interval * 2);
                    (
                        format!("database/roles/app{number}"),
                        json!({ "db_name": "db", "default_ttl": ttl, "max_ttl": ttl }),
                    )
                }
                Kind::Static {
                    period,
                    lag,
                    says_next,
                } => (
                    format!("database/static-roles/app{number}"),
                    json!({
                        "db_name": "db", "username": format!("static{number}"),
                        "rotation_period": seconds(period), "rotation_lag": seconds(lag),
                        "rotation_lag_ttl": if says_next { "next" } else { "nothing" },
                    }),
                ),
                Kind::Pki { ttl } => (
                    format!("pki/roles/app{number}"),
                    json!({ "allow_any_name": true, "ttl": seconds(ttl) }),
                ),
            };
            vault.write(0, &path, &body);
        }
        vault.set_policy(0);
        vault
    }

    fn write(&mut self, at: Millis, path: &str, body: &Value) {
        let written = self.model.write(wall(at), path, body);
        written.expect("the model must take what the simulation writes");
    }

    /// Whether the role lets the agent log in.
    pub(crate) fn set_role(&mut self, at: Millis, scenario: &Scenario, admits: bool) {
        let role = json!({
            "bound_service_account_names": if admits { "app" } else { "nobody" },
            "bound_service_account_namespaces": "*",
            "policies": "app",
            "ttl": seconds(scenario.token_ttl),
            "max_ttl": seconds(scenario.token_max_ttl),
        });
        self.write(at, "auth/kubernetes/role/app", &role);
    }

    pub(crate) fn set_allowed(&mut self, at: Millis, want: usize, is_allowed: bool) {
        self.off.retain(|off| *off != want);
        if !is_allowed {
            self.off.push(want);
        }
        self.set_policy(at);
    }

    fn set_policy(&mut self, at: Millis) {
        let mut policy = r#"path "sys/leases/revoke" { capabilities = ["update"] }"#.to_owned();
        for (number, kind) in &self.wants {
            if self.off.contains(number) {
                continue;
            }
            let path = want(*number, *kind);
            let path = match &path {
                Want::Read { path }
                | Want::List { path }
                | Want::Write { path, .. }
                | Want::Issue { path, .. } => path,
            };
            let inside = path.split_once('/').map_or("", |(_, inside)| inside);
            let rules: &[(&str, &str, &str)] = match kind {
                Kind::Kv2 => &[
                    ("secret/data/", "", "read"),
                    ("secret/metadata/", "", "read"),
                ],
                Kind::List => &[
                    ("secret/metadata/", "/", "list"),
                    ("secret/metadata/", "", "list"),
                ],
                Kind::Write => &[("secret/data/", "", "update")],
                _ => &[],
            };
            for (before, after, capability) in rules {
                let capabilities = format!("[\"{capability}\", \"create\"]");
                allow(
                    &mut policy,
                    &format!("{before}{inside}{after}"),
                    &capabilities,
                );
            }
            if rules.is_empty() {
                allow(&mut policy, path, r#"["read", "update"]"#);
            }
        }
        self.write(at, "sys/policies/acl/app", &json!({ "policy": policy }));
    }

    /// Another value of a secret, where somebody can write one.
    pub(crate) fn change(&mut self, at: Millis, number: usize) {
        self.changes += 1;
        let value = self.changes;
        let kind = self.wants.iter().find(|(it, _)| *it == number);
        let (path, body) = match kind.map(|(_, kind)| *kind) {
            Some(Kind::Kv2) => (
                format!("secret/data/app{number}"),
                json!({ "data": { "value": value } }),
            ),
            Some(Kind::Kv1) => (format!("plain/app{number}"), json!({ "value": value })),
            Some(Kind::List) => (
                format!("secret/data/list{number}/item{value}"),
                json!({ "data": { "value": value } }),
            ),
            Some(Kind::Static { .. }) => (format!("database/rotate-role/app{number}"), json!({})),
            _ => return,
        };
        self.write(at, &path, &body);
    }

    pub(crate) fn revoke_leases(&mut self, number: usize) {
        self.model
            .revoke_leases(&format!("database/creds/app{number}/"));
    }

    pub(crate) fn revoke_tokens(&mut self) {
        self.model.revoke_tokens(None);
    }

    /// Whether a database user works.
    pub(crate) fn is_alive(&mut self, at: Millis, user: &str) -> bool {
        self.model.is_alive(wall(at), user)
    }

    /// Whether a token works.
    pub(crate) fn knows_token(&mut self, at: Millis, token: &str) -> bool {
        let request = Request::read("auth/token/lookup-self").with_token(token);
        self.model.answer(wall(at), &request).status == 200
    }

    /// What a secret is now, for those of which everybody gets the same.
    pub(crate) fn truth(&mut self, at: Millis, number: usize, kind: Kind) -> Option<Cow<'_, str>> {
        let (path, pointer) = match kind {
            Kind::Kv2 => (format!("secret/data/app{number}"), "/data/data/value"),
            Kind::Kv1 => (format!("plain/app{number}"), "/data/value"),
            Kind::Static { .. } => {
                let role = format!("app{number}");
                let password = self.model.static_password(wall(at), "database/", &role);
                return password.map(Cow::Borrowed);
            }
            _ => return None,
        };
        let body = self.model.read(wall(at), &path).ok()?;
        Some(body.pointer(pointer)?.to_string().into())
    }
}
