use super::*;

/// One answer of the server to a renewal.
#[derive(Clone, Copy)]
enum Answer {
    Grant(u64),
    LastGrant(u64),
    Transient,
    Permanent,
}

use Answer::{Grant, LastGrant, Permanent, Transient};

#[derive(Debug)]
struct Story {
    end: End,
    after: f64,
    renewals: usize,
    sleeps: Vec<f64>,
}

/// Plays a credential of `granted` seconds against a server that gives `answers`, the last of them
/// for ever.
fn mk_story(tolerance: Tolerance, granted: u64, renewable: bool, answers: &[Answer]) -> Story {
    let start = Instant::default();
    let mut now = start;
    let jitter = Jitter::new(0.5);
    let granted = Duration::from_secs(granted);
    let (mut state, mut effect) = Lifetime::start(tolerance, granted, renewable, now, jitter);
    let (mut renewals, mut sleeps) = (0, Vec::new());
    loop {
        let event = match effect {
            Effect::End(end) => {
                let after = now.since(start).as_secs_f64();
                return Story {
                    end,
                    after,
                    renewals,
                    sleeps,
                };
            }
            Effect::Sleep(pause) => {
                assert!(
                    !pause.is_zero(),
                    "a machine that never sleeps floods the server"
                );
                sleeps.push(pause.as_secs_f64());
                now = now.after(pause);
                Event::Woke
            }
            Effect::Renew => {
                let answer = answers.get(renewals).or(answers.last()).copied();
                renewals += 1;
                assert!(renewals < 100, "the story must end");
                match answer.expect("a renewal was not expected") {
                    Grant(seconds) => Event::Renewed {
                        granted: Duration::from_secs(seconds),
                        renewable: true,
                    },
                    LastGrant(seconds) => Event::Renewed {
                        granted: Duration::from_secs(seconds),
                        renewable: false,
                    },
                    Transient => Event::Failed { transient: true },
                    Permanent => Event::Failed { transient: false },
                }
            }
        };
        (state, effect) = state.step(event, now, jitter);
    }
}

#[test]
fn the_first_renewal_is_immediate_and_the_next_after_about_seventy_percent() {
    let start = Instant::default();
    for jitter in [0.0, 0.5, 0.999] {
        let jitter = Jitter::new(jitter);
        let hour = Duration::from_secs(3600);
        let (state, effect) = Lifetime::start(Tolerance::Any, hour, true, start, jitter);
        assert_eq!(effect, Effect::Renew);
        let event = Event::Renewed {
            granted: hour,
            renewable: true,
        };
        let (_, effect) = state.step(event, start, jitter);
        let Effect::Sleep(pause) = effect else {
            panic!("{effect:?}");
        };
        let part = pause.as_secs_f64() / 3600.0;
        assert!((0.69..0.74).contains(&part), "{part}");
    }
}

#[test]
fn a_credential_just_granted_waits_for_its_first_renewal() {
    for jitter in [0.0, 0.999] {
        let (state, effect) = Lifetime::granted(
            Tolerance::Transient,
            Duration::from_secs(100),
            true,
            Instant::default(),
            Jitter::new(jitter),
        );
        let Effect::Sleep(pause) = effect else {
            panic!("{effect:?}")
        };
        assert!((69..=74).contains(&pause.as_secs()), "{pause:?}");
        assert_eq!(
            state
                .step(Event::Woke, Instant::default(), Jitter::new(jitter))
                .1,
            Effect::Renew
        );
    }
}

#[test]
fn a_credential_that_reaches_its_maximum_ends_before_its_time_is_up() {
    let story = mk_story(
        Tolerance::Any,
        60,
        true,
        &[Grant(60), Grant(60), Grant(20), Grant(8)],
    );
    assert_eq!(story.end, End::Due);
    // Two full grants were slept through; of the third so little would be left that it is the last.
    assert_eq!(story.renewals, 3);
    assert!((80.0..105.0).contains(&story.after), "{story:?}");
}

#[test]
fn a_renewal_that_grants_less_than_asked_is_followed() {
    let story = mk_story(Tolerance::Any, 60, true, &[Grant(10)]);
    assert_eq!(story.end, End::Due);
    assert!(story.after < 60.0, "{story:?}");
}

#[test]
fn one_failure_is_waited_out() {
    let story = mk_story(
        Tolerance::Any,
        3600,
        true,
        &[Grant(3600), Transient, Grant(3600), Grant(60)],
    );
    assert_eq!(story.end, End::Due);
    assert!((story.sleeps[1] - 10.0).abs() < 1e-6, "{story:?}");
    assert!((story.sleeps[2] - 2580.0).abs() < 1.0, "{story:?}");
}

#[test]
fn failures_back_off_until_the_time_is_up() {
    let story = mk_story(Tolerance::Any, 600, true, &[Permanent]);
    assert_eq!(story.end, End::Due);
    let expected = [10.0, 20.0, 40.0, 80.0, 160.0];
    assert_eq!(story.sleeps.len(), expected.len());
    for (sleep, expected) in story.sleeps.iter().zip(expected) {
        assert!((sleep - expected).abs() < 1e-6, "{story:?}");
    }
    assert!(story.after < 600.0);
}

#[test]
fn a_failure_after_the_end_is_the_end() {
    let start = Instant::default();
    let jitter = Jitter::new(0.5);
    let minute = Duration::from_secs(60);
    let (state, _) = Lifetime::start(Tolerance::Any, minute, true, start, jitter);
    let late = start.after(minute + Duration::from_secs(1));
    let (_, effect) = state.step(Event::Failed { transient: true }, late, jitter);
    assert_eq!(effect, Effect::End(End::Expired));
}

#[test]
fn a_lease_ends_at_the_first_refusal_but_outlives_an_outage() {
    let story = mk_story(Tolerance::Transient, 3600, true, &[Grant(3600), Permanent]);
    assert_eq!((story.end, story.renewals), (End::Refused, 2));
    let story = mk_story(
        Tolerance::Transient,
        3600,
        true,
        &[
            Grant(3600),
            Transient,
            Transient,
            Grant(3600),
            LastGrant(10),
        ],
    );
    assert_eq!((story.end, story.renewals), (End::NotRenewable, 5));
}

#[test]
fn a_token_goes_on_where_the_server_says_not_renewable() {
    let story = mk_story(Tolerance::Any, 60, true, &[LastGrant(60), Grant(5)]);
    assert_eq!((story.end, story.renewals), (End::Due, 2));
}

#[test]
fn what_cannot_be_renewed_is_waited_for_and_replaced_in_time() {
    let story = mk_story(Tolerance::Any, 100, false, &[]);
    assert_eq!((story.end, story.renewals), (End::Due, 0));
    assert!((70.0..100.0).contains(&story.after), "{story:?}");
}

#[test]
fn nothing_left_ends_at_once() {
    for renewable in [true, false] {
        let story = mk_story(Tolerance::Any, 0, renewable, &[Grant(0)]);
        assert_eq!(story.end, End::Due);
        assert!(story.sleeps.is_empty());
    }
}

#[test]
fn a_grant_beyond_all_measure_overflows_nothing() {
    let start = Instant::default();
    let jitter = Jitter::new(0.5);
    let (state, effect) = Lifetime::start(Tolerance::Any, Duration::MAX, false, start, jitter);
    assert!(matches!(effect, Effect::Sleep(_)), "{effect:?}");
    assert!(state.ends_at() > start);
}

#[test]
fn the_end_moves_with_each_grant() {
    let start = Instant::default();
    let jitter = Jitter::new(0.5);
    let (state, _) = Lifetime::start(Tolerance::Any, Duration::from_secs(60), true, start, jitter);
    assert_eq!(state.ends_at(), start.after(Duration::from_secs(60)));
    let now = start.after(Duration::from_secs(30));
    let event = Event::Renewed {
        granted: Duration::from_secs(90),
        renewable: true,
    };
    let (state, _) = state.step(event, now, jitter);
    assert_eq!(state.ends_at(), start.after(Duration::from_secs(120)));
}

#[test]
fn it_backs_off_from_a_failed_renewal_until_one_works() {
    let (now, jitter) = (Instant::default(), Jitter::new(0.5));
    let granted = Duration::from_secs(600);
    let (state, _) = Lifetime::start(Tolerance::Any, granted, true, now, jitter);
    assert!(!state.is_backing_off());
    let (state, _) = state.step(Event::Failed { transient: true }, now, jitter);
    assert!(state.is_backing_off());
    let renewable = true;
    let (state, _) = state.step(Event::Renewed { granted, renewable }, now, jitter);
    assert!(!state.is_backing_off());
}

#[test]
fn a_failure_at_the_very_end_is_not_too_late() {
    let (start, jitter) = (Instant::default(), Jitter::new(0.5));
    let minute = Duration::from_secs(60);
    let (state, _) = Lifetime::start(Tolerance::Any, minute, true, start, jitter);
    let (_, effect) = state.step(
        Event::Failed { transient: true },
        start.after(minute),
        jitter,
    );
    assert_eq!(effect, Effect::End(End::Due));
}

#[test]
fn what_is_too_little_to_go_on_with_is_measured_by_the_largest_grant() {
    let now = Instant::default();
    let renewed = |state: Lifetime, seconds, jitter| {
        let granted = Duration::from_secs(seconds);
        let renewable = true;
        state.step(
            Event::Renewed { granted, renewable },
            now,
            Jitter::new(jitter),
        )
    };
    let minute = Duration::from_secs(60);
    let (state, _) = Lifetime::start(Tolerance::Any, minute, true, now, Jitter::new(0.5));
    let (state, _) = renewed(state, 600, 0.5);
    assert_eq!(renewed(state, 60, 0.5).1, Effect::End(End::Due));
    // A grant as large as the one before changes nothing about that.
    let (state, _) = Lifetime::start(Tolerance::Any, minute, true, now, Jitter::new(0.0));
    assert_eq!(
        renewed(state, 60, 0.9).1,
        Effect::Sleep(Duration::from_secs(42))
    );
}
