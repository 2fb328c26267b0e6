//! How long to wait after a failure.

use std::time::Duration;

use contract::agent_config::check::Backoff;

use super::{Roll, scaled};

/// Waits between the tries of one secret: `base`, doubled with each failure, at most `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The wait after the first failure.
    pub base: Duration,
    /// The longest wait.
    pub max: Duration,
    /// So many failures in a row, and the secret counts as not to be had. Zero: never.
    pub attempts: u32,
}

impl Default for RetryPolicy {
    /// 250 ms to 1 min, 12 attempts: about five minutes in all.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            max: Duration::from_secs(60),
            attempts: 12,
        }
    }
}

impl RetryPolicy {
    /// The wait after `failures` failures in a row (the first is 1), without jitter.
    pub fn delay(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        1_u32
            .checked_shl(doublings)
            .and_then(|factor| self.base.checked_mul(factor))
            .map_or(self.max, |delay| delay.min(self.max))
    }

    /// Any part of it ("full jitter"), so that many agents do not come back at the same moments; at
    /// least a quarter of `base`.
    pub fn jittered_delay(&self, failures: u32, roll: Roll) -> Duration {
        scaled(self.delay(failures), 1.0 - roll.between(0.0, 1.0)).max(self.base / 4)
    }

    /// Whether `failures` in a row are all that the policy grants.
    pub fn is_exhausted(&self, failures: u32) -> bool {
        self.attempts != 0 && failures >= self.attempts
    }
}

/// Waits between logins: doubled after each failure, less up to a quarter, between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginBackoff {
    bounds: Backoff,
    current: Duration,
}

impl Default for LoginBackoff {
    fn default() -> Self {
        Backoff::default().into()
    }
}

impl From<Backoff> for LoginBackoff {
    fn from(bounds: Backoff) -> Self {
        Self {
            bounds,
            current: bounds.min(),
        }
    }
}

impl LoginBackoff {
    /// The shortest wait.
    pub fn min(&self) -> Duration {
        self.bounds.min()
    }

    /// The longest wait.
    pub fn max(&self) -> Duration {
        self.bounds.max()
    }

    /// The wait after the failure at hand.
    pub fn pause(&self) -> Duration {
        self.current
    }

    /// The state for the next failure in a row.
    #[must_use]
    pub fn next(self, roll: Roll) -> Self {
        let doubled = self.current.saturating_mul(2).min(self.max());
        Self {
            current: scaled(doubled, 1.0 - roll.between(0.0, 0.25)),
            ..self
        }
    }

    /// The state after a success.
    #[must_use]
    pub fn reset(self) -> Self {
        Self {
            current: self.min(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_off_from_a_quarter_second_to_a_minute_and_give_up_after_twelve() {
        let policy = RetryPolicy::default();
        let delays: Vec<u128> = (1..=12).map(|n| policy.delay(n).as_millis()).collect();
        assert_eq!(
            delays,
            [
                250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000
            ]
        );
        assert!(!policy.is_exhausted(11));
        assert!(policy.is_exhausted(12));
        assert_eq!(policy.delay(u32::MAX), policy.max);
    }

    #[test]
    fn zero_attempts_mean_endless_ones() {
        let policy = RetryPolicy {
            attempts: 0,
            ..RetryPolicy::default()
        };
        assert!(!policy.is_exhausted(u32::MAX));
    }

    #[test]
    fn jitter_spreads_a_retry_over_all_of_its_time() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.jittered_delay(3, Roll::new(0.0)), policy.delay(3));
        assert_eq!(
            policy.jittered_delay(3, Roll::new(0.5)),
            policy.delay(3) / 2
        );
        assert_eq!(policy.jittered_delay(9, Roll::new(1.0)), policy.base / 4);
    }

    #[test]
    fn each_login_waits_three_quarters_to_all_of_twice_the_last_wait() {
        let start = LoginBackoff::default();
        assert_eq!(start.pause(), Duration::from_secs(1));
        for roll in [0.0, 0.3, 0.999] {
            let next = start.next(Roll::new(roll)).pause();
            assert!(next > Duration::from_millis(1500) && next <= Duration::from_secs(2));
        }
    }

    #[test]
    fn logins_never_wait_longer_than_the_bound_and_start_afresh_after_a_success() {
        let backoff =
            Backoff::new(Duration::from_secs(2), Duration::from_secs(30)).map(LoginBackoff::from);
        let mut backoff = backoff.unwrap();
        for _ in 0..20 {
            backoff = backoff.next(Roll::dice());
            assert!(backoff.pause() <= Duration::from_secs(30));
        }
        assert!(backoff.pause() >= Duration::from_secs(22));
        assert_eq!(backoff.reset().pause(), Duration::from_secs(2));
    }
}
