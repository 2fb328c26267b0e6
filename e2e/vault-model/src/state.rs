//! All that the server knows, and the way of a request through it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::acl::Capability;
use crate::answer::{Outcome, Refusal};
use crate::auth_methods;
use crate::crypto::Crypto;
use crate::database::Database;
use crate::ids::Ids;
use crate::jwt::PublicKey;
use crate::kv;
use crate::leases::Leases;
use crate::namespaces::Space;
use crate::pki::Pki;
use crate::product::Product;
use crate::request::{Operation, Request};
use crate::sys;
use crate::tokens::{self, NewToken, Tokens};
use crate::wrapping::{self, Wrappings};

/// The server's memory.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ids: Ids,
    pub(crate) crypto: Box<dyn Crypto>,
    pub(crate) product: Product,
    pub(crate) tokens: Tokens,
    pub(crate) wrappings: Wrappings,
    /// The namespace of the request in hand.
    pub(crate) here: Space,
    /// All others, by path.
    pub(crate) elsewhere: BTreeMap<Arc<str>, Space>,
    /// Trusted in addition to each auth mount's own keys.
    pub(crate) jwt_keys: Vec<PublicKey>,
    pub(crate) sealed: bool,
    pub(crate) standby: bool,
}

/// A secrets engine at its place.
#[derive(Debug)]
pub(crate) struct Mount {
    pub(crate) accessor: String,
    pub(crate) uuid: String,
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
    /// Where its policies are.
    pub(crate) namespace: Arc<str>,
}

/// What an engine may use besides its own memory to answer a request.
pub(crate) struct Turn<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) leases: &'a mut Leases,
    pub(crate) ids: &'a mut Ids,
    pub(crate) now: Timestamp,
}

impl Caller {
    pub(crate) fn is_root(&self) -> bool {
        self.policies.iter().any(|policy| policy == "root")
    }
}

impl Mount {
    pub(crate) fn new(engine: Engine, description: &str, ids: &mut Ids) -> Self {
        let accessor = format!("{}_{}", engine.kind(), ids.letters(8).to_lowercase());
        Self {
            accessor,
            uuid: ids.uuid(),
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
    pub(crate) fn new(
        now: Timestamp,
        mut ids: Ids,
        crypto: Box<dyn Crypto>,
        root_token: &str,
        jwt_keys: Vec<PublicKey>,
        product: Product,
    ) -> Self {
        let mut tokens = Tokens::default();
        tokens.add_root(root_token, now, &mut ids);
        let secret = Mount::new(
            Engine::Kv2(kv::v2::V2::new(product)),
            "key/value secret storage",
            &mut ids,
        );
        let mut here = Space::root();
        here.mounts.insert("secret/".into(), secret);
        Self {
            ids,
            crypto,
            product,
            tokens,
            wrappings: Wrappings::default(),
            here,
            elsewhere: BTreeMap::new(),
            jwt_keys,
            sealed: false,
            standby: false,
        }
    }

    /// Answers a request; wrapped, where that is asked for.
    pub(crate) fn handle(&mut self, now: Timestamp, request: &Request) -> Outcome {
        let inner = self.enter_namespace_of(request)?;
        let request = inner.as_ref().unwrap_or(request);
        let answer = self.answer(now, request)?;
        Ok(match request.wrap_ttl {
            Some(ttl) => self
                .wrappings
                .wrap(answer, &request.path, ttl, now, &mut self.ids),
            None => answer,
        })
    }

    fn answer(&mut self, now: Timestamp, request: &Request) -> Outcome {
        self.expire(now);
        if let Some(answer) = sys::without_token(self, request, now) {
            return answer;
        }
        if self.sealed {
            return Err(Refusal::sealed());
        }
        if request.operation == Operation::Write
            && let Some(mount) = self.login_mount(&request.path)
        {
            return auth_methods::login(self, &mount, request, now);
        }
        if let Some(kind @ ("lookup" | "unwrap")) = request.path.strip_prefix("sys/wrapping/") {
            return wrapping::handle(self, kind, request);
        }
        let caller = self.caller(request)?;
        if let Some(path) = request.path.strip_prefix("sys/internal/ui/mounts/") {
            return sys::mounts::describe(self, &caller, path);
        }
        self.authorize(&caller, request)?;
        self.dispatch(&caller, request, now)
    }

    /// Makes a token and gives its text.
    pub(crate) fn issue(&mut self, new: NewToken, now: Timestamp) -> String {
        let namespace = Arc::clone(&self.here.path);
        self.tokens.issue(new, namespace, now, &mut self.ids)
    }

    /// Ends a token, the tokens it made, and their leases.
    pub(crate) fn end_token(&mut self, id: &str) {
        let ended = self.tokens.remove(id);
        self.end_leases_of(&ended);
    }

    fn end_leases_of(&mut self, tokens: &[Arc<str>]) {
        for space in self.spaces_mut() {
            for token in tokens {
                space.leases.revoke_of_token(token);
            }
        }
    }

    /// Ends everything whose time has come.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        let ended = self.tokens.expire(now);
        self.end_leases_of(&ended);
        for space in self.spaces_mut() {
            space.leases.expire(now);
        }
        self.wrappings.expire(now);
    }

    pub(crate) fn static_password(
        &mut self,
        now: Timestamp,
        mount: &str,
        role: &str,
    ) -> Option<&str> {
        self.enter("");
        match &mut self.here.mounts.get_mut(mount)?.engine {
            Engine::Database(database) => database.static_password(role, now, &mut self.ids),
            _ => None,
        }
    }

    /// The mount that a path lies in.
    pub(crate) fn mount_of(&self, path: &str) -> Option<&str> {
        let path = format!("{path}/");
        let mounts = self
            .here
            .mounts
            .keys()
            .filter(|mount| path.starts_with(mount.as_str()));
        mounts.max_by_key(|mount| mount.len()).map(String::as_str)
    }

    /// The auth mount that a path below `auth/` lies in.
    pub(crate) fn auth_mount_of(&self, path: &str) -> Option<&str> {
        let path = format!("{}/", path.strip_prefix("auth/")?);
        let mounts = self
            .here
            .auth
            .keys()
            .filter(|mount| path.starts_with(mount.as_str()));
        mounts.max_by_key(|mount| mount.len()).map(String::as_str)
    }

    fn login_mount(&self, path: &str) -> Option<String> {
        let mount = self.auth_mount_of(path)?;
        let inside = path.strip_prefix("auth/")?.strip_prefix(mount)?;
        self.here.auth[mount]
            .is_login(inside)
            .then(|| mount.to_owned())
    }

    fn caller(&self, request: &Request) -> Result<Caller, Refusal> {
        let id = request.token.as_deref().ok_or_else(Refusal::denied)?;
        let token = self.tokens.get(id);
        let token = token.ok_or_else(|| self.product.invalid_token())?;
        Ok(Caller {
            token: id.to_owned(),
            display_name: token.display_name.clone(),
            policies: token.policies.clone(),
            namespace: Arc::clone(&token.namespace),
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
        let rights = self.rights(caller);
        let rights = rights.ok_or_else(|| self.product.forbidden())?;
        let allowed = rights.allow(path, wanted)
            // A rule for a folder may be written with its slash.
            || (request.operation == Operation::List && rights.allow(&format!("{path}/"), wanted))
            // `lookup-self` answers writes as well as reads.
            || (path == "auth/token/lookup-self" && rights.allow(path, &[Capability::Read]));
        if allowed {
            Ok(())
        } else {
            Err(self.product.forbidden())
        }
    }

    /// Whether a write replaces something; `None` where it makes no difference.
    fn replaces(&self, path: &str) -> Option<bool> {
        let mount = self.mount_of(path)?;
        let inside = path.strip_prefix(mount)?;
        match &self.here.mounts[mount].engine {
            Engine::Kv2(kv) if inside.starts_with("data/") => Some(kv.exists(inside)),
            _ => None,
        }
    }

    fn dispatch(&mut self, caller: &Caller, request: &Request, now: Timestamp) -> Outcome {
        if let Some(path) = request.path.strip_prefix("auth/token/") {
            return tokens::api::handle(self, caller, path, request, now);
        }
        if let Some(path) = request.path.strip_prefix("sys/") {
            return sys::handle(self, caller, path, request, now);
        }
        if let Some(mount) = self.auth_mount_of(&request.path).map(str::to_owned) {
            let inside = &request.path["auth/".len() + mount.len()..];
            let auth = self
                .here
                .auth
                .get_mut(&mount)
                .ok_or_else(Refusal::not_found)?;
            return auth.handle(inside, request, now, &mut self.ids);
        }
        let Some(mount) = self.mount_of(&request.path).map(str::to_owned) else {
            return Err(Refusal::no_route(&request.path));
        };
        let inside = request.path.get(mount.len()..).unwrap_or_default();
        let engine = self
            .here
            .mounts
            .get_mut(&mount)
            .map(|mount| &mut mount.engine);
        match engine.ok_or_else(Refusal::not_found)? {
            Engine::Kv1(kv) => kv.handle(inside, request),
            Engine::Kv2(kv) => kv.handle(inside, request, now),
            Engine::Pki(pki) => pki.handle(inside, request, now, &mut self.ids, &*self.crypto),
            Engine::Database(database) => {
                let turn = Turn {
                    caller,
                    leases: &mut self.here.leases,
                    ids: &mut self.ids,
                    now,
                };
                database.handle(&mount, inside, request, turn)
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod harness;
#[cfg(test)]
mod tests;
