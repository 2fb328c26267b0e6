use super::*;
use crate::rotation::Rotation;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The earliest and the latest time at which a secret is due, in seconds.
fn due(lifespan: Lifespan) -> (f64, f64) {
    due_by(RefreshPolicy::new(None, None), lifespan)
}

fn due_by(policy: RefreshPolicy, lifespan: Lifespan) -> (f64, f64) {
    let at = |jitter| match policy.refresh(&lifespan, Jitter::new(jitter)) {
        Refresh::After(wait) => wait.as_secs_f64(),
        other => panic!("{other:?}"),
    };
    (at(0.0), at(1.0))
}

fn assert_range(actual: (f64, f64), expected: (f64, f64)) {
    assert!(
        (actual.0 - expected.0).abs() < 1e-6 && (actual.1 - expected.1).abs() < 1e-6,
        "{actual:?} is not {expected:?}"
    );
}

#[test]
fn a_renewable_lease_lasts_as_long_as_it_is_renewed() {
    let lifespan = Lifespan {
        lease: Some(true),
        duration: secs(100),
        ..Lifespan::default()
    };
    let refresh = RefreshPolicy::new(None, None).refresh(&lifespan, Jitter::new(0.5));
    assert_eq!(refresh, Refresh::AtLeaseEnd);
}

#[test]
fn a_lease_that_cannot_be_renewed_is_replaced_after_most_of_its_time() {
    let lifespan = Lifespan {
        lease: Some(false),
        duration: secs(100),
        ..Lifespan::default()
    };
    assert_range(due(lifespan), (85.0, 95.0));
}

#[test]
fn a_duration_without_a_lease_counts_like_a_lease() {
    let lifespan = Lifespan {
        duration: secs(100),
        ..Lifespan::default()
    };
    assert_range(due(lifespan), (85.0, 95.0));
    let written = Lifespan {
        is_write: true,
        ..lifespan
    };
    assert_range(due(written), (85.0, 95.0));
}

#[test]
fn kv_version_1_is_read_at_least_once_an_interval() {
    let month = Lifespan {
        duration: secs(2_764_800),
        is_kv_v1: true,
        ..Lifespan::default()
    };
    assert_range(due(month), (255.0, 285.0));
    let minute = Lifespan {
        duration: secs(60),
        ..month
    };
    assert_range(due(minute), (51.0, 57.0));
}

#[test]
fn a_certificate_is_replaced_after_most_of_its_validity() {
    let lifespan = Lifespan {
        certificate: Some(secs(1000)),
        is_write: true,
        ..Lifespan::default()
    };
    assert_range(due(lifespan), (850.0, 950.0));
}

#[test]
fn a_certificate_that_has_a_lease_follows_the_lease() {
    let lifespan = Lifespan {
        lease: Some(false),
        duration: secs(100),
        certificate: Some(secs(1000)),
        ..Lifespan::default()
    };
    assert_range(due(lifespan), (85.0, 95.0));
}

#[test]
fn a_secret_id_is_replaced_after_most_of_its_time() {
    let lifespan = Lifespan {
        secret_id: Some(secs(99)),
        is_write: true,
        ..Lifespan::default()
    };
    assert_range(due(lifespan), (85.0, 95.0));
}

#[test]
fn a_static_role_is_read_a_second_after_its_rotation_without_jitter() {
    for (ttl, expected) in [(30, 31.0), (5, 6.0)] {
        let lifespan = Lifespan {
            rotation: Some(Rotation {
                ttl: secs(ttl),
                last: None,
                due: None,
                is_late: false,
            }),
            ..Lifespan::default()
        };
        assert_range(due(lifespan), (expected, expected));
    }
}

#[test]
fn anything_without_a_duration_is_read_each_interval() {
    assert_range(due(Lifespan::default()), (255.0, 285.0));
    let policy = RefreshPolicy::new(Some(secs(10)), None);
    assert_range(due_by(policy, Lifespan::default()), (8.5, 9.5));
}

#[test]
fn lists_are_read_each_interval_without_jitter() {
    let lifespan = Lifespan {
        is_list: true,
        ..Lifespan::default()
    };
    assert_range(due(lifespan), (300.0, 300.0));
}

#[test]
fn a_write_without_an_end_is_done_once() {
    let lifespan = Lifespan {
        is_write: true,
        ..Lifespan::default()
    };
    let refresh = RefreshPolicy::new(None, None).refresh(&lifespan, Jitter::new(0.5));
    assert_eq!(refresh, Refresh::Never);
}

#[test]
fn a_part_that_leaves_its_bounds_falls_back_to_the_threshold() {
    let lifespan = Lifespan {
        lease: Some(false),
        duration: secs(100),
        ..Lifespan::default()
    };
    let high = RefreshPolicy::new(None, Some(0.99));
    assert_range(due_by(high, lifespan), (94.0, 99.0));
    let senseless = RefreshPolicy::new(None, Some(1.5));
    assert_range(due_by(senseless, lifespan), (85.0, 95.0));
}

#[test]
fn a_policy_keeps_the_threshold_and_the_interval_that_it_was_given() {
    let policy = RefreshPolicy::new(Some(secs(10)), Some(0.7));
    assert!((policy.threshold() - 0.7).abs() < f64::EPSILON);
    assert_eq!(policy.interval(), secs(10));
}

#[test]
fn a_lease_or_a_kv_answer_of_no_time_is_read_each_interval() {
    let lease = Lifespan {
        lease: Some(false),
        ..Lifespan::default()
    };
    assert_range(due(lease), (255.0, 285.0));
    let kv = Lifespan {
        is_kv_v1: true,
        ..Lifespan::default()
    };
    assert_range(due(kv), (255.0, 285.0));
}

#[test]
fn only_kv_version_1_is_bounded_by_the_interval() {
    let lifespan = Lifespan {
        duration: secs(1000),
        ..Lifespan::default()
    };
    assert_range(due(lifespan), (850.0, 950.0));
}

#[test]
fn no_part_is_so_small_that_a_secret_is_read_at_once() {
    let lifespan = Lifespan {
        lease: Some(false),
        duration: secs(100),
        ..Lifespan::default()
    };
    let low = RefreshPolicy::new(None, Some(0.05));
    assert_range(due_by(low, lifespan), (5.0, 10.0));
}
