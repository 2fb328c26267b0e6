use std::collections::BTreeMap;

use vault_wire::{Error, RequestLine, TokenInfo, WrapInfo};

use super::*;
use crate::call::LoginFailure;

/// Keeps what the machine asks for and reports.
struct Desk {
    calls: Vec<Call>,
    outputs: Vec<Output>,
    jitter: JitterSource,
}

impl Port for Desk {
    fn call(&mut self, call: Call) -> CallId {
        self.calls.push(call);
        CallId(self.calls.len() as u64)
    }

    fn emit(&mut self, output: Output) {
        self.outputs.push(output);
    }

    fn jitter(&mut self) -> &mut JitterSource {
        &mut self.jitter
    }
}

struct Story {
    machine: TokenMachine,
    desk: Desk,
    now: Now,
}

impl Story {
    fn new(policy: LoginPolicy) -> Self {
        let desk = Desk {
            calls: Vec::new(),
            outputs: Vec::new(),
            jitter: JitterSource::new(1),
        };
        let mut story = Self {
            machine: TokenMachine::new(policy),
            desk,
            now: Now {
                mono: Instant::default(),
                wall: std::time::UNIX_EPOCH,
            },
        };
        story.machine.start(None, &mut story.desk);
        story
    }

    /// Logged in, with a token of so many seconds.
    fn logged_in(ttl: u64) -> Self {
        let mut story = Self::new(LoginPolicy::default());
        story.answer(mk_login(ttl));
        story
    }

    /// The last call is answered.
    fn answer(&mut self, answer: Answer) {
        let call = CallId(self.desk.calls.len() as u64);
        self.machine.answer(call, answer, self.now, &mut self.desk);
    }

    fn pass(&mut self, seconds: u64) {
        self.now.mono = self.now.mono.after(Duration::from_secs(seconds));
    }

    /// Until the machine wants to be woken, and wakes it.
    fn wake(&mut self) {
        self.now.mono = self.machine.wake_at().unwrap();
        self.machine.wake(self.now, &mut self.desk);
    }

    fn suspect(&mut self, is_invalid: bool) {
        self.machine
            .suspect(1, is_invalid, self.now, &mut self.desk);
    }

    fn end_outage(&mut self) {
        self.machine.end_outage(&mut self.desk);
    }

    fn logins(&self) -> usize {
        let is_login = |call: &&Call| matches!(call, Call::LogIn);
        self.desk.calls.iter().filter(is_login).count()
    }

    fn lookups(&self) -> usize {
        let is_lookup = |call: &&Call| matches!(call, Call::LookUpToken { .. });
        self.desk.calls.iter().filter(is_lookup).count()
    }

    fn is_dead(&self) -> bool {
        let is_dead = |output: &Output| matches!(output, Output::TokenLife(TokenLife::Dead));
        self.desk.outputs.iter().any(is_dead)
    }
}

fn mk_login(ttl: u64) -> Answer {
    Answer::LoggedIn(Ok(Granted::Token(Auth {
        client_token: Token::new("hvs.a").unwrap(),
        accessor: String::new(),
        lease_duration: Duration::from_secs(ttl),
        renewable: true,
        policies: Vec::new(),
        metadata: BTreeMap::new(),
    })))
}

fn mk_error(status: u16, message: &str) -> Error {
    Error::Api {
        request: RequestLine::new("GET", "http://vault/v1/x"),
        status,
        errors: vec![message.to_owned()],
        retry_after: None,
    }
}

fn mk_wrapping() -> WrapInfo {
    WrapInfo {
        token: Token::new("hvs.w").unwrap(),
        accessor: String::new(),
        ttl: Duration::from_secs(60),
        creation_time: String::new(),
        creation_path: String::new(),
        wrapped_accessor: String::new(),
    }
}

fn mk_info() -> TokenInfo {
    TokenInfo {
        accessor: String::new(),
        ttl: Duration::from_secs(3600),
        creation_ttl: Duration::from_secs(3600),
        renewable: true,
        policies: Vec::new(),
        kind: "service".into(),
        expire_time: None,
    }
}

fn mk_failure(is_refusal: bool, status: u16) -> Answer {
    Answer::LoggedIn(Err(LoginFailure {
        is_refusal,
        error: Some(Arc::new(mk_error(status, "Vault is sealed"))),
    }))
}

#[test]
fn a_login_that_waits_for_vault_is_tried_once_when_vault_is_back() {
    let mut story = Story::new(LoginPolicy::default());
    story.answer(mk_failure(false, 503));
    story.end_outage();
    assert_eq!(story.logins(), 2);
    story.answer(mk_failure(false, 503));
    story.end_outage();
    assert_eq!(story.logins(), 2, "the next wait is for the login itself");
    story.wake();
    story.answer(mk_failure(false, 503));
    story.end_outage();
    assert_eq!(story.logins(), 4);
}

#[test]
fn a_login_that_failed_by_itself_does_not_hurry_when_vault_is_back() {
    let mut story = Story::new(LoginPolicy::default());
    story.answer(mk_failure(false, 500));
    story.end_outage();
    assert_eq!(story.logins(), 1);
}

#[test]
fn a_renewal_that_waits_for_vault_is_sent_when_vault_is_back() {
    let mut story = Story::logged_in(3600);
    story.wake();
    story.answer(Answer::TokenRenewed(Err(mk_error(503, "sealed"))));
    let before = story.desk.calls.len();
    story.end_outage();
    assert!(matches!(
        &story.desk.calls[before..],
        [Call::RenewToken { .. }]
    ));
    story.end_outage();
    assert_eq!(story.desk.calls.len(), before + 1, "it is under way");
}

#[test]
fn a_denied_request_ends_the_wait_for_a_login_once_and_only_if_the_token_is_unknown() {
    let mut story = Story::new(LoginPolicy::default());
    story.answer(mk_failure(false, 500));
    story.suspect(false);
    assert_eq!(story.logins(), 1, "a policy denied it");
    story.suspect(true);
    assert_eq!(story.logins(), 2);
    story.answer(mk_failure(false, 500));
    story.suspect(true);
    assert_eq!(story.logins(), 2);
}

#[test]
fn a_token_is_looked_up_once_in_ten_seconds_and_once_at_a_time() {
    let mut story = Story::logged_in(3600);
    story.suspect(false);
    story.pass(60);
    story.suspect(false);
    assert_eq!(story.lookups(), 1, "one is under way");
    let unknown = Answer::TokenInfo(Err(mk_error(500, "no")));
    story.answer(unknown);
    story.suspect(false);
    assert_eq!(story.lookups(), 2);
    story.answer(Answer::TokenInfo(Err(mk_error(500, "no"))));
    story.pass(9);
    story.suspect(false);
    assert_eq!(story.lookups(), 2);
    story.pass(1);
    story.suspect(false);
    assert_eq!(story.lookups(), 3);
}

#[test]
fn a_lookup_that_fails_leaves_the_token_alone() {
    let mut story = Story::logged_in(3600);
    story.suspect(false);
    story.answer(Answer::TokenInfo(Err(mk_error(500, "no"))));
    assert!(!story.is_dead());
    story.pass(10);
    story.suspect(false);
    story.answer(Answer::TokenInfo(Err(mk_error(403, "permission denied"))));
    assert!(story.is_dead());
}

#[test]
fn a_token_that_lived_for_ten_seconds_did_not_die_young() {
    for (lived, deaths) in [(9, 1), (10, 0)] {
        let mut story = Story::logged_in(3600);
        story.pass(lived);
        story.suspect(true);
        story.answer(Answer::TokenInfo(Err(mk_error(403, "permission denied"))));
        assert_eq!(story.machine.deaths, deaths);
    }
}

#[test]
fn a_token_that_is_replaced_ends_with_its_time_or_after_a_year() {
    for (ttl, ends_after) in [(3600, 3600), (0, 365 * 24 * 3600)] {
        let mut story = Story::logged_in(ttl);
        story
            .machine
            .credentials_changed(story.now, &mut story.desk);
        story.answer(mk_login(3600));
        let login = story.machine.login().unwrap();
        let ends_at = story.now.mono.after(Duration::from_secs(ends_after));
        assert_eq!(login.predecessor, Predecessor::EndsAt(ends_at));
        assert_eq!((login.generation, login.earlier.len()), (2, 1));
    }
}

#[test]
fn refusals_end_only_the_first_login() {
    let mut story = Story::logged_in(3600);
    story
        .machine
        .credentials_changed(story.now, &mut story.desk);
    for _ in 0..6 {
        story.answer(mk_failure(true, 403));
        story.wake();
    }
    let gave_up = |output: &Output| matches!(output, Output::GaveUp(_));
    assert!(!story.desk.outputs.iter().any(gave_up));

    let mut story = Story::new(LoginPolicy::default());
    for _ in 0..4 {
        story.answer(mk_failure(true, 403));
        story.wake();
    }
    assert!(!story.desk.outputs.iter().any(gave_up), "four are too few");
}

#[test]
fn new_credentials_end_the_wait_of_a_login_and_not_that_of_a_look_up() {
    let mut story = Story::new(LoginPolicy::default());
    story.answer(mk_failure(false, 503));
    story
        .machine
        .credentials_changed(story.now, &mut story.desk);
    assert_eq!(story.logins(), 2);

    let mut story = Story::new(LoginPolicy::default());
    let kept = Token::new("hvs.kept").unwrap();
    story.machine.start(Some(kept), &mut story.desk);
    story.answer(Answer::TokenInfo(Err(mk_error(429, "slow down"))));
    story
        .machine
        .credentials_changed(story.now, &mut story.desk);
    assert_eq!(story.lookups(), 1, "Vault asked to wait");
    story.wake();
    assert_eq!(story.lookups(), 2);
}

#[test]
fn new_credentials_are_used_while_the_token_is_wrapped() {
    let mut story = Story::new(LoginPolicy {
        is_wrapped: true,
        ..LoginPolicy::default()
    });
    story.answer(Answer::LoggedIn(Ok(Granted::Wrapped(mk_wrapping()))));
    assert_eq!(story.machine.wake_at(), None);
    story
        .machine
        .credentials_changed(story.now, &mut story.desk);
    assert_eq!(story.logins(), 2);
}

#[test]
fn only_the_answer_to_a_look_up_that_is_under_way_counts() {
    let mut story = Story::logged_in(3600);
    let denied = || Answer::TokenInfo(Err(mk_error(403, "permission denied")));
    let answer = |story: &mut Story, call, answer| {
        story
            .machine
            .answer(CallId(call), answer, story.now, &mut story.desk);
    };
    story.suspect(false);
    let call = story.desk.calls.len() as u64;
    answer(&mut story, call + 1, denied());
    assert!(!story.is_dead(), "nobody asked that");
    answer(&mut story, call, denied());
    assert!(story.is_dead());
}

#[test]
fn a_renewal_that_is_denied_to_a_token_that_lives_ends_in_a_login() {
    let mut story = Story::logged_in(3600);
    story.wake();
    story.answer(Answer::TokenRenewed(Err(mk_error(
        403,
        "permission denied",
    ))));
    assert_eq!(story.lookups(), 1);
    story.answer(Answer::TokenInfo(Ok(mk_info())));
    assert!(!story.is_dead());
    let mut steps = 0;
    while story.logins() < 2 {
        story.wake();
        if let Some(Call::RenewToken { .. }) = story.desk.calls.last() {
            story.answer(Answer::TokenRenewed(Err(mk_error(500, "no"))));
        }
        steps += 1;
        assert!(steps < 100, "it is never replaced");
    }
}
