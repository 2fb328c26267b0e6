//! A pod with upstream's two agents, as far as their documented rules decide about requests.
//!
//! * The injector adds an init container and a sidecar. Each logs in and reads everything by itself.
//! * A new token is renewed at once, then as Vault's lifetime watcher does: [`Lifetime`], which is that
//!   algorithm. When it is done, the agent logs in again. A failed login is tried again after 1 s, then
//!   after twice as long up to 5 min, less up to a quarter by chance.
//! * A new token makes a new template runner, which looks up the mount of each secret, reads the
//!   secret, and renews a lease at once.
//! * KV version 2 is read again after 0.90 ± 0.05 of the interval. A lease is renewed by another
//!   watcher, of which any failure is the end: then the secret is read anew.
//! * A failed read is tried again after 250 ms, 500 ms … 1 min. After twelve tries more the agent ends
//!   with an error (`exit_on_retry_failure`, which the injector sets), and the kubelet starts the
//!   container again, the first time at once.
//! * A read that is denied because the token is invalid makes the agent log in again (Vault 1.17).
//!
//! What would add requests is left out: the retries of Vault's API client inside each read, a renewal of
//! a token that was revoked while no secret was due.

use std::ops::Range;
use std::time::Duration;

use vault_engine::{
    Backoff, Effect, Event, Instant, JitterSource, Lifetime, RetryPolicy, Tolerance,
};

use crate::load::{Load, Start};
use crate::scenario::Trouble;
use crate::{Counted, INTERVAL, MAX_TTL, Millis, Pod, SECOND, TTL};

/// When the sidecar starts: the init container has read everything by then.
const AFTER_INIT: Millis = 5 * SECOND;
const LOGIN: Backoff = Backoff::LOGIN;
/// Tries after the first, and the waits before them.
const RETRIES: u32 = 12;

/// Lets both agents of a pod live, and counts what they ask.
pub(crate) fn live(
    pod: Pod,
    seed: u64,
    life: Range<Millis>,
    trouble: Trouble,
    counted: &mut Counted,
) {
    let starts = &mut counted.starts[usize::from(pod.has_credential)];
    let init = life.start..life.start + AFTER_INIT;
    let sidecar = init.end..life.end;
    for (life, seed, start) in [
        (init, seed, &mut starts.init),
        (sidecar, !seed, &mut starts.sidecar),
    ] {
        start.begin();
        let mut agent = Agent {
            pod,
            since: life.start,
            trouble,
            dice: JitterSource::new(seed),
            load: &mut counted.upstream,
            start,
        };
        agent.live(&life);
    }
}

struct Agent<'a> {
    pod: Pod,
    since: Millis,
    trouble: Trouble,
    dice: JitterSource,
    load: &'a mut Load,
    start: &'a mut Start,
}

enum Stage {
    LoggingIn { at: Millis, failures: u32 },
    Running(Runner),
}

/// A token, and the secrets that are read with it.
struct Runner {
    token: Grant,
    views: Vec<View>,
}

/// A secret.
struct View {
    next: Millis,
    retries: u32,
    is_dynamic: bool,
    /// The watcher of its lease.
    lease: Option<Grant>,
}

/// A token or a lease, and its watcher.
struct Grant {
    since: Millis,
    lifetime: Lifetime,
    next: Millis,
}

/// What came of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Away,
    Denied,
}

impl Agent<'_> {
    fn live(&mut self, life: &Range<Millis>) {
        let mut stage = Stage::LoggingIn {
            at: life.start,
            failures: 0,
        };
        loop {
            let (next, is_token) = stage.next();
            if next >= life.end {
                return;
            }
            stage = match stage {
                Stage::LoggingIn { failures, .. } => self.log_in(next, failures),
                Stage::Running(runner) if is_token => self.renew_token(next, runner),
                Stage::Running(runner) => self.turn(next, runner),
            };
        }
    }

    fn ask(&mut self, at: Millis, token_since: Millis) -> Outcome {
        self.load.count(at);
        self.start.count(self.since, at);
        if self.trouble.is_away(at) {
            Outcome::Away
        } else if self.trouble.has_revoked(token_since, at) {
            Outcome::Denied
        } else {
            Outcome::Done
        }
    }

    fn log_in(&mut self, at: Millis, failures: u32) -> Stage {
        if self.ask(at, at) != Outcome::Done {
            let failures = failures + 1;
            let wait = LOGIN.jittered(failures, self.dice.draw());
            return Stage::LoggingIn {
                at: at + millis(wait),
                failures,
            };
        }
        let (lifetime, _) = self.watch(Tolerance::Any, at);
        let mut views = Vec::new();
        let credentials = u64::from(self.pod.has_credential);
        for number in 0..self.pod.secrets + credentials {
            // The look-up of its mount; the read comes with its turn.
            self.ask(at, at);
            views.push(View {
                next: at,
                retries: 0,
                is_dynamic: number == self.pod.secrets,
                lease: None,
            });
        }
        let token = Grant {
            since: at,
            lifetime,
            next: at,
        };
        Stage::Running(Runner { token, views })
    }

    fn watch(&mut self, tolerance: Tolerance, at: Millis) -> (Lifetime, Effect) {
        let jitter = self.dice.draw();
        Lifetime::start(
            tolerance,
            Duration::from_millis(TTL),
            true,
            instant(at),
            jitter,
        )
    }

    /// The next step of a watcher; `false` if it is done.
    fn renewed(&mut self, at: Millis, grant: &mut Grant, outcome: Outcome) -> bool {
        let event = if outcome == Outcome::Done {
            let most = (grant.since + MAX_TTL).saturating_sub(at);
            Event::Renewed {
                granted: Duration::from_secs(TTL.min(most) / SECOND),
                renewable: true,
            }
        } else {
            Event::Failed { transient: false }
        };
        let (lifetime, effect) = grant.lifetime.step(event, instant(at), self.dice.draw());
        grant.lifetime = lifetime;
        match effect {
            Effect::Sleep(wait) => grant.next = at + millis(wait),
            Effect::Renew => grant.next = at,
            Effect::End(_) => return false,
        }
        true
    }

    fn renew_token(&mut self, at: Millis, mut runner: Runner) -> Stage {
        let outcome = self.ask(at, runner.token.since);
        if self.renewed(at, &mut runner.token, outcome) {
            return Stage::Running(runner);
        }
        Stage::LoggingIn { at, failures: 0 }
    }

    /// Something is due for the first of the secrets.
    fn turn(&mut self, at: Millis, mut runner: Runner) -> Stage {
        let since = runner.token.since;
        let Some(view) = runner.views.iter_mut().min_by_key(|view| view.next) else {
            return Stage::Running(runner);
        };
        if let Some(mut lease) = view.lease.take() {
            let outcome = self.ask(at, since);
            if self.renewed(at, &mut lease, outcome) {
                view.next = lease.next;
                view.lease = Some(lease);
                return Stage::Running(runner);
            }
        }
        match self.ask(at, since) {
            // A denied read makes another login, and the end of the process another process.
            Outcome::Denied => return Stage::LoggingIn { at, failures: 0 },
            Outcome::Away if view.retries == RETRIES => {
                return Stage::LoggingIn { at, failures: 0 };
            }
            Outcome::Away => {
                view.retries += 1;
                view.next = at + millis(RetryPolicy::default().backoff.delay(view.retries));
            }
            Outcome::Done => self.hold(at, view),
        }
        Stage::Running(runner)
    }

    /// A secret was read.
    fn hold(&mut self, at: Millis, view: &mut View) {
        view.retries = 0;
        if !view.is_dynamic {
            let part = 0.90 + self.dice.draw().between(-0.05, 0.05);
            view.next = at + millis(Duration::from_millis(INTERVAL).mul_f64(part));
            return;
        }
        let (lifetime, _) = self.watch(Tolerance::Transient, at);
        view.next = at;
        view.lease = Some(Grant {
            since: at,
            lifetime,
            next: at,
        });
    }
}

impl Stage {
    /// When something is due, and whether that is the token's renewal.
    fn next(&self) -> (Millis, bool) {
        match self {
            Self::LoggingIn { at, .. } => (*at, false),
            Self::Running(runner) => {
                let views = runner.views.iter().map(|view| view.next);
                let view = views.min().unwrap_or(Millis::MAX);
                (view.min(runner.token.next), runner.token.next <= view)
            }
        }
    }
}

fn instant(at: Millis) -> Instant {
    Instant::new(Duration::from_millis(at))
}

fn millis(wait: Duration) -> Millis {
    u64::try_from(wait.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;
    use crate::{HOUR, MINUTE};

    /// When the agents of a pod asked something.
    fn asked(trouble: Trouble, ends: Millis) -> Counted {
        let [mut scenario, ..] = Scenario::all(1);
        scenario.ends = ends;
        let mut counted = Counted::new(&scenario);
        let pod = Pod {
            secrets: 10,
            has_credential: true,
        };
        live(pod, 1, 0..ends, trouble, &mut counted);
        counted
    }

    fn requests(counted: &Counted, from: Millis, to: Millis) -> f64 {
        counted.upstream.means(&(from..to), to - from)[0] * crate::load::ratio(to - from, SECOND)
    }

    #[test]
    fn each_agent_looks_up_and_reads_each_secret_and_renews_at_once() {
        let counted = asked(Trouble::default(), HOUR);
        // A login and the renewal of its token, eleven look-ups and reads, the renewal of a lease.
        let one = 2.0 + 2.0 * 11.0 + 1.0;
        assert!((counted.starts[1].init.mean() - one).abs() < 1e-9);
        assert!((counted.starts[1].sidecar.mean() - one).abs() < 1e-9);
        assert!((requests(&counted, 0, MINUTE) - 2.0 * one).abs() < 1e-9);
        // Ten polls in 270 s, and two renewals.
        let hour = requests(&counted, MINUTE, HOUR);
        assert!((130.0..=142.0).contains(&hour), "{hour}");
    }

    #[test]
    fn an_outage_ends_the_agent_which_then_waits_longer_from_login_to_login() {
        let [_, _, outage, _] = Scenario::all(1);
        let counted = asked(outage.trouble, 3 * HOUR);
        let away = outage.windows[0].time.clone();
        // Each secret is tried some ten times, then one login after the other.
        let tries = requests(&counted, away.start, away.end);
        assert!((100.0..=160.0).contains(&tries), "{tries}");
        let after = requests(&counted, away.end, away.end + 5 * MINUTE);
        assert!((25.0..=40.0).contains(&after), "{after}");
    }

    #[test]
    fn a_revoked_token_makes_everything_be_read_again() {
        let [.., revoked] = Scenario::all(1);
        let counted = asked(revoked.trouble, 3 * HOUR);
        let at = revoked.windows[0].time.start;
        let after = requests(&counted, at, at + 2 * MINUTE);
        assert!((26.0..=30.0).contains(&after), "{after}");
    }
}
