//! When a `PushSecret` is pushed.

use std::time::Duration;

use contract::GoDuration;
use jiff::Timestamp;
use operator_api::PushSecret;

use crate::work::Outcome;

/// When an object was pushed, and as what.
pub(super) struct Pushed<'a> {
    pub(super) version: &'a str,
    pub(super) at: Option<Timestamp>,
}

/// How often the stores are compared; `None` for once.
pub(super) fn interval(object: &PushSecret) -> Option<Duration> {
    let interval = object.spec.refresh_interval.parse::<GoDuration>().ok()?;
    interval.to_std().filter(|interval| !interval.is_zero())
}

/// Whether the stores are compared now, whether or not the Secret has changed.
pub(super) fn is_due(
    pushed: &Pushed<'_>,
    current: &str,
    interval: Option<Duration>,
    now: Timestamp,
) -> bool {
    let Some(at) = pushed.at.filter(|_| pushed.version == current) else {
        return true;
    };
    match interval {
        Some(interval) => at > now || age(at, now) >= interval,
        None => false,
    }
}

/// When the object is reconciled next, if nothing changes.
pub(super) fn again(at: Timestamp, interval: Option<Duration>, now: Timestamp) -> Outcome {
    match interval {
        Some(interval) => Outcome::Again(interval.saturating_sub(age(at, now))),
        None => Outcome::Settled,
    }
}

fn age(since: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(since)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000;

    fn is_due_after(seconds: i64, interval: Option<u64>) -> bool {
        let pushed = Pushed {
            version: "1-a",
            at: Timestamp::from_second(NOW - seconds).ok(),
        };
        let now = Timestamp::from_second(NOW).unwrap();
        is_due(&pushed, "1-a", interval.map(Duration::from_secs), now)
    }

    #[test]
    fn the_interval_counts_from_the_last_push() {
        assert!(!is_due_after(59, Some(60)));
        assert!(is_due_after(60, Some(60)));
        assert!(
            is_due_after(-5, Some(60)),
            "a time that is still to come is a wrong clock"
        );
        assert!(!is_due_after(9_999, None), "an interval of zero is once");
    }

    #[test]
    fn what_was_never_pushed_or_has_changed_is_due() {
        let now = Timestamp::from_second(NOW).unwrap();
        for (version, at) in [("", None), ("1-a", None), ("1-b", Some(now))] {
            assert!(
                is_due(&Pushed { version, at }, "1-a", None, now),
                "{version}"
            );
        }
    }
}
