//! One process: an engine, and what its driver keeps for it.

use std::collections::{BTreeMap, BTreeSet};

use vault_engine::{Bug, Engine, LoginPolicy, Now, RefreshPolicy, SecretId, Settings};
use vault_wire::Token;

use crate::scenario::{Millis, Scenario};
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
    pub(crate) fn start(
        scenario: &Scenario,
        number: u64,
        bug: Option<Bug>,
        now: Now,
        kept: Option<Token>,
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
        let mut agent = Self {
            engine,
            wants: BTreeMap::new(),
            shown: BTreeSet::new(),
            tokens: kept.iter().map(|token| token.expose().to_owned()).collect(),
            users: BTreeMap::new(),
            leaving: None,
            was_named: false,
            logins: Logins {
                granted: None,
                token: None,
                is_fresh: kept.is_none(),
                has_reason: true,
            },
        };
        for (number, kind) in &scenario.wants {
            let id = agent.engine.want(now, want(*number, *kind));
            agent.wants.insert(id, *number);
        }
        agent.engine.start(kept);
        agent
    }

    /// The same secret, wanted by another name.
    pub(crate) fn reload(&mut self, scenario: &Scenario, number: usize, now: Now) {
        let old = self.wants.iter().find(|(_, it)| **it == number);
        let Some(old) = old.map(|(id, _)| *id) else {
            return;
        };
        let Some((_, kind)) = scenario.wants.iter().find(|(it, _)| *it == number) else {
            return;
        };
        self.wants.remove(&old);
        self.shown.remove(&number);
        let new = self.engine.want(now, want(number, *kind));
        self.wants.insert(new, number);
        self.engine.release(now, old);
    }

    /// Tokens and leases that the agent knows of, and that work.
    pub(crate) fn alive(&self, at: Millis, vault: &mut Vault) -> Vec<String> {
        let mut alive: Vec<String> = Vec::new();
        for token in &self.tokens {
            if vault.knows_token(at, token) {
                alive.push(format!("token {token}"));
            }
        }
        for (lease, user) in &self.users {
            if vault.is_alive(at, user) {
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
