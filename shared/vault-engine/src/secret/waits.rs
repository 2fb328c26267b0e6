//! What a secret waits for after a failure, and what ends the wait.

use std::time::Duration;

use super::{Context, Renewal, Secret, Stage, Turn};
use crate::cause::Cause;
use crate::lifetime::End;
use crate::rotation::Rotation;
use crate::time::Instant;

impl Secret {
    /// Vault is back: what waits because it was away goes on. What an earlier process left is taken
    /// in after this, and takes its turn in the same time as what this one has read.
    pub(crate) fn end_outage(&mut self, spread: Duration, now: Instant) {
        match &mut self.stage {
            Stage::BackingOff {
                cause: Cause::Outage,
                ..
            } => self.queue(now),
            Stage::Leased { renewal, .. } => {
                if let Renewal::Sleeping {
                    cause: Some(Cause::Outage),
                    ..
                } = renewal
                {
                    *renewal = Renewal::Queued;
                }
            }
            Stage::Unasked | Stage::Recalling(_) => self.spread_until = Some(now.after(spread)),
            _ => {}
        }
    }

    /// A read that was overdue after an outage, and that may wait, takes its turn within this time.
    pub(crate) fn postpone(&mut self, spread: Duration, cx: &mut Context<'_>) -> bool {
        if !self.is_patient() {
            return false;
        }
        let wait = cx.jitter.draw().part_of(spread);
        self.due = Some(cx.now.mono.after(wait));
        self.rest(cx.now.mono);
        // It is not read yet: what fails again goes on counting.
        self.failures > 0
    }

    /// What it waits for may be there: a wait that nobody asked for ends.
    pub(crate) fn end_wait(&mut self, now: Instant) {
        if let Stage::BackingOff { cause, .. } = &self.stage
            && *cause != Cause::Limited
        {
            self.queue(now);
        }
    }

    /// A read failed: how long to wait, unless the circuit breaker has the time for all. `true` if it
    /// counts as another try.
    pub(crate) fn fail(
        &mut self,
        cause: Cause,
        is_rotating: bool,
        retry_after: Option<Duration>,
        is_gated: bool,
        cx: &mut Context<'_>,
    ) -> bool {
        let now = cx.now.mono;
        if is_gated {
            self.stage = Stage::Queued { due: now };
            return self.count_outage(cx);
        }
        self.count_failure();
        let own = if is_rotating {
            Rotation::look_again(self.failures, cx.jitter.draw())
        } else {
            cx.retry.backoff.jittered(self.failures, cx.jitter.draw())
        };
        let until = now.after(own.max(retry_after.unwrap_or_default()));
        self.stage = Stage::BackingOff { until, cause };
        true
    }

    /// Until when, and why, it waits after a failure.
    pub(crate) fn back_off(&self) -> Option<(Instant, Cause)> {
        match self.stage {
            Stage::BackingOff { until, cause } => Some((until, cause)),
            _ => None,
        }
    }

    /// It failed together with another secret, and waits as long as that.
    pub(crate) fn share_wait(&mut self, until: Instant, cause: Cause) {
        self.count_failure();
        self.stage = Stage::BackingOff { until, cause };
    }

    /// Vault is still away. That is another try if the policy would have made one by now: the probes
    /// of the circuit breaker have a pace of their own.
    pub(crate) fn count_outage(&mut self, cx: &Context<'_>) -> bool {
        let now = cx.now.mono;
        let wait = cx.retry.backoff.delay(self.failures) / 2;
        let is_due = self.failures == 0 || now.since(self.counted_at) >= wait;
        if is_due {
            self.count_failure();
            self.counted_at = now;
        }
        is_due
    }

    /// The lease of a renewal that waits for its turn has ended.
    pub(crate) fn expire(&mut self, now: Instant) -> Turn {
        match &self.stage {
            Stage::Leased {
                lifetime,
                renewal: Renewal::Queued,
            } if lifetime.ends_at() <= now => {
                self.queue(now);
                Turn::LeaseEnds(End::Expired)
            }
            _ => Turn::Nothing,
        }
    }

    /// One try more that brought nothing.
    pub(crate) fn count_failure(&mut self) {
        self.failures = self.failures.saturating_add(1);
    }
}
