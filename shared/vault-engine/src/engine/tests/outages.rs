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
