//! When files are checked, and when those that somebody else has removed or changed come back.
//!
//! Readiness follows the checks, which read a file only once it looks changed. Rendering again takes
//! the secrets that are there and asks Vault for nothing.

use std::time::Duration;

use tokio::time::Instant;

use crate::placed::pace;

/// Longest time between checks.
const PACE: Duration = Duration::from_secs(10);

/// The next check, and the next time that files are rendered again.
pub(super) struct Upkeep {
    interval: Duration,
    check: Instant,
    restore: Instant,
    /// The last check has found files that are not as they were left.
    pub(super) has_lost: bool,
}

impl Upkeep {
    /// One for files that are back within `interval`.
    pub(super) fn new(interval: Duration) -> Self {
        let interval = pace(interval);
        let now = Instant::now();
        Self {
            interval,
            check: now,
            restore: now + interval,
            has_lost: false,
        }
    }

    /// The time of the next check.
    pub(super) fn next(&self) -> Instant {
        self.check.min(self.restore)
    }

    /// A check is made. Returns whether it is time to render again what it finds.
    pub(super) fn checked(&mut self, has_lost: bool, now: Instant) -> bool {
        self.has_lost = has_lost;
        self.check = now + PACE;
        let is_due = self.restore <= now;
        if is_due {
            self.restore = now + self.interval;
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_checked_often_and_come_back_within_the_interval() {
        for seconds in [1, 6, 300] {
            let interval = Duration::from_secs(seconds);
            let mut upkeep = Upkeep::new(interval);
            for _ in 0..200 {
                let mut now = upkeep.next();
                // Lost just after this check.
                let since = now;
                let mut last = now;
                upkeep.checked(false, now);
                loop {
                    now = upkeep.next();
                    assert!(now - last <= PACE, "{seconds}");
                    last = now;
                    if upkeep.checked(true, now) {
                        break;
                    }
                }
                assert!(now - since <= interval, "{seconds}: {:?}", now - since);
            }
        }
    }
}
