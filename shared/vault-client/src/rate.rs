//! A bound on how many requests one client makes: a token bucket.

use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

/// So many requests a second, and so many at once after a rest: `RATE` or `RATE:BURST`, as in
/// `VAULT_RATE_LIMIT`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateLimit {
    per_second: f64,
    burst: f64,
}

/// Not a rate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not a rate: give RATE or RATE:BURST, such as 10 or 10.5:20, both above zero")]
pub struct RateLimitError(String);

impl FromStr for RateLimit {
    type Err = RateLimitError;

    fn from_str(text: &str) -> Result<Self, RateLimitError> {
        let refuse = || RateLimitError(text.to_owned());
        let (rate, burst) = text.split_once(':').unwrap_or((text, ""));
        let per_second: f64 = rate.trim().parse().map_err(|_| refuse())?;
        let burst = match burst.trim() {
            "" => per_second.trunc().max(1.0),
            burst => f64::from(burst.parse::<u32>().map_err(|_| refuse())?),
        };
        if !per_second.is_finite() || per_second <= 0.0 || burst < 1.0 {
            return Err(refuse());
        }
        Ok(Self { per_second, burst })
    }
}

/// What is left of a [`RateLimit`].
pub(crate) struct Limiter {
    limit: RateLimit,
    bucket: Mutex<Bucket>,
}

struct Bucket {
    /// Below zero: requests that wait already.
    left: f64,
    at: Instant,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let bucket = Bucket {
            left: limit.burst,
            at: Instant::now(),
        };
        Self {
            limit,
            bucket: Mutex::new(bucket),
        }
    }

    /// Waits until one more request is allowed.
    pub(crate) async fn admit(&self) {
        let wait = {
            let mut bucket = self.bucket.lock().expect("the lock must not be poisoned");
            bucket.take(self.limit, Instant::now())
        };
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }
}

impl Bucket {
    /// Takes one, and says how long to wait for it.
    fn take(&mut self, limit: RateLimit, now: Instant) -> Duration {
        let gained = now.duration_since(self.at).as_secs_f64() * limit.per_second;
        self.left = (self.left + gained).min(limit.burst) - 1.0;
        self.at = now;
        let missing = (-self.left).max(0.0) / limit.per_second;
        Duration::try_from_secs_f64(missing).unwrap_or(Duration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_burst_of_its_own_size_unless_told_otherwise() {
        let limit = |per_second, burst| Ok(RateLimit { per_second, burst });
        assert_eq!("10".parse(), limit(10.0, 10.0));
        assert_eq!("2.5".parse(), limit(2.5, 2.0));
        assert_eq!("0.5".parse(), limit(0.5, 1.0));
        assert_eq!("2:20".parse(), limit(2.0, 20.0));
        for odd in ["", "fast", "0", "-1", "1:0", "1:x", "inf", "NaN"] {
            assert!(odd.parse::<RateLimit>().is_err(), "{odd}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn requests_beyond_the_burst_wait_for_their_turn() {
        let limiter = Limiter::new("2:3".parse().unwrap());
        let start = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..5 {
            limiter.admit().await;
            waits.push(start.elapsed().as_millis());
        }
        assert_eq!(waits, [0, 0, 0, 500, 1000]);
        tokio::time::sleep(Duration::from_secs(60)).await;
        let rested = Instant::now();
        for _ in 0..3 {
            limiter.admit().await;
        }
        assert_eq!(rested.elapsed(), Duration::ZERO);
    }
}
