//! What the token machine makes of answers about its token.

use std::sync::Arc;
use std::time::Duration;

use vault_wire::{Auth, Error, Granted, TokenInfo};

use super::{Port, Renewal, Stage, TokenMachine};
use crate::call::{Call, CallId, LoginFailure};
use crate::cause::Cause;
use crate::lifetime::Event;
use crate::output::{Note, Output};
use crate::time::Now;

impl TokenMachine {
    pub(super) fn looked_up(
        &mut self,
        call: CallId,
        outcome: Result<TokenInfo, Error>,
        now: Now,
        port: &mut impl Port,
    ) {
        match &mut self.stage {
            Stage::LookingUpKept(asked) if *asked == call => {
                self.kept_looked_up(outcome, now, port);
            }
            Stage::Live(live) => {
                let is_renewal = matches!(live.renewal, Renewal::Checking(asked) if asked == call);
                if !is_renewal && live.lookup != Some(call) {
                    return;
                }
                if !is_renewal {
                    live.lookup = None;
                }
                match outcome {
                    Err(error) if error.is_permission_denied() => {
                        port.emit(Output::Note(Note::TokenInvalid));
                        self.die(now, port);
                        return;
                    }
                    Err(error) => {
                        port.emit(Output::Note(Note::TokenLookupFailed(Arc::new(error))));
                    }
                    Ok(_) => port.emit(Output::Note(Note::TokenValid)),
                }
                if is_renewal {
                    let event = Event::Failed { transient: false };
                    self.step(event, Some(Cause::Denied), Duration::ZERO, now, port);
                } else if self.login.as_ref().is_some_and(|login| !login.is_fresh) {
                    // A new login has the policies that the role has now.
                    self.replace(now, port);
                }
            }
            _ => {}
        }
    }

    fn kept_looked_up(
        &mut self,
        outcome: Result<TokenInfo, Error>,
        now: Now,
        port: &mut impl Port,
    ) {
        match outcome {
            Ok(info) => {
                let Some(token) = self.kept.take() else {
                    return;
                };
                port.emit(Output::Note(Note::KeptTokenAlive));
                let auth = Auth::of_token(token, info);
                self.granted(Granted::Token(auth), false, now, port);
            }
            // Vault is away: the token may be good, and with it all leases.
            Err(error) if error.is_retryable() => {
                let failure = LoginFailure {
                    is_refusal: false,
                    error: Some(Arc::new(error)),
                };
                self.login_failed(&failure, now, port);
            }
            Err(error) => {
                port.emit(Output::Note(Note::KeptTokenDead(Arc::new(error))));
                self.kept = None;
                port.emit(Output::ForgetToken);
                self.try_once(port);
            }
        }
    }

    pub(super) fn renewed(
        &mut self,
        call: CallId,
        outcome: Result<Auth, Error>,
        now: Now,
        port: &mut impl Port,
    ) {
        let Stage::Live(live) = &mut self.stage else {
            return;
        };
        if !matches!(live.renewal, Renewal::Asking(asked) if asked == call) {
            return;
        }
        match outcome {
            Ok(auth) => {
                port.emit(Output::Note(Note::TokenRenewed));
                let granted = auth.lease_duration;
                let renewable = auth.renewable;
                self.step(
                    Event::Renewed { granted, renewable },
                    None,
                    Duration::ZERO,
                    now,
                    port,
                );
            }
            Err(error) => {
                let is_denied = error.is_permission_denied();
                let (cause, transient) = (Cause::of(&error), error.is_retryable());
                let least = error.retry_after().unwrap_or_default();
                port.emit(Output::Note(Note::TokenRenewalFailed(Arc::new(error))));
                if is_denied && let Some(login) = &self.login {
                    live.looked_at = Some(now.mono);
                    let token = login.token.clone();
                    live.renewal = Renewal::Checking(port.call(Call::LookUpToken { token }));
                    return;
                }
                self.step(Event::Failed { transient }, Some(cause), least, now, port);
            }
        }
    }
}
