//! Requests of applications, passed on to Vault with the agent's token.
//!
//! ```text
//! request ─▶ headers (token, namespace, none of the connection's) ─▶ Vault ─▶ answer, as it comes
//!                                                                     └─ to the agent's token: without that token
//! ```
//!
//! With a cache, a request goes there before it goes to Vault.
//!
//! Bodies pass piece by piece. A small one of a known size is held, so that it can be sent again.
//! Neither tokens nor bodies nor queries are logged.

mod ahead;
mod cache;
mod counts;
mod guarded;
mod headers;
mod own_token;
mod refusal;
mod veil;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{ACCEPT_ENCODING, AGE, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{HeaderMap, Request, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, warn};
use vault_client::{Body, Connection, Forward, ForwardBody, Forwarded};

use crate::auth::{Login, Logins, Suspicions};
use ahead::Ahead;
use cache::{Cache, Turn};
use refusal::Refusal;

pub(crate) use cache::Clear;
pub use counts::ProxyCounts;
pub(crate) use guarded::Guarded;

/// As much as Vault itself takes.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// Of a body that is held, so that it can be sent again.
const HELD_BODY: u64 = 256 * 1024;
/// Of an answer that may be kept.
const HELD_ANSWER: usize = 64 * 1024;
/// For a body that is held to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

const X_CACHE: HeaderName = HeaderName::from_static("x-cache");

/// What an answer consists of.
pub(crate) type AnswerBody = Either<Full<Bytes>, Body>;

pub(crate) use contract::agent_config::check::UseToken;

/// The proxy, as configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// Which token a request is sent with.
    pub use_token: UseToken,
    /// Put in front of the namespace that a request names.
    pub namespace: Option<String>,
    /// How often a request is tried again.
    pub retries: u32,
    /// Credentials that can be renewed are kept for the next one who asks.
    pub caches: bool,
}

/// Passes requests on.
pub struct Proxy {
    settings: ProxySettings,
    connection: Connection,
    logins: Logins,
    suspicions: Suspicions,
    cache: Option<Arc<Cache>>,
    counts: Counts,
    places: Arc<Semaphore>,
}

#[derive(Default)]
struct Counts {
    success: AtomicU64,
    client_error: AtomicU64,
    error: AtomicU64,
}

/// Requests at once, of all listeners, from their first byte to the last of their answers: fewer than
/// one listener has connections.
pub(crate) const AT_A_TIME: usize = 96;

impl Proxy {
    /// A proxy over this connection.
    pub fn new(
        settings: ProxySettings,
        connection: Connection,
        logins: Logins,
        suspicions: Suspicions,
    ) -> Self {
        let caches = settings.caches;
        Self {
            settings,
            cache: caches.then(|| Cache::new(connection.clone())),
            connection,
            logins,
            suspicions,
            counts: Counts::default(),
            places: Arc::new(Semaphore::new(AT_A_TIME)),
        }
    }

    /// How the requests so far ended.
    pub fn counts(&self) -> ProxyCounts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let cache = self.cache.as_ref().map(|cache| cache.counts());
        let cache = cache.unwrap_or_default();
        ProxyCounts {
            success: load(&self.counts.success),
            client_error: load(&self.counts.client_error),
            error: load(&self.counts.error),
            cache_hits: cache.0,
            cache_misses: cache.1,
        }
    }

    /// Warns once, at the first login with a token that is lent and too short to be hidden.
    pub(crate) async fn warn_of_short_token(&self) {
        if self.settings.use_token == UseToken::Own {
            return;
        }
        let mut logins = self.logins.clone();
        let is_short =
            |login: &Option<Arc<Login>>| login.as_ref().is_some_and(|it| !veil::hides(&it.token));
        if logins.wait_for(is_short).await.is_ok() {
            let shortest = veil::SHORTEST;
            warn!(
                target: "agent.apiproxy",
                "the agent's token has fewer than {shortest} characters: it is not hidden in answers to \
                 applications, where other text may look like it; use one that Vault makes"
            );
        }
    }

    /// Forgets kept answers.
    pub fn clear(&self, what: &Clear) {
        if let Some(cache) = &self.cache {
            cache.clear(what);
        }
    }

    /// Vault's answer, or a word on why there is none.
    pub async fn answer(&self, request: Request<Incoming>) -> Response<AnswerBody> {
        let method = request.method().clone();
        let path = request.uri().path().to_owned();
        let answer = self.pass_on(request).await;
        let answer = answer.unwrap_or_else(|refusal| {
            if let Refusal::Vault(error) = &refusal {
                warn!(target: "agent.apiproxy", %error, "cannot pass a request on");
            }
            refusal.response()
        });
        let status = answer.status();
        debug!(target: "agent.apiproxy", %method, path, status = status.as_u16(), "request answered");
        let count = match status.as_u16() {
            500.. => &self.counts.error,
            400.. => &self.counts.client_error,
            _ => &self.counts.success,
        };
        count.fetch_add(1, Ordering::Relaxed);
        answer
    }

    async fn pass_on(&self, request: Request<Incoming>) -> Result<Response<AnswerBody>, Refusal> {
        let place = self.place().ok_or(Refusal::Busy)?;
        let (head, body) = request.into_parts();
        let login = self.logins.borrow().clone();
        let mut headers = headers::of_request(&head.headers, self.settings.namespace.as_deref());
        let replaces = match self.settings.use_token {
            UseToken::Own => false,
            UseToken::Fallback => !headers::has_token(&headers),
            UseToken::Force => true,
        };
        let lent = match &login {
            None if replaces => return Err(Refusal::NotLoggedIn),
            Some(login) if replaces => Some(login.as_ref()),
            _ => None,
        };
        let is_own_token = lent.is_some() && own_token::is_asked_for(head.uri.path());
        if let Some(login) = &lent {
            headers::set_token(&mut headers, &login.token);
            headers::want_readable(&mut headers);
        }
        let is_revocation = self.cache.is_some() && cache::may_revoke(head.uri.path());
        if is_own_token {
            headers::want_unwrapped(&mut headers);
        }
        if self.cache.is_some() {
            // What is packed cannot be looked at.
            headers.remove(ACCEPT_ENCODING);
        }
        // Its status is the state of the server, and not whether the request worked.
        let is_health = is_probe(head.uri.path());
        let retries = if is_health { 0 } else { self.settings.retries };
        let target = head.uri.path_and_query();
        let forward = Forward {
            method: head.method,
            target: target.map_or("/", |target| target.as_str()).to_owned(),
            headers,
            body: taken(body, is_revocation).await?,
            retries,
            keeps_off: if lent.is_some() && !is_own_token {
                own_token::is_asked_for
            } else {
                |_| false
            },
        };
        let answer = match &self.cache {
            _ if is_own_token => {
                let forwarded = self.send(forward, lent).await?;
                without_own_token(forwarded).await?
            }
            Some(cache) => {
                self.send_or_find(cache, forward, lent, login.as_deref())
                    .await?
            }
            None => {
                let forwarded = self.send(forward, lent).await?;
                let headers = headers::of_answer(&forwarded.headers);
                answer(forwarded.status, headers, Either::Right(forwarded.body))
            }
        };
        // A kept answer too: it may have been got by an application that knows the token.
        let answer = match lent {
            Some(login) => veil::over(answer, &login.token),
            None => answer,
        };
        Ok(answer.map(|body| match body {
            Either::Left(whole) => Either::Left(whole),
            Either::Right(body) => Either::Right(Body::wrap(Guarded::new(body, place))),
        }))
    }

    /// For one request, unless there are so many that probes would not be answered.
    pub(crate) fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// A kept answer, or Vault's, which may be kept.
    async fn send_or_find(
        &self,
        cache: &Arc<Cache>,
        forward: Forward,
        lent: Option<&Login>,
        login: Option<&Login>,
    ) -> Result<Response<AnswerBody>, Refusal> {
        let question = match cache.turn(&forward, login).await {
            Turn::Hit(hit) => {
                let mut headers = hit.headers;
                headers.insert(X_CACHE, HeaderValue::from_static("HIT"));
                headers.insert(AGE, hit.age.into());
                let body = Either::Left(Full::new(hit.body));
                return Ok(answer(hit.status, headers, body));
            }
            Turn::Send(question) => question,
        };
        let forwarded = match self.send(forward, lent).await {
            Ok(forwarded) => forwarded,
            Err(refusal) => {
                question.failed();
                return Err(refusal);
            }
        };
        let mut headers = headers::of_answer(&forwarded.headers);
        let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| {
            let kind = kind.as_bytes();
            kind.starts_with(b"application/json")
        });
        let status = forwarded.status;
        let ahead = if question.may_be_kept() && is_json && status.is_success() {
            ahead::read(forwarded.body, HELD_ANSWER).await
        } else {
            Some(Ahead::Longer(forwarded.body))
        };
        let (body, whole) = match ahead {
            Some(Ahead::Whole(body)) => (Either::Left(Full::new(body.clone())), Some(body)),
            Some(Ahead::Longer(body)) => (Either::Right(body), None),
            None => {
                question.failed();
                return Err(Refusal::BrokenOff);
            }
        };
        cache.take(question, status, &headers, whole.as_ref());
        headers.insert(X_CACHE, HeaderValue::from_static("MISS"));
        Ok(answer(status, headers, body))
    }

    /// Asks Vault, and takes note of how that went.
    async fn send(&self, forward: Forward, lent: Option<&Login>) -> Result<Forwarded, Refusal> {
        let client = self.connection.client();
        let is_probe = is_probe(&forward.target);
        let outcome = client.forward(forward).await;
        let refusal = outcome.as_ref().ok().and_then(Forwarded::refusal);
        match &refusal {
            // A standby says 429, 472 or 473 to a probe, which asks about this very server.
            Some(error) if is_probe || !matches!(error.status(), Some(502..=504)) => {
                self.connection.note_refusal(error);
            }
            Some(error) => self.connection.note_failure(&client, error),
            None => self.connection.note(&client, &outcome),
        }
        let forwarded = outcome.map_err(Refusal::Vault)?;
        let Some(login) = lent else {
            return Ok(forwarded);
        };
        if forwarded.status == StatusCode::FORBIDDEN {
            // A full queue means that the token is being looked at anyway.
            let _ = self.suspicions.try_send(login.generation);
        }
        if headers::is_packed(&forwarded.headers) {
            return Err(Refusal::Packed);
        }
        Ok(forwarded)
    }
}

/// Whether a path and query ask for the state of the server.
fn is_probe(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path.ends_with("/sys/health")
}

fn answer(status: StatusCode, headers: HeaderMap, body: AnswerBody) -> Response<AnswerBody> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    *answer.headers_mut() = headers;
    answer
}

/// What the application must not learn is taken out.
async fn without_own_token(forwarded: Forwarded) -> Result<Response<AnswerBody>, Refusal> {
    let mut headers = headers::of_answer(&forwarded.headers);
    headers.remove(CONTENT_LENGTH);
    let body = if forwarded.status.is_success() {
        let text = own_token::without(forwarded.body).await;
        Either::Left(text.ok_or(Refusal::Unreadable)?.into())
    } else {
        Either::Right(forwarded.body)
    };
    Ok(answer(forwarded.status, headers, body))
}

/// One that is `needed` is held in any case.
async fn taken(body: Incoming, needed: bool) -> Result<ForwardBody, Refusal> {
    if body.is_end_stream() {
        return Ok(ForwardBody::Whole(Bytes::new()));
    }
    match body.size_hint().exact() {
        Some(size) if size <= HELD_BODY => {
            match tokio::time::timeout(BODY_DEADLINE, body.collect()).await {
                Ok(Ok(body)) => Ok(ForwardBody::Whole(body.to_bytes())),
                _ => Err(Refusal::Body),
            }
        }
        Some(size) if size > BODY_LIMIT as u64 => Err(Refusal::TooLarge),
        _ if needed => {
            let limit = usize::try_from(HELD_BODY).unwrap_or(BODY_LIMIT);
            let body = Limited::new(body, limit).collect();
            match tokio::time::timeout(BODY_DEADLINE, body).await {
                Ok(Ok(body)) => Ok(ForwardBody::Whole(body.to_bytes())),
                _ => Err(Refusal::Body),
            }
        }
        _ => Ok(ForwardBody::Stream(Body::wrap(Limited::new(
            body, BODY_LIMIT,
        )))),
    }
}
