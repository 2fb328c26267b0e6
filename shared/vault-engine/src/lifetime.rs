//! How a token or a lease is kept alive: Vault's lifetime watcher as a state machine.
//!
//! ```text
//! start ─▶ Renew ─▶ Renewed ─▶ Sleep ─▶ Woke ─▶ Renew …   until too little is left ─▶ End
//!            └────▶ Failed  ─▶ Sleep (backing off) ─▶ Woke ─▶ Renew …
//! ```
//!
//! A renewable credential is renewed after about 70 % of its time; one that an earlier process left, at
//! once. Near its maximum
//! the server grants less and less; the machine ends while 10 to 20 % of the last full grant remain,
//! which is the time to get a new credential.

use std::time::Duration;

use crate::backoff::Backoff;
use crate::jitter::Jitter;
use crate::time::{Instant, LONGEST, scaled};

/// Which failures of a renewal are worth another try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// All, until the time is up: a token, of which another path of the agent learns that it is dead.
    Any,
    /// Those that may pass (no connection, a server error). Any other, such as a lease that is not
    /// found, ends the machine: a lease, of which a new read gives another.
    Transient,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The sleep is over.
    Woke,
    /// The server granted so much more.
    Renewed {
        /// Time from now.
        granted: Duration,
        /// Another renewal is worth a try.
        renewable: bool,
    },
    /// The renewal failed.
    Failed {
        /// The same renewal may work later.
        transient: bool,
    },
}

/// What to do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask the server for more time.
    Renew,
    /// Wait, then report [`Event::Woke`].
    Sleep(Duration),
    /// Get a new credential.
    End(End),
}

/// Why a credential is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Its time is nearly up.
    Due,
    /// Renewals failed until its time was up.
    Expired,
    /// The server will not renew it once more.
    NotRenewable,
    /// A renewal was refused for good.
    Refused,
}

/// The state of one credential.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    tolerance: Tolerance,
    renewable: bool,
    granted_at: Instant,
    granted: Duration,
    prior: Duration,
    grace: Duration,
    failures: u32,
}

impl Lifetime {
    /// A credential that was granted `granted` at `now`, and the first thing to do.
    pub fn start(
        tolerance: Tolerance,
        granted: Duration,
        renewable: bool,
        now: Instant,
        jitter: Jitter,
    ) -> (Self, Effect) {
        let granted = granted.min(LONGEST);
        let state = Self {
            tolerance,
            renewable,
            granted_at: now,
            granted,
            prior: granted,
            grace: grace(granted, jitter),
            failures: 0,
        };
        state.step(Event::Woke, now, jitter)
    }

    /// The same for a credential that was made or renewed at `now`: its first renewal comes when some
    /// of its time has passed.
    pub fn granted(
        tolerance: Tolerance,
        granted: Duration,
        renewable: bool,
        now: Instant,
        jitter: Jitter,
    ) -> (Self, Effect) {
        let (state, effect) = Self::start(tolerance, granted, renewable, now, jitter);
        if effect == Effect::Renew {
            return state.step(Event::Renewed { granted, renewable }, now, jitter);
        }
        (state, effect)
    }

    /// Whether the last renewal failed, and the next waits for a back-off to be over.
    pub fn is_backing_off(&self) -> bool {
        self.failures > 0
    }

    /// When the credential ends unless it is renewed.
    pub fn ends_at(&self) -> Instant {
        self.granted_at.after(self.granted)
    }

    /// The next state and what to do in it.
    #[must_use]
    pub fn step(mut self, event: Event, now: Instant, jitter: Jitter) -> (Self, Effect) {
        let remaining = match event {
            Event::Woke if self.renewable => return (self, Effect::Renew),
            Event::Woke => self.granted_at.after(self.prior).since(now),
            Event::Renewed {
                renewable: false, ..
            } if self.tolerance == Tolerance::Transient => {
                return (self, Effect::End(End::NotRenewable));
            }
            Event::Renewed { granted, .. } => {
                let granted = granted.min(LONGEST);
                self.failures = 0;
                self.granted_at = now;
                self.granted = granted;
                granted
            }
            Event::Failed { transient: false } if self.tolerance == Tolerance::Transient => {
                return (self, Effect::End(End::Refused));
            }
            Event::Failed { .. } => {
                self.failures = self.failures.saturating_add(1);
                if now > self.ends_at() {
                    return (self, Effect::End(End::Expired));
                }
                self.ends_at().since(now)
            }
        };
        let sleep = if self.failures > 0 {
            Backoff::RENEWAL.jittered(self.failures, jitter)
        } else {
            if remaining > self.prior {
                self.grace = grace(remaining, jitter);
            }
            remaining * 2 / 3 + self.grace / 3
        };
        self.prior = remaining;
        if remaining <= self.grace || remaining.saturating_sub(sleep) <= self.grace {
            return (self, Effect::End(End::Due));
        }
        (self, Effect::Sleep(sleep))
    }
}

/// The part of a grant that is too little to go on with: 10 to 20 %.
fn grace(granted: Duration, jitter: Jitter) -> Duration {
    scaled(granted, jitter.between(0.1, 0.2))
}

#[cfg(test)]
mod tests;
