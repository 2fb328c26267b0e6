//! How long to wait after a failure.

use std::time::Duration;

use crate::jitter::Jitter;
use crate::time::scaled;

/// Waits that double with each failure in a row, up to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub base: Duration,
    /// The longest wait.
    pub max: Duration,
    /// Which part of a wait is left to chance.
    pub spread: Spread,
}

/// Which part of a wait is left to chance, so that many agents do not come back at the same moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spread {
    /// All of it, but for a quarter of the base: reads.
    Full,
    /// The last quarter of it: logins, as Vault Agent does.
    Quarter,
    /// Half to one and a half times: renewals, as Vault's API client does.
    Around,
}

impl Backoff {
    /// Logins by default: 1 s to 5 min, as Vault Agent's `min_backoff` and `max_backoff`.
    pub const LOGIN: Self = Self {
        base: Duration::from_secs(1),
        max: Duration::from_secs(300),
        spread: Spread::Quarter,
    };

    /// Renewals: 10 s to 5 min.
    pub(crate) const RENEWAL: Self = Self {
        base: Duration::from_secs(10),
        max: Duration::from_secs(300),
        spread: Spread::Around,
    };

    /// The wait after `failures` failures in a row (the first is 1), without jitter.
    pub fn delay(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1);
        1_u32
            .checked_shl(doublings)
            .and_then(|factor| self.base.checked_mul(factor))
            .map_or(self.max, |delay| delay.min(self.max))
    }

    /// The wait after `failures` failures in a row, with its jitter.
    pub fn jittered(&self, failures: u32, jitter: Jitter) -> Duration {
        let delay = self.delay(failures);
        match self.spread {
            Spread::Full => scaled(delay, 1.0 - jitter.between(0.0, 1.0)).max(self.base / 4),
            // The first wait is what the configuration names.
            Spread::Quarter if failures <= 1 => delay,
            Spread::Quarter => scaled(delay, 1.0 - jitter.between(0.0, 0.25)),
            Spread::Around => scaled(delay, jitter.between(0.5, 1.5)),
        }
    }
}

/// The waits between the tries of one secret, and when they are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The waits.
    pub backoff: Backoff,
    /// So many failures in a row, and the secret is reported as not available. Zero: never.
    pub attempts: u32,
}

impl Default for RetryPolicy {
    /// 250 ms to 1 min, 12 attempts: about five minutes in all, as consul-template.
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(60), 12)
    }
}

impl RetryPolicy {
    /// `attempts` tries, `base` to `max` apart.
    pub const fn new(base: Duration, max: Duration, attempts: u32) -> Self {
        Self {
            backoff: Backoff {
                base,
                max,
                spread: Spread::Full,
            },
            attempts,
        }
    }

    /// Whether `failures` in a row are all that the policy grants.
    pub fn is_exhausted(&self, failures: u32) -> bool {
        self.attempts != 0 && failures >= self.attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_off_from_a_quarter_second_to_a_minute_and_give_up_after_twelve() {
        let policy = RetryPolicy::default();
        let delays: Vec<u128> = (1..=12)
            .map(|n| policy.backoff.delay(n).as_millis())
            .collect();
        assert_eq!(
            delays,
            [
                250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000
            ]
        );
        assert!(!policy.is_exhausted(11));
        assert!(policy.is_exhausted(12));
        assert_eq!(policy.backoff.delay(u32::MAX), policy.backoff.max);
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
    fn jitter_spreads_a_read_over_all_of_its_wait() {
        let reads = RetryPolicy::default().backoff;
        assert_eq!(reads.jittered(3, Jitter::new(0.0)), reads.delay(3));
        assert_eq!(reads.jittered(3, Jitter::new(0.5)), reads.delay(3) / 2);
        assert_eq!(reads.jittered(9, Jitter::new(1.0)), reads.base / 4);
    }

    #[test]
    fn a_login_waits_three_quarters_to_all_of_its_time() {
        assert_eq!(Backoff::LOGIN.jittered(1, Jitter::new(0.9)).as_secs(), 1);
        assert_eq!(
            Backoff::LOGIN.jittered(2, Jitter::new(0.0)).as_millis(),
            2000
        );
        let shortest = Backoff::LOGIN.jittered(2, Jitter::new(1.0));
        assert!(
            (1499..=1501).contains(&shortest.as_millis()),
            "{shortest:?}"
        );
        assert!(Backoff::LOGIN.jittered(99, Jitter::new(0.0)) <= Backoff::LOGIN.max);
    }

    #[test]
    fn a_renewal_waits_half_to_one_and_a_half_times() {
        let renewals = Backoff::RENEWAL;
        assert_eq!(renewals.jittered(1, Jitter::new(0.0)).as_secs(), 5);
        assert_eq!(renewals.jittered(1, Jitter::new(0.5)).as_secs(), 10);
        assert_eq!(renewals.jittered(9, Jitter::new(0.5)).as_secs(), 300);
    }
}
