//! Any inputs in any order: what holds for all of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use serde_json::json;
use vault_wire::kv::Mount;
use vault_wire::{Auth, Error, Granted, Lease, RequestLine, Response, Token, TokenInfo};

use super::harness::{mk_error, mk_response, mk_settings};
use crate::engine::MOST_RENEWALS;
use crate::*;

#[derive(Clone, Debug)]
enum Step {
    Want(u8),
    Release(u8),
    /// So many milliseconds pass, and the engine is woken when it wants to be.
    Pass(u32),
    /// The call that waits longest, or another, is answered.
    Answer(u8, Outcome),
    NewCredentials,
    Suspect,
    /// The wall clock is set.
    SetClock(i32),
    Leave(bool),
}

#[derive(Clone, Debug)]
enum Outcome {
    /// With so many seconds, by Vault's word; some are absurd.
    Good(i64),
    Empty,
    Status(u16, Option<u64>),
    NoConnection,
    Timeout,
    InvalidPath,
}

fn any_outcome() -> impl Strategy<Value = Outcome> {
    let seconds = prop_oneof![Just(0), Just(-1), Just(1), 2..7200_i64, Just(i64::MAX)];
    let after = prop_oneof![
        Just(None),
        Just(Some(0)),
        Just(Some(20)),
        Just(Some(u64::MAX))
    ];
    let status = prop::sample::select(vec![400, 403, 404, 412, 429, 472, 473, 500, 502, 503]);
    prop_oneof![
        4 => seconds.prop_map(Outcome::Good),
        1 => Just(Outcome::Empty),
        2 => (status, after).prop_map(|(status, after)| Outcome::Status(status, after)),
        1 => Just(Outcome::NoConnection),
        1 => Just(Outcome::Timeout),
        1 => Just(Outcome::InvalidPath),
    ]
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => any::<u8>().prop_map(Step::Want),
        1 => any::<u8>().prop_map(Step::Release),
        4 => (0..400_000_u32).prop_map(Step::Pass),
        9 => (any::<u8>(), any_outcome()).prop_map(|(which, outcome)| Step::Answer(which, outcome)),
        1 => Just(Step::NewCredentials),
        1 => Just(Step::Suspect),
        1 => any::<i32>().prop_map(Step::SetClock),
    ]
}

/// The engine with the calls that are not answered yet.
struct World {
    engine: Engine,
    now: Now,
    calls: Vec<(CallId, Call)>,
    wanted: Vec<SecretId>,
    trace: Vec<String>,
    left: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let settings = Settings {
            most_reads: 3,
            ..mk_settings(60)
        };
        let mut world = Self {
            engine: Engine::new(settings, seed),
            now: Now {
                mono: Instant::default(),
                wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
            },
            calls: Vec::new(),
            wanted: Vec::new(),
            trace: Vec::new(),
            left: 0,
        };
        world.engine.start(None);
        world.drain();
        world
    }

    fn drain(&mut self) {
        while let Some(output) = self.engine.poll_output() {
            self.trace.push(format!("{output:?}"));
            match output {
                Output::Call(id, Call::Recall { .. }) => {
                    self.engine.answer(self.now, id, Answer::Recalled(None));
                }
                Output::Call(id, call) => self.calls.push((id, call)),
                Output::Left { .. } => self.left += 1,
                _ => {}
            }
        }
        self.check();
    }

    fn check(&self) {
        let count =
            |is_it: fn(&Call) -> bool| self.calls.iter().filter(|(_, call)| is_it(call)).count();
        let reads = count(|call| {
            matches!(
                call,
                Call::FindMount { .. } | Call::Read { .. } | Call::List { .. } | Call::Write { .. }
            )
        });
        assert!(reads <= 3, "{reads} reads at the same time");
        let renewals = count(|call| matches!(call, Call::RenewLease { .. }));
        assert!(
            renewals <= MOST_RENEWALS,
            "{renewals} renewals at the same time"
        );
        let logins = count(|call| matches!(call, Call::LogIn));
        assert!(logins <= 1, "{logins} logins at the same time");
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Want(kind) => {
                let (path, data) = (
                    format!("m{}/{kind}", kind % 3).into(),
                    crate::Fields::default(),
                );
                let want = match kind % 4 {
                    0 | 1 => Want::Read { path },
                    2 => Want::List { path },
                    _ => Want::Issue { path, data },
                };
                self.wanted.push(self.engine.want(self.now, want));
            }
            Step::Release(which) => {
                if !self.wanted.is_empty() {
                    let at = usize::from(*which) % self.wanted.len();
                    let id = self.wanted.swap_remove(at);
                    self.engine.release(self.now, id);
                }
            }
            Step::Pass(milliseconds) => {
                let end = self
                    .now
                    .mono
                    .after(Duration::from_millis((*milliseconds).into()));
                self.pass(end);
            }
            Step::Answer(which, outcome) => {
                if !self.calls.is_empty() {
                    let at = usize::from(*which) % self.calls.len();
                    let (id, call) = self.calls.remove(at);
                    self.engine.answer(self.now, id, answer(&call, outcome));
                }
            }
            Step::NewCredentials => self.engine.credentials_changed(self.now),
            Step::Suspect => {
                let generation = self.engine.login().map_or(1, |login| login.generation);
                self.engine.suspect_token(self.now, generation);
            }
            Step::SetClock(seconds) => {
                let by = Duration::from_secs(seconds.unsigned_abs().into());
                self.now.wall = if *seconds < 0 {
                    let earlier = self.now.wall.checked_sub(by);
                    earlier.unwrap_or(SystemTime::UNIX_EPOCH)
                } else {
                    self.now.wall + by
                };
            }
            Step::Leave(with_token) => self.engine.leave(self.now, *with_token),
        }
        self.drain();
    }

    /// Wakes the engine when it wants to be. It must not want to be woken at once again.
    fn pass(&mut self, end: Instant) {
        let mut wakes = 0;
        while let Some(at) = self.engine.poll_timeout().filter(|at| *at <= end) {
            self.now.mono = self.now.mono.max(at);
            self.engine.wake(self.now);
            self.drain();
            let next = self.engine.poll_timeout();
            assert!(
                next.is_none_or(|next| next > self.now.mono),
                "it spins: {next:?}"
            );
            wakes += 1;
            // Four hundred seconds hold few waits for each of some dozens of secrets.
            assert!(wakes < 10_000, "it never rests");
        }
        self.now.mono = self.now.mono.max(end);
    }
}

fn answer(call: &Call, outcome: &Outcome) -> Answer {
    let line = || RequestLine::new("GET", "http://vault/v1/x");
    let failure = match outcome {
        Outcome::Good(_) | Outcome::Empty => None,
        Outcome::Status(status, after) => Some(mk_error(*status, "", *after)),
        Outcome::NoConnection => Some(Error::Transport {
            request: line(),
            hint: String::new(),
            source: "refused".into(),
        }),
        Outcome::Timeout => Some(Error::Timeout {
            request: line(),
            after: Duration::from_secs(60),
        }),
        Outcome::InvalidPath => Some(Error::InvalidPath {
            path: "x".into(),
            reason: "it is empty",
        }),
    };
    let seconds = match outcome {
        Outcome::Good(seconds) => *seconds,
        _ => 0,
    };
    let time = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let is_empty = matches!(outcome, Outcome::Empty);
    match call {
        Call::LogIn => Answer::LoggedIn(match failure {
            Some(error) => Err(LoginFailure {
                is_refusal: error.is_permission_denied(),
                error: Some(Arc::new(error)),
            }),
            None => Ok(Granted::Token(mk_auth("t", time))),
        }),
        Call::LookUpToken { .. } => {
            Answer::TokenInfo(failure.map_or_else(|| Ok(mk_info(time)), Err))
        }
        Call::RenewToken { .. } => {
            Answer::TokenRenewed(failure.map_or_else(|| Ok(mk_auth("t", time)), Err))
        }
        Call::FindMount { path, .. } => {
            let path = path.split('/').next().unwrap_or_default();
            let mount = Mount {
                path: format!("{path}/"),
                kind: "kv".into(),
                version: (path == "m0").then(|| "2".into()),
            };
            Answer::Mount(failure.map_or(Ok(mount), Err))
        }
        Call::RenewLease { lease, .. } => {
            let lease = Lease {
                id: lease.clone(),
                duration: time,
                renewable: seconds % 2 == 0,
            };
            Answer::LeaseRenewed(failure.map_or(Ok(lease), Err))
        }
        Call::RevokeLease { .. } | Call::RevokeToken { .. } => {
            Answer::Revoked(failure.map_or(Ok(()), Err))
        }
        Call::Recall { .. } => Answer::Recalled(None),
        Call::Read { .. } | Call::List { .. } | Call::Write { .. } => {
            let response = (!is_empty).then(|| mk_secret(seconds));
            Answer::Secret(failure.map_or(Ok(response), Err))
        }
    }
}

/// A secret of one of several kinds, with a time of `seconds` where there is room for one.
fn mk_secret(seconds: i64) -> Response {
    mk_response(&match seconds.rem_euclid(5) {
        0 => json!({"data": {"data": {"a": seconds}, "metadata": {"version": 3}}}),
        1 => json!({"lease_id": "l/1", "lease_duration": seconds, "renewable": true, "data": {}}),
        2 => json!({"lease_id": "l/2", "lease_duration": seconds, "renewable": false, "data": {}}),
        3 => json!({"data": {"rotation_period": 60, "ttl": seconds, "password": seconds}}),
        _ => json!({"data": {"certificate": "x", "expiration": seconds}}),
    })
}

fn mk_auth(token: &str, time: Duration) -> Auth {
    Auth {
        client_token: Token::new(token).unwrap(),
        accessor: String::new(),
        lease_duration: time,
        renewable: true,
        policies: Vec::new(),
        metadata: BTreeMap::new(),
    }
}

fn mk_info(time: Duration) -> TokenInfo {
    TokenInfo {
        accessor: String::new(),
        ttl: time,
        creation_ttl: time,
        renewable: true,
        policies: Vec::new(),
        kind: "service".into(),
        expire_time: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_inputs_make_it_flood_spin_or_overflow(
        seed in any::<u64>(),
        steps in prop::collection::vec(any_step(), 1..200),
    ) {
        let mut world = World::new(seed);
        for step in &steps {
            world.step(step);
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs(
        seed in any::<u64>(),
        steps in prop::collection::vec(any_step(), 1..100),
    ) {
        let mk_trace = || {
            let mut world = World::new(seed);
            for step in &steps {
                world.step(step);
            }
            world.trace
        };
        prop_assert_eq!(mk_trace(), mk_trace());
    }

    #[test]
    fn once_told_to_leave_it_leaves_and_does_nothing_else(
        seed in any::<u64>(),
        before in prop::collection::vec(any_step(), 1..100),
        with_token in any::<bool>(),
        after in prop::collection::vec((any::<u8>(), any_outcome()), 200..201),
    ) {
        let mut world = World::new(seed);
        for step in &before {
            world.step(step);
        }
        world.step(&Step::Leave(with_token));
        for (which, outcome) in &after {
            world.step(&Step::Answer(*which, outcome.clone()));
        }
        world.step(&Step::Pass(4_000_000));
        prop_assert_eq!(world.left, 1);
        prop_assert!(world.calls.is_empty(), "{:?}", world.calls);
        prop_assert_eq!(world.engine.poll_timeout(), None);
    }
}
