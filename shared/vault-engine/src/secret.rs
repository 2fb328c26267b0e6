//! One secret: read, held, renewed, read again.
//!
//! ```text
//! Unasked ─ login ─▶ Recalling ─▶ Queued ─▶ Asking ─┬─▶ Holding / Leased ─ due, or lease lost ─▶ Queued
//!                                   ▲      (Parked)  └─▶ BackingOff ─────────────────────────────┘
//! ```

mod hold;
mod stage;
mod waits;

use std::time::Duration;

use vault_wire::{Error, LeaseId};

use crate::backoff::RetryPolicy;
use crate::cause::Cause;
use crate::jitter::JitterSource;
use crate::lifetime::{End, Event};
use crate::login::{Login, Predecessor};
use crate::planted::{Bug, Planted};
use crate::reading::Value;
use crate::refresh::RefreshPolicy;
use crate::rotation::Rotated;
use crate::time::{Instant, Now, earliest};
use crate::want::Want;

pub(crate) use stage::{Asking, Renewal, Stage, Step};

/// Leases of a token that was replaced are re-read in the first part of the time that is left to it,
/// spread over that part.
const HANDOVER_PART: f64 = 0.5;

/// After so many reads in a row that saw a rotated credential past its time, some five minutes, what
/// Vault says about its time counts again.
const MOST_LOOKS: u32 = 20;

/// No secret is read more often than this, whatever Vault says about its end.
const SHORTEST_HOLD: Duration = Duration::from_secs(1);

/// What every decision about a secret needs.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) jitter: &'a mut JitterSource,
    pub(crate) refresh: &'a RefreshPolicy,
    pub(crate) retry: &'a RetryPolicy,
    pub(crate) planted: Planted,
}

/// See the module.
pub(crate) struct Secret {
    pub(crate) want: Want,
    pub(crate) stage: Stage,
    value: Option<Value>,
    /// The login whose token brought the value.
    generation: u64,
    failures: u32,
    /// When an outage last counted as one of them.
    counted_at: Instant,
    /// Reads in a row that saw a rotated credential past its time.
    late: u32,
    /// The login whose policies hide the metadata of this secret.
    hidden_from: u64,
    /// When the lease is lost with the token that it belongs to.
    lost_at: Option<Instant>,
    /// When a value without a lease of its own is to be read again.
    due: Option<Instant>,
    /// When the lease of the value ends, unless it is renewed.
    lease_ends: Option<Instant>,
    /// When it may be read again at the earliest, however soon its lease ends.
    next_read: Instant,
    /// Vault was away before anything was known of it: until then what was left is read by turns.
    spread_until: Option<Instant>,
}

/// What a timer or a renewal brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Turn {
    #[default]
    Nothing,
    /// The lease ended; the secret is queued for a read.
    LeaseEnds(End),
}

/// What became of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Another value.
    New,
    /// The value that was there is right; it was in doubt.
    Recovered,
    /// The value that was there is right.
    Same,
}

/// A credential that is about to be another, and none that we have: it cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rotating;

impl Secret {
    pub(crate) fn new(want: Want) -> Self {
        Self {
            want,
            stage: Stage::Unasked,
            value: None,
            generation: 0,
            failures: 0,
            counted_at: Instant::default(),
            late: 0,
            hidden_from: 0,
            lost_at: None,
            due: None,
            lease_ends: None,
            next_read: Instant::default(),
            spread_until: None,
        }
    }

    pub(crate) fn value(&self) -> Option<&Value> {
        self.value.as_ref()
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn late(&self) -> u32 {
        self.late
    }

    /// When something is to happen by itself.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        match &self.stage {
            Stage::BackingOff { until, .. } => Some(*until),
            Stage::Holding { until } => earliest(*until, self.lost_at),
            Stage::Leased { renewal, .. } => match renewal {
                Renewal::Sleeping { until, .. } => earliest(Some(*until), self.lost_at),
                Renewal::Queued | Renewal::Asking(_) => self.lost_at,
            },
            _ => None,
        }
    }

    /// Its place among those that wait to be read: first what has no value or loses it, by when it
    /// was due.
    pub(crate) fn read_key(&self) -> Option<(bool, Instant)> {
        match self.stage {
            Stage::Queued { due } => Some((self.is_patient(), due)),
            _ => None,
        }
    }

    /// Its place among those that wait to be renewed: by when the lease ends.
    pub(crate) fn renewal_key(&self) -> Option<Instant> {
        match &self.stage {
            Stage::Leased {
                lifetime,
                renewal: Renewal::Queued,
            } => Some(lifetime.ends_at()),
            _ => None,
        }
    }

    /// Whether the value stays right while nobody reads it: then a read may wait for a quiet moment.
    pub(crate) fn is_patient(&self) -> bool {
        self.value.as_ref().is_some_and(|value| {
            let lifespan = &value.lifespan;
            lifespan.lease.is_none()
                && lifespan.rotation.is_none()
                && lifespan.certificate.is_none()
                && lifespan.secret_id.is_none()
        })
    }

    /// The lease that it holds, and when that ends.
    pub(crate) fn held_lease(&self) -> Option<(&LeaseId, Instant)> {
        let lease = self.value.as_ref()?.lease.as_ref()?;
        Some((&lease.id, self.lease_ends?))
    }

    /// The version that is there, if its metadata may be read by this login.
    pub(crate) fn known_version(&self, login: &Login) -> Option<u64> {
        let version = self.value.as_ref()?.version?;
        (self.hidden_from != login.generation).then_some(version)
    }

    /// The policies of this login hide the metadata.
    pub(crate) fn hide_metadata(&mut self, login: &Login) {
        self.hidden_from = login.generation;
    }

    pub(crate) fn queue(&mut self, now: Instant) {
        self.lost_at = None;
        self.stage = Stage::Queued { due: now };
    }

    /// The moment that [`wake_at`](Self::wake_at) named has come.
    pub(crate) fn wake(&mut self, cx: &mut Context<'_>) -> Turn {
        let now = cx.now.mono;
        if self.lost_at.is_some_and(|at| at <= now) {
            self.queue(now);
            return Turn::Nothing;
        }
        match &self.stage {
            Stage::BackingOff { .. } => self.queue(now),
            Stage::Holding { until: Some(until) } if *until <= now => {
                if self.due.is_none_or(|due| due <= now) || self.has_ended_certificate(cx) {
                    self.queue(now);
                } else {
                    self.rest(now);
                }
            }
            Stage::Leased {
                renewal: Renewal::Sleeping { .. },
                ..
            } => return self.step(Event::Woke, None, Duration::ZERO, cx),
            _ => {}
        }
        Turn::Nothing
    }

    /// A renewal was answered.
    pub(crate) fn renewed(
        &mut self,
        outcome: Result<(Duration, bool), &Error>,
        cx: &mut Context<'_>,
    ) -> Turn {
        match outcome {
            Ok((granted, renewable)) => self.step(
                Event::Renewed { granted, renewable },
                None,
                Duration::ZERO,
                cx,
            ),
            Err(error) => {
                let transient = error.is_retryable() || cx.planted.is(Bug::RenewsDeadLease);
                let least = error.retry_after().unwrap_or_default();
                self.step(
                    Event::Failed { transient },
                    Some(Cause::of(error)),
                    least,
                    cx,
                )
            }
        }
    }

    /// There is a new token. `true` if the secret is to be looked up among what was left.
    pub(crate) fn meet(&mut self, login: &Login, cx: &mut Context<'_>) -> bool {
        match &self.stage {
            Stage::Unasked => return true,
            Stage::BackingOff { .. } => self.end_wait(cx.now.mono),
            Stage::Holding { .. } | Stage::Leased { .. } => self.plan_handover(login, cx),
            _ => {}
        }
        false
    }

    /// The lease belongs to the token of a login before: when it is read again.
    fn plan_handover(&mut self, login: &Login, cx: &mut Context<'_>) {
        let has_lease = self
            .value
            .as_ref()
            .is_some_and(|value| value.lease.is_some());
        if !has_lease || self.generation >= login.generation {
            return;
        }
        let now = cx.now.mono;
        self.lost_at = Some(match login.predecessor {
            Predecessor::EndsAt(end) if self.generation + 1 == login.generation => {
                let wait = end.since(now).mul_f64(HANDOVER_PART);
                now.after(cx.jitter.draw().part_of(wait))
            }
            _ => now,
        });
    }

    /// Takes in the value of an answer. `age` is the time since it came, for one that was recalled.
    pub(crate) fn accept(
        &mut self,
        value: Value,
        login: &Login,
        age: Option<Duration>,
        current: &Login,
        cx: &mut Context<'_>,
    ) -> Result<Accepted, Rotating> {
        let before = self.value.as_ref();
        let is_same = before.is_some_and(|before| before.hash == value.hash);
        if let Some(rotation) = value.lifespan.rotating().filter(|_| age.is_none()) {
            let before = before.and_then(|before| before.lifespan.rotating());
            match rotation.after(before, is_same) {
                Rotated::Rotating => return Err(Rotating),
                Rotated::Yes => self.late = 0,
                // It was read too early rather than rotated too late: a clock was wrong.
                Rotated::NotYet if self.late >= MOST_LOOKS && rotation.has_time_left() => {
                    self.late = 0;
                }
                Rotated::NotYet => self.late = self.late.saturating_add(1),
            }
        } else {
            self.late = 0;
        }
        let is_late_and_same = self.late > 0 && is_same;
        if !is_late_and_same {
            self.value = Some(value);
            self.generation = login.generation;
        }
        let was_in_doubt = std::mem::take(&mut self.failures) > 0;
        self.hold(age, cx);
        let now = cx.now.mono;
        let until = self.spread_until.take().filter(|_| age.is_some());
        if let Some(until) = until.filter(|until| *until > now)
            && self.due.is_some_and(|due| due <= now)
        {
            self.postpone(until.since(now), cx);
        }
        if cx.planted.is(Bug::FileBeforeLease) {
            self.lease_ends = None;
        }
        self.plan_handover(current, cx);
        Ok(match (is_same, was_in_doubt) {
            (false, _) => Accepted::New,
            (true, true) => Accepted::Recovered,
            (true, false) => Accepted::Same,
        })
    }

    /// The version that is there is the latest.
    pub(crate) fn confirm(&mut self, current: &Login, cx: &mut Context<'_>) -> Accepted {
        let was_in_doubt = std::mem::take(&mut self.failures) > 0;
        self.hold(None, cx);
        self.plan_handover(current, cx);
        if was_in_doubt {
            Accepted::Recovered
        } else {
            Accepted::Same
        }
    }

    /// The driver cannot use the value: it is as if it had not come.
    pub(crate) fn discard_value(&mut self) -> Option<LeaseId> {
        let value = self.value.take()?;
        value.lease.map(|lease| lease.id)
    }
}

#[cfg(test)]
mod tests;
