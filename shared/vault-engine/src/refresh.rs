//! What makes a secret due for its next read.
//!
//! | secret | read again |
//! |---|---|
//! | renewable lease | when [`Lifetime`](crate::Lifetime) ends |
//! | lease of no time | after the threshold's part of the interval |
//! | lease that cannot be renewed, or a duration without a lease | after the threshold's part of it |
//! | certificate without a lease | after the threshold's part of the time to its `expiration` |
//! | secret id without a lease | after the threshold's part of `secret_id_ttl` plus a second |
//! | static role | a second after its rotation, then as [`Rotation`](crate::Rotation) says, until it is another |
//! | KV version 1 | as its duration says, but at least once an interval |
//! | KV version 2, anything else | after the threshold's part of the interval |
//! | list | after the interval |
//! | write whose answer has no end | never: a write is done once |

use std::time::Duration;

use crate::jitter::Jitter;
use crate::lifespan::Lifespan;
use crate::time::scaled;

/// How far around the threshold reads are spread.
const SPREAD: f64 = 0.05;

/// What the configuration says about refreshing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RefreshPolicy {
    interval: Duration,
    threshold: f64,
}

/// When a secret is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// When its lease, renewed as long as possible, ends.
    AtLeaseEnd,
    /// After this time.
    After(Duration),
    /// Not at all.
    Never,
}

impl Default for RefreshPolicy {
    fn default() -> Self {
        Self::new(None, None)
    }
}

impl RefreshPolicy {
    /// Static secrets are read every `interval` (5 min where `None` or zero), leased ones after
    /// `threshold` of their time (0.90 where `None` or outside of `0..1`).
    pub fn new(interval: Option<Duration>, threshold: Option<f64>) -> Self {
        Self {
            interval: interval
                .filter(|interval| !interval.is_zero())
                .unwrap_or(Duration::from_secs(300)),
            threshold: threshold
                .filter(|part| *part > 0.0 && *part < 1.0)
                .unwrap_or(0.90),
        }
    }

    /// After which part of its time a leased secret is read again.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// How often static secrets are read.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// When a secret with this lifespan is due.
    pub fn refresh(&self, lifespan: &Lifespan, jitter: Jitter) -> Refresh {
        if lifespan.is_list {
            return Refresh::After(self.interval);
        }
        match lifespan.lease {
            // One of no time lives too short to be renewed.
            Some(true) if !lifespan.duration.is_zero() => return Refresh::AtLeaseEnd,
            Some(false) if !lifespan.duration.is_zero() => {
                return self.part_of(lifespan.duration, jitter);
            }
            Some(_) | None => {}
        }
        if lifespan.lease.is_none() {
            if let Some(rotation) = lifespan.rotating() {
                let left = rotation.ttl.saturating_add(Duration::from_secs(1));
                return Refresh::After(left);
            }
            if let Some(left) = lifespan.certificate.filter(|left| !left.is_zero()) {
                return self.part_of(left, jitter);
            }
            if let Some(ttl) = lifespan.secret_id {
                return self.part_of(ttl.saturating_add(Duration::from_secs(1)), jitter);
            }
        }
        if lifespan.is_kv_v1 && !lifespan.duration.is_zero() {
            return self.part_of(lifespan.duration.min(self.interval), jitter);
        }
        if !lifespan.duration.is_zero() {
            return self.part_of(lifespan.duration, jitter);
        }
        // Neither a certificate that has ended nor a lease of no time is a reason to keep it for ever.
        if lifespan.is_write && lifespan.certificate.is_none() && lifespan.lease.is_none() {
            return Refresh::Never;
        }
        self.part_of(self.interval, jitter)
    }

    fn part_of(&self, time: Duration, jitter: Jitter) -> Refresh {
        let part = self.threshold + jitter.between(-SPREAD, SPREAD);
        let part = if part > 0.0 && part < 1.0 {
            part
        } else {
            self.threshold
        };
        Refresh::After(scaled(time, part))
    }
}

#[cfg(test)]
mod tests;
