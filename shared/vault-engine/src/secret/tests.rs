use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value as Json, json};
use vault_wire::{JsonText, RequestLine, Response, Token};

use super::*;
use crate::jitter::Jitter;
use crate::planted::Planted;
use crate::rotation::Rotation;

const WALL: u64 = 1_700_000_000;

struct Story {
    secret: Secret,
    now: Now,
    jitter: JitterSource,
    refresh: RefreshPolicy,
    retry: RetryPolicy,
}

impl Story {
    fn new() -> Self {
        Self {
            secret: Secret::new(mk_want()),
            now: Now {
                mono: Instant::default(),
                wall: UNIX_EPOCH + Duration::from_secs(WALL),
            },
            jitter: JitterSource::new(1),
            refresh: RefreshPolicy::default(),
            retry: RetryPolicy::default(),
        }
    }

    fn with<T>(&mut self, change: impl FnOnce(&mut Secret, &mut Context<'_>) -> T) -> T {
        let mut cx = Context {
            planted: Planted::default(),
            now: self.now,
            jitter: &mut self.jitter,
            refresh: &self.refresh,
            retry: &self.retry,
        };
        change(&mut self.secret, &mut cx)
    }

    fn accept(&mut self, body: &Json) -> Result<Accepted, Rotating> {
        let (value, login) = (
            mk_value(body, self.now.wall),
            mk_login(1, Predecessor::None),
        );
        self.with(|secret, cx| secret.accept(value, &login, None, &login, cx))
    }

    fn fail(&mut self) {
        self.with(|secret, cx| secret.fail(Cause::Other, false, None, false, cx));
    }

    fn pass(&mut self, seconds: u64) {
        self.now.mono = self.now.mono.after(Duration::from_secs(seconds));
        self.now.wall += Duration::from_secs(seconds);
    }

    fn waits(&self) -> Duration {
        self.secret.wake_at().unwrap().since(self.now.mono)
    }

    fn is_queued(&self) -> bool {
        self.secret.read_key().is_some()
    }
}

fn mk_want() -> Want {
    Want::Read { path: "a/b".into() }
}

fn mk_value(body: &Json, wall: SystemTime) -> Value {
    let response = Response::from_body(JsonText::new(body.to_string())).unwrap();
    Value::of(&mk_want(), Some(&response), "a/b", None, wall).unwrap()
}

fn mk_login(generation: u64, predecessor: Predecessor) -> Login {
    Login {
        generation,
        token: Token::new("hvs.a").unwrap(),
        predecessor,
        earlier: Vec::new(),
        is_fresh: true,
    }
}

fn mk_static() -> Json {
    json!({"data": {"a": 1}})
}

fn mk_role(ttl: u64, password: &str) -> Json {
    json!({"data": {"rotation_period": 60, "ttl": ttl, "password": password}})
}

fn mk_lease(ttl: u64) -> Json {
    json!({"lease_id": "a/b/1", "lease_duration": ttl, "renewable": true, "data": {"a": 1}})
}

fn mk_error(status: u16, retry_after: Option<u64>) -> Error {
    Error::Api {
        request: RequestLine::new("GET", "http://vault/v1/x"),
        status,
        errors: Vec::new(),
        retry_after: retry_after.map(Duration::from_secs),
    }
}

#[test]
fn only_a_value_that_nothing_ends_is_patient() {
    let ends = WALL + 1000;
    for (body, expected) in [
        (mk_static(), true),
        (mk_lease(60), false),
        (mk_role(60, "x"), false),
        (
            json!({"data": {"certificate": "x", "expiration": ends}}),
            false,
        ),
        (
            json!({"data": {"secret_id": "x", "secret_id_ttl": 60}}),
            false,
        ),
    ] {
        let mut story = Story::new();
        assert!(!story.secret.is_patient(), "there is no value");
        story.accept(&body).unwrap();
        assert_eq!(story.secret.is_patient(), expected, "{body}");
    }
}

#[test]
fn the_same_value_is_news_only_after_a_failure() {
    let mut story = Story::new();
    assert_eq!(story.accept(&mk_static()), Ok(Accepted::New));
    assert_eq!(story.accept(&mk_static()), Ok(Accepted::Same));
    story.fail();
    assert_eq!(story.accept(&mk_static()), Ok(Accepted::Recovered));
    assert_eq!(story.accept(&mk_static()), Ok(Accepted::Same));
    let login = mk_login(1, Predecessor::None);
    assert_eq!(
        story.with(|secret, cx| secret.confirm(&login, cx)),
        Accepted::Same
    );
    story.fail();
    assert_eq!(
        story.with(|secret, cx| secret.confirm(&login, cx)),
        Accepted::Recovered
    );
    assert_eq!(story.secret.failures(), 0);
}

#[test]
fn a_credential_past_its_time_is_read_again_shortly_until_it_is_another() {
    let mut story = Story::new();
    story.accept(&mk_role(60, "x")).unwrap();
    assert_eq!((story.secret.late(), story.waits().as_secs()), (0, 61));
    story.pass(61);
    for looks in 1..4 {
        assert_eq!(story.accept(&mk_role(60, "x")), Ok(Accepted::Same));
        assert_eq!(story.secret.late(), looks);
        assert!(story.waits() <= Rotation::look_again(looks, Jitter::new(0.0)));
    }
    assert_eq!(story.accept(&mk_role(0, "y")), Err(Rotating));
    assert_eq!(story.accept(&mk_role(59, "y")), Ok(Accepted::New));
    assert_eq!((story.secret.late(), story.waits().as_secs()), (0, 60));
}

#[test]
fn a_late_look_does_not_make_the_old_credential_one_of_the_new_token() {
    let mut story = Story::new();
    story.accept(&mk_role(60, "x")).unwrap();
    let login = mk_login(2, Predecessor::Dead);
    let accept = |story: &mut Story, password| {
        let value = mk_value(&mk_role(60, password), story.now.wall);
        let accepted = story.with(|secret, cx| secret.accept(value, &login, None, &login, cx));
        accepted.unwrap();
        story.secret.generation
    };
    assert_eq!(accept(&mut story, "x"), 1);
    assert_eq!(accept(&mut story, "y"), 2);
}

#[test]
fn the_same_value_that_a_newer_token_brings_is_one_of_that_token() {
    let mut story = Story::new();
    story.accept(&mk_static()).unwrap();
    let (value, login) = (
        mk_value(&mk_static(), story.now.wall),
        mk_login(2, Predecessor::Dead),
    );
    let accepted = story.with(|secret, cx| secret.accept(value, &login, None, &login, cx));
    assert_eq!((accepted, story.secret.generation), (Ok(Accepted::Same), 2));
}

#[test]
fn another_credential_that_is_late_too_is_taken() {
    let mut story = Story::new();
    let mk_role = |password: &str| {
        json!({"data": {
            "rotation_period": 60, "ttl": 60, "password": password,
            "last_vault_rotation": "2023-11-14T00:00:00Z",
        }})
    };
    story.accept(&mk_role("x")).unwrap();
    let before = story.secret.value().unwrap().hash;
    assert_eq!(story.accept(&mk_role("y")), Ok(Accepted::New));
    assert_eq!(story.secret.late(), 1);
    assert!(story.secret.value().unwrap().hash != before);
}

#[test]
fn leases_of_the_token_before_have_half_of_its_time_and_older_ones_none() {
    for (generation, longest) in [(2, 50), (3, 0)] {
        let mut story = Story::new();
        story.accept(&mk_lease(3600)).unwrap();
        let end = story.now.mono.after(Duration::from_secs(100));
        let login = mk_login(generation, Predecessor::EndsAt(end));
        story.with(|secret, cx| secret.meet(&login, cx));
        let waits = story.waits();
        assert!(waits <= Duration::from_secs(longest), "{waits:?}");
        assert_eq!(waits.is_zero(), longest == 0, "{waits:?}");
        story.now.mono = story.secret.wake_at().unwrap();
        story.with(Secret::wake);
        assert!(story.is_queued());
    }
}

#[test]
fn a_lease_whose_renewal_waits_ends_with_its_time_and_no_sooner() {
    let mut story = Story::new();
    story.accept(&mk_lease(60)).unwrap();
    let (_, end) = story.secret.held_lease().unwrap();
    story.now.mono = story.secret.wake_at().unwrap();
    assert_eq!(story.with(Secret::wake), Turn::Nothing);
    assert_eq!(story.secret.renewal_key(), Some(end));
    assert_eq!(story.secret.expire(story.now.mono), Turn::Nothing);
    assert!(!story.is_queued());
    assert_eq!(story.secret.expire(end), Turn::LeaseEnds(End::Expired));
    assert!(story.is_queued());
}

#[test]
fn metadata_is_hidden_from_one_login_alone() {
    let mut story = Story::new();
    let response = json!({"data": {"data": {"a": 1}, "metadata": {"version": 3}}});
    let response = Response::from_body(JsonText::new(response.to_string())).unwrap();
    let mount = vault_wire::kv::Mount {
        path: "a/".into(),
        kind: "kv".into(),
        version: Some("2".into()),
    };
    let value = Value::of(
        &mk_want(),
        Some(&response),
        "a/data/b",
        Some(&mount),
        story.now.wall,
    );
    let [first, second] = [1, 2].map(|generation| mk_login(generation, Predecessor::None));
    let value = value.unwrap();
    story
        .with(|secret, cx| secret.accept(value, &first, None, &first, cx))
        .unwrap();
    assert_eq!(story.secret.known_version(&first), Some(3));
    story.secret.hide_metadata(&first);
    assert_eq!(story.secret.known_version(&first), None);
    assert_eq!(story.secret.known_version(&second), Some(3));
}

#[test]
fn a_value_that_is_woken_too_early_stays() {
    let mut story = Story::new();
    story.accept(&mk_static()).unwrap();
    let at = story.secret.wake_at();
    story.pass(10);
    story.with(Secret::wake);
    assert_eq!(story.secret.wake_at(), at);
    story.pass(300);
    story.with(Secret::wake);
    assert!(story.is_queued());
}

#[test]
fn what_waits_for_vault_is_queued_when_vault_is_back_and_nothing_else_is() {
    for (cause, expected) in [
        (Cause::Outage, true),
        (Cause::Limited, false),
        (Cause::Other, false),
    ] {
        let mut story = Story::new();
        story.with(|secret, cx| secret.fail(cause, false, None, false, cx));
        story.secret.end_outage(Duration::ZERO, story.now.mono);
        assert_eq!(story.is_queued(), expected, "{cause:?}");
    }
}

#[test]
fn an_overdue_read_that_is_postponed_has_recovered_only_if_it_had_failed() {
    let mut story = Story::new();
    assert!(
        !story.with(|secret, cx| secret.postpone(Duration::from_secs(300), cx)),
        "it has no value to keep"
    );
    story.accept(&mk_static()).unwrap();
    assert!(!story.with(|secret, cx| secret.postpone(Duration::from_secs(300), cx)));
    story.fail();
    assert!(story.with(|secret, cx| secret.postpone(Duration::from_secs(300), cx)));
    assert!(story.waits() <= story.refresh.interval());
}

#[test]
fn a_certificate_counts_as_ended_in_the_middle_of_its_last_tenth() {
    for (lasted, expected) in [(949, false), (950, true)] {
        let mut story = Story::new();
        let ends = WALL + 1000;
        let body = json!({"data": {"certificate": "x", "expiration": ends}});
        story.accept(&body).unwrap();
        // Only the wall clock goes on.
        story.now.wall += Duration::from_secs(lasted);
        assert_eq!(
            story.with(|secret, cx| secret.has_ended_certificate(cx)),
            expected
        );
    }
}

#[test]
fn a_certificate_that_was_issued_by_a_slow_clock_is_replaced_in_time() {
    let mut story = Story::new();
    let body = json!({"data": {"certificate": "x", "expiration": WALL + 4600}});
    story.accept(&body).unwrap();
    // The clock was ten minutes slow, and is set.
    story.now.wall += Duration::from_secs(600);
    let queued = |story: &Story| matches!(story.secret.stage, Stage::Queued { .. });
    while !queued(&story) {
        let wait = story.waits().as_secs();
        story.pass(wait.max(1));
        story.with(Secret::wake);
    }
    let wall = story.now.wall.duration_since(UNIX_EPOCH).unwrap();
    let left = (WALL + 4600).saturating_sub(wall.as_secs());
    assert!((100..=230).contains(&left), "{left} s before its end");
}

#[test]
fn a_certificate_that_has_ended_by_a_wrong_clock_is_not_issued_again_and_again() {
    let mut story = Story::new();
    let body = json!({"data": {"certificate": "x", "expiration": WALL - 100}});
    story.accept(&body).unwrap();
    assert!(
        story.waits() >= Duration::from_secs(240),
        "{:?}",
        story.waits()
    );
}

#[test]
fn a_value_of_the_future_is_read_at_once_if_it_ends_by_itself() {
    for (body, waits) in [(mk_role(60, "x"), false), (mk_static(), true)] {
        let mut story = Story::new();
        story.accept(&body).unwrap();
        let now = story.now.mono;
        story.secret.doubt_age(now);
        assert_eq!(!story.waits().is_zero(), waits, "{body}");
    }
}

#[test]
fn vault_asks_for_a_wait_by_a_header_or_by_a_status() {
    assert_eq!(Cause::of(&mk_error(429, None)), Cause::Limited);
    assert_eq!(Cause::of(&mk_error(503, Some(5))), Cause::Limited);
    assert_eq!(Cause::of(&mk_error(503, None)), Cause::Outage);
    assert_eq!(Cause::of(&mk_error(403, None)), Cause::Denied);
    assert_eq!(Cause::of(&mk_error(500, None)), Cause::Other);
}
