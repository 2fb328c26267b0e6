//! What operators read. Alerts match on these lines: they are Vault Agent's, where it has any.

use std::time::Duration;

use templating::Request;
use tracing::{debug, error, info, warn};
use vault_engine::{Failure, FailureKind, Note};

use super::{Driver, EventKind};

/// A read that failed.
pub(super) fn failure(request: &Request, failure: &Failure, reason: &str) {
    let (attempt, pause) = (failure.attempt, failure.pause);
    if let FailureKind::Away(_) = failure.kind {
        // The request that found it out has said so.
        debug!(target: "agent", "(view) {request}: waiting for Vault, retry attempt {attempt}");
    } else if failure.is_permanent {
        warn!(target: "agent", error = %reason, "(view) {request}: cannot be asked for");
    } else {
        warn!(
            target: "agent", error = %reason,
            "(view) {request}: retry attempt {attempt} after at most {pause:?}"
        );
    }
}

impl Driver {
    pub(super) fn login_failed(&self, pause: Duration) {
        let Some(error) = self.vault.login_error() else {
            return;
        };
        error!(target: "agent.auth.handler", %error, backoff = ?pause, "error authenticating");
        self.status.failed(error.to_string());
    }

    pub(super) fn note(&self, note: &Note) {
        match note {
            Note::LoggingIn => info!(target: "agent.auth.handler", "authenticating"),
            Note::LoginWorked => info!(
                target: "agent.auth.handler",
                "authentication successful, sending token to sinks"
            ),
            Note::KeptTokenAlive => {
                info!(target: "agent.auth.handler", "going on with the token of the agent before");
            }
            Note::KeptTokenDead(error) => {
                info!(target: "agent.auth.handler", %error, "the token of the agent before is of no use");
            }
            Note::TokenUnlimited => info!(
                target: "agent.auth.handler",
                "not starting token renewal process, as token has unlimited TTL"
            ),
            Note::TokenRenewalStarted => {
                info!(target: "agent.auth.handler", "starting renewal process");
            }
            Note::TokenRenewed => info!(target: "agent.auth.handler", "renewed auth token"),
            Note::TokenRenewalFailed(error) => {
                warn!(target: "agent.auth.handler", %error, "error renewing token");
            }
            Note::TokenEnds(reason) => info!(
                target: "agent.auth.handler", ?reason,
                "lifetime watcher done channel triggered, re-authenticating"
            ),
            Note::TokenInvalid => warn!(
                target: "agent.auth.handler",
                "the token is no longer valid, re-authenticating"
            ),
            Note::TokenValid => debug!(
                target: "agent.auth.handler",
                "the token is valid: a policy denied the request"
            ),
            Note::TokenLookupFailed(error) => {
                debug!(target: "agent.auth.handler", %error, "cannot look up the token");
            }
            Note::NewCredentials => {
                info!(target: "agent.auth.handler", "new credentials, re-authenticating");
            }
            note => self.note_secret(note),
        }
    }

    fn note_secret(&self, note: &Note) {
        match note {
            Note::LeaseRenewed {
                secret,
                lease,
                granted,
            } => {
                info!(target: "agent", %lease, ?granted, "renewed lease");
                if let Some(ends_at) = self.vault.lease_end(*secret) {
                    self.tell(*secret, EventKind::Renewed(ends_at));
                }
            }
            Note::LeaseRenewalFailed { lease, error } => {
                warn!(target: "agent", %lease, %error, "error renewing lease");
            }
            Note::LeaseEnds { lease, end } => {
                debug!(target: "agent", %lease, reason = ?end, "lease ends");
            }
            Note::LeaseOrphaned(lease) => {
                info!(target: "agent", %lease, "revoking a lease that no template asked for any more");
            }
            Note::MountUnknown { path, error } => debug!(
                target: "agent", %error,
                "cannot tell the engine of {path}, using the path as it is"
            ),
            Note::NotRotatedYet { secret, looks } => {
                if let Some(wanted) = self.wanted.get(secret) {
                    debug!(target: "agent", "(view) {}: not rotated yet, look {looks}", wanted.request);
                }
            }
            Note::BreakerOpened(reason) => {
                debug!(target: "agent", %reason, "Vault does not serve, requests wait");
            }
            Note::BreakerClosed => info!(target: "agent", "Vault serves again"),
            Note::TokenRevoked { is_other, error } => match (is_other, error) {
                (false, None) => info!(target: "agent", "revoked the token and its leases"),
                (true, None) => debug!(target: "agent", "revoked an earlier token"),
                (false, Some(error)) => warn!(
                    target: "agent", %error,
                    "cannot revoke the token, revoking its leases one by one"
                ),
                (true, Some(error)) => {
                    warn!(target: "agent", %error, "cannot revoke an earlier token");
                }
            },
            Note::LeaseRevoked { lease, error } => match error {
                None => info!(target: "agent", %lease, "revoked lease"),
                Some(error) => warn!(target: "agent", %lease, %error, "cannot revoke lease"),
            },
            _ => {}
        }
    }
}
