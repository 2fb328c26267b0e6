//! Failed reads and outages: which secrets wait, and what is reported.

use std::sync::Arc;
use std::time::Duration;

use vault_wire::kv::Mount;
use vault_wire::{Error, LeaseId};

use super::{Caller, Engine};
use crate::breaker::Observed;
use crate::call::Call;
use crate::cause::Cause;
use crate::jitter::Jitter;
use crate::output::{Failure, FailureKind, Note, Output};
use crate::rotation::Rotation;
use crate::secret::{Secret, Stage};
use crate::time::Now;
use crate::want::SecretId;

/// Overdue reads are spread over so many times the length of the outage, so that they add a tenth to
/// what is asked anyway.
const SPREAD: u32 = 10;

impl Engine {
    /// Reports a failed read.
    pub(super) fn fail(
        &mut self,
        id: SecretId,
        kind: FailureKind,
        path: &Arc<str>,
        mount: Option<Arc<Mount>>,
        was_closed: bool,
        now: Now,
    ) {
        let error = match &kind {
            FailureKind::Vault(error) | FailureKind::Mount(error) => Some(Arc::clone(error)),
            _ => None,
        };
        let is_permanent = error
            .as_deref()
            .is_some_and(|error| matches!(error, Error::InvalidPath { .. }));
        let is_rotating = matches!(kind, FailureKind::Rotating);
        let is_news = self.with(id, now, |secret, cx| {
            let error = error.as_deref();
            let cause = error.map_or(Cause::Other, Cause::of);
            let retry_after = error.and_then(Error::retry_after);
            // What fails again and again while others are answered waits by itself.
            let is_alone = was_closed && secret.failures() > 0;
            let is_gated = cause == Cause::Outage && !is_alone;
            let cause = if is_alone && cause == Cause::Outage {
                Cause::Other
            } else {
                cause
            };
            let is_news = secret.fail(cause, is_rotating, retry_after, is_gated, cx);
            if is_permanent {
                secret.stage = Stage::Refused;
            }
            is_news
        });
        if is_news {
            self.report(id, kind, path, mount, is_permanent);
        }
    }

    pub(super) fn report(
        &mut self,
        id: SecretId,
        kind: FailureKind,
        path: &Arc<str>,
        mount: Option<Arc<Mount>>,
        is_permanent: bool,
    ) {
        let Some(secret) = self.secrets.get(&id) else {
            return;
        };
        let attempt = secret.failures();
        let pause = match kind {
            FailureKind::Rotating => Rotation::look_again(attempt, Jitter::new(0.0)),
            _ => self.longest_wait(secret, attempt),
        };
        let failure = Failure {
            kind,
            attempt,
            is_exhausted: is_permanent || self.settings.retry.is_exhausted(attempt),
            is_permanent,
            pause,
            path: Arc::clone(path),
            mount,
        };
        let output = Output::Failed(id, Box::new(failure));
        self.io.outputs.push_back(output);
    }

    /// The longest wait before the next try: that of the probes where Vault as a whole is away.
    fn longest_wait(&self, secret: &Secret, attempt: u32) -> Duration {
        let probes = self.breaker.longest_wait(self.is_patient());
        probes
            .filter(|_| matches!(secret.stage, Stage::Queued { .. }))
            .unwrap_or_else(|| self.settings.retry.backoff.delay(attempt))
    }

    /// A lease that nobody has seen, and nobody will: it is revoked, as far as that works.
    pub(super) fn orphan(&mut self, lease: LeaseId) {
        let Some(login) = self.token.login() else {
            return;
        };
        let token = login.token.clone();
        self.io.note(Note::LeaseOrphaned(lease.clone()));
        let call = Call::RevokeLease {
            token,
            lease: lease.clone(),
        };
        self.io.call(Caller::Orphan(lease), call);
    }

    /// Vault is back: what ends goes first, and overdue reads that may wait are spread over one
    /// interval; after a short outage, in which few came due, over ten times as long as it was.
    pub(super) fn end_outage(&mut self, lasted: Duration, now: Now) {
        let interval = self.settings.refresh.interval();
        let spread = lasted.saturating_mul(SPREAD).min(interval);
        self.io.note(Note::BreakerClosed);
        self.token.end_outage(&mut self.io);
        let waiting = self.secrets.iter().filter(|(_, secret)| {
            matches!(
                secret.stage,
                Stage::Unasked
                    | Stage::Recalling(_)
                    | Stage::BackingOff { .. }
                    | Stage::Leased { .. }
                    | Stage::Queued { .. }
            )
        });
        let waiting: Vec<SecretId> = waiting.map(|(id, _)| *id).collect();
        for id in waiting {
            let has_recovered = self.with(id, now, |secret, cx| {
                secret.end_outage(spread, cx.now.mono);
                matches!(secret.stage, Stage::Queued { .. }) && secret.postpone(spread, cx)
            });
            if has_recovered {
                self.io.outputs.push_back(Output::Recovered(id));
            }
        }
    }

    /// All who wait for Vault have tried once more by the one request that did, which was for the
    /// secret `asked` itself.
    pub(super) fn outage_goes_on(
        &mut self,
        observed: Observed,
        reason: &Arc<str>,
        asked: Option<SecretId>,
        now: Now,
    ) {
        if observed == Observed::Opened {
            self.io.note(Note::BreakerOpened(Arc::clone(reason)));
        }
        // A lease that ended while its renewal waits is replaced, and its secret reported.
        for id in self.renewals.secrets() {
            let turn = self.with(id, now, |secret, cx| secret.expire(cx.now.mono));
            self.note_turn(id, turn);
        }
        for id in self.reads.secrets() {
            if asked == Some(id) {
                continue;
            }
            let is_news = self.with(id, now, |secret, cx| secret.count_outage(cx));
            if let Some(secret) = self.secrets.get(&id).filter(|_| is_news) {
                let path = Arc::clone(secret.want.path());
                let kind = FailureKind::Away(Arc::clone(reason));
                self.report(id, kind, &path, None, false);
            }
        }
    }
}
