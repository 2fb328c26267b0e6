//! Who has a turn, and what waits for one.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::harness::{Story, mk_kv, mk_leased, mk_settings};
use crate::breaker::Admission;
use crate::*;

/// Nine leases of an hour, whose renewals hang. Nothing else has a time.
fn mk_nine_renewals() -> Story {
    let mut story = Story::new(mk_settings(1_000_000));
    story.vault.token_ttl = 0;
    mk_leased(&mut story.vault, "db/creds/a", 3600);
    story.hangs = Some("lease");
    for _ in 0..9 {
        story.read("db/creds/a");
    }
    story.start(None);
    story.run(3500);
    story
}

#[test]
fn eight_renewals_are_under_way_and_the_ninth_waits() {
    let mut story = mk_nine_renewals();
    assert_eq!(story.count("lease"), 8);
    story.hangs = None;
    story.answer_hung();
    let leases: BTreeSet<&str> = story.asked.iter().map(|(_, what)| what.as_str()).collect();
    let renewed = leases.iter().filter(|what| what.starts_with("lease"));
    assert_eq!(renewed.count(), 9);
}

#[test]
fn a_ninth_renewal_does_not_keep_the_engine_awake_in_an_outage() {
    let mut story = mk_nine_renewals();
    // A read finds out that Vault is away, and is released.
    story.vault.is_away = true;
    let a = story.read("db/a");
    assert!(story.engine.is_vault_away());
    story.engine.release(story.now, a);
    story.run(60);
    let next = story.engine.poll_timeout();
    assert!(next.is_none_or(|at| at > story.now.mono), "{next:?}");
}

#[test]
fn a_renewal_alone_has_the_engine_woken_for_the_next_probe() {
    let mut story = Story::new(mk_settings(1_000_000));
    story.vault.token_ttl = 0;
    mk_leased(&mut story.vault, "db/creds/a", 3600);
    story.read("db/creds/a");
    story.start(None);
    story.run(2200);
    story.vault.is_away = true;
    let a = story.read("db/a");
    while story.engine.renewals.first().is_none() {
        story.run(1);
    }
    story.engine.release(story.now, a);
    let next = story.engine.poll_timeout();
    let next = next.expect("the renewal is to find out whether Vault is back");
    let wait = next.since(story.now.mono);
    assert!(
        !wait.is_zero() && wait <= Duration::from_secs(60),
        "{wait:?}"
    );
}

#[test]
fn the_probe_is_what_has_waited_longest_and_other_reads_begin_with_what_has_no_value() {
    for (admission, waits, expected) in [
        // The moments since when a secret without a value and one with a value wait.
        (Admission::Probe, (20, 10), 1),
        (Admission::Probe, (10, 20), 0),
        (Admission::Probe, (10, 10), 0),
        (Admission::All, (20, 10), 0),
    ] {
        let mut story = Story::new(mk_settings(300));
        let ids = [story.read("kv/a"), story.read("kv/b")];
        for (id, is_patient, since) in [(ids[0], false, waits.0), (ids[1], true, waits.1)] {
            let since = Instant::default().after(Duration::from_secs(since));
            story.engine.reads.set(id, Some((is_patient, since)));
        }
        let next = story.engine.next_read(admission);
        assert_eq!(next, Some(ids[expected]), "{admission:?} {waits:?}");
    }
}

#[test]
fn what_fails_in_an_outage_waits_for_the_probes_and_not_for_its_own_back_off() {
    let mut story = Story::new(Settings {
        retry: RetryPolicy::new(Duration::from_secs(3600), Duration::from_secs(3600), 12),
        ..mk_settings(300)
    });
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    story.read("kv/other");
    story.start(None);
    story.vault.is_away = true;
    let a = story.read("kv/a");
    story.run(30);
    story.vault.is_away = false;
    story.run(60);
    assert_eq!(story.readings(a).len(), 1);
}

#[test]
fn a_quota_that_is_met_twice_is_waited_for_twice() {
    let mut story = Story::new(mk_settings(300));
    story.vault.kv_v2.insert("kv");
    let limited = (429, "quota", Some(50));
    story.vault.errors.insert("kv/data/limited", limited);
    story.read("kv/limited");
    story.start(None);
    story.run(60);
    story.engine.credentials_changed(story.now);
    story.run(30);
    assert_eq!(story.count("login"), 2);
    assert_eq!(story.times("read kv/data/limited"), [0, 50]);
}

#[test]
fn a_credential_that_is_read_past_its_time_is_reported_as_such() {
    let mut story = Story::new(mk_settings(300));
    let data = json!({"rotation_period": 9000, "ttl": 60, "last_vault_rotation": "2023-11-14T00:00:00Z", "password": "x"});
    let path = "db/static-creds/a";
    story.vault.bodies.insert(path, json!({ "data": data }));
    story.read(path);
    story.start(None);
    story.run(70);
    let is_late = |output: &Output| match output {
        Output::Reading(_, reading) | Output::Unchanged(_, reading) => {
            Some(reading.is_past_its_time)
        }
        _ => None,
    };
    let readings = story.outputs.iter();
    let late: Vec<bool> = readings.filter_map(|(_, output)| is_late(output)).collect();
    assert!(late.len() > 2, "{late:?}");
    assert!(!late[0] && late[1..].iter().all(|late| *late), "{late:?}");
    let looks = story.outputs.iter().filter_map(|(_, output)| match output {
        Output::Note(Note::NotRotatedYet { looks, .. }) => Some(*looks),
        _ => None,
    });
    assert!(looks.eq(1..u32::try_from(late.len()).unwrap()));
}
