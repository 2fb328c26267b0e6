//! Whether a store is read again.

use std::time::Duration;

use jiff::Timestamp;
use operator_api::RefreshPolicy;

/// What decides about it.
#[derive(Clone, Debug)]
pub struct Refresh<'a> {
    /// What the object asks for.
    pub policy: RefreshPolicy,
    /// The interval; `None` for one of zero or less, which is read once.
    pub interval: Option<Duration>,
    /// The [`resource_version`](crate::resource_version) that was synced; empty if none was.
    pub synced: &'a str,
    /// That of the object as it is.
    pub current: &'a str,
    /// When the sync began that last succeeded.
    pub refreshed: Option<Timestamp>,
}

impl Refresh<'_> {
    /// Whether the store is read now. `may_refresh` tells whether the object's sync windows let it be
    /// read by interval.
    pub fn is_due(&self, now: Timestamp, may_refresh: impl FnOnce() -> bool) -> bool {
        let was_synced = !self.synced.is_empty();
        let has_changed = self.synced != self.current;
        match self.policy {
            RefreshPolicy::CreatedOnce => !was_synced || self.refreshed.is_none(),
            RefreshPolicy::OnChange => !was_synced || self.refreshed.is_none() || has_changed,
            // An interval of zero comes before all else: not even a changed object is read again.
            RefreshPolicy::Periodic if self.interval.is_none() && was_synced => false,
            RefreshPolicy::Periodic if has_changed => true,
            RefreshPolicy::Periodic => match (self.refreshed, self.interval) {
                (None, _) | (_, None) => true,
                (Some(refreshed), _) if refreshed > now => true,
                (Some(refreshed), Some(interval)) => {
                    age(refreshed, now) >= interval && may_refresh()
                }
            },
        }
    }

    /// How long to wait before the next look; `None` for ever. Without an interval only changes count.
    pub fn next(&self, now: Timestamp) -> Option<Duration> {
        let interval = self.interval?;
        let since = self.refreshed.map_or(interval, |it| age(it, now));
        Some(interval.saturating_sub(since))
    }
}

fn age(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn mk_refresh(policy: RefreshPolicy) -> Refresh<'static> {
        Refresh {
            policy,
            interval: Some(Duration::from_secs(3600)),
            synced: "1-a",
            current: "1-a",
            refreshed: Some(Timestamp::from_second(NOW - 60).unwrap()),
        }
    }

    fn is_due(refresh: &Refresh<'_>) -> bool {
        refresh.is_due(Timestamp::from_second(NOW).unwrap(), || true)
    }

    #[test]
    fn what_was_never_synced_is_read_under_every_policy() {
        for policy in [
            RefreshPolicy::Periodic,
            RefreshPolicy::OnChange,
            RefreshPolicy::CreatedOnce,
        ] {
            let refresh = Refresh {
                synced: "",
                refreshed: None,
                ..mk_refresh(policy)
            };
            assert!(is_due(&refresh), "{policy:?}");
            assert!(!is_due(&mk_refresh(policy)), "{policy:?}");
        }
    }

    #[test]
    fn a_changed_object_is_read_again_unless_it_is_read_once() {
        for (policy, due) in [
            (RefreshPolicy::Periodic, true),
            (RefreshPolicy::OnChange, true),
            (RefreshPolicy::CreatedOnce, false),
        ] {
            let refresh = Refresh {
                current: "2-b",
                ..mk_refresh(policy)
            };
            assert_eq!(is_due(&refresh), due, "{policy:?}");
        }
        let never = Refresh {
            current: "2-b",
            interval: None,
            ..mk_refresh(RefreshPolicy::Periodic)
        };
        assert!(!is_due(&never));
    }

    #[test]
    fn an_interval_that_is_over_counts_inside_the_windows_alone() {
        let mut refresh = mk_refresh(RefreshPolicy::Periodic);
        refresh.interval = Some(Duration::from_secs(60));
        let now = Timestamp::from_second(NOW).unwrap();
        assert!(refresh.is_due(now, || true) && !refresh.is_due(now, || false));
        refresh.interval = Some(Duration::from_secs(61));
        assert!(!refresh.is_due(now, || true));
        assert_eq!(refresh.next(now), Some(Duration::from_secs(1)));
        refresh.policy = RefreshPolicy::OnChange;
        refresh.interval = Some(Duration::from_secs(1));
        assert!(!refresh.is_due(now, || true));
        assert_eq!(refresh.next(now), Some(Duration::ZERO));
    }

    #[test]
    fn a_sync_of_the_future_counts_as_none() {
        let refresh = Refresh {
            refreshed: Some(Timestamp::from_second(NOW + 60).unwrap()),
            ..mk_refresh(RefreshPolicy::Periodic)
        };
        assert!(is_due(&refresh));
    }
}
