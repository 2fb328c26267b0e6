use std::time::Duration;

use super::harness::{Story, mk_kv, mk_leased, mk_settings};
use crate::*;

#[test]
fn a_token_is_renewed_for_as_long_as_that_works() {
    let mut story = Story::new(mk_settings(300));
    story.vault.token_ttl = 60;
    story.start(None);
    story.run(600);
    assert_eq!(story.count("login"), 1);
    assert!(
        (13..=15).contains(&story.count("renew t1")),
        "{:?}",
        story.asked
    );
}

#[test]
fn failed_logins_back_off_and_new_credentials_end_the_wait() {
    let mut story = Story::new(mk_settings(300));
    story.vault.errors.insert("login", (500, "no", None));
    story.start(None);
    story.run(1200);
    let before = story.count("login");
    assert!((8..16).contains(&before), "{before}");
    story.vault.errors.clear();
    story.engine.credentials_changed(story.now);
    story.drain();
    assert_eq!(story.count("login"), before + 1);
    assert!(story.engine.login().is_some());
}

#[test]
fn a_first_login_that_is_refused_five_times_is_the_end() {
    let mut story = Story::new(mk_settings(300));
    story
        .vault
        .errors
        .insert("login", (403, "permission denied", None));
    story.start(None);
    story.run(60);
    let gave_up = GaveUp::Refused { tries: 5 };
    assert!(story.has(|output| matches!(output, Output::GaveUp(why) if *why == gave_up)));
}

#[test]
fn a_denied_read_shows_whether_the_token_is_dead() {
    let mut story = Story::new(mk_settings(5));
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    let a = story.read("kv/a");
    story.start(None);
    story.run(60);
    story.vault.dead.insert("t1".into());
    story.run(10);
    assert_eq!(story.count("lookup t1"), 1);
    assert_eq!(story.count("login"), 2);
    assert_eq!(
        story.count("read kv/data/a t1"),
        1,
        "the secret is not asked for with a token whose look at the metadata showed that it is dead"
    );
    story.run(10);
    assert!(
        story.count("read kv/metadata/a t2") > 0,
        "{:?}",
        story.asked
    );
    assert_eq!(story.readings(a).len(), 1);
}

#[test]
fn a_policy_that_denies_a_path_costs_few_lookups_and_no_login() {
    let mut story = Story::new(mk_settings(5));
    for path in ["kv/data/a", "kv/data/b", "kv/data/c"] {
        story
            .vault
            .errors
            .insert(path, (403, "permission denied", None));
    }
    story.vault.kv_v2.insert("kv");
    for path in ["kv/a", "kv/b", "kv/c"] {
        story.read(path);
    }
    story.start(None);
    story.run(600);
    assert_eq!(story.count("login"), 1);
    let lookups = story.times("lookup");
    assert!(
        lookups.windows(2).all(|pair| pair[1] - pair[0] >= 10),
        "{lookups:?}"
    );
}

#[test]
fn tokens_that_die_as_soon_as_they_are_made_are_no_flood_of_logins() {
    let mut story = Story::new(mk_settings(1));
    story.vault.kv_v2.insert("kv");
    for token in 1..100 {
        story.vault.dead.insert(format!("t{token}"));
    }
    story.read("kv/a");
    story.start(None);
    story.run(3600);
    assert!(
        (5..40).contains(&story.count("login")),
        "{}",
        story.count("login")
    );
}

#[test]
fn a_new_token_starts_at_once_what_waits() {
    let mut story = Story::new(mk_settings(300));
    story.vault.kv_v2.insert("kv");
    story
        .vault
        .errors
        .insert("kv/data/a", (403, "permission denied", None));
    let a = story.read("kv/a");
    story.start(None);
    story.run(300);
    story.vault.errors.clear();
    mk_kv(&mut story.vault, "kv/data/a", "kv/metadata/a", 1);
    let at = story.now.mono.since_origin().as_secs();
    story.engine.credentials_changed(story.now);
    story.drain();
    assert_eq!(story.readings(a), [at]);
}

#[test]
fn a_renewal_of_no_time_is_no_loop() {
    let mut story = Story::new(mk_settings(300));
    story.vault.token_ttl = 60;
    story.start(None);
    story.run(30);
    story.vault.token_ttl = 0;
    story.run(3600);
    assert!(story.asked.len() < 100, "{} requests", story.asked.len());
}

#[test]
fn a_kept_token_outlives_an_outage_and_is_dropped_if_it_is_dead() {
    let mut story = Story::new(mk_settings(300));
    story.vault.is_away = true;
    story.start(Some("kept"));
    story.run(60);
    story.vault.is_away = false;
    story.run(120);
    assert_eq!(story.count("login"), 0);
    assert_eq!(story.engine.login().unwrap().token.expose(), "kept");

    let mut story = Story::new(mk_settings(300));
    story.vault.dead.insert("kept".into());
    story.start(Some("kept"));
    assert_eq!(story.engine.login().unwrap().token.expose(), "t1");
    assert!(story.has(|output| matches!(output, Output::ForgetToken)));
}

#[test]
fn a_login_is_woken_when_vault_is_back() {
    let login = LoginPolicy {
        backoff: Backoff {
            base: Duration::from_secs(90),
            max: Duration::from_secs(200),
            spread: Spread::Quarter,
        },
        ..LoginPolicy::default()
    };
    let mut story = Story::new(Settings {
        login,
        ..mk_settings(5)
    });
    story.vault.token_ttl = 30;
    mk_leased(&mut story.vault, "db/creds/a", 30);
    let a = story.read("db/creds/a");
    story.start(None);
    story.run(10);
    story.vault.is_away = true;
    story.run(130);
    // The token and all its leases have ended.
    story.vault.is_away = false;
    story.vault.dead.insert("t1".into());
    let back = story.now.mono.since_origin().as_secs();
    story.run(61);
    let read = story.readings(a).into_iter().find(|at| *at >= back);
    let login = story.times("login").into_iter().find(|at| *at >= back);
    assert!(
        login.is_some_and(|at| at <= back + 60),
        "{login:?} after {back}"
    );
    assert_eq!(read, login, "the login starts the read at once");
}

#[test]
fn a_denial_of_the_token_before_does_not_wait_once_there_is_another() {
    let mut story = Story::new(mk_settings(300));
    story.start(None);
    let path = "pki/a".into();
    let data = Fields::default();
    story.engine.want(story.now, Want::Issue { path, data });
    let mut asked = None;
    while let Some(output) = story.engine.poll_output() {
        match output {
            Output::Call(id, Call::Recall { .. }) => {
                story.engine.answer(story.now, id, Answer::Recalled(None));
            }
            Output::Call(id, Call::Write { .. }) => asked = Some(id),
            _ => {}
        }
    }
    story.engine.credentials_changed(story.now);
    story.drain();
    let denied = super::harness::mk_error(403, "permission denied", None);
    let answer = Answer::Secret(Err(denied));
    story.engine.answer(story.now, asked.unwrap(), answer);
    story.drain();
    assert_eq!(story.count("write pki/a"), 1, "at once, with the new token");
}

#[test]
fn a_standby_says_nothing_about_a_kept_token() {
    let mut story = Story::new(mk_settings(300));
    for path in ["lookup", "login"] {
        story.vault.errors.insert(path, (473, "", None));
    }
    story.start(Some("kept"));
    story.run(600);
    story.vault.errors.clear();
    story.run(300);
    assert_eq!(story.count("login"), 0);
    assert_eq!(story.engine.login().unwrap().token.expose(), "kept");
}
