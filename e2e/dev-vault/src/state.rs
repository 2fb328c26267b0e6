//! All that the server knows, and the way of a request through it.

use std::collections::BTreeMap;

use crate::acl::{Capability, Policies};
use crate::answer::{Outcome, Refusal};
use crate::auth_methods::{self, AuthMethod};
use crate::clock::Clock;
use crate::database::Database;
use crate::faults::Faults;
use crate::ids;
use crate::jwt::PublicKey;
use crate::kv;
use crate::leases::Leases;
use crate::pki::Pki;
use crate::request::{Operation, Request};
use crate::sys;
use crate::tokens::{self, Tokens};
use crate::wrapping::{self, Wrappings};

/// The server's memory.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) clock: Clock,
    pub(crate) policies: Policies,
    pub(crate) tokens: Tokens,
    pub(crate) leases: Leases,
    pub(crate) wrappings: Wrappings,
    /// By path with its trailing slash.
    pub(crate) mounts: BTreeMap<String, Mount>,
    /// By path below `auth/` with its trailing slash.
    pub(crate) auth: BTreeMap<String, AuthMethod>,
    /// Trusted in addition to each auth mount's own keys.
    pub(crate) jwt_keys: Vec<PublicKey>,
    pub(crate) sealed: bool,
    pub(crate) standby: bool,
    pub(crate) faults: Faults,
}

/// A secrets engine at its place.
#[derive(Debug)]
pub(crate) struct Mount {
    pub(crate) accessor: String,
    pub(crate) description: String,
    pub(crate) engine: Engine,
}

/// The engines.
#[derive(Debug)]
pub(crate) enum Engine {
    Kv1(kv::V1),
    Kv2(kv::v2::V2),
    Database(Database),
    Pki(Box<Pki>),
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) token: String,
    pub(crate) display_name: String,
    pub(crate) policies: Vec<String>,
}

impl Caller {
    pub(crate) fn is_root(&self) -> bool {
        self.policies.iter().any(|policy| policy == "root")
    }
}

impl Mount {
    pub(crate) fn new(engine: Engine, description: &str) -> Self {
        let accessor = format!("{}_{}", engine.kind(), ids::letters(8).to_lowercase());
        Self {
            accessor,
            description: description.to_owned(),
            engine,
        }
    }
}

impl Engine {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Kv1(_) | Self::Kv2(_) => "kv",
            Self::Database(_) => "database",
            Self::Pki(_) => "pki",
        }
    }

    pub(crate) fn version(&self) -> Option<&'static str> {
        match self {
            Self::Kv1(_) => Some("1"),
            Self::Kv2(_) => Some("2"),
            Self::Database(_) | Self::Pki(_) => None,
        }
    }
}

impl State {
    /// As a server in development mode starts: unsealed, a root token, KV version 2 at `secret/`.
    pub(crate) fn new(clock: Clock, root_token: &str, jwt_keys: Vec<PublicKey>) -> Self {
        let mut tokens = Tokens::default();
        tokens.add_root(root_token, clock.now());
        let secret = Mount::new(
            Engine::Kv2(kv::v2::V2::default()),
            "key/value secret storage",
        );
        Self {
            clock,
            policies: Policies::new(),
            tokens,
            leases: Leases::default(),
            wrappings: Wrappings::default(),
            mounts: BTreeMap::from([("secret/".to_owned(), secret)]),
            auth: BTreeMap::new(),
            jwt_keys,
            sealed: false,
            standby: false,
            faults: Faults::default(),
        }
    }

    /// Answers a request; wrapped, where that is asked for.
    pub(crate) fn handle(&mut self, request: &Request) -> Outcome {
        let answer = self.answer(request)?;
        let now = self.clock.now();
        Ok(match request.wrap_ttl {
            Some(ttl) => self.wrappings.wrap(answer, &request.path, ttl, now),
            None => answer,
        })
    }

    fn answer(&mut self, request: &Request) -> Outcome {
        self.expire();
        if let Some(answer) = sys::without_token(self, request) {
            return answer;
        }
        if self.sealed {
            return Err(Refusal::sealed());
        }
        if request.operation == Operation::Write
            && let Some(mount) = self.login_mount(&request.path)
        {
            return auth_methods::login(self, &mount, request);
        }
        if let Some(kind @ ("lookup" | "unwrap")) = request.path.strip_prefix("sys/wrapping/") {
            return wrapping::handle(self, kind, request);
        }
        let caller = self.caller(request)?;
        if let Some(path) = request.path.strip_prefix("sys/internal/ui/mounts/") {
            return sys::mounts::describe(self, &caller, path);
        }
        self.authorize(&caller, request)?;
        self.dispatch(&caller, request)
    }

    /// Ends a token, the tokens it made, and their leases.
    pub(crate) fn end_token(&mut self, id: &str) {
        for ended in self.tokens.remove(id) {
            self.leases.revoke_of_token(&ended);
        }
    }

    /// Ends everything whose time has come.
    pub(crate) fn expire(&mut self) {
        let now = self.clock.now();
        for ended in self.tokens.expire(now) {
            self.leases.revoke_of_token(&ended);
        }
        self.leases.expire(now);
        self.wrappings.expire(now);
    }

    /// The mount that a path lies in.
    pub(crate) fn mount_of(&self, path: &str) -> Option<&str> {
        let path = format!("{path}/");
        let mounts = self
            .mounts
            .keys()
            .filter(|mount| path.starts_with(mount.as_str()));
        mounts.max_by_key(|mount| mount.len()).map(String::as_str)
    }

    /// The auth mount that a path below `auth/` lies in.
    pub(crate) fn auth_mount_of(&self, path: &str) -> Option<&str> {
        let path = format!("{}/", path.strip_prefix("auth/")?);
        let mounts = self
            .auth
            .keys()
            .filter(|mount| path.starts_with(mount.as_str()));
        mounts.max_by_key(|mount| mount.len()).map(String::as_str)
    }

    fn login_mount(&self, path: &str) -> Option<String> {
        let mount = self.auth_mount_of(path)?;
        (path.strip_prefix("auth/")?.strip_prefix(mount)? == "login").then(|| mount.to_owned())
    }

    fn caller(&self, request: &Request) -> Result<Caller, Refusal> {
        let id = request.token.as_deref().ok_or_else(Refusal::denied)?;
        let token = self.tokens.get(id).ok_or_else(Refusal::invalid_token)?;
        Ok(Caller {
            token: id.to_owned(),
            display_name: token.display_name.clone(),
            policies: token.policies.clone(),
        })
    }

    fn authorize(&self, caller: &Caller, request: &Request) -> Result<(), Refusal> {
        let path = request.path.as_str();
        let wanted: &[Capability] = match request.operation {
            Operation::Read => &[Capability::Read],
            Operation::List => &[Capability::List],
            Operation::Delete => &[Capability::Delete],
            Operation::Patch => &[Capability::Patch],
            Operation::Write => match self.replaces(path) {
                Some(true) => &[Capability::Update],
                Some(false) => &[Capability::Create],
                None => &[Capability::Create, Capability::Update],
            },
        };
        let allowed = self.policies.allow(&caller.policies, path, wanted)
            // A rule for a folder may be written with its slash.
            || (request.operation == Operation::List
                && self.policies.allow(&caller.policies, &format!("{path}/"), wanted))
            // `lookup-self` answers writes as well as reads.
            || (path == "auth/token/lookup-self"
                && self.policies.allow(&caller.policies, path, &[Capability::Read]));
        if allowed {
            Ok(())
        } else {
            Err(Refusal::denied())
        }
    }

    /// Whether a write replaces something; `None` where it makes no difference.
    fn replaces(&self, path: &str) -> Option<bool> {
        let mount = self.mount_of(path)?;
        let inside = path.strip_prefix(mount)?;
        match &self.mounts[mount].engine {
            Engine::Kv2(kv) if inside.starts_with("data/") => Some(kv.exists(inside)),
            _ => None,
        }
    }

    fn dispatch(&mut self, caller: &Caller, request: &Request) -> Outcome {
        if let Some(path) = request.path.strip_prefix("auth/token/") {
            return tokens::api::handle(self, caller, path, request);
        }
        if let Some(path) = request.path.strip_prefix("sys/") {
            return sys::handle(self, caller, path, request);
        }
        if let Some(mount) = self.auth_mount_of(&request.path).map(str::to_owned) {
            let inside = &request.path["auth/".len() + mount.len()..];
            let now = self.clock.now();
            let auth = self.auth.get_mut(&mount).ok_or_else(Refusal::not_found)?;
            return auth.handle(inside, request, now);
        }
        let Some(mount) = self.mount_of(&request.path).map(str::to_owned) else {
            let path = &request.path;
            return Err(Refusal::new(
                404,
                format!("no handler for route {path:?}. route entry not found."),
            ));
        };
        let inside = request.path.get(mount.len()..).unwrap_or_default();
        let now = self.clock.now();
        let engine = self.mounts.get_mut(&mount).map(|mount| &mut mount.engine);
        match engine.ok_or_else(Refusal::not_found)? {
            Engine::Kv1(kv) => kv.handle(inside, request),
            Engine::Kv2(kv) => kv.handle(inside, request, now),
            Engine::Pki(pki) => pki.handle(inside, request, now),
            Engine::Database(database) => {
                database.handle(&mount, inside, request, caller, &mut self.leases, now)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod harness;
#[cfg(test)]
mod tests;
