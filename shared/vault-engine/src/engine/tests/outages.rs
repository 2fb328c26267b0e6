use std::time::Duration;

use super::harness::{Story, mk_kv, mk_leased, mk_settings};
use crate::*;

#[test]
fn while_vault_is_away_one_request_at_a_time_finds_out_whether_it_is_back() {
    let mut story = Story::new(mk_settings(10));
    story.vault.kv_v2.insert("kv");
    for _ in 0..100 {
        story.read("kv/a");
    }
    story.start(None);
    story.vault.is_away = true;
    story.run(600);
    let first = story.asked.iter().position(|(at, _)| *at > 30).unwrap();
    let asked = &story.asked[first..];
    assert!((10..40).contains(&asked.len()), "{} requests", asked.len());
    assert!(story.engine.is_vault_away());
}

#[test]
fn an_outage_is_probed_less_often_while_all_that_waits_may_wait() {
    let mut story = Story::new(mk_settings(300));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    story.vault.token_ttl = 360_000;
    story.read("kv/a");
    story.start(None);
    story.run(300);
    story.vault.is_away = true;
    let tries = |story: &mut Story| {
        let before = story.asked.len();
        story.run(3600);
        story.asked.len() - before
    };
    tries(&mut story);
    let patient = tries(&mut story);
    assert!((15..36).contains(&patient), "{patient} in an hour");
    // One that has no value yet.
    story.read("kv/b");
    let urgent = tries(&mut story);
    assert!(urgent > 90, "{urgent} in an hour");
}

#[test]
fn renewals_go_first_and_overdue_reads_are_spread_when_vault_is_back() {
    let mut story = Story::new(mk_settings(60));
    mk_leased(&mut story.vault, "db/creds/a", 3600);
    story.vault.lease_ttl = 3600;
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    let leased = story.read("db/creds/a");
    let patient: Vec<SecretId> = (0..50).map(|_| story.read("kv/a")).collect();
    story.start(None);
    story.run(2500);
    story.vault.is_away = true;
    story.run(300);
    story.vault.is_away = false;
    let back = story.now.mono.since_origin().as_secs();
    story.run(130);
    let closed = story
        .outputs
        .iter()
        .find(|(at, output)| *at >= back && matches!(output, Output::Note(Note::BreakerClosed)));
    let closed = closed.expect("Vault is back").0;
    assert_eq!(
        story.times("lease").iter().find(|at| **at >= back),
        Some(&closed)
    );
    let reads = story.times("read kv/metadata/a");
    let reads: Vec<u64> = reads.into_iter().filter(|at| *at >= closed).collect();
    let at_once = reads.iter().filter(|at| **at < closed + 6).count();
    let within = reads.iter().filter(|at| **at <= closed + 60).count();
    assert!(at_once < 15, "{at_once} of 50 at once");
    assert!(within >= 50, "{within} within an interval");
    assert_eq!(story.readings(leased), [0]);
    let recovered = story.outputs.iter().filter(|(at, output)| {
        *at >= closed && matches!(output, Output::Recovered(id) if patient.contains(id))
    });
    assert!(recovered.count() >= 40, "they are in no doubt any more");
}

#[test]
fn what_an_earlier_process_left_is_read_within_an_interval_after_an_outage_and_at_once_without_one()
{
    let mk_story = |is_away| {
        let mut story = Story::new(mk_settings(8));
        let names = (0..50).map(|number| format!("kv/data/{number}").leak() as &'static str);
        for path in names {
            let metadata = path.replace("data", "metadata").leak();
            mk_kv(&mut story.vault, path, metadata, 1);
            let left = story.vault.bodies[path].clone();
            story.vault.left.insert(path, left);
            story.read(path);
        }
        story.vault.is_away = is_away;
        story.start(Some("old"));
        story.run(60);
        story.vault.is_away = false;
        story.run(60);
        // What was left is ten seconds old, and so overdue.
        let is_recalled =
            |output: &Output| matches!(output, Output::Reading(_, it) if it.is_recalled);
        let taken = story.outputs.iter().find(|(_, output)| is_recalled(output));
        let taken = taken.expect("what was left is taken in").0;
        let within = |seconds| {
            let reads = story.times("read kv/").into_iter();
            reads.filter(|at| *at < taken + seconds).count()
        };
        (within(1), within(9))
    };
    let (at_once, within) = mk_story(true);
    assert!(at_once < 15, "{at_once} of 50 at once");
    assert!(within >= 50, "{within} within an interval");
    let (at_once, _) = mk_story(false);
    assert_eq!(at_once, 50);
}

#[test]
fn a_path_whose_connection_always_breaks_waits_by_itself() {
    let mut story = Story::new(mk_settings(1));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    story.read("kv/a");
    story.start(None);
    story.vault.errors.insert("kv/data/broken", (503, "", None));
    story.read("kv/broken");
    story.run(300);
    assert!(
        story.count("read kv/metadata/a") > 200,
        "the others are read"
    );
    let broken = story.count("read kv/data/broken");
    assert!(broken < 30, "{broken} requests for the broken one");
}

#[test]
fn a_mount_that_cannot_be_looked_up_is_tried_by_one_for_all() {
    let mut story = Story::new(mk_settings(300));
    story.vault.errors.insert("mount", (500, "no", None));
    for _ in 0..50 {
        story.read("kv/a");
    }
    story.start(None);
    story.run(60);
    let lookups = story.count("mount");
    assert!((5..30).contains(&lookups), "{lookups}");
}

#[test]
fn the_same_seed_gives_the_same_story() {
    let mk_story = || {
        let mut story = Story::new(mk_settings(10));
        mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
        mk_leased(&mut story.vault, "db/creds/a", 60);
        story.read("kv/a");
        story.read("db/creds/a");
        story.start(None);
        story.run(100);
        story.vault.is_away = true;
        story.run(100);
        story.vault.is_away = false;
        story.run(100);
        story.asked
    };
    assert_eq!(mk_story(), mk_story());
}

#[test]
fn an_engine_whose_turns_are_all_taken_sleeps_until_one_is_free() {
    let mut story = Story::new(Settings {
        most_reads: 1,
        ..mk_settings(300)
    });
    story.start(None);
    for path in ["pki/stuck", "pki/waiting"] {
        story.engine.want(
            story.now,
            Want::Issue {
                path: path.into(),
                data: Fields::default(),
            },
        );
    }
    while let Some(output) = story.engine.poll_output() {
        if let Output::Call(id, Call::Recall { .. }) = output {
            story.engine.answer(story.now, id, Answer::Recalled(None));
        }
    }
    // The token's renewal finds out that Vault is away, while the only read hangs.
    story.vault.is_away = true;
    story.run(3000);
    assert!(story.engine.is_vault_away());
    let next = story.engine.poll_timeout();
    assert!(next.is_none_or(|at| at > story.now.mono), "{next:?}");
}

#[test]
fn an_outage_counts_as_so_many_tries_as_the_policy_would_have_made() {
    for (retry, gone) in [
        (RetryPolicy::default(), 90..600),
        (
            RetryPolicy::new(Duration::from_secs(30), Duration::from_secs(600), 10),
            1200..6000,
        ),
    ] {
        let mut story = Story::new(Settings {
            retry,
            ..mk_settings(300)
        });
        story.start(None);
        story.vault.is_away = true;
        let a = story.read("kv/a");
        let b = story.read("kv/b");
        story.run(7200);
        for secret in [a, b] {
            let failures = story.failures(secret);
            let attempts: Vec<u32> = failures.iter().map(|(_, it)| it.attempt).collect();
            let one_by_one: Vec<u32> = (1..=u32::try_from(attempts.len()).unwrap()).collect();
            assert_eq!(attempts, one_by_one);
            let exhausted = failures.iter().find(|(_, failure)| failure.is_exhausted);
            let at = exhausted.expect("it is not available for two hours").0;
            assert!(gone.contains(&at), "exhausted after {at} s of {gone:?}");
        }
    }
}

#[test]
fn a_lease_that_ends_during_an_outage_is_reported_however_many_wait() {
    let mut story = Story::new(mk_settings(300));
    let paths = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
    let paths = paths.map(|name| format!("db/creds/{name}").leak() as &'static str);
    for path in paths {
        mk_leased(&mut story.vault, path, 120);
    }
    story.vault.lease_ttl = 120;
    let secrets = paths.map(|path| story.read(path));
    story.start(None);
    story.run(10);
    story.vault.is_away = true;
    story.run(400);
    for secret in secrets {
        assert!(
            !story.failures(secret).is_empty(),
            "its credential has ended"
        );
    }
}

#[test]
fn a_path_that_alone_has_no_connection_runs_out_of_tries() {
    let mut story = Story::new(mk_settings(60));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    mk_kv(&mut story.vault, "kv/data/b", "kv/metadata/b", 1);
    story.read("kv/a");
    let b = story.read("kv/b");
    story.start(None);
    story.run(10);
    story.vault.errors.insert("kv/metadata/b", (503, "", None));
    story.run(3600);
    let failures = story.failures(b);
    assert!(failures.iter().any(|(_, failure)| failure.is_exhausted));
}

#[test]
fn a_login_shows_that_vault_is_back_and_what_an_earlier_process_left_does_not() {
    let mut story = Story::new(mk_settings(300));
    story.start(None);
    story.vault.is_away = true;
    story.read("kv/a");
    assert!(story.engine.is_vault_away());
    story.read("kv/b");
    let is_closed = |output: &Output| matches!(output, Output::Note(Note::BreakerClosed));
    assert!(!story.has(is_closed), "Vault was not asked");
    story.vault.is_away = false;
    story.engine.credentials_changed(story.now);
    story.drain();
    assert!(!story.engine.is_vault_away());
}

/// Ten secrets that an earlier process left ten minutes ago, so that they are overdue.
fn mk_left() -> Story {
    let mut story = Story::new(mk_settings(500));
    story.vault.left_for = 600;
    for number in 0..10 {
        let path = format!("kv/data/{number}").leak() as &'static str;
        let metadata = path.replace("data", "metadata").leak();
        mk_kv(&mut story.vault, path, metadata, 1);
        let left = story.vault.bodies[path].clone();
        story.vault.left.insert(path, left);
        story.read(path);
    }
    story
}

#[test]
fn a_connection_that_fails_once_at_the_start_delays_overdue_reads_by_seconds() {
    let mut story = mk_left();
    story.vault.is_away = true;
    story.start(Some("old"));
    story.vault.is_away = false;
    story.run(60);
    let reads = story.times("read kv/");
    assert!(reads.len() == 10 && reads[9] <= 15, "{reads:?}");
}

#[test]
fn an_outage_that_is_over_for_long_delays_no_read() {
    let mut story = mk_left();
    story.vault.is_away = true;
    story.start(Some("old"));
    story.run(60);
    story.vault.is_away = false;
    story
        .vault
        .errors
        .insert("login", (400, "no such role", None));
    story
        .vault
        .errors
        .insert("lookup", (403, "invalid token", None));
    story.run(3600);
    assert_eq!(story.count("read kv/"), 0);
    story.vault.errors.remove("login");
    story.run(600);
    let reads = story.times("read kv/");
    assert!(reads.len() >= 10, "{reads:?}");
    assert!(reads[9] <= reads[0] + 1, "{reads:?}");
}

#[test]
fn a_failure_tells_the_longest_wait_also_while_only_patient_reads_wait() {
    let mut story = Story::new(mk_settings(300));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    let a = story.read("kv/a");
    story.start(None);
    story.vault.is_away = true;
    story.run(7200);
    let failures = story.failures(a);
    let late = |pair: &[(u64, &crate::Failure)]| pair[1].0 - pair[0].0 > 60;
    assert!(failures.windows(2).any(late), "probes are far apart");
    for pair in failures.windows(2) {
        let gap = pair[1].0 - pair[0].0;
        let pause = pair[0].1.pause;
        assert!(
            pause.as_secs() + 2 >= gap,
            "{gap} s after at most {pause:?}"
        );
    }
}
