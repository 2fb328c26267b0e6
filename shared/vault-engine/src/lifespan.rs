//! What an answer says about its own future.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use vault_wire::Response;

use crate::rotation::Rotation;

/// What an answer says about its own future.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifespan {
    /// It has a lease; `Some(true)` where the lease is renewable.
    pub lease: Option<bool>,
    /// The answer's duration; zero where there is none. A login among secrets counts with its own.
    pub duration: Duration,
    /// Time until the certificate in it ends.
    pub certificate: Option<Duration>,
    /// Time that the secret id in it is good for.
    pub secret_id: Option<Duration>,
    /// It belongs to a role whose credential Vault rotates.
    pub rotation: Option<Rotation>,
    /// It comes from the KV engine's version 1.
    pub is_kv_v1: bool,
    /// It is the answer to a write.
    pub is_write: bool,
    /// It is a list of names.
    pub is_list: bool,
}

impl Lifespan {
    /// The rotation that decides, where there is no lease to do so.
    pub fn rotating(&self) -> Option<Rotation> {
        self.rotation.filter(|_| self.lease.is_none())
    }
}

/// The keys of `data` that tell of an end. Any engine may use these names for something else, so
/// each counts only if it has the expected form.
#[derive(Default, Deserialize)]
struct Hints<'a> {
    #[serde(borrow)]
    certificate: Option<&'a RawValue>,
    #[serde(borrow)]
    expiration: Option<&'a RawValue>,
    #[serde(borrow)]
    secret_id: Option<&'a RawValue>,
    #[serde(borrow)]
    secret_id_ttl: Option<&'a RawValue>,
    #[serde(borrow)]
    rotation_period: Option<&'a RawValue>,
    /// Instead of a period, where rotations have dates.
    #[serde(borrow)]
    rotation_schedule: Option<&'a RawValue>,
    #[serde(borrow)]
    last_vault_rotation: Option<&'a RawValue>,
    #[serde(borrow)]
    ttl: Option<&'a RawValue>,
}

impl Lifespan {
    /// What `response` shows. Which secrets engine it comes from, the caller knows.
    pub fn of(response: &Response, now: SystemTime) -> Self {
        read(response, now)
    }
}

fn read(response: &Response, now: SystemTime) -> Lifespan {
    let hints = match &response.data {
        Some(data) => data.parse::<Hints<'_>>().unwrap_or_default(),
        None => Hints::default(),
    };
    let duration = match &response.auth {
        Some(auth) => auth.lease_duration,
        None => response.lease_duration,
    };
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let certificate = hints.certificate.and(seconds(hints.expiration));
    let secret_id = hints.secret_id.and(seconds(hints.secret_id_ttl));
    let is_rotated = hints.rotation_period.or(hints.rotation_schedule);
    let rotation = is_rotated.and(seconds(hints.ttl));
    let last = hints.last_vault_rotation.and_then(time);
    let due = last
        .zip(seconds(hints.rotation_period))
        .and_then(|(last, period)| due(last, period));
    Lifespan {
        lease: response.lease.as_ref().map(|lease| lease.renewable),
        duration,
        certificate: certificate.map(|end| end.saturating_sub(now)),
        secret_id: secret_id.filter(|ttl| !ttl.is_zero()),
        rotation: rotation.map(|ttl| Rotation {
            ttl,
            last,
            due,
            is_late: due.is_some_and(|due| is_late(due, now)),
        }),
        ..Lifespan::default()
    }
}

/// A rotation that is overdue for longer than this is rather a clock that is wrong.
const LONGEST_LATE: Duration = Duration::from_secs(300);

/// When the next rotation comes, since the epoch.
fn due(last: Timestamp, period: Duration) -> Option<Duration> {
    let last = last.duration_since(Timestamp::UNIX_EPOCH);
    Duration::try_from(last).ok()?.checked_add(period)
}

/// Whether a rotation was due a little before `now`, by the wall clock.
fn is_late(due: Duration, now: Duration) -> bool {
    now.checked_sub(due).is_some_and(|late| late < LONGEST_LATE)
}

/// The time in a text like `2026-01-31T09:30:00.123456789Z`.
fn time(value: &RawValue) -> Option<Timestamp> {
    value.get().trim_matches('"').parse().ok()
}

/// A number of seconds, as a number or as text. A negative one has passed.
fn seconds(value: Option<&RawValue>) -> Option<Duration> {
    let text = value?.get().trim_matches('"');
    let seconds: i64 = text.parse().ok()?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use vault_wire::JsonText;

    use super::*;

    const NOW: u64 = 1_700_000_000;

    fn mk_lifespan(body: &Value) -> Lifespan {
        let response = Response::from_body(JsonText::new(body.to_string())).unwrap();
        Lifespan::of(&response, UNIX_EPOCH + Duration::from_secs(NOW))
    }

    fn mk_data(data: &Value) -> Lifespan {
        mk_lifespan(&json!({"data": data}))
    }

    #[test]
    fn a_lease_is_told_from_a_mere_duration() {
        let body = json!({"lease_id": "a/b", "lease_duration": 60, "renewable": true, "data": {}});
        let lifespan = mk_lifespan(&body);
        assert_eq!(
            (lifespan.lease, lifespan.duration.as_secs()),
            (Some(true), 60)
        );
        let lifespan = mk_lifespan(&json!({"lease_id": "", "lease_duration": 60, "data": {}}));
        assert_eq!((lifespan.lease, lifespan.duration.as_secs()), (None, 60));
    }

    #[test]
    fn ends_are_read_from_the_data() {
        let lifespan = mk_data(&json!({"certificate": "x", "expiration": NOW + 100}));
        assert_eq!(lifespan.certificate, Some(Duration::from_secs(100)));
        let lifespan = mk_data(&json!({"secret_id": "x", "secret_id_ttl": 30}));
        assert_eq!(lifespan.secret_id, Some(Duration::from_secs(30)));
        let lifespan = mk_data(&json!({"rotation_period": 60, "ttl": 5}));
        assert_eq!(lifespan.rotation.unwrap().ttl, Duration::from_secs(5));
        let lifespan = mk_data(&json!({"rotation_period": "60", "ttl": 0}));
        assert_eq!(lifespan.rotation.unwrap().ttl, Duration::ZERO);
        let lifespan = mk_data(&json!({
            "rotation_schedule": "0 0 * * SAT", "rotation_window": 3600, "ttl": 5,
            "last_vault_rotation": "1970-01-01T00:01:40.5Z",
        }));
        let last = Timestamp::from_millisecond(100_500).unwrap();
        let ttl = Duration::from_secs(5);
        assert_eq!(
            lifespan.rotation,
            Some(Rotation {
                ttl,
                last: Some(last),
                due: None,
                is_late: false,
            })
        );
    }

    #[test]
    fn a_rotation_that_is_a_little_overdue_is_late() {
        for (last, is_late) in [
            (0, false),
            (1, true),
            (299, true),
            (300, true),
            (301, false),
        ] {
            let last = Timestamp::from_second(1_700_000_000 - 600 + last).unwrap();
            let lifespan = mk_data(&json!({
                "rotation_period": 300, "ttl": 300, "last_vault_rotation": last.to_string(),
            }));
            assert_eq!(lifespan.rotation.unwrap().is_late, is_late, "{last}");
        }
    }

    #[test]
    fn one_half_of_a_pair_or_an_odd_form_says_nothing() {
        for data in [
            json!({"certificate": "x"}),
            json!({"expiration": NOW}),
            json!({"secret_id": "x", "secret_id_ttl": 0}),
            json!({"rotation_period": 60}),
            json!({"ttl": 5}),
            json!({"certificate": "x", "expiration": "tomorrow"}),
            json!({"rotation_period": 60, "ttl": {"a": 1}}),
            json!([1, 2]),
        ] {
            assert_eq!(mk_data(&data), Lifespan::default(), "{data}");
        }
    }
}
