use std::time::Duration;

use super::harness::{Story, mk_leased, mk_settings};
use crate::*;

#[test]
fn a_lease_is_renewed_before_it_ends() {
    let mut story = Story::new(mk_settings(300));
    mk_leased(&mut story.vault, "db/creds/a", 60);
    let a = story.read("db/creds/a");
    story.start(None);
    story.run(600);
    assert_eq!(story.readings(a), [0], "the same credentials all the time");
    assert!(
        (13..=15).contains(&story.count("lease db/creds/a/1")),
        "{:?}",
        story.asked
    );
}

#[test]
fn a_lease_of_no_time_counts_as_the_interval() {
    for ttl in [0, -5] {
        let mut story = Story::new(mk_settings(60));
        mk_leased(&mut story.vault, "db/creds/a", ttl);
        story.vault.lease_ttl = 0;
        story.read("db/creds/a");
        story.start(None);
        story.run(3600);
        let requests = story.asked.len();
        assert!(
            (60..75).contains(&requests),
            "{requests} requests in an hour"
        );
    }
}

#[test]
fn a_lease_that_vault_does_not_know_is_replaced_at_once() {
    let mut story = Story::new(mk_settings(300));
    mk_leased(&mut story.vault, "db/creds/a", 60);
    let a = story.read("db/creds/a");
    story.start(None);
    story
        .vault
        .errors
        .insert("renew-lease", (400, "lease not found", None));
    story.run(60);
    assert_eq!(story.readings(a).len(), 2);
    let forgotten = |output: &Output| matches!(output, Output::Forget(id) if *id == a);
    assert!(story.has(forgotten), "the next process is not to renew it");
}

#[test]
fn renewals_do_not_wait_for_reads() {
    let mut story = Story::new(Settings {
        most_reads: 1,
        ..mk_settings(300)
    });
    mk_leased(&mut story.vault, "db/creds/a", 60);
    story.read("db/creds/a");
    story.start(None);
    // A read that is never answered has the only turn.
    let _stuck = story.engine.want(
        story.now,
        Want::Read {
            path: "db/stuck".into(),
        },
    );
    while let Some(output) = story.engine.poll_output() {
        if let Output::Call(id, Call::Recall { .. }) = output {
            story.engine.answer(story.now, id, Answer::Recalled(None));
        }
    }
    story.run(120);
    assert!(story.count("lease db/creds/a/1") >= 2);
}

#[test]
fn a_rate_limited_renewal_waits_for_what_it_was_asked() {
    let mut story = Story::new(mk_settings(300));
    mk_leased(&mut story.vault, "db/creds/a", 3600);
    story.vault.lease_ttl = 3600;
    story.read("db/creds/a");
    story.start(None);
    story
        .vault
        .errors
        .insert("renew-lease", (429, "quota", Some(60)));
    story.run(3000);
    let times = story.times("lease");
    assert!(
        times.windows(2).all(|pair| pair[1] - pair[0] >= 60),
        "{times:?}"
    );
}

#[test]
fn leases_of_a_token_that_was_replaced_are_read_again_before_it_ends() {
    let mut story = Story::new(mk_settings(300));
    story.vault.token_ttl = 600;
    mk_leased(&mut story.vault, "db/creds/a", 3600);
    story.vault.lease_ttl = 3600;
    let a = story.read("db/creds/a");
    story.start(None);
    story.run(10);
    story.engine.credentials_changed(story.now);
    story.run(300);
    assert_eq!(story.count("login"), 2);
    assert_eq!(
        story.readings(a).len(),
        2,
        "in the first half of what is left to the token"
    );
    let login = story.engine.login().unwrap();
    assert_eq!(login.earlier.len(), 1);
}

#[test]
fn what_an_earlier_process_left_is_renewed_rather_than_read() {
    let mut story = Story::new(mk_settings(300));
    let mut body =
        serde_json::json!({"lease_duration": 60, "renewable": true, "data": {"user": "u"}});
    body["lease_id"] = "db/creds/a/0".into();
    story.vault.left.insert("db/creds/a", body);
    let a = story.read("db/creds/a");
    story.start(Some("kept"));
    let asked: Vec<&str> = story.asked.iter().map(|(_, what)| what.as_str()).collect();
    assert_eq!(asked, ["lookup kept", "lease db/creds/a/0"]);
    assert_eq!(story.readings(a), [0]);
    let held: Vec<_> = story.engine.held_leases().collect();
    assert_eq!(held.len(), 1);
    assert!(held[0].2 > story.now.mono.after(Duration::from_secs(50)));
}

#[test]
fn leaving_revokes_the_token_and_leases_only_if_that_fails() {
    let mut story = Story::new(mk_settings(300));
    mk_leased(&mut story.vault, "db/creds/a", 60);
    story.read("db/creds/a");
    story.start(None);
    story.engine.leave(story.now, true);
    story.drain();
    assert_eq!((story.count("revoke t1"), story.count("revoke db")), (1, 0));
    assert!(story.has(|output| matches!(output, Output::Left { all: true })));
    assert_eq!(story.engine.poll_timeout(), None);

    let mut story = Story::new(mk_settings(300));
    mk_leased(&mut story.vault, "db/creds/a", 60);
    story.vault.errors.insert("revoke-token", (403, "no", None));
    story.read("db/creds/a");
    story.start(None);
    story.engine.leave(story.now, true);
    story.drain();
    assert_eq!(
        (story.count("revoke t1"), story.count("revoke db/creds/a/1")),
        (1, 1)
    );
    assert!(story.has(|output| matches!(output, Output::Left { all: false })));
}

#[test]
fn the_end_of_a_lease_that_cannot_be_renewed_is_known() {
    let mut story = Story::new(mk_settings(300));
    let body = serde_json::json!({
        "lease_id": "", "lease_duration": 100, "renewable": false, "data": {"user": "u"},
    });
    story.vault.bodies.insert("db/creds/a", body);
    let a = story.read("db/creds/a");
    story.start(None);
    let ends_at = story.engine.lease_end(a);
    assert_eq!(
        ends_at,
        Some(story.now.mono.after(Duration::from_secs(100)))
    );
}

#[test]
fn leases_too_short_to_be_renewed_are_read_once_a_second_at_most() {
    let mut story = Story::new(mk_settings(300));
    mk_leased(&mut story.vault, "db/creds/a", 1);
    story.vault.lease_ttl = 0;
    story.read("db/creds/a");
    story.start(None);
    story.run(60);
    let reads = story.count("read db/creds/a");
    assert!((40..=61).contains(&reads), "{reads} reads in a minute");
}

#[test]
fn leaving_without_the_token_waits_for_reads_and_revokes_what_they_bring() {
    let mut story = Story::new(mk_settings(300));
    story.start(None);
    let data = Fields::default();
    let path = "pki/a".into();
    story.engine.want(story.now, Want::Issue { path, data });
    let mut write = None;
    while let Some(output) = story.engine.poll_output() {
        match output {
            Output::Call(id, Call::Recall { .. }) => {
                story.engine.answer(story.now, id, Answer::Recalled(None));
            }
            Output::Call(id, Call::Write { .. }) => write = Some(id),
            _ => {}
        }
    }
    story.engine.leave(story.now, false);
    story.drain();
    assert!(!story.has(|output| matches!(output, Output::Left { .. })));
    let body = serde_json::json!({"lease_id": "pki/a/7", "lease_duration": 60, "data": {}});
    let answer = Answer::Secret(Ok(Some(super::harness::mk_response(&body))));
    story.engine.answer(story.now, write.unwrap(), answer);
    story.drain();
    assert_eq!(story.count("revoke pki/a/7"), 1);
    assert!(story.has(|output| matches!(output, Output::Left { all: true })));
    assert_eq!(story.count("revoke t1"), 0);
}

#[test]
fn leaving_revokes_a_kept_token_that_vault_has_not_answered_about() {
    let mut story = Story::new(mk_settings(300));
    story.vault.is_away = true;
    story.start(Some("kept"));
    story.run(5);
    assert_eq!(story.count("revoke"), 0);
    story.vault.is_away = false;
    story.engine.leave(story.now, true);
    story.drain();
    assert_eq!(story.count("revoke kept"), 1);
    assert!(story.has(|output| matches!(output, Output::Left { all: true })));
}

#[test]
fn a_login_that_works_while_its_engine_leaves_is_revoked() {
    let mut story = Story::new(mk_settings(300));
    story.start(None);
    story.engine.credentials_changed(story.now);
    let Some(Output::Call(login, Call::LogIn)) = std::iter::from_fn(|| story.engine.poll_output())
        .find(|output| matches!(output, Output::Call(..)))
    else {
        panic!("no login")
    };
    story.engine.leave(story.now, true);
    let late = vault_wire::Auth {
        client_token: vault_wire::Token::new("late").unwrap(),
        accessor: String::new(),
        lease_duration: Duration::from_secs(60),
        renewable: true,
        policies: Vec::new(),
        metadata: std::collections::BTreeMap::new(),
    };
    let answer = Answer::LoggedIn(Ok(vault_wire::Granted::Token(late)));
    story.engine.answer(story.now, login, answer);
    story.drain();
    assert_eq!(story.count("revoke late"), 1);
    assert!(story.has(|output| matches!(output, Output::Left { all: true })));
}

#[test]
fn leases_are_revoked_a_few_at_a_time_and_all_of_them() {
    let mut story = Story::new(Settings {
        most_reads: 100,
        ..mk_settings(300)
    });
    for number in 0..30 {
        let path: &'static str = format!("db/creds/{number}").leak();
        mk_leased(&mut story.vault, path, 60);
        story.read(path);
    }
    story.start(None);
    story.engine.leave(story.now, false);
    let (mut open, mut revoked) = (Vec::new(), 0);
    loop {
        while let Some(output) = story.engine.poll_output() {
            if let Output::Call(id, Call::RevokeLease { .. }) = output {
                open.push(id);
            }
        }
        assert!(open.len() <= 8, "{} at once", open.len());
        let Some(id) = open.pop() else { break };
        revoked += 1;
        story.engine.answer(story.now, id, Answer::Revoked(Ok(())));
    }
    assert_eq!(revoked, 30);
}
