//! The rules about requests: how many, and which not yet.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use vault_engine::{Answer, Call, CallId};
use vault_wire::Error;

use super::Violation;
use crate::scenario::{HOUR, Kind, Millis, SECOND, Scenario};
use crate::vault::lease_of;

/// The requests of one process, and of the hour.
pub(crate) struct Requests {
    usual: u64,
    secrets: u64,
    hour: Millis,
    in_hour: u64,
    pub(crate) all: u64,
    /// By what is asked for.
    under_way: BTreeMap<String, CallId>,
    /// Who was told to wait, and until when by the agent's clock.
    told_to_wait: BTreeMap<String, Duration>,
    dead_leases: BTreeSet<String>,
}

/// A request under way.
pub(crate) struct Asked {
    pub(crate) process: u64,
    pub(crate) id: CallId,
    pub(crate) call: Call,
    /// What it asks for, by name.
    pub(crate) name: String,
}

/// What a call asks for, by name.
pub(crate) fn name(call: &Call) -> String {
    match call {
        Call::LogIn => "log in".into(),
        Call::LookUpToken { .. } => "look up token".into(),
        Call::RenewToken { .. } => "renew token".into(),
        Call::Recall { .. } => "recall".into(),
        Call::FindMount { path, .. } => format!("find mount of {path}"),
        Call::Read { path, .. } => format!("read {path}"),
        Call::List { path, .. } => format!("list {path}"),
        Call::Write { path, .. } => format!("write {path}"),
        Call::RenewLease { lease, .. } => format!("renew {lease}"),
        Call::RevokeLease { lease, .. } => format!("revoke {lease}"),
        Call::RevokeToken { token } => format!("revoke {}", token.expose()),
    }
}

fn is_revocation(call: &Call) -> bool {
    matches!(call, Call::RevokeLease { .. } | Call::RevokeToken { .. })
}

impl Requests {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        let per_hour = |every: Millis| HOUR.div_ceil(every.max(SECOND));
        let interval = scenario.interval * 85 / 100;
        let of_kind = |kind: &Kind| match kind {
            Kind::Kv2 => 2 * per_hour(interval),
            Kind::Kv1 | Kind::List | Kind::ZeroLease => per_hour(interval),
            Kind::Write => 0,
            Kind::Dynamic { ttl, .. } => per_hour(ttl * 3 / 10),
            Kind::Static { period, .. } => 12 * per_hour(*period),
            Kind::Pki { ttl } => per_hour(ttl * 8 / 10),
        };
        let of_secrets: u64 = scenario.wants.iter().map(|(_, kind)| of_kind(kind)).sum();
        Self {
            usual: of_secrets + per_hour(scenario.token_ttl * 3 / 10),
            secrets: u64::try_from(scenario.wants.len()).unwrap_or(1),
            hour: 0,
            in_hour: 0,
            all: 0,
            under_way: BTreeMap::new(),
            told_to_wait: BTreeMap::new(),
            dead_leases: BTreeSet::new(),
        }
    }

    /// Another process asks from now on.
    pub(crate) fn forget(&mut self) {
        self.under_way.clear();
        self.told_to_wait.clear();
    }

    /// The files of the login have changed, which ends its waits.
    pub(crate) fn may_log_in(&mut self) {
        self.told_to_wait.remove("log in");
    }

    pub(crate) fn sent(
        &mut self,
        now: Millis,
        mono: Duration,
        is_disturbed: bool,
        asked: &Asked,
    ) -> Result<(), Violation> {
        let (call, name) = (&asked.call, asked.name.as_str());
        self.all += 1;
        if self.hour != now / HOUR {
            self.hour = now / HOUR;
            self.in_hour = 0;
        }
        self.in_hour += 1;
        let for_trouble = if is_disturbed {
            300 + 300 * self.secrets
        } else {
            0
        };
        let budget = self.usual * 3 / 2 + 20 + for_trouble;
        if self.in_hour > budget {
            return Err(Violation {
                rule: "requests in an hour stay within the budget",
                seen: format!("more than {budget}, the last: {name}"),
            });
        }
        if let Some(until) = self.told_to_wait.get(name)
            && mono < *until
            && !is_revocation(call)
        {
            return Err(Violation {
                rule: "no request is sent within its back-off",
                seen: format!("{name}, {:?} too early", until.saturating_sub(mono)),
            });
        }
        if let Some(lease) = lease_of(call)
            && matches!(call, Call::RenewLease { .. })
            && self.dead_leases.contains(lease.as_str())
        {
            return Err(Violation {
                rule: "a lease that Vault does not know is not renewed again",
                seen: name.to_owned(),
            });
        }
        let same = self.under_way.insert(name.to_owned(), asked.id);
        if same.is_some() && !matches!(call, Call::LookUpToken { .. }) {
            return Err(Violation {
                rule: "no request is sent while the same is under way",
                seen: name.to_owned(),
            });
        }
        Ok(())
    }

    pub(crate) fn answered(&mut self, mono: Duration, asked: &Asked, answer: &Answer) {
        let (call, name) = (&asked.call, asked.name.as_str());
        let error = error_of(answer);
        if let (Call::RenewLease { lease, .. }, Some(400)) = (call, error.and_then(Error::status)) {
            self.dead_leases.insert(lease.as_str().to_owned());
        }
        if self.under_way.get(name) != Some(&asked.id) {
            // Its secret was released since, and nobody waits for it.
            return;
        }
        self.under_way.remove(name);
        match error.and_then(Error::retry_after) {
            Some(wait) => {
                self.told_to_wait.insert(name.to_owned(), mono + wait);
            }
            None => {
                self.told_to_wait.remove(name);
            }
        }
    }

    /// A secret was released: if it is wanted again, its waits start afresh.
    pub(crate) fn released(&mut self, path: &str) {
        let is_other = |name: &String| !name.contains(path);
        self.under_way.retain(|name, _| is_other(name));
        self.told_to_wait.retain(|name, _| is_other(name));
    }
}

/// What Vault answered, if that is an error.
pub(crate) fn error_of(answer: &Answer) -> Option<&Error> {
    match answer {
        Answer::LoggedIn(Err(failure)) => failure.error.as_deref(),
        Answer::TokenInfo(Err(error))
        | Answer::TokenRenewed(Err(error))
        | Answer::Mount(Err(error))
        | Answer::Secret(Err(error))
        | Answer::LeaseRenewed(Err(error))
        | Answer::Revoked(Err(error)) => Some(error),
        _ => None,
    }
}
