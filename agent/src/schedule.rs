//! When to renew, refresh, retry or log in again.
//!
//! Everything here is a pure function of (state, event, now) and of a [`Roll`], the one die that a
//! decision may use. Nothing reads a clock, sleeps or talks to Vault, so each rule is tested with
//! plain values:
//!
//! * [`Lifetime`]: how a token or a lease is kept alive, and when it is time for a new one;
//! * [`Refresh`]: what makes a secret due for its next read;
//! * [`Rotation`]: whether what was read then is another credential;
//! * [`Wait`]: how long a file is left alone after a change;
//! * [`RetryPolicy`], [`LoginBackoff`]: how long to wait after a failure.

mod backoff;
mod lifetime;
mod quiet;
mod refresh;
mod rotation;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

pub use backoff::{LoginBackoff, RetryPolicy};
pub use lifetime::{Effect, End, Event, Lifetime, Tolerance};
pub use quiet::{Quiet, Wait};
pub use refresh::{Facts, Refresh, RefreshPolicy};
pub use rotation::{Rotated, Rotation};

/// A number in `0.0..1.0` that spreads the decisions of many agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Roll(f64);

impl Roll {
    /// A roll with a known result, kept inside `0.0..1.0`.
    pub fn new(value: f64) -> Self {
        Self(value.clamp(0.0, 1.0 - f64::EPSILON))
    }

    /// A random roll. The standard library's per-instance hash keys are random enough to spread
    /// load, and nothing here is a secret.
    pub fn dice() -> Self {
        let bits = RandomState::new().build_hasher().finish() >> 11;
        // 53 bits fit a double exactly.
        #[expect(
            clippy::cast_precision_loss,
            reason = "53 bits are what a double holds"
        )]
        Self(bits as f64 / (1_u64 << 53) as f64)
    }

    /// The roll scaled to `low..high`.
    pub fn between(self, low: f64, high: f64) -> f64 {
        low + self.0 * (high - low)
    }
}

/// `duration` times `factor`, at most [`Duration::MAX`], and never negative.
fn scaled(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roll_stays_inside_its_bounds() {
        for _ in 0..1000 {
            let value = Roll::dice().between(0.75, 1.0);
            assert!((0.75..1.0).contains(&value), "{value}");
        }
        assert!(Roll::new(7.0).between(0.0, 1.0) < 1.0);
        assert!(Roll::new(-1.0).between(0.0, 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn scaling_never_overflows() {
        assert_eq!(scaled(Duration::MAX, 2.0), Duration::MAX);
        assert_eq!(scaled(Duration::from_secs(10), -1.0), Duration::ZERO);
    }
}
