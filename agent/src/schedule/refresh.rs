//! What makes a secret due for its next read.
//!
//! | secret | read again |
//! |---|---|
//! | renewable lease | when [`Lifetime`](super::Lifetime) ends |
//! | lease that cannot be renewed, or a duration without a lease | after the threshold's part of it |
//! | certificate without a lease | after the threshold's part of the time to its `expiration` |
//! | secret id without a lease | after the threshold's part of `secret_id_ttl` plus a second |
//! | static role | a second after its rotation, then as [`Rotation`] says, until it is another |
//! | KV version 1 | as its duration says, but at least once an interval |
//! | KV version 2, anything else | after the threshold's part of the interval |
//! | list | after the interval |
//! | write whose answer has no end | never: a write is done once |

use std::time::Duration;

use super::{Roll, Rotation, scaled};

/// How far around the threshold reads are spread.
const SPREAD: f64 = 0.05;

/// What an answer says about its own future.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// It has a lease; `Some(true)` where the lease is renewable.
    pub lease: Option<bool>,
    /// The answer's duration; zero where there is none. A login among secrets counts with its own.
    pub duration: Duration,
    /// Time until the certificate in it ends.
    pub certificate: Option<Duration>,
    /// Time that the secret id in it is good for.
    pub secret_id: Option<Duration>,
    /// It belongs to a role whose credential Vault rotates.
    pub rotation: Option<Rotation>,
    /// It comes from the KV engine's version 1.
    pub is_kv_v1: bool,
    /// It is the answer to a write.
    pub is_write: bool,
    /// It is a list of names.
    pub is_list: bool,
}

impl Facts {
    /// The rotation that decides, where there is no lease to do so.
    pub fn rotating(&self) -> Option<Rotation> {
        self.rotation.filter(|_| self.lease.is_none())
    }
}

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

    /// How often static secrets are read.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// When a secret with these facts is due.
    pub fn refresh(&self, facts: &Facts, roll: Roll) -> Refresh {
        if facts.is_list {
            return Refresh::After(self.interval);
        }
        match facts.lease {
            Some(true) => return Refresh::AtLeaseEnd,
            Some(false) if !facts.duration.is_zero() => {
                return self.part_of(facts.duration, roll);
            }
            Some(false) | None => {}
        }
        if facts.lease.is_none() {
            if let Some(rotation) = facts.rotating() {
                let left = rotation.ttl.saturating_add(Duration::from_secs(1));
                return Refresh::After(left);
            }
            if let Some(left) = facts.certificate.filter(|left| !left.is_zero()) {
                return self.part_of(left, roll);
            }
            if let Some(ttl) = facts.secret_id {
                return self.part_of(ttl.saturating_add(Duration::from_secs(1)), roll);
            }
        }
        if facts.is_kv_v1 && !facts.duration.is_zero() {
            return self.part_of(facts.duration.min(self.interval), roll);
        }
        if !facts.duration.is_zero() {
            return self.part_of(facts.duration, roll);
        }
        // A certificate that has ended is no reason to keep it for ever.
        if facts.is_write && facts.certificate.is_none() {
            return Refresh::Never;
        }
        self.part_of(self.interval, roll)
    }

    fn part_of(&self, time: Duration, roll: Roll) -> Refresh {
        let part = self.threshold + roll.between(-SPREAD, SPREAD);
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
