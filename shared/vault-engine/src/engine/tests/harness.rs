use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use vault_wire::kv::Mount;
use vault_wire::{Auth, Error, Granted, JsonText, Lease, RequestLine, Response, Token, TokenInfo};

use crate::*;

/// A Vault whose answers the test sets, and an engine that asks it.
pub(super) struct Story {
    pub(super) engine: Engine,
    pub(super) vault: Vault,
    pub(super) now: Now,
    /// What was asked, and when.
    pub(super) asked: Vec<(u64, String)>,
    /// What the engine reported, but for calls.
    pub(super) outputs: Vec<(u64, Output)>,
    /// Calls that begin like this hang, until [`Story::answer_hung`].
    pub(super) hangs: Option<&'static str>,
    hung: Vec<(CallId, Call)>,
}

#[derive(Default)]
pub(super) struct Vault {
    /// No connection.
    pub(super) is_away: bool,
    /// Errors by path: status, message, `Retry-After`.
    pub(super) errors: BTreeMap<&'static str, (u16, &'static str, Option<u64>)>,
    /// Bodies by path.
    pub(super) bodies: BTreeMap<&'static str, Value>,
    /// Paths that have no answer of their own: a mount look-up says KV version 2 for these mounts.
    pub(super) kv_v2: BTreeSet<&'static str>,
    /// What a login grants, in seconds.
    pub(super) token_ttl: u64,
    /// Tokens that are dead.
    pub(super) dead: BTreeSet<String>,
    /// What a lease renewal grants, in seconds.
    pub(super) lease_ttl: u64,
    /// What an earlier process left.
    pub(super) left: BTreeMap<&'static str, Value>,
    /// Its age in seconds.
    pub(super) left_for: u64,
    pub(super) logins: u32,
    pub(super) leases: u32,
}

impl Story {
    pub(super) fn new(settings: Settings) -> Self {
        let vault = Vault {
            token_ttl: 3600,
            lease_ttl: 60,
            left_for: 10,
            ..Vault::default()
        };
        Self {
            engine: Engine::new(settings, 1),
            vault,
            now: Now {
                mono: Instant::default(),
                wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            },
            asked: Vec::new(),
            outputs: Vec::new(),
            hangs: None,
            hung: Vec::new(),
        }
    }

    pub(super) fn start(&mut self, kept: Option<&str>) {
        let kept = kept.map(|token| Token::new(token).unwrap());
        self.engine.start(kept);
        self.drain();
    }

    pub(super) fn read(&mut self, path: &str) -> SecretId {
        let id = self.engine.want(self.now, Want::Read { path: path.into() });
        self.drain();
        id
    }

    /// Lets so many seconds pass.
    pub(super) fn run(&mut self, seconds: u64) {
        let end = self.now.mono.after(Duration::from_secs(seconds));
        let mut steps = 0;
        self.drain();
        while let Some(at) = self.engine.poll_timeout().filter(|at| *at <= end) {
            self.pass(at);
            self.engine.wake(self.now);
            self.drain();
            steps += 1;
            assert!(steps < 20_000, "the engine never rests");
        }
        self.pass(end);
    }

    fn pass(&mut self, at: Instant) {
        self.now.wall += at.since(self.now.mono);
        self.now.mono = self.now.mono.max(at);
    }

    pub(super) fn drain(&mut self) {
        let at = self.now.mono.since_origin().as_secs();
        let mut outputs = 0;
        while let Some(output) = self.engine.poll_output() {
            outputs += 1;
            assert!(outputs < 10_000, "the engine never rests");
            match output {
                Output::Call(id, call) => {
                    if !matches!(call, Call::Recall { .. }) {
                        self.asked.push((at, name(&call)));
                    }
                    if self.hangs.is_some_and(|what| name(&call).starts_with(what)) {
                        self.hung.push((id, call));
                        continue;
                    }
                    let answer = self.vault.answer(&call, self.engine.wanted(&call));
                    self.engine.answer(self.now, id, answer);
                }
                output => self.outputs.push((at, output)),
            }
        }
    }

    /// Vault answers what hung until now.
    pub(super) fn answer_hung(&mut self) {
        for (id, call) in std::mem::take(&mut self.hung) {
            let answer = self.vault.answer(&call, self.engine.wanted(&call));
            self.engine.answer(self.now, id, answer);
        }
        self.drain();
    }

    /// When something was asked that begins like this.
    pub(super) fn times(&self, what: &str) -> Vec<u64> {
        let asked = self.asked.iter();
        let asked = asked.filter(|(_, asked)| asked.starts_with(what));
        asked.map(|(at, _)| *at).collect()
    }

    pub(super) fn count(&self, what: &str) -> usize {
        self.times(what).len()
    }

    /// When a secret had a new value.
    pub(super) fn readings(&self, secret: SecretId) -> Vec<u64> {
        let readings = self.outputs.iter().filter_map(|(at, output)| match output {
            Output::Reading(id, _) if *id == secret => Some(*at),
            _ => None,
        });
        readings.collect()
    }

    pub(super) fn failures(&self, secret: SecretId) -> Vec<(u64, &Failure)> {
        let failures = self.outputs.iter().filter_map(|(at, output)| match output {
            Output::Failed(id, failure) if *id == secret => Some((*at, &**failure)),
            _ => None,
        });
        failures.collect()
    }

    pub(super) fn has(&self, is_it: impl Fn(&Output) -> bool) -> bool {
        self.outputs.iter().any(|(_, output)| is_it(output))
    }
}

impl Engine {
    /// The path that a secret was wanted by, for a look at what was left.
    fn wanted(&self, call: &Call) -> Option<Arc<str>> {
        match call {
            Call::Recall { secret, .. } => {
                let secret = self.secrets.get(secret)?;
                Some(Arc::clone(secret.want.path()))
            }
            _ => None,
        }
    }
}

fn name(call: &Call) -> String {
    match call {
        Call::LogIn => "login".into(),
        Call::LookUpToken { token } => format!("lookup {}", token.expose()),
        Call::RenewToken { token } => format!("renew {}", token.expose()),
        Call::Recall { .. } => "recall".into(),
        Call::FindMount { path, .. } => format!("mount {path}"),
        Call::Read { path, token } => format!("read {path} {}", token.expose()),
        Call::List { path, .. } => format!("list {path}"),
        Call::Write { path, .. } => format!("write {path}"),
        Call::RenewLease { lease, .. } => format!("lease {lease}"),
        Call::RevokeLease { lease, .. } => format!("revoke {lease}"),
        Call::RevokeToken { token } => format!("revoke {}", token.expose()),
    }
}

pub(super) fn mk_error(status: u16, message: &str, retry_after: Option<u64>) -> Error {
    Error::Api {
        request: RequestLine::new("GET", "http://vault/v1/x"),
        status,
        errors: (!message.is_empty())
            .then(|| message.to_owned())
            .into_iter()
            .collect(),
        retry_after: retry_after.map(Duration::from_secs),
    }
}

fn no_connection() -> Error {
    Error::Transport {
        request: RequestLine::new("GET", "http://vault/v1/x"),
        hint: "connection refused".into(),
        source: "connection refused".into(),
    }
}

pub(super) fn mk_response(body: &Value) -> Response {
    Response::from_body(JsonText::new(body.to_string())).unwrap()
}

impl Vault {
    fn answer(&mut self, call: &Call, wanted: Option<Arc<str>>) -> Answer {
        match call {
            Call::LogIn => Answer::LoggedIn(self.log_in()),
            Call::LookUpToken { token } => {
                Answer::TokenInfo(self.about(token, "lookup").map(|()| TokenInfo {
                    accessor: String::new(),
                    ttl: Duration::from_secs(self.token_ttl),
                    creation_ttl: Duration::from_secs(self.token_ttl),
                    renewable: true,
                    policies: Vec::new(),
                    kind: "service".into(),
                    expire_time: None,
                }))
            }
            Call::RenewToken { token } => {
                let outcome = self.about(token, "renew");
                Answer::TokenRenewed(outcome.map(|()| self.auth(token.clone())))
            }
            Call::Recall { .. } => Answer::Recalled(self.recall(&wanted.unwrap_or_default())),
            Call::FindMount { token, path } => Answer::Mount(self.mount(token, path)),
            Call::Read { token, path } | Call::List { token, path } => {
                Answer::Secret(self.about(token, path).map(|()| self.body(path)))
            }
            Call::Write { token, path, .. } => {
                Answer::Secret(self.about(token, path).map(|()| self.body(path)))
            }
            Call::RenewLease { token, lease } => {
                Answer::LeaseRenewed(self.about(token, "renew-lease").map(|()| Lease {
                    id: lease.clone(),
                    duration: Duration::from_secs(self.lease_ttl),
                    renewable: true,
                }))
            }
            Call::RevokeLease { token, .. } => Answer::Revoked(self.about(token, "revoke-lease")),
            Call::RevokeToken { token } => Answer::Revoked(self.about(token, "revoke-token")),
        }
    }

    fn log_in(&mut self) -> Result<Granted, LoginFailure> {
        let failed = |error| LoginFailure {
            is_refusal: false,
            error: Some(Arc::new(error)),
        };
        if self.is_away {
            return Err(failed(no_connection()));
        }
        if let Some((status, message, after)) = self.errors.get("login") {
            return Err(LoginFailure {
                is_refusal: *status == 403,
                ..failed(mk_error(*status, message, *after))
            });
        }
        self.logins += 1;
        let token = Token::new(&format!("t{}", self.logins)).unwrap();
        Ok(Granted::Token(self.auth(token)))
    }

    fn auth(&self, token: Token) -> Auth {
        Auth {
            client_token: token,
            accessor: String::new(),
            lease_duration: Duration::from_secs(self.token_ttl),
            renewable: true,
            policies: Vec::new(),
            metadata: BTreeMap::new(),
        }
    }

    fn about(&self, token: &Token, path: &str) -> Result<(), Error> {
        if self.is_away {
            return Err(no_connection());
        }
        if self.dead.contains(token.expose()) {
            return Err(mk_error(403, "permission denied: invalid token", None));
        }
        match self.errors.get(path) {
            Some((status, message, after)) => Err(mk_error(*status, message, *after)),
            None => Ok(()),
        }
    }

    fn mount(&self, token: &Token, path: &str) -> Result<Mount, Error> {
        self.about(token, "mount")?;
        let first = path.split('/').next().unwrap_or_default();
        let is_kv = self.kv_v2.contains(first);
        Ok(Mount {
            path: format!("{first}/"),
            kind: if is_kv { "kv" } else { "database" }.into(),
            version: is_kv.then(|| "2".into()),
        })
    }

    /// A lease of each answer is its own.
    fn body(&mut self, path: &str) -> Option<Response> {
        let mut body = self.bodies.get(path)?.clone();
        if let Some(lease) = body.get_mut("lease_id") {
            self.leases += 1;
            *lease = format!("{path}/{}", self.leases).into();
        }
        Some(mk_response(&body))
    }

    fn recall(&self, path: &str) -> Option<Recalled> {
        Some(Recalled {
            response: mk_response(self.left.get(path)?),
            since: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - self.left_for),
            path: path.into(),
            mount: None,
        })
    }
}

/// A secret of version `version` in KV version 2, and its metadata.
pub(super) fn mk_kv(vault: &mut Vault, name: &'static str, metadata: &'static str, version: u64) {
    vault.kv_v2.insert("kv");
    let data = json!({"data": {"v": version}, "metadata": {"version": version}});
    vault.bodies.insert(name, json!({ "data": data }));
    vault.bodies.insert(
        metadata,
        json!({"data": {"current_version": version, "versions": {}}}),
    );
}

/// A database credential with a renewable lease of `ttl` seconds.
pub(super) fn mk_leased(vault: &mut Vault, path: &'static str, ttl: i64) {
    let body = json!({
        "lease_id": "", "lease_duration": ttl, "renewable": true, "data": {"user": "u"},
    });
    vault.bodies.insert(path, body);
}

/// Settings with an interval of `seconds` for static secrets.
pub(super) fn mk_settings(seconds: u64) -> Settings {
    Settings {
        refresh: RefreshPolicy::new(Some(Duration::from_secs(seconds)), None),
        ..Settings::default()
    }
}
