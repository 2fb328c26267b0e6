//! The machines put together: who may send a request now, and who hears of an answer.

mod answers;
mod failures;
mod leaving;
mod mounting;
mod requests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use vault_wire::{LeaseId, Token};

use crate::backoff::{Backoff, RetryPolicy};
use crate::breaker::{Admission, CircuitBreaker, Observed};
use crate::call::{Answer, Call, CallId};
use crate::jitter::JitterSource;
use crate::lifetime::End;
use crate::login::{Login, LoginPolicy};
use crate::mounts::Mounts;
use crate::output::{FailureKind, Note, Output};
use crate::planted::{Bug, Planted};
use crate::queue::Queue;
use crate::refresh::RefreshPolicy;
use crate::secret::{Context, Secret, Stage, Step, Turn};
use crate::time::{Instant, Now};
use crate::token::{Port, TokenMachine};
use crate::want::{SecretId, Want};
use leaving::Leaving;

/// Renewals that are sent at the same time.
const MOST_RENEWALS: usize = 8;

/// The longest wait between probes of a Vault that is away while nothing but static secrets waits, whose
/// interval may be longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// What the configuration decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The namespace of all paths; empty for the root namespace.
    pub namespace: String,
    /// When secrets are read again.
    pub refresh: RefreshPolicy,
    /// How failed reads are tried again.
    pub retry: RetryPolicy,
    /// Reads that are sent at the same time, at least one.
    pub most_reads: usize,
    /// How logins are made.
    pub login: LoginPolicy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            namespace: String::new(),
            refresh: RefreshPolicy::default(),
            retry: RetryPolicy::default(),
            most_reads: 10,
            login: LoginPolicy::default(),
        }
    }
}

/// See the crate.
pub struct Engine {
    settings: Settings,
    token: TokenMachine,
    secrets: BTreeMap<SecretId, Secret>,
    last_secret: u64,
    timers: Queue<Instant>,
    reads: Queue<(bool, Instant)>,
    renewals: Queue<Instant>,
    reading: usize,
    renewing: usize,
    mounts: Mounts,
    breaker: CircuitBreaker,
    leaving: Option<Leaving>,
    planted: Planted,
    io: Io,
}

/// Calls under way and outputs that wait to be taken.
struct Io {
    jitter: JitterSource,
    outputs: VecDeque<Output>,
    calls: BTreeMap<CallId, Caller>,
    last_call: u64,
}

/// Who hears of the answer to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Caller {
    Token,
    Recall(SecretId),
    Read(SecretId),
    Renewal(SecretId, LeaseId),
    /// A lease that nobody holds.
    Orphan(LeaseId),
    /// The way out.
    Leaving,
}

impl Io {
    fn call(&mut self, caller: Caller, call: Call) -> CallId {
        self.last_call += 1;
        let id = CallId(self.last_call);
        self.calls.insert(id, caller);
        self.outputs.push_back(Output::Call(id, call));
        id
    }

    fn note(&mut self, note: Note) {
        self.outputs.push_back(Output::Note(note));
    }
}

impl Port for Io {
    fn call(&mut self, call: Call) -> CallId {
        Io::call(self, Caller::Token, call)
    }

    fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    fn jitter(&mut self) -> &mut JitterSource {
        &mut self.jitter
    }
}

/// The waits between probes of a Vault that is away: no longer than the default, because renewals wait
/// for them, too.
fn probes(retry: &RetryPolicy) -> Backoff {
    let default = RetryPolicy::default().backoff;
    Backoff {
        base: retry.backoff.base.min(default.base),
        max: retry.backoff.max.min(default.max),
        ..default
    }
}

impl Engine {
    /// An engine that knows no secret yet. The same seed and the same inputs give the same outputs.
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            token: TokenMachine::new(settings.login),
            secrets: BTreeMap::new(),
            last_secret: 0,
            timers: Queue::new(),
            reads: Queue::new(),
            renewals: Queue::new(),
            reading: 0,
            renewing: 0,
            mounts: Mounts::new(&settings.namespace),
            breaker: CircuitBreaker::new(
                probes(&settings.retry),
                settings.refresh.interval().min(PATIENCE),
            ),
            leaving: None,
            planted: Planted::default(),
            io: Io {
                jitter: JitterSource::new(seed),
                outputs: VecDeque::new(),
                calls: BTreeMap::new(),
                last_call: 0,
            },
            settings,
        }
    }

    /// The engine makes this mistake from now on.
    #[cfg(feature = "planted-bugs")]
    pub fn plant(&mut self, bug: Bug) {
        self.planted = Planted::new(bug);
    }

    /// Begins to log in, with the token that an earlier process kept, if there is one.
    pub fn start(&mut self, kept: Option<Token>) {
        self.token.start(kept, &mut self.io);
    }

    /// Another secret is wanted.
    pub fn want(&mut self, now: Now, want: Want) -> SecretId {
        self.last_secret += 1;
        let id = SecretId::new(self.last_secret);
        self.secrets.insert(id, Secret::new(want));
        if let Some(login) = self.token.login().cloned() {
            self.meet(id, &login, now);
        }
        self.pump(now);
        id
    }

    /// A secret is not wanted any more. Its lease ends with its time, or with the token.
    pub fn release(&mut self, now: Now, id: SecretId) {
        let Some(secret) = self.secrets.remove(&id) else {
            return;
        };
        if let Stage::Asking(asking) = &secret.stage {
            self.breaker.abandon(asking.call);
            if asking.step == Step::Mount {
                self.unpark(id, now);
            }
        }
        self.mounts.forget(id);
        self.timers.set(id, None);
        self.reads.set(id, None);
        self.renewals.set(id, None);
        self.pump(now);
    }

    /// The files that logins are made with have changed.
    pub fn credentials_changed(&mut self, now: Now) {
        self.token.credentials_changed(now, &mut self.io);
        self.pump(now);
    }

    /// A request that the engine did not make was denied with the token of `generation`.
    pub fn suspect_token(&mut self, now: Now, generation: u64) {
        self.token.suspect(generation, false, now, &mut self.io);
    }

    /// The moment that [`poll_timeout`](Self::poll_timeout) named may have come.
    pub fn wake(&mut self, now: Now) {
        if self.token.wake_at().is_some_and(|at| at <= now.mono) {
            self.token.wake(now, &mut self.io);
        }
        while let Some((at, id)) = self.timers.first()
            && at <= now.mono
        {
            let turn = self.with(id, now, Secret::wake);
            self.note_turn(id, turn);
        }
        self.pump(now);
    }

    /// When it wants to be woken; `None` if only an answer or an input can change anything.
    pub fn poll_timeout(&self) -> Option<Instant> {
        if self.leaving.is_some() {
            return None;
        }
        let breaker = match self.breaker.admits(Instant::default(), self.is_patient()) {
            Admission::Wait(until) if self.could_send() => until,
            _ => None,
        };
        let timer = self.timers.first().map(|(at, _)| at);
        [self.token.wake_at(), timer, breaker]
            .into_iter()
            .flatten()
            .min()
    }

    /// What it wants done or reports, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.io.outputs.pop_front()
    }

    /// The leases that are held, each with its end.
    pub fn held_leases(&self) -> impl Iterator<Item = (SecretId, &LeaseId, Instant)> {
        self.secrets.iter().filter_map(|(id, secret)| {
            let (lease, ends_at) = secret.held_lease()?;
            Some((*id, lease, ends_at))
        })
    }

    /// When the lease of a secret ends, unless it is renewed; `None` if it has none.
    pub fn lease_end(&self, id: SecretId) -> Option<Instant> {
        let (_, ends_at) = self.secrets.get(&id)?.held_lease()?;
        Some(ends_at)
    }

    /// The login whose token is in use.
    pub fn login(&self) -> Option<&Arc<Login>> {
        self.token.login()
    }

    /// Whether Vault as a whole is known to be away.
    pub fn is_vault_away(&self) -> bool {
        self.breaker.is_open()
    }

    /// The driver cannot use the value of the last [`Output::Reading`], for this reason.
    pub fn reject(&mut self, now: Now, id: SecretId, reason: Arc<str>) {
        let Some(secret) = self.secrets.get_mut(&id) else {
            return;
        };
        if let Some(lease) = secret.discard_value() {
            self.orphan(lease);
        }
        let path = Arc::clone(self.secrets[&id].want.path());
        self.fail(id, FailureKind::Unusable(reason), &path, None, false, now);
        self.pump(now);
    }

    /// Whether something waits for its turn that has one as soon as Vault may be asked.
    fn could_send(&self) -> bool {
        let can_renew = self.renewals.first().is_some() && self.renewing < MOST_RENEWALS;
        let can_read = self.reads.first().is_some() && self.reading < self.most_reads();
        self.token.login().is_some() && (can_renew || can_read)
    }

    /// Whether all that waits for its turn may wait for a quiet moment: overdue reads of static secrets are
    /// spread over an interval anyway when Vault is back.
    fn is_patient(&self) -> bool {
        let reads = self.reads.first();
        self.renewals.first().is_none() && reads.is_some_and(|((is_patient, _), _)| is_patient)
    }

    fn most_reads(&self) -> usize {
        self.settings.most_reads.max(1)
    }

    /// Changes a secret, and all queues with it.
    fn with<T: Default>(
        &mut self,
        id: SecretId,
        now: Now,
        change: impl FnOnce(&mut Secret, &mut Context<'_>) -> T,
    ) -> T {
        let Some(secret) = self.secrets.get_mut(&id) else {
            // Released: whatever was due for it is not any more.
            self.timers.set(id, None);
            return T::default();
        };
        let mut cx = Context {
            now,
            jitter: &mut self.io.jitter,
            refresh: &self.settings.refresh,
            retry: &self.settings.retry,
            planted: self.planted,
        };
        let changed = change(secret, &mut cx);
        self.timers.set(id, secret.wake_at());
        self.reads.set(id, secret.read_key());
        self.renewals.set(id, secret.renewal_key());
        changed
    }

    fn note_turn(&mut self, id: SecretId, turn: Turn) {
        if let Turn::LeaseEnds(end) = turn
            && let Some((lease, _)) = self.secrets.get(&id).and_then(Secret::held_lease)
        {
            let lease = lease.clone();
            self.io.note(Note::LeaseEnds { lease, end });
            if matches!(end, End::Refused | End::Expired) {
                self.io.outputs.push_back(Output::Forget(id));
            }
        }
    }

    /// A secret meets a login.
    fn meet(&mut self, id: SecretId, login: &Login, now: Now) {
        let is_unasked = self.with(id, now, |secret, cx| secret.meet(login, cx));
        if is_unasked {
            let token = login.token.clone();
            let call = Call::Recall { secret: id, token };
            let call = self.io.call(Caller::Recall(id), call);
            self.with(id, now, |secret, _| secret.stage = Stage::Recalling(call));
        }
    }

    /// All secrets meet a login that just worked.
    fn meet_all(&mut self, now: Now) {
        let Some(login) = self.token.login().cloned() else {
            return;
        };
        let all: Vec<SecretId> = self.secrets.keys().copied().collect();
        for id in all {
            self.meet(id, &login, now);
        }
    }

    /// Those who waited for the look-up of `id` may be read now.
    fn unpark(&mut self, id: SecretId, now: Now) -> Vec<SecretId> {
        let parked = self.mounts.answered(id);
        for id in &parked {
            self.with(*id, now, |secret, cx| secret.queue(cx.now.mono));
        }
        parked
    }

    /// What an answer shows about Vault as a whole.
    fn observe(&mut self, call: CallId, answer: &Answer, now: Now) -> Observed {
        let is_ignored =
            self.planted.is(Bug::BreakerIgnoresLogin) && matches!(answer, Answer::LoggedIn(Ok(_)));
        if !answer.is_of_vault() || is_ignored {
            self.breaker.abandon(call);
            return Observed::Nothing;
        }
        let jitter = self.io.jitter.draw();
        self.breaker
            .observe(call, answer.failure(), now.mono, jitter)
    }
}

#[cfg(test)]
mod tests;
