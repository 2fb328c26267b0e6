//! A pod with our agent: one native sidecar, whose engine lives through virtual time.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use vault_engine::{Answer, Call, CallId, Engine, Instant, Now, Output, Settings, Want};

use crate::vault::Vault;
use crate::{Counted, Millis, Pod};

/// How long an answer takes.
const LATENCY: Millis = 5;

/// The wall clock at the beginning.
const EPOCH: Duration = Duration::from_secs(1_893_456_000);

fn clock(at: Millis) -> Now {
    let since = Duration::from_millis(at);
    Now {
        mono: Instant::new(since),
        wall: SystemTime::UNIX_EPOCH + EPOCH + since,
    }
}

fn wants(pod: Pod) -> impl Iterator<Item = Want> {
    let secrets = (0..pod.secrets).map(|number| format!("secret/app{number}"));
    let credential = pod.has_credential.then(|| "database/creds/app".to_owned());
    let paths = secrets.chain(credential);
    paths.map(|path| Want::Read { path: path.into() })
}

/// Lets one agent live, and counts what it asks. It is told nothing at its end, and revokes nothing:
/// that is the default.
pub(crate) fn live(
    pod: Pod,
    seed: u64,
    life: Range<Millis>,
    vault: &mut Vault,
    counted: &mut Counted,
) {
    vault.begin();
    let start = &mut counted.starts[usize::from(pod.has_credential)].ours;
    start.begin();
    let mut engine = Engine::new(Settings::default(), seed);
    for want in wants(pod) {
        engine.want(clock(life.start), want);
    }
    engine.start(None);
    // All answers take the same time, so they come in the order of their calls.
    let mut answers: VecDeque<(Millis, CallId, Answer)> = VecDeque::new();
    let mut now = life.start;
    loop {
        while let Some(output) = engine.poll_output() {
            let Output::Call(id, call) = output else {
                continue;
            };
            let answer = vault.answer(now, &call);
            if let Call::Recall { .. } = call {
                engine.answer(clock(now), id, answer);
                continue;
            }
            counted.ours.count(now);
            start.count(life.start, now);
            answers.push_back((now + LATENCY, id, answer));
        }
        let wake = engine.poll_timeout().map(|at| millis(at).max(now));
        let answered = answers.front().map(|(at, ..)| *at);
        let Some(next) = [wake, answered].into_iter().flatten().min() else {
            return;
        };
        if next >= life.end {
            return;
        }
        now = next;
        match answers.front() {
            Some((at, ..)) if *at <= now => {
                if let Some((_, id, answer)) = answers.pop_front() {
                    engine.answer(clock(now), id, answer);
                }
            }
            _ => engine.wake(clock(now)),
        }
    }
}

fn millis(at: Instant) -> Millis {
    let millis = at.since_origin().as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).unwrap_or(u64::MAX)
}
