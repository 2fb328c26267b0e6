//! Quiet time before a file is written again: several changes at once are one write.

use std::time::Duration;

use tokio::time::Instant;

/// How long to wait after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Time without a further change.
    pub min: Duration,
    /// Longest wait since the first change.
    pub max: Duration,
}

/// Changes that have not been written yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quiet {
    latest: Instant,
    until: Instant,
}

impl Wait {
    /// The longest wait where only the shortest is given.
    pub const MAX_OF_MIN: u32 = 4;

    /// The state after a change at `now`.
    pub fn change(self, before: Option<Quiet>, now: Instant) -> Quiet {
        let latest = before.map_or(now + self.max, |quiet| quiet.latest);
        Quiet {
            latest,
            until: (now + self.min).min(latest),
        }
    }
}

impl Quiet {
    /// When to write.
    pub fn until(&self) -> Instant {
        self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_starts_the_quiet_time_anew_up_to_the_limit() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let wait = Wait {
            min: Duration::from_secs(5),
            max: Duration::from_secs(12),
        };
        let mut quiet = wait.change(None, at(0));
        assert_eq!(quiet.until(), at(5));
        quiet = wait.change(Some(quiet), at(4));
        assert_eq!(quiet.until(), at(9));
        quiet = wait.change(Some(quiet), at(8));
        assert_eq!(
            quiet.until(),
            at(12),
            "no later than the limit after the first change"
        );
    }
}
