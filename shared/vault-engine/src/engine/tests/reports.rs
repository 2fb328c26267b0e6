//! What the engine reports, and what it asks no more than it must.

use std::time::Duration;

use serde_json::json;

use super::harness::{Story, mk_kv, mk_leased, mk_settings};
use crate::engine::probes;
use crate::*;

fn count(story: &Story, is_it: impl Fn(&Output) -> bool) -> usize {
    let outputs = story.outputs.iter();
    outputs.filter(|(_, output)| is_it(output)).count()
}

#[test]
fn a_credential_that_is_not_rotated_in_time_is_noted_until_it_is() {
    let mut story = Story::new(mk_settings(300));
    let body = |password: &str| json!({"data": {"rotation_period": 60, "ttl": 60, "p": password}});
    let late = |output: &Output| matches!(output, Output::Note(Note::NotRotatedYet { .. }));
    story.vault.bodies.insert("db/a", body("x"));
    let a = story.read("db/a");
    story.start(None);
    assert_eq!(count(&story, late), 0);
    story.run(61);
    assert_eq!(count(&story, late), 1);
    story.vault.bodies.insert("db/a", body("y"));
    story.run(10);
    assert_eq!((count(&story, late), story.readings(a).len()), (1, 2));
    let is_late = |output: &Output| matches!(output, Output::Reading(_, it) if it.is_past_its_time);
    assert!(!story.has(is_late));
}

#[test]
fn a_request_of_the_driver_that_was_denied_has_the_token_looked_up() {
    let mut story = Story::new(mk_settings(300));
    story.start(None);
    assert!(!story.engine.is_vault_away());
    story.engine.suspect_token(story.now, 1);
    story.drain();
    assert_eq!(story.count("lookup t1"), 1);
}

#[test]
fn the_end_of_a_lease_and_the_fate_of_an_orphan_are_noted() {
    let mut story = Story::new(mk_settings(300));
    mk_leased(&mut story.vault, "db/creds/a", 60);
    let a = story.read("db/creds/a");
    story.start(None);
    let lost = (400, "lease not found", None);
    story.vault.errors.insert("renew-lease", lost);
    story.run(60);
    let ends = |output: &Output| matches!(output, Output::Note(Note::LeaseEnds { .. }));
    assert_eq!(count(&story, ends), 1);
    story.engine.reject(story.now, a, "no".into());
    story.drain();
    let revoked = |output: &Output| {
        matches!(output, Output::Note(Note::LeaseRevoked { lease, error: None })
            if lease.as_str() == "db/creds/a/2")
    };
    assert_eq!(count(&story, revoked), 1);
}

#[test]
fn a_policy_that_hides_mount_or_metadata_costs_nothing_but_requests() {
    let mut story = Story::new(mk_settings(10));
    let denied = (403, "permission denied", None);
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    story.vault.errors.insert("kv/metadata/a", denied);
    let a = story.read("kv/a");
    story.start(None);
    story.run(60);
    assert!(story.count("read kv/data/a") >= 5);
    assert_eq!(story.count("read kv/metadata/a"), 1);
    assert!(story.failures(a).is_empty());

    let mut story = Story::new(mk_settings(300));
    story.vault.errors.insert("mount", denied);
    story.vault.bodies.insert("db/a", json!({"data": {"a": 1}}));
    let a = story.read("db/a");
    story.start(None);
    assert_eq!(story.readings(a), [0]);
}

#[test]
fn nothing_recovers_that_did_not_fail_and_a_server_error_is_no_doubt_about_the_token() {
    let mut story = Story::new(mk_settings(10));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    story.read("kv/a");
    story.start(None);
    story.run(60);
    let recovered = |output: &Output| matches!(output, Output::Recovered(_));
    assert_eq!(count(&story, recovered), 0);
    story
        .vault
        .errors
        .insert("kv/metadata/a", (500, "no", None));
    story.run(60);
    story.vault.errors.clear();
    story.run(120);
    assert_eq!((count(&story, recovered), story.count("lookup")), (1, 0));
}

#[test]
fn an_outage_is_noted_once() {
    let mut story = Story::new(mk_settings(10));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    story.read("kv/a");
    story.start(None);
    story.vault.is_away = true;
    story.run(600);
    let opened = |output: &Output| matches!(output, Output::Note(Note::BreakerOpened(_)));
    assert_eq!(count(&story, opened), 1);
}

#[test]
fn leaving_revokes_earlier_tokens_that_have_not_ended() {
    for (wait, expected) in [(10, 1), (4000, 0)] {
        let mut story = Story::new(mk_settings(300));
        story.start(None);
        story.engine.credentials_changed(story.now);
        story.drain();
        story.run(wait);
        story.engine.leave(story.now, true);
        story.drain();
        assert_eq!(story.count("revoke t1"), expected);
        assert_eq!(story.count("revoke t2"), 1);
    }
}

#[test]
fn probes_wait_no_longer_than_by_default() {
    let default = RetryPolicy::default().backoff;
    let [short, long] = [1, 3600].map(Duration::from_secs);
    let slow = probes(&RetryPolicy::new(short, long, 0));
    assert_eq!((slow.base, slow.max), (default.base, default.max));
    let [short, long] = [1, 2].map(Duration::from_millis);
    let quick = probes(&RetryPolicy::new(short, long, 0));
    assert_eq!((quick.base, quick.max), (short, long));
}

#[test]
fn a_credential_that_is_being_rotated_is_reported_with_a_wait_of_a_second() {
    let mut story = Story::new(mk_settings(300));
    let data = json!({"rotation_period": 9000, "ttl": 0, "password": "x"});
    let path = "db/static-creds/a";
    story.vault.bodies.insert(path, json!({ "data": data }));
    let a = story.read(path);
    story.start(None);
    let (_, failure) = story.failures(a)[0];
    assert!(matches!(failure.kind, FailureKind::Rotating));
    assert_eq!(failure.pause, Duration::from_secs(1));
}
