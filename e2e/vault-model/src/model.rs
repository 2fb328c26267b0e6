//! The machine as its users see it: requests in, replies out, and switches.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

use crate::answer::Refusal;
use crate::canned::Canned;
use crate::counts::Counts;
use crate::crypto::Crypto;
use crate::faults::{Fault, Faults};
use crate::ids::Ids;
use crate::jwt::PublicKey;
use crate::leases::LeaseView;
use crate::product::Product;
use crate::request::{Operation, Request};
use crate::state::State;
use crate::tokens::TokenView;

/// How a model shall be.
pub struct Config {
    /// What all ids, tokens and passwords follow from.
    pub seed: u64,
    /// The token that may do everything; one that follows from the seed when absent.
    pub root_token: Option<String>,
    /// Whose service-account tokens are trusted, in addition to each auth mount's own keys.
    pub jwt_keys: Vec<PublicKey>,
    /// Checks the signatures of logins and makes certificates.
    pub crypto: Box<dyn Crypto>,
    /// Which server is imitated.
    pub product: Product,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("seed", &self.seed)
            .field("crypto", &self.crypto)
            .field("product", &self.product)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    /// Seed 0, and [`Canned`] signatures and certificates.
    fn default() -> Self {
        Self {
            seed: 0,
            root_token: None,
            jwt_keys: Vec::new(),
            crypto: Box::new(Canned),
            product: Product::default(),
        }
    }
}

/// What a request is answered with.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: Option<Value>,
    /// The `Retry-After` header, which only a [`Fault`] has.
    pub retry_after: Option<String>,
}

impl From<Refusal> for Reply {
    fn from(refusal: Refusal) -> Self {
        Self {
            status: refusal.status,
            body: Some(refusal.body()),
            retry_after: None,
        }
    }
}

impl From<Fault> for Reply {
    fn from(fault: Fault) -> Self {
        let Fault {
            status,
            errors,
            retry_after,
            ..
        } = fault;
        Self {
            retry_after,
            ..Refusal { status, errors }.into()
        }
    }
}

/// A Vault server without everything around it.
///
/// It starts as a server in development mode does: unsealed, with a root token, and with KV version
/// 2 at `secret/`. Times given to its methods must not go backward: what has ended does not come
/// back.
pub struct Model {
    state: State,
    root_token: String,
    faults: Faults,
    counts: Counts,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").finish_non_exhaustive()
    }
}

impl Model {
    /// A new server.
    pub fn new(now: Timestamp, config: Config) -> Self {
        let mut ids = Ids::new(config.seed);
        let root_token = config
            .root_token
            .unwrap_or_else(|| format!("hvs.{}", ids.letters(24)));
        Self {
            state: State::new(
                now,
                ids,
                config.crypto,
                &root_token,
                config.jwt_keys,
                config.product,
            ),
            root_token,
            faults: Faults::default(),
            counts: Counts::default(),
        }
    }

    /// The token that may do everything.
    pub fn root_token(&self) -> &str {
        &self.root_token
    }

    /// Answers a client's request: with a fault where one is switched on. It is counted.
    pub fn handle(&mut self, now: Timestamp, request: &Request) -> Reply {
        let reply = match self
            .faults
            .strike(request.operation.method(), &request.path)
        {
            Some(fault) => fault.into(),
            None => self.answer(now, request),
        };
        self.counts
            .add(request.operation, &request.path, reply.status);
        reply
    }

    /// Answers a request without faults, and without counting it: for a server that has switches of
    /// its own.
    pub fn answer(&mut self, now: Timestamp, request: &Request) -> Reply {
        match self.parts(now, request) {
            Ok((status, body)) => Reply {
                status,
                body,
                retry_after: None,
            },
            Err(refusal) => refusal.into(),
        }
    }

    /// The same with the body as text, which takes half the time; empty for no body. The fields of
    /// the text may come in another order.
    pub fn answer_text(&mut self, now: Timestamp, request: &Request) -> (u16, String) {
        match self.state.handle(now, request) {
            Ok(answer) => answer.into_text(&mut self.state.ids),
            Err(refusal) => (refusal.status, refusal.body().to_string()),
        }
    }

    /// Does something with the root token, without faults and without counting it. Gives the
    /// body, `null` for none.
    pub fn ask(&mut self, now: Timestamp, request: Request) -> Result<Value, Refusal> {
        let request = request.with_token(&self.root_token);
        let (_, body) = self.parts(now, &request)?;
        Ok(body.unwrap_or_default())
    }

    /// Writes with the root token: a secret, a policy, a role, a mount.
    pub fn write(&mut self, now: Timestamp, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.ask(now, Request::write(path, body))
    }

    /// Reads with the root token.
    pub fn read(&mut self, now: Timestamp, path: &str) -> Result<Value, Refusal> {
        self.ask(now, Request::read(path))
    }

    /// Deletes with the root token.
    pub fn delete(&mut self, now: Timestamp, path: &str) -> Result<Value, Refusal> {
        self.ask(now, Request::delete(path))
    }

    /// Answers requests otherwise than it should.
    pub fn add_fault(&mut self, fault: Fault) {
        self.faults.add(fault);
    }

    /// Ends all faults.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// A sealed server answers 503 to all but health checks.
    pub fn set_sealed(&mut self, sealed: bool) {
        self.state.sealed = sealed;
    }

    /// Whether the server reports itself as a standby in its health.
    pub fn set_standby(&mut self, standby: bool) {
        self.state.standby = standby;
    }

    /// The leases that live, by name.
    pub fn leases(&mut self, now: Timestamp) -> Vec<LeaseView> {
        self.state.expire(now);
        self.state
            .spaces()
            .flat_map(|space| space.leases.views())
            .collect()
    }

    /// How many leases live.
    pub fn count_leases(&mut self, now: Timestamp) -> usize {
        self.state.expire(now);
        self.state.spaces().map(|space| space.leases.len()).sum()
    }

    /// Whether a credential (a database user) still works: its lease lives.
    pub fn is_alive(&mut self, now: Timestamp, subject: &str) -> bool {
        self.state.expire(now);
        self.state
            .spaces()
            .any(|space| space.leases.has_subject(subject))
    }

    /// The password of a static role of a database mount (`database/`), as a read would give it now.
    pub fn static_password(&mut self, now: Timestamp, mount: &str, role: &str) -> Option<&str> {
        self.state.static_password(now, mount, role)
    }

    /// Ends the leases whose name begins so; gives how many.
    pub fn revoke_leases(&mut self, prefix: &str) -> usize {
        self.state
            .spaces_mut()
            .map(|space| space.leases.revoke_prefix(prefix))
            .sum()
    }

    /// The tokens that live.
    pub fn tokens(&mut self, now: Timestamp) -> Vec<TokenView> {
        self.state.expire(now);
        self.state.tokens.views().collect()
    }

    /// How many tokens live.
    pub fn count_tokens(&mut self, now: Timestamp) -> usize {
        self.state.expire(now);
        self.state.tokens.len()
    }

    /// The accessor of a token that is known.
    pub fn accessor(&self, token: &str) -> Option<&str> {
        self.state.tokens.get(token).map(|token| &*token.accessor)
    }

    /// Ends the token of an accessor, or with `None` all but root; with them go their leases. Gives
    /// how many it ended by name.
    pub fn revoke_tokens(&mut self, accessor: Option<&str>) -> usize {
        let state = &mut self.state;
        let ids: Vec<String> = if let Some(accessor) = accessor {
            state.tokens.id_of_accessor(accessor).into_iter().collect()
        } else {
            state.tokens.all_but_root()
        };
        for id in &ids {
            state.end_token(id);
        }
        ids.len()
    }

    /// How many requests [`handle`](Self::handle) got, of one operation, to paths that begin with
    /// `prefix`.
    pub fn count(&self, operation: Operation, prefix: &str) -> u64 {
        self.counts.of(operation, prefix)
    }

    /// How many requests [`handle`](Self::handle) answered with a status.
    pub fn count_status(&self, status: u16) -> u64 {
        self.counts.of_status(status)
    }

    /// Forgets how many requests there were.
    pub fn clear_counts(&mut self) {
        self.counts = Counts::default();
    }

    fn parts(
        &mut self,
        now: Timestamp,
        request: &Request,
    ) -> Result<(u16, Option<Value>), Refusal> {
        let answer = self.state.handle(now, request)?;
        Ok(answer.into_parts(&mut self.state.ids))
    }
}
