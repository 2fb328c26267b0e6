//! Time as the engine sees it: two clocks, both passed in.

use std::time::{Duration, SystemTime};

/// Longer spans count as this much: ten years, which every clock can add without overflow.
pub const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A moment on the monotonic clock, as the time since an origin that the driver chose once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Duration);

impl Instant {
    /// The moment `since_origin` after the origin.
    pub const fn new(since_origin: Duration) -> Self {
        Self(since_origin)
    }

    /// The time since the origin.
    pub const fn since_origin(self) -> Duration {
        self.0
    }

    /// The moment `wait` later. Never overflows: a longer wait than [`LONGEST`] counts as that.
    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(wait.min(LONGEST)))
    }

    /// The time since an earlier moment; zero if that moment is still to come.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// This moment on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The monotonic clock, by which all waits are measured.
    pub mono: Instant,
    /// The wall clock, by which certificates end and kept answers age.
    pub wall: SystemTime,
}

/// `duration` times `factor`, at most [`Duration::MAX`], and never negative.
pub(crate) fn scaled(duration: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(duration.as_secs_f64() * factor.max(0.0)).unwrap_or(Duration::MAX)
}

/// The earlier of two moments, of which each may never come.
pub(crate) fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_is_too_long_to_be_added() {
        let start = Instant::new(Duration::from_secs(5));
        assert_eq!(start.after(Duration::MAX).since(start), LONGEST);
        assert_eq!(
            Instant::new(Duration::MAX).after(LONGEST).since_origin(),
            Duration::MAX
        );
        assert_eq!(
            start.since(start.after(Duration::from_secs(1))),
            Duration::ZERO
        );
    }

    #[test]
    fn the_longest_span_is_ten_years() {
        assert_eq!(LONGEST.as_secs(), 315_360_000);
    }

    #[test]
    fn scaling_never_overflows() {
        assert_eq!(scaled(Duration::MAX, 2.0), Duration::MAX);
        assert_eq!(scaled(Duration::from_secs(10), -1.0), Duration::ZERO);
    }
}
