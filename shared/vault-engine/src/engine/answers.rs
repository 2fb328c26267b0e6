//! What follows from an answer.

use std::sync::Arc;
use std::time::Duration;

use vault_wire::kv;
use vault_wire::{Error, Granted, Lease, Response};

use super::{Caller, Engine};
use crate::breaker::Observed;
use crate::call::{Answer, CallId, Recalled};
use crate::output::{FailureKind, Note, Output, Reading};
use crate::planted::Bug;
use crate::reading::Value;
use crate::secret::{Accepted, Asking, Renewal, Secret, Stage, Step};
use crate::time::Now;
use crate::want::SecretId;

impl Engine {
    /// What came of a call. Each call has exactly one answer; those that came to an end otherwise
    /// have an [`Error`] of their driver's.
    pub fn answer(&mut self, now: Now, call: CallId, answer: Answer) {
        let Some(caller) = self.io.calls.remove(&call) else {
            return;
        };
        if caller == Caller::Leaving {
            self.answer_leaving(call, answer);
            return;
        }
        if self.leaving.is_some() {
            self.answer_late(&caller, &answer);
            return;
        }
        let observed = self.observe(call, &answer, now);
        let asked = match &caller {
            Caller::Read(id) => Some(*id),
            _ => None,
        };
        let away = answer
            .failure()
            .filter(|_| matches!(observed, Observed::Opened | Observed::StillOpen))
            .map(ToString::to_string);
        match (caller, answer) {
            (Caller::Token, answer) => {
                let generation = self.token.login().map(|login| login.generation);
                self.token.answer(call, answer, now, &mut self.io);
                if generation != self.token.login().map(|login| login.generation) {
                    self.meet_all(now);
                }
            }
            (Caller::Recall(id), Answer::Recalled(recalled)) => {
                self.recalled(id, call, recalled, now);
            }
            (Caller::Read(id), Answer::Mount(outcome)) => {
                self.mount_found(id, call, outcome, now);
            }
            (Caller::Read(id), Answer::Secret(outcome)) => self.read(id, call, outcome, now),
            (Caller::Renewal(id, lease), Answer::LeaseRenewed(outcome)) => {
                self.renewed(id, call, lease, outcome, now);
            }
            (Caller::Orphan(lease), Answer::Revoked(outcome)) => {
                self.io.note(Note::LeaseRevoked {
                    lease,
                    error: outcome.err().map(Arc::new),
                });
            }
            // An answer of another kind than the call's: the driver's mistake, and no answer at all.
            _ => {}
        }
        match observed {
            Observed::Closed { lasted } => self.end_outage(lasted, now),
            Observed::Opened | Observed::StillOpen => {
                if let Some(reason) = away {
                    self.outage_goes_on(observed, &reason.into(), asked, now);
                }
            }
            Observed::Nothing => {}
        }
        self.pump(now);
    }

    /// An answer to what was asked before the engine was told to leave.
    fn answer_late(&mut self, caller: &Caller, answer: &Answer) {
        if let (Caller::Read(_), Answer::Secret(Ok(Some(response)))) = (caller, answer)
            && let Some(lease) = &response.lease
        {
            self.take_late_lease(lease.id.clone());
        }
        if let Answer::LoggedIn(Ok(Granted::Token(auth))) = answer {
            self.take_late_token(auth.client_token.clone());
        }
        if let Caller::Read(_) = caller {
            self.reading -= 1;
        }
        self.finish_leaving();
    }

    fn recalled(&mut self, id: SecretId, call: CallId, recalled: Option<Recalled>, now: Now) {
        let Some(secret) = self.secrets.get(&id) else {
            return;
        };
        if !matches!(secret.stage, Stage::Recalling(asked) if asked == call) {
            return;
        }
        let Some(login) = self.token.login().cloned() else {
            return;
        };
        let value = recalled.and_then(|recalled| {
            let mount = recalled.mount.clone().map(|mount| self.mounts.learn(mount));
            let response = Some(&recalled.response);
            let want = &secret.want;
            let value = Value::of(
                want,
                response,
                &recalled.path,
                mount.as_deref(),
                recalled.since,
            )?;
            Some((recalled, mount, value))
        });
        let Some((recalled, mount, mut value)) = value else {
            self.with(id, now, |secret, cx| secret.queue(cx.now.mono));
            return;
        };
        if self.planted.is(Bug::HandOverForgetsLease) {
            value.lease = None;
            value.lifespan.lease = None;
        }
        let by_vault = value.lifespan.rotating();
        let by_vault = by_vault.map_or(Duration::ZERO, |rotation| rotation.age(now.wall));
        let age = Some(recalled.age(now.wall).max(by_vault));
        let is_of_future = recalled.since > now.wall;
        let _ = self.with(id, now, |secret, cx| {
            let accepted = secret.accept(value, &login, age, &login, cx);
            if is_of_future {
                secret.doubt_age(cx.now.mono);
            }
            Some(accepted)
        });
        let reading = Reading {
            response: Some(recalled.response),
            path: recalled.path,
            mount,
            since: recalled.since,
            token: login.token.clone(),
            is_recalled: true,
            is_past_its_time: false,
        };
        self.io
            .outputs
            .push_back(Output::Reading(id, Box::new(reading)));
    }

    /// The read that waits for this answer; `None` if its secret was released.
    pub(super) fn asking(&self, id: SecretId, call: CallId) -> Option<Asking> {
        match &self.secrets.get(&id)?.stage {
            Stage::Asking(asking) if asking.call == call => Some(asking.clone()),
            _ => None,
        }
    }

    /// An answer to a read, or to the question for the metadata of a secret.
    fn read(
        &mut self,
        id: SecretId,
        call: CallId,
        outcome: Result<Option<Response>, Error>,
        now: Now,
    ) {
        let Some(asking) = self.asking(id, call) else {
            self.reading -= 1;
            if let Ok(Some(response)) = outcome
                && let Some(lease) = response.lease
            {
                self.orphan(lease.id);
            }
            return;
        };
        if asking.step == Step::Metadata {
            self.take_metadata(id, outcome, asking, now);
            return;
        }
        let response = match outcome {
            Ok(response) => response,
            Err(error) => {
                self.end_read(id, FailureKind::Vault(Arc::new(error)), &asking, now);
                return;
            }
        };
        self.take_in(id, response, asking, now);
    }

    /// The metadata of a secret shows whether there is a newer version.
    fn take_metadata(
        &mut self,
        id: SecretId,
        outcome: Result<Option<Response>, Error>,
        mut asking: Asking,
        now: Now,
    ) {
        match outcome {
            Ok(metadata) => {
                let value = self.secrets.get(&id).and_then(Secret::value);
                let version = value.and_then(|value| value.version);
                if kv::is_latest(metadata.as_ref(), version, now.wall) {
                    self.confirm(id, now);
                    return;
                }
            }
            // With a dead token the secret would be denied, too.
            Err(error) if error.is_permission_denied() && !error.is_invalid_token() => {
                let login = Arc::clone(&asking.login);
                self.with(id, now, |secret, _| secret.hide_metadata(&login));
            }
            Err(error) => {
                self.end_read(id, FailureKind::Vault(Arc::new(error)), &asking, now);
                return;
            }
        }
        self.send_data(id, &mut asking);
        self.with(id, now, |secret, _| secret.stage = Stage::Asking(asking));
    }

    fn take_in(&mut self, id: SecretId, response: Option<Response>, asking: Asking, now: Now) {
        let Some(secret) = self.secrets.get(&id) else {
            return;
        };
        let mount = asking.mount.as_deref();
        let value = Value::of(
            &secret.want,
            response.as_ref(),
            &asking.path,
            mount,
            now.wall,
        );
        let Some(value) = value else {
            self.end_read(id, FailureKind::Missing, &asking, now);
            return;
        };
        let current = self.token.login().cloned();
        let current = current.as_ref().unwrap_or(&asking.login);
        let accepted = self.with(id, now, |secret, cx| {
            Some(secret.accept(value, &asking.login, None, current, cx))
        });
        let Some(Ok(accepted)) = accepted else {
            self.end_read(id, FailureKind::Rotating, &asking, now);
            return;
        };
        self.reading -= 1;
        let looks = self.secrets.get(&id).map_or(0, Secret::late);
        if looks > 0 {
            self.io.note(Note::NotRotatedYet { secret: id, looks });
        }
        let reading = Box::new(Reading {
            response,
            path: asking.path,
            mount: asking.mount,
            since: now.wall,
            token: asking.login.token.clone(),
            is_recalled: false,
            is_past_its_time: looks > 0,
        });
        if accepted == Accepted::Recovered {
            self.io.outputs.push_back(Output::Recovered(id));
        }
        let output = match accepted {
            Accepted::New => Output::Reading(id, reading),
            Accepted::Same | Accepted::Recovered => Output::Unchanged(id, reading),
        };
        self.io.outputs.push_back(output);
    }

    fn confirm(&mut self, id: SecretId, now: Now) {
        self.reading -= 1;
        let Some(current) = self.token.login().cloned() else {
            return;
        };
        let confirmed = self.with(id, now, |secret, cx| Some(secret.confirm(&current, cx)));
        if confirmed == Some(Accepted::Recovered) {
            self.io.outputs.push_back(Output::Recovered(id));
        }
    }

    /// A read came to nothing.
    pub(super) fn end_read(&mut self, id: SecretId, kind: FailureKind, asking: &Asking, now: Now) {
        self.reading -= 1;
        let denied = match &kind {
            FailureKind::Vault(error) if error.is_permission_denied() => {
                Some(error.is_invalid_token())
            }
            _ => None,
        };
        self.fail(
            id,
            kind,
            &asking.path,
            asking.mount.clone(),
            asking.was_closed,
            now,
        );
        if let Some(is_invalid) = denied {
            let generation = asking.login.generation;
            self.token
                .suspect(generation, is_invalid, now, &mut self.io);
        }
        // A newer token came while it was asked with an older one: that may be all that was wrong.
        let is_outdated = self
            .token
            .login()
            .is_some_and(|login| login.generation > asking.login.generation);
        if is_outdated {
            self.with(id, now, |secret, cx| secret.end_wait(cx.now.mono));
        }
    }

    fn renewed(
        &mut self,
        id: SecretId,
        call: CallId,
        lease: vault_wire::LeaseId,
        outcome: Result<Lease, Error>,
        now: Now,
    ) {
        self.renewing -= 1;
        let is_expected = self.secrets.get(&id).is_some_and(|secret| {
            matches!(
                &secret.stage,
                Stage::Leased { renewal: Renewal::Asking(asked), .. } if *asked == call
            )
        });
        if !is_expected {
            return;
        }
        let granted = outcome.as_ref();
        let granted = granted.map(|lease| (lease.duration, lease.renewable));
        let turn = self.with(id, now, |secret, cx| secret.renewed(granted, cx));
        match outcome {
            Ok(Lease { duration, .. }) => self.io.note(Note::LeaseRenewed {
                secret: id,
                lease,
                granted: duration,
            }),
            Err(error) => {
                let denied = error
                    .is_permission_denied()
                    .then(|| error.is_invalid_token());
                let error = Arc::new(error);
                self.io.note(Note::LeaseRenewalFailed { lease, error });
                if let Some(is_invalid) = denied
                    && let Some(login) = self.token.login()
                {
                    let generation = login.generation;
                    self.token
                        .suspect(generation, is_invalid, now, &mut self.io);
                }
            }
        }
        self.note_turn(id, turn);
    }
}
