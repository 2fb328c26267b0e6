//! The engine's own token: logging in, staying logged in, logging in again.
//!
//! ```text
//! kept token alive? ─┬─▶ Live: renew ─▶ due, expired or dead ─▶ log in ─▶ Live …
//!   └─ no ─▶ log in ─┘
//!              └─ failed: wait, longer each time
//! ```
//!
//! Each login is a generation. [`Login::predecessor`] tells what becomes of leases that were obtained
//! with the token before.

mod answers;
mod ends;

use std::sync::Arc;
use std::time::Duration;

use vault_wire::{Auth, Granted, Token};

use crate::call::{Answer, Call, CallId};
use crate::cause::Cause;
use crate::jitter::JitterSource;
use crate::lifetime::{Effect, Event, Lifetime, Tolerance};
use crate::login::{Login, LoginPolicy, Predecessor, TokenLife};
use crate::output::{Note, Output};
use crate::time::{Instant, Now};

/// How often a first login may be refused before the driver is to end: the answer will not change by
/// itself, and a process that ends with a reason is easier to find than one that waits.
const REFUSALS: u32 = 5;

/// A token that dies sooner was not revoked by hand: something takes tokens away.
const SHORT_LIFE: Duration = Duration::from_secs(10);

/// One look-up of a token is enough for so long: requests that are denied by policy come in crowds.
const LOOKUP_PAUSE: Duration = Duration::from_secs(10);

/// When a token without an end counts as ended once it was replaced.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// What the machine wants done: calls, and what it reports.
pub(crate) trait Port {
    fn call(&mut self, call: Call) -> CallId;
    fn emit(&mut self, output: Output);
    fn jitter(&mut self) -> &mut JitterSource;
}

/// See the module.
pub(crate) struct TokenMachine {
    policy: LoginPolicy,
    /// The token of an earlier process, until Vault has answered about it.
    kept: Option<Token>,
    login: Option<Arc<Login>>,
    generation: u64,
    /// For the next login.
    predecessor: Predecessor,
    earlier: Vec<(Token, Instant)>,
    stage: Stage,
    /// Logins that failed in a row.
    failures: u32,
    refusals: u32,
    /// Tokens in a row that died as soon as they were made.
    deaths: u32,
    /// The wait before this login was ended by an answer to another request.
    was_woken: bool,
}

enum Stage {
    /// Not started, or nothing logs in here.
    Off,
    LookingUpKept(CallId),
    LoggingIn(CallId),
    BackingOff {
        until: Instant,
        cause: Cause,
    },
    /// Before a login: many agents lose their tokens at the same moment.
    Pausing {
        until: Instant,
    },
    /// The process that unwraps the token renews it.
    Wrapped,
    Live(Live),
}

/// A token in use.
struct Live {
    since: Instant,
    /// `None` if it does not end.
    lifetime: Option<Lifetime>,
    renewal: Renewal,
    /// The time that the login granted.
    granted: Duration,
    looked_at: Option<Instant>,
    /// A look-up that a denied request caused.
    lookup: Option<CallId>,
}

enum Renewal {
    Sleeping {
        until: Option<Instant>,
        cause: Option<Cause>,
    },
    Asking(CallId),
    /// The renewal was denied: a look-up shows whether the token is dead.
    Checking(CallId),
}

impl TokenMachine {
    pub(crate) fn new(policy: LoginPolicy) -> Self {
        Self {
            policy,
            kept: None,
            login: None,
            generation: 0,
            predecessor: Predecessor::None,
            earlier: Vec::new(),
            stage: Stage::Off,
            failures: 0,
            refusals: 0,
            deaths: 0,
            was_woken: false,
        }
    }

    /// The login whose token is in use.
    pub(crate) fn login(&self) -> Option<&Arc<Login>> {
        self.login.as_ref()
    }

    /// The token of an earlier process, while Vault has not answered about it.
    pub(crate) fn kept(&self) -> Option<&Token> {
        self.kept.as_ref()
    }

    /// Begins, with the token that an earlier process kept.
    pub(crate) fn start(&mut self, kept: Option<Token>, port: &mut impl Port) {
        // A wrapped token must not lie around in the clear.
        self.kept = kept.filter(|_| !self.policy.is_wrapped);
        self.try_once(port);
    }

    pub(crate) fn wake_at(&self) -> Option<Instant> {
        match &self.stage {
            Stage::BackingOff { until, .. } | Stage::Pausing { until } => Some(*until),
            Stage::Live(Live {
                renewal: Renewal::Sleeping { until, .. },
                ..
            }) => *until,
            _ => None,
        }
    }

    pub(crate) fn wake(&mut self, now: Now, port: &mut impl Port) {
        match &mut self.stage {
            Stage::BackingOff { .. } | Stage::Pausing { .. } => {
                self.was_woken = false;
                self.try_once(port);
            }
            Stage::Live(_) => self.step(Event::Woke, None, Duration::ZERO, now, port),
            _ => {}
        }
    }

    /// Vault is back: what waits because it was away goes on.
    pub(crate) fn end_outage(&mut self, port: &mut impl Port) {
        let token = self.login.as_ref().map(|login| login.token.clone());
        match &mut self.stage {
            // One wait in two, so that a login that alone has no connection is not tried all the time.
            Stage::BackingOff {
                cause: Cause::Outage,
                ..
            } if !self.was_woken => {
                self.was_woken = true;
                self.try_once(port);
            }
            Stage::Live(live) => {
                if let Renewal::Sleeping {
                    cause: Some(Cause::Outage),
                    ..
                } = live.renewal
                    && let Some(token) = token
                {
                    live.renewal = Renewal::Asking(port.call(Call::RenewToken { token }));
                }
            }
            _ => {}
        }
    }

    /// The files of the login have changed. The look-up of a token that was kept shows none of them to
    /// Vault: its wait goes on, and the driver says it again once the token is in use.
    pub(crate) fn credentials_changed(&mut self, now: Now, port: &mut impl Port) {
        match &self.stage {
            Stage::BackingOff { .. } if self.kept.is_none() => {
                self.failures = 0;
                self.try_once(port);
            }
            Stage::Wrapped => self.try_once(port),
            Stage::Live(_) => {
                port.emit(Output::Note(Note::NewCredentials));
                self.replace(now, port);
            }
            _ => {}
        }
    }

    /// A request with the token of `generation` was denied; `is_invalid` if Vault does not know the
    /// token.
    pub(crate) fn suspect(
        &mut self,
        generation: u64,
        is_invalid: bool,
        now: Now,
        port: &mut impl Port,
    ) {
        if let Stage::BackingOff { cause, .. } = self.stage
            && cause != Cause::Limited
            && is_invalid
            && !self.was_woken
        {
            self.was_woken = true;
            self.try_once(port);
            return;
        }
        let Some(login) = &self.login else { return };
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        let looked = live
            .looked_at
            .is_some_and(|at| now.mono.since(at) < LOOKUP_PAUSE);
        let is_asked = live.lookup.is_some() || matches!(live.renewal, Renewal::Checking(_));
        if generation != login.generation || looked || is_asked {
            return;
        }
        live.looked_at = Some(now.mono);
        let token = login.token.clone();
        live.lookup = Some(port.call(Call::LookUpToken { token }));
    }

    /// One of its calls was answered.
    pub(crate) fn answer(&mut self, call: CallId, answer: Answer, now: Now, port: &mut impl Port) {
        match answer {
            Answer::LoggedIn(outcome) => {
                if matches!(self.stage, Stage::LoggingIn(asked) if asked == call) {
                    match outcome {
                        Ok(granted) => {
                            port.emit(Output::Note(Note::LoginWorked));
                            self.granted(granted, true, now, port);
                        }
                        Err(failure) => self.login_failed(&failure, now, port),
                    }
                }
            }
            Answer::TokenInfo(outcome) => self.looked_up(call, outcome, now, port),
            Answer::TokenRenewed(outcome) => self.renewed(call, outcome, now, port),
            _ => {}
        }
    }

    fn try_once(&mut self, port: &mut impl Port) {
        self.stage = if let Some(token) = &self.kept {
            let token = token.clone();
            Stage::LookingUpKept(port.call(Call::LookUpToken { token }))
        } else {
            port.emit(Output::Note(Note::LoggingIn));
            Stage::LoggingIn(port.call(Call::LogIn))
        };
    }

    fn granted(&mut self, granted: Granted, is_fresh: bool, now: Now, port: &mut impl Port) {
        self.failures = 0;
        self.refusals = 0;
        self.was_woken = false;
        self.generation += 1;
        let auth = match granted {
            Granted::Token(auth) => auth,
            Granted::Wrapped(wrapping) => {
                self.stage = Stage::Wrapped;
                port.emit(Output::Wrapped(Box::new(wrapping)));
                return;
            }
        };
        if is_fresh {
            port.emit(Output::KeepToken(auth.client_token.clone()));
        }
        self.earlier.retain(|(_, ends_at)| *ends_at > now.mono);
        let login = Arc::new(Login {
            generation: self.generation,
            token: auth.client_token.clone(),
            predecessor: std::mem::replace(&mut self.predecessor, Predecessor::None),
            earlier: self.earlier.clone(),
            is_fresh,
        });
        self.login = Some(Arc::clone(&login));
        self.live(&auth, now, port);
        port.emit(Output::LoggedIn(login));
    }

    fn live(&mut self, auth: &Auth, now: Now, port: &mut impl Port) {
        let mut live = Live {
            since: now.mono,
            lifetime: None,
            renewal: Renewal::Sleeping {
                until: None,
                cause: None,
            },
            granted: auth.lease_duration,
            looked_at: None,
            lookup: None,
        };
        if auth.lease_duration.is_zero() {
            port.emit(Output::Note(Note::TokenUnlimited));
            port.emit(Output::TokenLife(TokenLife::Endless));
            self.stage = Stage::Live(live);
            return;
        }
        port.emit(Output::Note(Note::TokenRenewalStarted));
        // Vault has just said how long it lives: there is nothing to renew yet.
        let (lifetime, effect) = Lifetime::granted(
            Tolerance::Any,
            auth.lease_duration,
            auth.renewable,
            now.mono,
            port.jitter().draw(),
        );
        live.lifetime = Some(lifetime);
        self.stage = Stage::Live(live);
        self.follow(effect, None, Duration::ZERO, now, port);
    }

    fn step(
        &mut self,
        event: Event,
        cause: Option<Cause>,
        least: Duration,
        now: Now,
        port: &mut impl Port,
    ) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        let Some(lifetime) = live.lifetime else {
            return;
        };
        let (lifetime, effect) = lifetime.step(event, now.mono, port.jitter().draw());
        live.lifetime = Some(lifetime);
        self.follow(effect, cause, least, now, port);
    }

    fn follow(
        &mut self,
        effect: Effect,
        cause: Option<Cause>,
        least: Duration,
        now: Now,
        port: &mut impl Port,
    ) {
        let (Stage::Live(live), Some(login)) = (&mut self.stage, &self.login) else {
            return;
        };
        if let Some(lifetime) = &live.lifetime {
            port.emit(Output::TokenLife(TokenLife::Until(lifetime.ends_at())));
        }
        live.renewal = match effect {
            Effect::Renew => {
                let token = login.token.clone();
                Renewal::Asking(port.call(Call::RenewToken { token }))
            }
            Effect::Sleep(pause) => Renewal::Sleeping {
                until: Some(now.mono.after(pause.max(least))),
                cause,
            },
            Effect::End(end) => {
                port.emit(Output::Note(Note::TokenEnds(end)));
                self.replace(now, port);
                return;
            }
        };
    }
}

#[cfg(test)]
mod tests;
