use serde_json::json;

use super::harness::{Story, mk_kv, mk_settings};
use crate::*;

#[test]
fn a_secret_is_read_once_and_its_metadata_after_that() {
    let mut story = Story::new(mk_settings(10));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    let a = story.read("kv/a");
    assert!(story.asked.is_empty(), "nobody is logged in");
    story.start(None);
    let asked: Vec<&str> = story.asked.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(asked, ["login", "mount kv/a", "read kv/data/a t1"]);
    story.run(60);
    assert_eq!(story.count("read kv/data/a"), 1);
    assert!(
        (5..=7).contains(&story.count("read kv/metadata/a")),
        "{:?}",
        story.asked
    );
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 2);
    story.run(10);
    assert_eq!(story.count("read kv/data/a"), 2);
    assert_eq!(story.readings(a).len(), 2);
}

#[test]
fn a_hundred_secrets_of_a_mount_look_it_up_once() {
    let mut story = Story::new(mk_settings(300));
    story.vault.kv_v2.insert("kv");
    for _ in 0..100 {
        story.read("kv/missing");
    }
    story.start(None);
    assert_eq!(story.count("mount"), 1);
    assert_eq!(story.count("read kv/data/missing"), 100);
}

#[test]
fn a_rate_limited_path_waits_alone() {
    let mut story = Story::new(mk_settings(2));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    story
        .vault
        .errors
        .insert("kv/data/limited", (429, "quota", Some(20)));
    story.read("kv/a");
    let limited = story.read("kv/limited");
    story.start(None);
    story.run(59);
    assert!(story.count("read kv/metadata/a") >= 25, "{:?}", story.asked);
    assert_eq!(story.times("read kv/data/limited"), [0, 20, 40]);
    assert!(!story.failures(limited).is_empty());
}

#[test]
fn an_answer_never_ends_the_wait_that_a_quota_asked_for() {
    let mut story = Story::new(mk_settings(2));
    story
        .vault
        .errors
        .insert("kv/data/limited", (429, "quota", Some(50)));
    story.vault.kv_v2.insert("kv");
    story.read("kv/limited");
    story.start(None);
    story.vault.is_away = true;
    story.read("kv/b");
    story.run(10);
    story.vault.is_away = false;
    story.engine.credentials_changed(story.now);
    story.run(30);
    assert_eq!(story.count("login"), 2);
    assert_eq!(story.times("read kv/data/limited"), [0]);
}

#[test]
fn a_failing_path_is_tried_less_and_less_and_is_exhausted_after_twelve() {
    let mut story = Story::new(mk_settings(300));
    story.vault.errors.insert("db/creds/a", (500, "no", None));
    let a = story.read("db/creds/a");
    story.start(None);
    story.run(3600);
    let failures = story.failures(a);
    assert!(failures[10].1.attempt == 11 && !failures[10].1.is_exhausted);
    assert!(failures[11].1.is_exhausted && !failures[11].1.is_permanent);
    assert!((60..200).contains(&failures.len()), "{}", failures.len());
}

#[test]
fn an_impossible_path_is_asked_for_once() {
    let mut story = Story::new(mk_settings(2));
    story.start(None);
    let a = story.engine.want(
        story.now,
        Want::Issue {
            path: "a/../b".into(),
            data: Fields::default(),
        },
    );
    let Some(Output::Call(recall, Call::Recall { .. })) = next_call(&mut story) else {
        panic!("a secret is looked up among what was left first");
    };
    story
        .engine
        .answer(story.now, recall, Answer::Recalled(None));
    let Some(Output::Call(call, Call::Write { .. })) = next_call(&mut story) else {
        panic!("a certificate is issued by a write");
    };
    let error = vault_wire::Error::InvalidPath {
        path: "a/../b".into(),
        reason: "it has a . or .. segment",
    };
    story
        .engine
        .answer(story.now, call, Answer::Secret(Err(error)));
    story.run(3600);
    assert_eq!(story.count("write"), 0, "not once more");
    assert!(story.failures(a)[0].1.is_permanent);
}

fn next_call(story: &mut Story) -> Option<Output> {
    std::iter::from_fn(|| story.engine.poll_output())
        .find(|output| matches!(output, Output::Call(..)))
}

#[test]
fn a_value_that_its_driver_rejects_is_read_again_later() {
    let mut story = Story::new(mk_settings(300));
    story.vault.bodies.insert(
        "db/x",
        json!({"lease_id": "", "lease_duration": 60, "renewable": true, "data": {"a": 1}}),
    );
    let x = story.read("db/x");
    story.start(None);
    story
        .engine
        .reject(story.now, x, "not a certificate".into());
    story.drain();
    assert_eq!(story.count("revoke db/x/1"), 1, "nobody uses its lease");
    story.run(5);
    assert!(
        story.readings(x).len() >= 2,
        "the same value is reported again"
    );
}

#[test]
fn an_expired_certificate_is_replaced_also_if_only_the_wall_clock_moved() {
    let mut story = Story::new(mk_settings(300));
    let ends = 1_700_000_000 + 86_400;
    story.vault.bodies.insert(
        "pki/issue/a",
        json!({"data": {"certificate": "x", "expiration": ends}}),
    );
    story.start(None);
    story.engine.want(
        story.now,
        Want::Issue {
            path: "pki/issue/a".into(),
            data: Fields::default(),
        },
    );
    story.run(3600);
    assert_eq!(story.count("write pki/issue/a"), 1);
    story.now.wall += std::time::Duration::from_secs(2 * 86_400);
    let ends = ends + 3 * 86_400;
    story.vault.bodies.insert(
        "pki/issue/a",
        json!({"data": {"certificate": "y", "expiration": ends}}),
    );
    story.run(600);
    assert_eq!(story.count("write pki/issue/a"), 2);
}

#[test]
fn a_released_secret_is_asked_for_no_more_and_its_late_lease_is_revoked() {
    let mut story = Story::new(mk_settings(2));
    story.start(None);
    let a = story.engine.want(
        story.now,
        Want::Issue {
            path: "pki/a".into(),
            data: Fields::default(),
        },
    );
    let Some(Output::Call(recall, _)) = next_call(&mut story) else {
        panic!("no call")
    };
    story
        .engine
        .answer(story.now, recall, Answer::Recalled(None));
    let Some(Output::Call(call, _)) = next_call(&mut story) else {
        panic!("no call")
    };
    story.engine.release(story.now, a);
    let body = json!({"lease_id": "pki/a/7", "lease_duration": 60, "renewable": true, "data": {}});
    let answer = Answer::Secret(Ok(Some(super::harness::mk_response(&body))));
    story.engine.answer(story.now, call, answer);
    story.run(60);
    assert_eq!(story.count("revoke pki/a/7"), 1);
    assert_eq!(story.count("write"), 0);
}

#[test]
fn a_value_that_is_read_again_unchanged_is_reported_with_its_age() {
    let mut story = Story::new(mk_settings(60));
    story
        .vault
        .bodies
        .insert("db/config", json!({"data": {"a": 1}}));
    let a = story.read("db/config");
    story.start(None);
    story.run(130);
    let unchanged = |output: &Output| matches!(output, Output::Unchanged(id, _) if *id == a);
    assert!(story.has(unchanged));
    assert_eq!(story.readings(a), [0]);
}

#[test]
fn a_static_credential_that_was_read_too_early_is_not_looked_at_for_hours() {
    let mut story = Story::new(mk_settings(300));
    let data = json!({"rotation_period": 9000, "ttl": 60, "last_vault_rotation": "2023-01-01T00:00:00Z", "password": "x"});
    story
        .vault
        .bodies
        .insert("db/static-creds/a", json!({ "data": data }));
    story.read("db/static-creds/a");
    story.start(None);
    story.run(30);
    // The time that Vault named first was wrong.
    let mut data = data;
    data["ttl"] = 7000.into();
    story
        .vault
        .bodies
        .insert("db/static-creds/a", json!({ "data": data }));
    story.run(6000);
    let reads = story.count("read db/static-creds/a");
    assert!((20..30).contains(&reads), "{reads} reads");
}

#[test]
fn the_release_of_the_secret_that_looks_up_a_mount_lets_the_next_one_do_so() {
    let mut story = Story::new(mk_settings(300));
    story.start(None);
    let read = |path: &str| Want::Read { path: path.into() };
    let first = story.engine.want(story.now, read("kv/a"));
    story.engine.want(story.now, read("kv/b"));
    let look_up = |story: &mut Story| {
        let mut asked = None;
        while let Some(output) = story.engine.poll_output() {
            match output {
                Output::Call(id, Call::Recall { .. }) => {
                    story.engine.answer(story.now, id, Answer::Recalled(None));
                }
                Output::Call(_, Call::FindMount { path, .. }) => {
                    assert!(asked.replace(path).is_none(), "one look-up at a time");
                }
                _ => {}
            }
        }
        asked
    };
    assert_eq!(look_up(&mut story).as_deref(), Some("kv/a"));
    story.engine.release(story.now, first);
    assert_eq!(look_up(&mut story).as_deref(), Some("kv/b"));
}

#[test]
fn a_credential_that_was_kept_by_a_wrong_clock_is_read_when_vault_rotates_it() {
    let mut story = Story::new(mk_settings(300));
    let last = jiff::Timestamp::from_second(1_700_000_000 - 3500).unwrap();
    // By the clock of that time the whole period was left ten seconds ago.
    let body = json!({"data": {
        "rotation_period": 3600, "ttl": 3600, "last_vault_rotation": last.to_string(), "password": "x",
    }});
    let path = "database/static-creds/app";
    story.vault.left.insert(path, body.clone());
    story.vault.bodies.insert(path, body);
    story.read(path);
    story.start(Some("old"));
    story.run(200);
    let reads = story.times("read database/static-creds/app");
    assert!((100..130).contains(&reads[0]), "{reads:?}");
}
