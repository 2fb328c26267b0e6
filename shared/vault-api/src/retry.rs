//! When a request is tried again, and how long to wait before: pure functions.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// A quota that asks for more than this is answered with an error, not with a silent wait.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Eventual consistency (412), quotas (429) and server errors, except "not implemented".
pub(crate) fn is_retryable_status(status: u16) -> bool {
    matches!(status, 412 | 429) || (status >= 500 && status != 501)
}

/// The wait before try `attempt` + 1 (the first is 1): what the server asks for, else 1 to 1.5
/// seconds for each try so far, so that many clients spread. `None` when the server asks for too
/// long a wait.
pub(crate) fn wait_before_retry(attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
    match retry_after {
        Some(wait) => (wait <= LONGEST_WAIT).then_some(wait),
        None => Some(Duration::from_millis(1000 + random_below(501)) * attempt),
    }
}

/// `Retry-After` in both forms of RFC 9110: seconds, or a date (past dates are "now").
pub(crate) fn parse_retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

/// Jitter needs no cryptographic randomness: the standard library's per-instance hash keys do.
fn random_below(bound: u64) -> u64 {
    RandomState::new().build_hasher().finish() % bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        let seconds = |value| parse_retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("120"), Some(120));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        assert_eq!(seconds("soon"), None);
        assert_eq!(seconds("-1"), None);
    }

    #[test]
    fn the_wait_grows_with_the_attempt_and_keeps_to_its_bounds() {
        for attempt in 1..=4 {
            for _ in 0..50 {
                let wait = wait_before_retry(attempt, None).unwrap();
                assert!(wait >= Duration::from_secs(1) * attempt);
                assert!(wait <= Duration::from_millis(1500) * attempt);
            }
        }
    }

    #[test]
    fn the_server_rules_the_wait_unless_it_is_too_long() {
        let hour = Duration::from_secs(3600);
        assert_eq!(
            wait_before_retry(3, Some(Duration::from_secs(7))),
            Some(Duration::from_secs(7))
        );
        assert_eq!(wait_before_retry(1, Some(hour)), None);
    }
}
