//! Requests of applications, passed on to Vault with the agent's token.
//!
//! ```text
//! request ─▶ headers (token, namespace, none of the connection's) ─▶ Vault ─▶ answer, as it comes
//!                                                                     └─ lookup-self, renew-self: without the agent's token
//! ```
//!
//! Bodies pass piece by piece. A small one of a known size is held, so that it can be sent again.
//! Neither tokens nor bodies nor queries are logged.

mod headers;
mod own_token;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Request, Response, StatusCode};
use serde_json::json;
use tracing::{debug, warn};
use vault_api::{Body, Error, Forward, ForwardBody, Forwarded};

use crate::auth::{Logins, Suspicions};
use crate::connection::Connection;
use crate::status::ProxyCounts;

/// As much as Vault itself takes.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// Of a body that is held, so that it can be sent again.
const HELD_BODY: u64 = 256 * 1024;
/// For a body that is held to arrive.
const BODY_DEADLINE: Duration = Duration::from_secs(30);

/// What an answer consists of.
pub type AnswerBody = Either<Full<Bytes>, Body>;

/// Which token a request is sent with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UseToken {
    /// Its own or none.
    #[default]
    Own,
    /// Its own, else the agent's.
    Fallback,
    /// The agent's.
    Force,
}

/// The proxy, as configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProxySettings {
    /// Which token a request is sent with.
    pub use_token: UseToken,
    /// Put in front of the namespace that a request names.
    pub namespace: Option<String>,
    /// How often a request is tried again.
    pub retries: u32,
}

/// Passes requests on.
pub struct Proxy {
    settings: ProxySettings,
    connection: Connection,
    logins: Logins,
    suspicions: Suspicions,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    success: AtomicU64,
    client_error: AtomicU64,
    error: AtomicU64,
}

/// Why a request is answered here.
enum Refusal {
    /// The agent has no token yet.
    NotLoggedIn,
    /// The request's body did not come in time or whole.
    Body,
    /// The request's body is too large.
    TooLarge,
    /// Vault did not answer, or may not be asked that.
    Vault(Error),
    /// Vault's answer about the agent's token cannot be read, so it is not shown.
    Unreadable,
}

impl Proxy {
    /// A proxy over this connection.
    pub fn new(
        settings: ProxySettings,
        connection: Connection,
        logins: Logins,
        suspicions: Suspicions,
    ) -> Self {
        Self {
            settings,
            connection,
            logins,
            suspicions,
            counts: Counts::default(),
        }
    }

    /// How the requests so far ended.
    pub fn counts(&self) -> ProxyCounts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        ProxyCounts {
            success: load(&self.counts.success),
            client_error: load(&self.counts.client_error),
            error: load(&self.counts.error),
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
        let (head, body) = request.into_parts();
        let login = self.logins.borrow().clone();
        let mut headers = headers::of_request(&head.headers, self.settings.namespace.as_deref());
        let replaces = match self.settings.use_token {
            UseToken::Own => false,
            UseToken::Fallback => !headers::has_token(&headers),
            UseToken::Force => true,
        };
        let lent = match login {
            None if replaces => return Err(Refusal::NotLoggedIn),
            Some(login) if replaces => Some(login),
            _ => None,
        };
        // Only what the application must not learn is read here.
        let is_own_token = lent.is_some() && own_token::is_asked_for(head.uri.path());
        if let Some(login) = &lent {
            headers::set_token(&mut headers, &login.token);
        }
        if is_own_token {
            headers::want_plain(&mut headers);
        }
        // Its status is the state of the server, and not whether the request worked.
        let is_health = head.uri.path().ends_with("/sys/health");
        let retries = if is_health { 0 } else { self.settings.retries };
        let target = head.uri.path_and_query();
        let forward = Forward {
            method: head.method,
            target: target.map_or("/", |target| target.as_str()).to_owned(),
            headers,
            body: taken(body).await?,
            retries,
        };
        let client = self.connection.client();
        let outcome = client.forward(forward).await;
        let refusal = outcome.as_ref().ok().and_then(Forwarded::refusal);
        match &refusal {
            Some(error) => self.connection.note_failure(&client, error),
            None => self.connection.note(&client, &outcome),
        }
        let forwarded = outcome.map_err(Refusal::Vault)?;
        if let Some(login) = &lent
            && forwarded.status == StatusCode::FORBIDDEN
        {
            // A full queue means that the token is being looked at anyway.
            let _ = self.suspicions.try_send(login.generation);
        }
        let headers = headers::of_answer(&forwarded.headers);
        let status = forwarded.status;
        let mut answer = if is_own_token && status.is_success() {
            let text = own_token::without(forwarded.body).await;
            Response::new(Either::Left(text.ok_or(Refusal::Unreadable)?.into()))
        } else {
            Response::new(Either::Right(forwarded.body))
        };
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        if is_own_token {
            answer.headers_mut().remove(hyper::header::CONTENT_LENGTH);
        }
        Ok(answer)
    }
}

async fn taken(body: Incoming) -> Result<ForwardBody, Refusal> {
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
        _ => Ok(ForwardBody::Stream(Body::wrap(Limited::new(
            body, BODY_LIMIT,
        )))),
    }
}

impl Refusal {
    fn response(&self) -> Response<AnswerBody> {
        let (status, words) = match self {
            Self::NotLoggedIn => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the agent has not logged in yet".to_owned(),
            ),
            Self::Body => (
                StatusCode::REQUEST_TIMEOUT,
                "the body of the request did not come whole and in time".to_owned(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "the body of the request is larger than 32 MiB".to_owned(),
            ),
            Self::Vault(error @ Error::InvalidPath { .. }) => {
                (StatusCode::BAD_REQUEST, error.to_string())
            }
            Self::Vault(error @ Error::Timeout { .. }) => {
                (StatusCode::GATEWAY_TIMEOUT, error.to_string())
            }
            Self::Vault(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
            Self::Unreadable => (
                StatusCode::BAD_GATEWAY,
                "Vault's answer about the agent's token cannot be read".to_owned(),
            ),
        };
        let body = json!({"errors": [words]}).to_string();
        let mut answer = Response::new(Either::Left(Full::new(Bytes::from(body))));
        *answer.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        answer.headers_mut().insert(CONTENT_TYPE, json);
        answer
    }
}
