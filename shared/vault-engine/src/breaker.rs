//! While Vault as a whole is away, one request at a time finds out whether it is back.
//!
//! ```text
//! closed ─▶ a connection fails, Vault is sealed or a standby ─▶ open until a back-off is over ─▶ probe
//!   ▲                                                             ▲                               │
//!   └──────────────── any answer ─────────────────────────────────┼───────────────────────────────┤
//!                                                                 └────────── no answer ──────────┘
//! ```
//!
//! So an agent with a thousand secrets asks as little of a Vault in trouble as one with a single
//! secret. A path that fails by itself does not open the breaker.
//!
//! While all that waits may wait, the waits between probes grow longer: an agent with one static secret
//! would otherwise ask more often than with Vault there, and a fleet of them all at once when it is back.

use std::time::Duration;

use vault_wire::Error;

use crate::backoff::Backoff;
use crate::call::CallId;
use crate::jitter::Jitter;
use crate::time::Instant;

/// Whether requests may be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// All.
    All,
    /// One, which finds out whether Vault is back.
    Probe,
    /// None before this moment; `None` while a probe is under way.
    Wait(Option<Instant>),
}

/// What an outcome changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// Nothing.
    Nothing,
    /// Vault was not known to be away until now.
    Opened,
    /// Vault is still away.
    StillOpen,
    /// Vault is back.
    Closed {
        /// How long it was known to be away.
        lasted: Duration,
    },
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct CircuitBreaker {
    backoff: Backoff,
    patient: Backoff,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Closed,
    Open {
        since: Instant,
        failures: u32,
        until: Instant,
        /// The same for what may wait.
        patient_until: Instant,
        probe: Option<CallId>,
    },
}

impl CircuitBreaker {
    /// A closed breaker, whose probes are `backoff` apart, or up to `patience` where that is longer and
    /// nothing waits that is urgent.
    pub fn new(backoff: Backoff, patience: Duration) -> Self {
        Self {
            backoff,
            patient: Backoff {
                max: patience.max(backoff.max),
                ..backoff
            },
            state: State::Closed,
        }
    }

    /// Whether Vault is known to be away.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Whether requests may be sent at `now`, and whether they are all patient: none of them for what ends
    /// or is missing.
    pub fn admits(&self, now: Instant, is_patient: bool) -> Admission {
        match self.state {
            State::Closed => Admission::All,
            State::Open { probe: Some(_), .. } => Admission::Wait(None),
            State::Open {
                until,
                patient_until,
                ..
            } => {
                let until = if is_patient { patient_until } else { until };
                if now < until {
                    Admission::Wait(Some(until))
                } else {
                    Admission::Probe
                }
            }
        }
    }

    /// The longest time between two probes as things are now; `None` while Vault is there.
    pub fn longest_wait(&self, is_patient: bool) -> Option<Duration> {
        let State::Open { failures, .. } = self.state else {
            return None;
        };
        let backoff = if is_patient {
            &self.patient
        } else {
            &self.backoff
        };
        Some(backoff.delay(failures))
    }

    /// The request `call` was sent as the probe.
    pub fn probe(&mut self, call: CallId) {
        if let State::Open { probe, .. } = &mut self.state {
            *probe = Some(call);
        }
    }

    /// How the request `call` went: `failure` is what Vault answered, if that is an error.
    pub fn observe(
        &mut self,
        call: CallId,
        failure: Option<&Error>,
        now: Instant,
        jitter: Jitter,
    ) -> Observed {
        let is_away = failure.is_some_and(Error::is_away);
        // One slow path says nothing, unless it was the request that was to find out.
        let is_unanswered = matches!(failure, Some(Error::Timeout { .. }));
        match &mut self.state {
            State::Closed if is_away => {
                self.state = State::Open {
                    since: now,
                    failures: 1,
                    until: now.after(self.backoff.jittered(1, jitter)),
                    patient_until: now.after(self.patient.jittered(1, jitter)),
                    probe: None,
                };
                Observed::Opened
            }
            State::Open {
                failures,
                until,
                patient_until,
                probe,
                ..
            } if *probe == Some(call) && (is_away || is_unanswered) => {
                *failures = failures.saturating_add(1);
                *until = now.after(self.backoff.jittered(*failures, jitter));
                *patient_until = now.after(self.patient.jittered(*failures, jitter));
                *probe = None;
                Observed::StillOpen
            }
            State::Open { since, .. } if !is_away && !is_unanswered => {
                let lasted = now.since(*since);
                self.state = State::Closed;
                Observed::Closed { lasted }
            }
            State::Closed | State::Open { .. } => Observed::Nothing,
        }
    }

    /// The probe will not be answered: its secret is no longer wanted, or it never reached Vault.
    pub fn abandon(&mut self, call: CallId) {
        if let State::Open { probe, .. } = &mut self.state
            && *probe == Some(call)
        {
            *probe = None;
        }
    }
}

#[cfg(test)]
mod tests;
