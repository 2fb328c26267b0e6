//! Whether the credential of a static role has really changed.
//!
//! Vault says how long it is until the next rotation, and rotates a little later than that. What it
//! answers meanwhile is the credential before, with no time left or already with all of the next
//! period. So after its time a credential is read again, shortly, until it is another.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

use crate::backoff::{Backoff, Spread};
use crate::jitter::Jitter;

/// Vault looks for what is due every five seconds; a database that is down takes longer.
const LATE: Backoff = Backoff {
    base: Duration::from_secs(1),
    max: Duration::from_secs(30),
    spread: Spread::Full,
};

/// What an answer says about the rotation of its credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Time until Vault rotates it; zero while it does.
    pub ttl: Duration,
    /// When it was rotated, by the server's clock; `None` where the engine does not say.
    pub last: Option<Timestamp>,
    /// When it is rotated next, by the server's clock, since the epoch; `None` where that is unknown.
    pub due: Option<Duration>,
    /// By the wall clock, that should have been a moment ago.
    pub is_late: bool,
}

/// What a read at a credential's time has brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// A credential that holds until its time is over.
    Yes,
    /// The credential that we have, past its time.
    NotYet,
    /// A credential that is about to be another, and none that we have: it cannot be used.
    Rotating,
}

impl Rotation {
    /// What this answer is after `before`. `is_same` tells whether all its data but the remaining
    /// time is what it was, for engines that do not say when they rotated.
    pub fn after(self, before: Option<Self>, is_same: bool) -> Rotated {
        let has_not_moved = before.is_some_and(|before| match (before.last, self.last) {
            (Some(before), Some(now)) => before == now,
            _ => is_same,
        });
        // After a start or a missed rotation there is nothing to compare with.
        let is_of_before = self.is_late && !self.ttl.is_zero();
        if has_not_moved || is_of_before {
            Rotated::NotYet
        } else if self.ttl.is_zero() {
            Rotated::Rotating
        } else {
            Rotated::Yes
        }
    }

    /// How old the answer is at least, by the server's own times: a clock that was wrong when the
    /// answer came makes it younger than it is.
    pub(crate) fn age(self, now: SystemTime) -> Duration {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.due.map_or(Duration::ZERO, |due| {
            self.ttl.saturating_sub(due.saturating_sub(now))
        })
    }

    /// Whether there is more time until the next rotation than between two looks.
    pub(crate) fn has_time_left(self) -> bool {
        self.ttl > LATE.max
    }

    /// The wait before the next look, after so many that saw the credential before (the first is 1).
    pub fn look_again(looks: u32, jitter: Jitter) -> Duration {
        LATE.jittered(looks, jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_rotation(ttl: u64, last: Option<i64>) -> Rotation {
        Rotation {
            ttl: Duration::from_secs(ttl),
            last: last.map(|second| Timestamp::from_second(second).unwrap()),
            due: None,
            is_late: false,
        }
    }

    #[test]
    fn a_credential_is_another_when_its_rotation_is_another() {
        let (before, is_same) = (Some(mk_rotation(60, Some(100))), true);
        for (answer, expected) in [
            // The time is over, the password not yet changed.
            (mk_rotation(0, Some(100)), Rotated::NotYet),
            // The time was set back before the password changed.
            (mk_rotation(60, Some(100)), Rotated::NotYet),
            (mk_rotation(59, Some(160)), Rotated::Yes),
            // A whole period was missed, and the next rotation is about to come.
            (mk_rotation(0, Some(160)), Rotated::Rotating),
        ] {
            assert_eq!(answer.after(before, is_same), expected, "{answer:?}");
        }
    }

    #[test]
    fn an_answer_is_as_old_as_the_next_rotation_is_near() {
        let at = |second| UNIX_EPOCH + Duration::from_secs(second);
        let rotation = Rotation {
            due: Some(Duration::from_secs(1000)),
            ..mk_rotation(60, None)
        };
        for (now, age) in [(900, 0), (940, 0), (950, 10), (1000, 60), (2000, 60)] {
            assert_eq!(rotation.age(at(now)).as_secs(), age, "{now}");
        }
        assert_eq!(mk_rotation(60, None).age(at(2000)), Duration::ZERO);
    }

    #[test]
    fn the_first_credential_is_taken_unless_it_is_being_rotated() {
        for last in [None, Some(100)] {
            assert_eq!(mk_rotation(5, last).after(None, false), Rotated::Yes);
            assert_eq!(mk_rotation(0, last).after(None, false), Rotated::Rotating);
        }
    }

    #[test]
    fn a_credential_is_looked_at_again_if_its_rotation_is_late() {
        let late = |ttl| Rotation {
            due: None,
            is_late: true,
            ..mk_rotation(ttl, Some(100))
        };
        assert_eq!(late(60).after(None, false), Rotated::NotYet);
        let missed = Some(mk_rotation(60, Some(40)));
        assert_eq!(late(60).after(missed, false), Rotated::NotYet);
        assert_eq!(late(0).after(None, false), Rotated::Rotating);
        let after = mk_rotation(59, Some(160)).after(Some(late(60)), false);
        assert_eq!(after, Rotated::Yes);
    }

    #[test]
    fn where_the_engine_tells_no_rotation_the_data_tells_it() {
        let before = Some(mk_rotation(60, None));
        for (answer, is_same, expected) in [
            (mk_rotation(60, None), true, Rotated::NotYet),
            (mk_rotation(0, None), true, Rotated::NotYet),
            (mk_rotation(60, None), false, Rotated::Yes),
            (mk_rotation(0, None), false, Rotated::Rotating),
            (mk_rotation(60, Some(100)), false, Rotated::Yes),
        ] {
            assert_eq!(answer.after(before, is_same), expected, "{answer:?}");
        }
    }

    #[test]
    fn a_rotation_within_half_a_minute_leaves_no_time() {
        assert!(!mk_rotation(30, None).has_time_left());
        assert!(mk_rotation(31, None).has_time_left());
    }

    #[test]
    fn looks_are_short_at_first_and_never_more_than_half_a_minute_apart() {
        let longest = |looks| Rotation::look_again(looks, Jitter::new(0.0)).as_secs();
        assert_eq!([1, 2, 3, 9].map(longest), [1, 2, 4, 30]);
    }
}
