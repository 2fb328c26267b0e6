//! The books of a run: what each file shows, what the status says, what is disturbed, and whether all
//! of it may be so.

mod requests;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::scenario::{HOUR, Kind, MINUTE, Millis, SECOND, Scenario};
use crate::vault::Vault;

pub(crate) use requests::{Asked, Requests, error_of, name};

/// What Vault rotates by itself is looked up at most this often.
const TRUTHS: Millis = 2 * SECOND;

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: &'static str,
    /// What was seen.
    pub seen: String,
}

/// What a file shows.
#[derive(Clone, Debug)]
pub(crate) enum Shown {
    /// A value that everybody gets.
    Value(String),
    /// A database user.
    User(String),
    /// A certificate, by its end.
    Until(Millis),
    /// Something that does not end.
    Lasting,
}

/// What is wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    Outage,
    /// Logins are refused.
    Role,
    /// There is no process.
    Down,
    /// The machine sleeps.
    Sleep,
    Fault(usize),
    Policy(usize),
}

impl Trouble {
    /// There is nobody who could say something.
    fn is_silent(self) -> bool {
        matches!(self, Self::Down | Self::Sleep)
    }

    /// The secret that has it; `None` for all.
    fn of(self) -> Option<usize> {
        match self {
            Self::Outage | Self::Role | Self::Down | Self::Sleep => None,
            Self::Fault(want) | Self::Policy(want) => Some(want),
        }
    }
}

#[derive(Debug)]
struct File {
    shown: Shown,
    /// Since when it is known to be out of date.
    ended: Option<Millis>,
}

/// See the module.
pub(crate) struct Books {
    interval: Millis,
    token_ttl: Millis,
    kinds: BTreeMap<usize, Kind>,
    files: BTreeMap<usize, File>,
    failing: BTreeSet<usize>,
    pub(crate) is_login_failing: bool,
    /// Values that the world has now, and how many disturbances there are at this moment.
    truths: BTreeMap<usize, String>,
    /// What is wrong now, and since when.
    troubles: Vec<(Trouble, Millis)>,
    /// Since when there is a process that could say something.
    process_since: Millis,
    truths_at: Option<Millis>,
    /// Until when it was, or what follows from it may last.
    all_until: Millis,
    one_until: BTreeMap<usize, Millis>,
}

impl Books {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            interval: scenario.interval,
            token_ttl: scenario.token_ttl,
            kinds: scenario.wants.iter().copied().collect(),
            files: BTreeMap::new(),
            failing: BTreeSet::new(),
            is_login_failing: false,
            truths: BTreeMap::new(),
            troubles: Vec::new(),
            process_since: 0,
            truths_at: None,
            all_until: 0,
            one_until: BTreeMap::new(),
        }
    }

    pub(crate) fn show(&mut self, want: usize, shown: Shown) {
        self.failing.remove(&want);
        self.files.insert(want, File { shown, ended: None });
    }

    pub(crate) fn set_failing(&mut self, want: usize, is_failing: bool) {
        if is_failing {
            self.failing.insert(want);
        } else {
            self.failing.remove(&want);
        }
    }

    /// A secret is not wanted for a while: there is no file of it.
    pub(crate) fn unwant(&mut self, want: usize) {
        self.kinds.remove(&want);
        self.files.remove(&want);
        self.failing.remove(&want);
    }

    pub(crate) fn want(&mut self, now: Millis, want: usize, kind: Option<Kind>) {
        if let Some(kind) = kind {
            self.kinds.insert(want, kind);
        }
        self.disturb(now, Some(want));
    }

    /// Until then, the process cannot know what is out of date.
    pub(crate) fn runs_since(&mut self, now: Millis) {
        self.process_since = now;
    }

    /// The process is another, and has said nothing yet.
    pub(crate) fn forget_status(&mut self) {
        self.failing.clear();
        self.is_login_failing = false;
    }

    pub(crate) fn set_truth(&mut self, want: usize, value: Option<Cow<'_, str>>) {
        if let Some(value) = value {
            self.truths.insert(want, value.into_owned());
        }
    }

    pub(crate) fn begin(&mut self, now: Millis, trouble: Trouble) {
        self.troubles.push((trouble, now));
    }

    pub(crate) fn finish(&mut self, now: Millis, trouble: Trouble) {
        let index = self.troubles.iter().position(|(it, _)| *it == trouble);
        if let Some(index) = index {
            self.troubles.remove(index);
        }
        self.disturb(now, trouble.of());
    }

    /// Something went wrong, and what follows from it may last until then.
    pub(crate) fn disturb(&mut self, until: Millis, want: Option<usize>) {
        match want {
            None => self.all_until = self.all_until.max(until),
            Some(want) => {
                let before = self.one_until.entry(want).or_default();
                *before = (*before).max(until);
            }
        }
    }

    /// How long it may take until the agent looks at a secret by itself.
    pub(crate) fn horizon(&self, want: usize) -> Millis {
        match self.kinds.get(&want) {
            Some(Kind::Dynamic { ttl, .. } | Kind::Pki { ttl }) => *ttl,
            Some(Kind::Static { period, .. }) => *period,
            _ => self.interval,
        }
    }

    /// The same for everything at once.
    pub(crate) fn disturb_to_horizons(&mut self, now: Millis) {
        let wants: Vec<usize> = self.kinds.keys().copied().collect();
        for want in wants {
            self.disturb(now + self.horizon(want), Some(want));
        }
    }

    /// When somebody ended all tokens: the next request tells.
    pub(crate) fn disturb_to_next_request(&mut self, now: Millis) {
        self.disturb(now + self.token_ttl.max(self.interval), None);
    }

    pub(crate) fn is_disturbed(&self, now: Millis) -> bool {
        !self.troubles.is_empty()
            || self.all_until + HOUR > now
            || self.one_until.values().any(|until| until + HOUR > now)
    }

    /// Since when something is wrong with a secret.
    fn trouble(&self, want: usize) -> Option<Millis> {
        let troubles = self.troubles.iter();
        let of_it = troubles.filter(|(it, _)| it.of().is_none_or(|it| it == want));
        of_it.map(|(_, since)| *since).min()
    }

    /// How long nothing has been wrong with a secret.
    fn quiet(&self, now: Millis, want: usize) -> Millis {
        if self.trouble(want).is_some() {
            return 0;
        }
        let until = self.one_until.get(&want).copied().unwrap_or_default();
        now.saturating_sub(until.max(self.all_until))
    }

    /// The rules about files and status.
    pub(crate) fn check(&mut self, now: Millis, vault: &mut Vault) -> Result<(), Violation> {
        if self.truths_at.is_none_or(|at| now - at >= TRUTHS) {
            self.truths_at = Some(now);
            self.look_up_truths(now, vault);
        }
        for (want, kind) in &self.kinds {
            let Some(file) = self.files.get_mut(want) else {
                if self.quiet(now, *want) > 15 * MINUTE + self.interval {
                    return Err(Violation {
                        rule: "every secret is shown once Vault gives it",
                        seen: format!("secret {want} has no file"),
                    });
                }
                continue;
            };
            let has_ended = match &file.shown {
                Shown::Value(value) => self.truths.get(want).is_some_and(|truth| truth != value),
                Shown::User(user) => !vault.is_alive(now, user),
                Shown::Until(end) => *end <= now,
                Shown::Lasting => false,
            };
            if !has_ended {
                file.ended = None;
                continue;
            }
            let since = *file.ended.get_or_insert(now);
            self.check_ended(now, *want, *kind, since)?;
        }
        Ok(())
    }

    /// What Vault rotates by itself.
    fn look_up_truths(&mut self, now: Millis, vault: &mut Vault) {
        for (want, kind) in &self.kinds {
            if let Kind::Static { .. } = kind
                && let Some(value) = vault.truth(now, *want, *kind)
                && self.truths.get(want).is_none_or(|truth| **truth != *value)
            {
                self.truths.insert(*want, value.into_owned());
            }
        }
    }

    /// The rules about a file that shows what has ended.
    fn check_ended(
        &self,
        now: Millis,
        want: usize,
        kind: Kind,
        since: Millis,
    ) -> Result<(), Violation> {
        let tight = match kind {
            Kind::Dynamic { .. } | Kind::ZeroLease | Kind::Pki { .. } => 5 * SECOND,
            Kind::Static { lag, .. } => lag + MINUTE,
            _ => self.interval + 5 * SECOND,
        };
        let ended = now - since;
        if ended > tight && self.quiet(now, want) > 15 * MINUTE + 2 * self.interval {
            return Err(Violation {
                rule: "a file shows what has ended only while Vault is away or refuses it",
                seen: format!("secret {want} ended {} s ago", ended / SECOND),
            });
        }
        let is_silent = self.troubles.iter().any(|(it, _)| it.is_silent());
        let says_so = is_silent || self.failing.contains(&want) || self.is_login_failing;
        if !says_so
            && let Some(wrong) = self.trouble(want)
            && now.saturating_sub(wrong.max(since).max(self.process_since))
                > 20 * MINUTE + self.horizon(want)
        {
            return Err(Violation {
                rule: "while a file shows what has ended, the status says so",
                seen: format!("secret {want} ended {} s ago", ended / SECOND),
            });
        }
        Ok(())
    }
}
