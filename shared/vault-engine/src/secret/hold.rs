//! How long a value is kept: until it is due, or as long as its lease is renewed.

use std::time::Duration;

use super::{Context, Renewal, SHORTEST_HOLD, Secret, Stage, Turn};
use crate::cause::Cause;
use crate::lifetime::{Effect, Event, Lifetime, Tolerance};
use crate::planted::Bug;
use crate::refresh::Refresh;
use crate::rotation::Rotation;
use crate::time::Instant;

/// How often the wall clock is compared with the end of a certificate: it may be set while the
/// monotonic clock goes on.
const CLOCK_CHECK: Duration = Duration::from_secs(300);

/// A certificate that ends soon is compared so often in its time, to be replaced in the last twentieth
/// of it, but no more often than this. One that seems to have ended at once is compared as any other: it
/// is the clock that is wrong, and not for the last time.
const CLOCK_CHECKS: u32 = 50;
const SHORTEST_CLOCK_CHECK: Duration = Duration::from_secs(10);

impl Secret {
    /// Keeps the value until it is to be read again.
    pub(super) fn hold(&mut self, age: Option<Duration>, cx: &mut Context<'_>) {
        let now = cx.now.mono;
        self.lost_at = None;
        let Some(value) = &self.value else {
            self.queue(now);
            return;
        };
        let left = value
            .lifespan
            .duration
            .saturating_sub(age.unwrap_or_default());
        self.lease_ends = value.lease.as_ref().map(|_| now.after(left));
        self.next_read = match age {
            None => now.after(SHORTEST_HOLD),
            Some(_) => now,
        };
        if self.late > 0 {
            self.due = Some(now.after(Rotation::look_again(self.late, cx.jitter.draw())));
            self.rest(now);
            return;
        }
        if cx.planted.is(Bug::ZeroLeaseLoop) && value.lease.is_some() && left.is_zero() {
            self.queue(now);
            return;
        }
        match cx.refresh.refresh(&value.lifespan, cx.jitter.draw()) {
            Refresh::Never => {
                self.due = None;
                self.rest(now);
            }
            Refresh::After(wait) => {
                let wait = wait.saturating_sub(age.unwrap_or_default());
                self.due = Some(now.after(wait).max(self.next_read));
                self.rest(now);
            }
            Refresh::AtLeaseEnd => {
                let start = match age {
                    // What an earlier process left is renewed at once, which shows whether it lives.
                    Some(_) => Lifetime::start,
                    None => Lifetime::granted,
                };
                let (lifetime, effect) =
                    start(Tolerance::Transient, left, true, now, cx.jitter.draw());
                self.follow(lifetime, effect, None, Duration::ZERO, now);
            }
        }
    }

    /// Reads the secret again, but no sooner than a while after it was read: leases may be too short
    /// for anything else.
    fn queue_in_time(&mut self, now: Instant) {
        if self.next_read > now {
            self.due = Some(self.next_read);
            self.rest(now);
        } else {
            self.queue(now);
        }
    }

    /// Waits until the value is due, or until the wall clock is to be compared with the end of a
    /// certificate.
    pub(super) fn rest(&mut self, now: Instant) {
        let value = self.value.as_ref();
        let value = value.filter(|value| value.certificate_ends.is_some());
        let lasts = value.and_then(|value| value.lifespan.certificate);
        let check = lasts.map(|lasts| {
            now.after(if lasts.is_zero() {
                CLOCK_CHECK
            } else {
                (lasts / CLOCK_CHECKS).clamp(SHORTEST_CLOCK_CHECK, CLOCK_CHECK)
            })
        });
        let until = self
            .due
            .map(|due| check.map_or(due, |check| check.min(due)));
        self.stage = Stage::Holding { until };
    }

    /// The clock was set back since the value came, so nobody knows how old it is: what ends by itself
    /// is read again at once.
    pub(crate) fn doubt_age(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Holding { .. }) && self.due.is_some() && !self.is_patient() {
            self.due = Some(now);
            self.rest(now);
        }
    }

    /// Whether the wall clock has passed the middle of the time in which a certificate is replaced.
    pub(super) fn has_ended_certificate(&self, cx: &Context<'_>) -> bool {
        let Some(value) = &self.value else {
            return false;
        };
        let (Some(ends), Some(lasts)) = (value.certificate_ends, value.lifespan.certificate) else {
            return false;
        };
        let last_part = lasts.mul_f64((1.0 - cx.refresh.threshold()) / 2.0);
        ends.checked_sub(last_part)
            .is_none_or(|due| due <= cx.now.wall)
    }

    pub(super) fn step(
        &mut self,
        event: Event,
        cause: Option<Cause>,
        least: Duration,
        cx: &mut Context<'_>,
    ) -> Turn {
        let Stage::Leased { lifetime, .. } = &self.stage else {
            return Turn::Nothing;
        };
        let now = cx.now.mono;
        let (lifetime, effect) = lifetime.step(event, now, cx.jitter.draw());
        self.follow(lifetime, effect, cause, least, now)
    }

    fn follow(
        &mut self,
        lifetime: Lifetime,
        effect: Effect,
        cause: Option<Cause>,
        least: Duration,
        now: Instant,
    ) -> Turn {
        self.lease_ends = Some(lifetime.ends_at());
        let renewal = match effect {
            Effect::End(end) => {
                self.queue_in_time(now);
                return Turn::LeaseEnds(end);
            }
            Effect::Renew => Renewal::Queued,
            Effect::Sleep(pause) => Renewal::Sleeping {
                until: now.after(pause.max(least)),
                cause,
            },
        };
        self.stage = Stage::Leased { lifetime, renewal };
        Turn::Nothing
    }
}
