use std::time::Duration;

use vault_wire::RequestLine;

use super::*;

const HALF: f64 = 0.5;

fn mk_error(status: u16) -> Error {
    Error::Api {
        request: RequestLine::new("GET", "http://vault/v1/x"),
        status,
        errors: Vec::new(),
        retry_after: None,
    }
}

fn mk_timeout() -> Error {
    Error::Timeout {
        request: RequestLine::new("GET", "http://vault/v1/x"),
        after: Duration::from_secs(60),
    }
}

/// A breaker with waits of 1 s to 4 s, or 16 s for what may wait, and what it makes of outcomes.
struct Story {
    breaker: CircuitBreaker,
    now: Instant,
}

impl Story {
    fn new() -> Self {
        let backoff = crate::RetryPolicy::new(Duration::from_secs(1), Duration::from_secs(4), 0);
        Self {
            breaker: CircuitBreaker::new(backoff.backoff, Duration::from_secs(16)),
            now: Instant::default(),
        }
    }

    fn observe(&mut self, call: u64, failure: Option<&Error>) -> Observed {
        let jitter = Jitter::new(HALF);
        self.breaker
            .observe(CallId(call), failure, self.now, jitter)
    }

    /// Waits until a probe is due, and sends it.
    fn probe(&mut self, call: u64) -> Duration {
        let Admission::Wait(Some(until)) = self.breaker.admits(self.now, false) else {
            panic!("{:?}", self.breaker.admits(self.now, false));
        };
        let waited = until.since(self.now);
        self.now = until;
        assert_eq!(self.breaker.admits(self.now, false), Admission::Probe);
        self.breaker.probe(CallId(call));
        assert_eq!(self.breaker.admits(self.now, false), Admission::Wait(None));
        waited
    }
}

#[test]
fn one_probe_at_a_time_until_vault_answers() {
    let mut story = Story::new();
    assert_eq!(story.observe(1, Some(&mk_error(503))), Observed::Opened);
    let mut waits = Vec::new();
    for call in 2..6 {
        waits.push(story.probe(call).as_millis());
        assert_eq!(
            story.observe(call, Some(&mk_error(473))),
            Observed::StillOpen
        );
    }
    assert_eq!(waits, [500, 1000, 2000, 2000]);
    story.probe(6);
    assert_eq!(
        story.observe(6, Some(&mk_error(403))),
        Observed::Closed {
            lasted: Duration::from_millis(7500)
        },
        "any answer"
    );
    assert_eq!(story.breaker.admits(story.now, false), Admission::All);
    assert_eq!(story.observe(7, Some(&mk_error(503))), Observed::Opened);
    assert_eq!(
        story.probe(8).as_millis(),
        500,
        "the next outage begins anew"
    );
}

#[test]
fn a_path_that_fails_by_itself_does_not_open_it() {
    let mut story = Story::new();
    for status in [400, 403, 404, 412, 429, 500, 502, 504] {
        assert_eq!(story.observe(1, Some(&mk_error(status))), Observed::Nothing);
    }
    assert_eq!(story.observe(1, Some(&mk_timeout())), Observed::Nothing);
    assert!(!story.breaker.is_open());
}

#[test]
fn requests_from_before_the_outage_neither_lengthen_nor_end_a_probe() {
    let mut story = Story::new();
    story.observe(1, Some(&mk_error(503)));
    assert_eq!(story.observe(2, Some(&mk_error(503))), Observed::Nothing);
    assert_eq!(story.observe(3, Some(&mk_timeout())), Observed::Nothing);
    assert_eq!(story.probe(4).as_millis(), 500);
    assert_eq!(story.observe(4, Some(&mk_timeout())), Observed::StillOpen);
    assert_eq!(
        story.observe(5, None),
        Observed::Closed {
            lasted: Duration::from_millis(500)
        },
        "a late answer is one"
    );
}

#[test]
fn a_probe_that_never_comes_back_makes_room_for_another() {
    let mut story = Story::new();
    story.observe(1, Some(&mk_error(503)));
    story.probe(2);
    story.breaker.abandon(CallId(9));
    assert_eq!(
        story.breaker.admits(story.now, false),
        Admission::Wait(None)
    );
    story.breaker.abandon(CallId(2));
    assert_eq!(story.breaker.admits(story.now, false), Admission::Probe);
}

#[test]
fn what_may_wait_waits_longer_and_what_is_urgent_ends_that() {
    let mut story = Story::new();
    story.observe(0, Some(&mk_error(473)));
    let waits: Vec<_> = (1..=6)
        .map(|call| {
            let Admission::Wait(Some(patient)) = story.breaker.admits(story.now, true) else {
                panic!("it is open");
            };
            let patient = patient.since(story.now);
            let urgent = story.probe(call);
            story.observe(call, Some(&mk_error(473)));
            (urgent.as_millis(), patient.as_millis())
        })
        .collect();
    assert_eq!(
        waits,
        [
            (500, 500),
            (1000, 1000),
            (2000, 2000),
            (2000, 4000),
            (2000, 8000),
            (2000, 8000)
        ]
    );
    story.now = story.now.after(Duration::from_secs(3));
    assert!(matches!(
        story.breaker.admits(story.now, true),
        Admission::Wait(Some(_))
    ));
    assert_eq!(story.breaker.admits(story.now, false), Admission::Probe);
}
