//! Runs that keep the rules, and mistakes that are found.

use simulator::{Bug, explain, simulate};

#[test]
fn runs_keep_the_rules() {
    let mut requests = 0;
    for seed in 1..=24 {
        let outcome = simulate(seed, 1, None);
        requests += outcome.requests;
        let told = outcome.violation.and_then(|_| explain(seed, 1, None));
        assert!(told.is_none(), "{}", told.unwrap_or_default());
    }
    assert!(requests > 2400, "{requests} requests");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| {
        let outcome = simulate(seed, 1, None);
        (outcome.trace, outcome.requests, outcome.steps)
    };
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn planted_mistakes_are_found() {
    for bug in [
        Bug::ZeroLeaseLoop,
        Bug::RenewsDeadLease,
        Bug::BreakerIgnoresLogin,
        Bug::HandOverForgetsLease,
        Bug::FileBeforeLease,
    ] {
        let found = (1..=200).find(|seed| simulate(*seed, 1, Some(bug)).violation.is_some());
        assert!(found.is_some(), "{bug:?}");
    }
}

#[test]
fn a_mistake_is_told_by_a_short_run() {
    let broken = |seed: &u64| {
        simulate(*seed, 1, Some(Bug::FileBeforeLease))
            .violation
            .is_some()
    };
    let seed = (1..=200).find(broken).unwrap();
    let text = explain(seed, 1, Some(Bug::FileBeforeLease)).unwrap();
    assert!(text.contains("BROKEN: a lease is held before its file is written"));
    assert!(text.lines().count() < 60, "{text}");
}
