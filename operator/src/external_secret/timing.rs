//! When an `ExternalSecret` is synced.

use std::time::Duration;

use contract::GoDuration;
use jiff::Timestamp;
use operator_api::{ExternalSecret, ExternalSecretStatus, SyncWindowKind};
use secret_sync::{Refresh, Schedule, Window};

use crate::work::Outcome;

/// The Secret that the status names.
pub(super) fn binding(status: &ExternalSecretStatus) -> String {
    let binding = status.binding.as_ref();
    binding
        .map(|binding| binding.name.clone())
        .unwrap_or_default()
}

/// When the object is reconciled next.
pub(super) fn again(refresh: &Refresh<'_>, now: Timestamp) -> Outcome {
    match refresh.next(now) {
        // A refresh that a sync window holds back is tried with the next interval.
        Some(Duration::ZERO) => Outcome::Again(
            refresh
                .interval
                .unwrap_or_default()
                .max(Duration::from_secs(1)),
        ),
        Some(wait) => Outcome::Again(wait),
        None => Outcome::Settled,
    }
}

/// Kubernetes keeps whole seconds.
pub(super) fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// How often the object is synced; `None` for once.
pub(super) fn interval(object: &ExternalSecret) -> Option<Duration> {
    let interval = object.spec.refresh_interval.parse::<GoDuration>().ok()?;
    interval.to_std().filter(|interval| !interval.is_zero())
}

/// Whether the sync windows of an object let it be read by interval now.
pub(super) fn may_refresh(object: &ExternalSecret, now: Timestamp) -> bool {
    let Some(windows) = &object.spec.sync_windows else {
        return true;
    };
    let is_open = windows.windows.iter().any(|window| {
        let schedule = Schedule::new(&window.schedule);
        let duration = window
            .duration
            .parse::<GoDuration>()
            .ok()
            .and_then(GoDuration::to_std);
        match (schedule, duration) {
            (Ok(schedule), Some(duration)) => Window { schedule, duration }.is_open(now),
            _ => false,
        }
    });
    match windows.kind {
        SyncWindowKind::Allow => is_open,
        SyncWindowKind::Deny => !is_open,
    }
}
