//! Keeps the credential in an answer alive until it is time for a new one.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Method};
use serde_json::json;
use tokio::time::sleep;
use tracing::{debug, info, warn};
use vault_client::{Connection, Forward, ForwardBody, Forwarded};
use vault_driver::Clock;
use vault_engine::{Effect, Event, Lifetime, Tolerance};
use vault_wire::{Error, Token};

use super::super::headers::{self, X_VAULT_NAMESPACE};
use super::grant::Grant;
use crate::random;

/// The answer to a renewal is small.
const LIMIT: usize = 256 * 1024;

/// How a credential is renewed.
pub(super) struct Renewal {
    pub(super) connection: Connection,
    /// The credential itself, or the token that its lease belongs to.
    pub(super) token: Token,
    pub(super) namespace: Option<HeaderValue>,
    /// The name of the lease; `None` for a token.
    pub(super) lease: Option<String>,
    /// For the log.
    pub(super) path: String,
}

impl Renewal {
    /// Ends when the answer must not be given any more.
    pub(super) async fn keep_up(self, lasts: Duration) {
        let clock = Clock::start();
        let now = clock.now().mono;
        let (mut lifetime, mut effect) =
            Lifetime::granted(Tolerance::Transient, lasts, true, now, random::jitter());
        loop {
            let event = match effect {
                Effect::End(why) => {
                    debug!(target: "agent.cache.leasecache", path = self.path, reason = ?why, "credential ends");
                    return;
                }
                Effect::Sleep(pause) => {
                    sleep(pause).await;
                    Event::Woke
                }
                Effect::Renew => Box::pin(self.renew()).await,
            };
            (lifetime, effect) = lifetime.step(event, clock.now().mono, random::jitter());
        }
    }

    async fn renew(&self) -> Event {
        let client = self.connection.client();
        let outcome = client.forward(self.request()).await;
        let refusal = outcome.as_ref().ok().and_then(Forwarded::refusal);
        match &refusal {
            Some(error) => self.connection.note_failure(&client, error),
            None => self.connection.note(&client, &outcome),
        }
        let failed = |error: &Error| {
            warn!(target: "agent.cache.leasecache", path = self.path, %error, "error renewing credential");
            Event::Failed {
                transient: error.is_retryable(),
            }
        };
        let answer = match (outcome, refusal) {
            (_, Some(error)) | (Err(error), None) => return failed(&error),
            (Ok(answer), None) => answer,
        };
        let body = Limited::new(answer.body, LIMIT).collect().await;
        let granted = body
            .ok()
            .and_then(|body| Grant::of_renewal(&body.to_bytes()));
        let Some((granted, renewable)) = granted else {
            warn!(target: "agent.cache.leasecache", path = self.path, "the answer to a renewal cannot be read");
            return Event::Failed { transient: true };
        };
        info!(target: "agent.cache.leasecache", path = self.path, ?granted, "renewed credential");
        Event::Renewed { granted, renewable }
    }

    fn request(&self) -> Forward {
        let mut fields = HeaderMap::new();
        headers::set_token(&mut fields, &self.token);
        if let Some(namespace) = &self.namespace {
            fields.insert(X_VAULT_NAMESPACE, namespace.clone());
        }
        let (target, body) = match &self.lease {
            Some(lease) => ("/v1/sys/leases/renew", json!({ "lease_id": lease })),
            None => ("/v1/auth/token/renew-self", json!({})),
        };
        Forward {
            method: Method::PUT,
            target: target.to_owned(),
            headers: fields,
            body: ForwardBody::Whole(Bytes::from(body.to_string())),
            retries: 0,
            keeps_off: |_| false,
        }
    }
}
