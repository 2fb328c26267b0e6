//! One process: an engine, and what its driver keeps for it.

use std::collections::{BTreeMap, BTreeSet};

use vault_engine::{Bug, Engine, LoginPolicy, Now, RefreshPolicy, SecretId, Settings};
use vault_wire::{LeaseId, Token};

use crate::scenario::{Kind, Millis, Scenario};
use crate::vault::{Vault, want};

/// What one process leaves for the next.
#[derive(Default)]
pub(crate) struct Left {
    pub(crate) token: Option<Token>,
    /// When it was given.
    pub(crate) since: Millis,
    /// With the token that asked.
    pub(crate) secrets: BTreeMap<usize, (String, vault_engine::Recalled)>,
}

/// See the module.
pub(crate) struct Agent {
    pub(crate) engine: Engine,
    pub(crate) wants: BTreeMap<SecretId, usize>,
    /// What it has a value of, its own or one that was left.
    pub(crate) shown: BTreeSet<usize>,
    /// Tokens that it knows of.
    pub(crate) tokens: BTreeSet<String>,
    /// Users whose leases it knows of, by lease.
    pub(crate) users: BTreeMap<String, String>,
    /// Since when it leaves, and whether nothing was wrong since.
    pub(crate) leaving: Option<Millis>,
    /// Leases to be revoked; `None` if all are, and tokens too.
    to_revoke: Option<BTreeSet<String>>,
    pub(crate) was_named: bool,
    pub(crate) logins: Logins,
}

/// Whether another login is in order.
pub(crate) struct Logins {
    granted: Option<Millis>,
    token: Option<String>,
    is_fresh: bool,
    /// Something happened since that allows another.
    has_reason: bool,
}

impl Agent {
    /// A process that wants nothing yet.
    pub(crate) fn new(
        scenario: &Scenario,
        number: u64,
        bug: Option<Bug>,
        kept: Option<&Token>,
    ) -> Self {
        let interval = std::time::Duration::from_millis(scenario.interval);
        let settings = Settings {
            refresh: RefreshPolicy::new(Some(interval), None),
            login: LoginPolicy::default(),
            ..Settings::default()
        };
        let mut engine = Engine::new(settings, scenario.seed ^ (number << 32));
        if let Some(bug) = bug {
            engine.plant(bug);
        }
        Self {
            engine,
            wants: BTreeMap::new(),
            shown: BTreeSet::new(),
            tokens: kept
                .into_iter()
                .map(|token| token.expose().to_owned())
                .collect(),
            users: BTreeMap::new(),
            leaving: None,
            to_revoke: None,
            was_named: false,
            logins: Logins {
                granted: None,
                token: None,
                is_fresh: kept.is_none(),
                has_reason: true,
            },
        }
    }

    pub(crate) fn want(&mut self, number: usize, kind: Kind, now: Now) {
        let id = self.engine.want(now, want(number, kind));
        self.wants.insert(id, number);
    }

    pub(crate) fn release(&mut self, number: usize, now: Now) {
        if let Some(id) = self.id(number) {
            self.forget(id, number);
            self.engine.release(now, id);
        }
    }

    /// The same secret, wanted by another name.
    pub(crate) fn reload(&mut self, scenario: &Scenario, number: usize, now: Now) {
        if let (Some(old), Some(kind)) = (self.id(number), scenario.kind(number)) {
            self.forget(old, number);
            self.want(number, kind, now);
            self.engine.release(now, old);
        }
    }

    fn id(&self, number: usize) -> Option<SecretId> {
        let found = self.wants.iter().find(|(_, it)| **it == number);
        found.map(|(id, _)| *id)
    }

    fn forget(&mut self, id: SecretId, number: usize) {
        self.wants.remove(&id);
        self.shown.remove(&number);
    }

    /// SIGTERM.
    pub(crate) fn leave(&mut self, at: Millis, now: Now, with_token: bool) {
        self.leaving = Some(at);
        if !with_token {
            let held = self.engine.held_leases();
            self.to_revoke = Some(
                held.map(|(_, lease, _)| lease.as_str().to_owned())
                    .collect(),
            );
        }
        self.engine.leave(now, with_token);
    }

    /// An answer brought a lease.
    pub(crate) fn take_lease(&mut self, lease: &LeaseId, user: String) {
        self.users.insert(lease.as_str().to_owned(), user);
        if let Some(to_revoke) = &mut self.to_revoke {
            to_revoke.insert(lease.as_str().to_owned());
        }
    }

    /// Tokens and leases that the agent is to revoke, and that work.
    pub(crate) fn alive(&self, at: Millis, vault: &mut Vault) -> Vec<String> {
        let mut alive: Vec<String> = Vec::new();
        let tokens = self.tokens.iter().filter(|_| self.to_revoke.is_none());
        for token in tokens {
            if vault.knows_token(at, token) {
                alive.push(format!("token {token}"));
            }
        }
        for (lease, user) in &self.users {
            let is_wanted = self.to_revoke.as_ref().is_none_or(|it| it.contains(lease));
            if is_wanted && vault.is_alive(at, user) {
                alive.push(format!("lease {lease}"));
            }
        }
        alive
    }
}

impl Logins {
    pub(crate) fn give_reason(&mut self) {
        self.has_reason = true;
    }

    /// A request was denied: a token that was kept is replaced then.
    pub(crate) fn denied(&mut self) {
        self.has_reason |= !self.is_fresh;
    }

    /// The kept token is in use.
    pub(crate) fn kept(&mut self, at: Millis, token: &Token) {
        self.granted = Some(at);
        self.token = Some(token.expose().to_owned());
        self.has_reason = false;
    }

    /// A login worked. `false` if it should not have been made.
    pub(crate) fn granted(
        &mut self,
        at: Millis,
        token: &Token,
        scenario: &Scenario,
        vault: &mut Vault,
    ) -> bool {
        let is_old = self
            .granted
            .is_none_or(|granted| at - granted > scenario.token_max_ttl * 11 / 20);
        let is_dead = self
            .token
            .as_deref()
            .is_none_or(|token| !vault.knows_token(at, token));
        let is_in_order = self.has_reason || is_old || is_dead;
        self.granted = Some(at);
        self.token = Some(token.expose().to_owned());
        self.is_fresh = true;
        self.has_reason = false;
        is_in_order
    }
}
