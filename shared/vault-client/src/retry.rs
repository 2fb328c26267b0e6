//! How long to wait before a request is tried again: pure functions.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// A server that asks for so much or more is reported as an error, not waited for in silence.
const TOO_LONG: Duration = Duration::from_secs(60);

/// The wait before try `attempt` + 1 (the first is 1): what the server asks for, else 1 to 1.5
/// seconds for each try so far, so that many clients spread. `None` when the server asks for too
/// long a wait.
pub(crate) fn wait_before_retry(attempt: u32, retry_after: Option<Duration>) -> Option<Duration> {
    match retry_after {
        Some(wait) => (wait < TOO_LONG).then_some(wait),
        None => Some(Duration::from_millis(1000 + random_below(501)) * attempt),
    }
}

/// Jitter needs no cryptographic randomness: the standard library's per-instance hash keys do.
fn random_below(bound: u64) -> u64 {
    RandomState::new().build_hasher().finish() % bound
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(
            wait_before_retry(3, Some(Duration::from_secs(7))),
            Some(Duration::from_secs(7))
        );
        assert_eq!(wait_before_retry(1, Some(TOO_LONG)), None);
    }
}
