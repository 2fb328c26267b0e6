//! How a token comes to its end, and a login to nothing.

use std::sync::Arc;
use std::time::Duration;

use vault_wire::Error;

use super::{FOREVER, Port, REFUSALS, SHORT_LIFE, Stage, TokenMachine};
use crate::call::LoginFailure;
use crate::cause::Cause;
use crate::login::{GaveUp, Predecessor, TokenLife};
use crate::output::Output;
use crate::time::Now;

impl TokenMachine {
    /// The token lives on, without anybody who renews it, while another login is made.
    pub(super) fn replace(&mut self, now: Now, port: &mut impl Port) {
        let (Stage::Live(live), Some(login)) = (&self.stage, &self.login) else {
            return;
        };
        let ends_at = match &live.lifetime {
            Some(lifetime) => lifetime.ends_at(),
            None if live.granted.is_zero() => now.mono.after(FOREVER),
            None => now.mono.after(live.granted),
        };
        // Vault counts in whole seconds, of which it leaves the rest out.
        let gone_at = ends_at.after(Duration::from_secs(1));
        self.earlier.push((login.token.clone(), gone_at));
        self.predecessor = Predecessor::EndsAt(ends_at);
        port.emit(Output::ForgetToken);
        self.try_once(port);
    }

    /// The token has ended.
    pub(super) fn die(&mut self, now: Now, port: &mut impl Port) {
        let Stage::Live(live) = &self.stage else {
            return;
        };
        let lived = now.mono.since(live.since);
        let jitter = port.jitter().draw();
        let pause = if lived < SHORT_LIFE {
            // Tokens that die as soon as they are made must not become a flood of logins.
            self.deaths = self.deaths.saturating_add(1);
            self.policy.backoff.jittered(self.deaths, jitter)
        } else {
            self.deaths = 0;
            // Many agents lose their tokens at the same moment: a restored server, a sweep.
            jitter.part_of(self.policy.backoff.base)
        };
        self.predecessor = Predecessor::Dead;
        port.emit(Output::TokenLife(TokenLife::Dead));
        port.emit(Output::ForgetToken);
        self.stage = Stage::Pausing {
            until: now.mono.after(pause),
        };
    }

    pub(super) fn login_failed(&mut self, failure: &LoginFailure, now: Now, port: &mut impl Port) {
        let cause = failure.error.as_deref().map_or(Cause::Other, Cause::of);
        self.refusals = if failure.is_refusal {
            self.refusals + 1
        } else {
            0
        };
        let retry_after = failure.error.as_deref().and_then(Error::retry_after);
        self.back_off(cause, retry_after, failure.error.clone(), now, port);
        if self.policy.exit_on_error {
            port.emit(Output::GaveUp(GaveUp::ExitOnError));
        } else if self.generation == 0 && self.refusals == REFUSALS {
            port.emit(Output::GaveUp(GaveUp::Refused {
                tries: self.refusals,
            }));
        }
    }

    pub(super) fn back_off(
        &mut self,
        cause: Cause,
        retry_after: Option<Duration>,
        error: Option<Arc<Error>>,
        now: Now,
        port: &mut impl Port,
    ) {
        self.failures = self.failures.saturating_add(1);
        let own = self
            .policy
            .backoff
            .jittered(self.failures, port.jitter().draw());
        let pause = own.max(retry_after.unwrap_or_default());
        port.emit(Output::LoginFailed { pause, error });
        self.stage = Stage::BackingOff {
            until: now.mono.after(pause),
            cause,
        };
    }
}
