//! One request to its end: headers, redirect, retries, deadline, and the answer's body into memory
//! that is wiped.

use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use jiff::Timestamp;
use reqwest::Url;
use vault_wire::{Error, JsonText, Reply, RequestLine, Sent, Token};
use zeroize::Zeroizing;

use super::body::{Turn, Turns, whole};
use super::path;
use crate::config::{ClientConfig, ConfigError, Server};
use crate::rate::Limiter;
#[cfg(feature = "foreign")]
use crate::reach;
use crate::redirect::Policy;
use crate::{hint, proxy, retry, tls};

/// The largest answer that is taken. Vault's storage takes no secret of more than 1 MiB; a list of
/// names may be longer.
const ANSWER_LIMIT: usize = 4 * 1024 * 1024;
/// Most values in an answer: each takes many times its text once it is read.
const VALUES_LIMIT: usize = 40_000;
/// The largest error that is read; of a longer one, the status counts.
const ERROR_LIMIT: usize = 16 * 1024;

/// Templates fetch in parallel at start; afterwards there is little to do.
const IDLE_CONNECTIONS: usize = 4;

const X_VAULT_TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
const X_VAULT_NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
pub(super) const X_VAULT_REQUEST: HeaderName = HeaderName::from_static("x-vault-request");
const X_VAULT_WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");

/// What to ask for.
pub(super) struct Call<'a> {
    method: Method,
    path: &'a str,
    token: Option<&'a Token>,
    wrap_ttl: Option<Duration>,
    pub(super) body: Option<Bytes>,
    plain_keys: &'static [&'static str],
}

impl<'a> Call<'a> {
    pub(super) fn new(method: Method, path: &'a str) -> Self {
        Self {
            method,
            path,
            token: None,
            wrap_ttl: None,
            body: None,
            plain_keys: &[],
        }
    }

    /// Keys of the body whose values may stand in an error.
    pub(super) fn plain_keys(mut self, keys: &'static [&'static str]) -> Self {
        self.plain_keys = keys;
        self
    }

    /// Asks for the answer to be wrapped.
    pub(super) fn wrapped(mut self, ttl: Duration) -> Self {
        self.wrap_ttl = Some(ttl);
        self
    }

    pub(super) fn token(mut self, token: Option<&'a Token>) -> Self {
        self.token = token;
        self
    }

    pub(super) fn body(mut self, body: Bytes) -> Self {
        self.body = Some(body);
        self
    }
}

/// The connection pool and what goes with every request.
pub(super) struct Transport {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    address: Url,
    namespace: Option<HeaderValue>,
    pub(super) redirects: Policy,
    pub(super) timeout: Option<Duration>,
    max_retries: u32,
    retry_wait: Option<Duration>,
    limiter: Option<Limiter>,
    large: Turns,
}

/// An answer, and its turn if it is large: others wait until it is read.
pub(super) struct Received {
    reply: Reply,
    turn: Option<Turn>,
}

impl Received {
    /// A reading of it. The turn ends with the text.
    pub(super) fn read<T>(self, reading: impl FnOnce(Reply) -> T) -> T {
        let result = reading(self.reply);
        drop(self.turn);
        result
    }
}

impl Transport {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        let Server {
            address,
            base,
            socket,
        } = Server::of(&config.address)?;
        let tls = tls::load(config)?;
        let idle = if config.keep_connections {
            IDLE_CONNECTIONS
        } else {
            0
        };
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls.config)
            .http1_only()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .user_agent(&config.user_agent)
            .default_headers(config.headers.clone())
            .pool_max_idle_per_host(idle);
        let has_socket = socket.is_some();
        #[cfg(feature = "foreign")]
        if config.is_foreign {
            reach::check(&address, has_socket)?;
            builder = builder.dns_resolver(reach::resolver());
        }
        if let Some(socket) = socket {
            builder = builder.unix_socket(socket);
        }
        let http = proxy::apply(builder, config.proxy.as_ref(), &base)
            .and_then(reqwest::ClientBuilder::build)
            .map_err(|error| ConfigError::Http(error.into()))?;
        Ok(Self {
            http,
            redirects: Policy {
                home: base.clone(),
                private_ca: tls.private_ca,
                follow: config.follow_redirects,
                socket: has_socket,
                #[cfg(feature = "foreign")]
                same_host: config.is_foreign,
                #[cfg(not(feature = "foreign"))]
                same_host: false,
            },
            limiter: config.rate_limit.map(Limiter::new),
            large: Turns::new(),
            base,
            address,
            namespace: config.namespace_header()?,
            timeout: (!config.timeout.is_zero()).then_some(config.timeout),
            max_retries: config.max_retries,
            retry_wait: config.retry_wait,
        })
    }

    pub(super) fn address(&self) -> &Url {
        &self.address
    }

    pub(super) fn namespace(&self) -> &str {
        self.namespace
            .as_ref()
            .and_then(|name| name.to_str().ok())
            .unwrap_or_default()
    }

    /// Asks, within the deadline. An error status is an error, except 404, which may hold a secret.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Received, Error> {
        let url = path::url(&self.base, call.path)?;
        self.in_time(call, &url, self.with_retries(call, &url))
            .await
    }

    /// Asks once, within the deadline, and takes any answer.
    pub(super) async fn send_any_status(&self, call: &Call<'_>) -> Result<Received, Error> {
        let url = path::url(&self.base, call.path)?;
        self.in_time(call, &url, self.send_once(call, &url)).await
    }

    async fn in_time(
        &self,
        call: &Call<'_>,
        url: &Url,
        work: impl Future<Output = Result<Received, Error>>,
    ) -> Result<Received, Error> {
        let Some(after) = self.timeout else {
            return work.await;
        };
        match tokio::time::timeout(after, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Timeout {
                request: request_line(call, url),
                after,
            }),
        }
    }

    async fn with_retries(&self, call: &Call<'_>, url: &Url) -> Result<Received, Error> {
        let mut attempt = 1;
        loop {
            let outcome = match self.send_once(call, url).await {
                Ok(received) if received.reply.status == StatusCode::NOT_FOUND => Ok(received),
                Ok(received) => received.reply.fail_unless_success().map(|()| received),
                Err(error) => Err(error),
            };
            let error = match outcome {
                Err(error) if error.is_retryable() && attempt <= self.max_retries => error,
                outcome => return outcome,
            };
            let wait = match self.retry_wait {
                Some(wait) => Some(wait),
                None => retry::wait_before_retry(attempt, error.retry_after()),
            };
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return Err(error),
            }
            attempt += 1;
        }
    }

    /// One request, with its redirect.
    async fn send_once(&self, call: &Call<'_>, url: &Url) -> Result<Received, Error> {
        let response = self.exchange(call, url).await?;
        match redirect_location(&response) {
            None => self.receive(call, url, response).await,
            Some(location) => {
                let target =
                    self.redirects
                        .target(url, &location)
                        .map_err(|reason| Error::Redirect {
                            request: request_line(call, url),
                            reason,
                        })?;
                let response = self.exchange(call, &target).await?;
                if redirect_location(&response).is_some() {
                    let reason =
                        "it leads to another redirect; check the servers' api_addr".to_owned();
                    return Err(Error::Redirect {
                        request: request_line(call, &target),
                        reason,
                    });
                }
                self.receive(call, &target, response).await
            }
        }
    }

    /// Waits until the rate limit lets another request pass.
    pub(super) async fn admit(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.admit().await;
        }
    }

    async fn exchange(&self, call: &Call<'_>, url: &Url) -> Result<reqwest::Response, Error> {
        self.admit().await;
        let mut request = self
            .http
            .request(call.method.clone(), url.clone())
            .header(X_VAULT_REQUEST, HeaderValue::from_static("true"));
        if let Some(namespace) = &self.namespace {
            request = request.header(X_VAULT_NAMESPACE, namespace);
        }
        if let Some(token) = call.token {
            request = request.header(X_VAULT_TOKEN, token_header(token));
        }
        if let Some(ttl) = call.wrap_ttl {
            // Zero would turn the wrapping off.
            request = request.header(X_VAULT_WRAP_TTL, ttl.as_secs().max(1));
        }
        if let Some(body) = &call.body {
            request = request
                .header(
                    header::CONTENT_TYPE,
                    HeaderValue::from_static("application/json"),
                )
                .body(body.clone());
        }
        request
            .send()
            .await
            .map_err(|source| transport_error(&request_line(call, url), source))
    }

    async fn receive(
        &self,
        call: &Call<'_>,
        url: &Url,
        mut response: reqwest::Response,
    ) -> Result<Received, Error> {
        let request = request_line(call, url);
        let malformed = |what: String| Error::Malformed {
            request: request.clone(),
            what,
        };
        let status = response.status();
        // With 404 comes what is known of a deleted secret.
        let is_answer = status.is_success() || status == StatusCode::NOT_FOUND;
        let limit = if is_answer { ANSWER_LIMIT } else { ERROR_LIMIT };
        let announced = response
            .content_length()
            .and_then(|length| usize::try_from(length).ok());
        let whole = whole(announced, limit, &self.large, &mut response)
            .await
            .map_err(|source| transport_error(&request, source))?;
        let is_cut = whole.is_none();
        if is_cut && is_answer {
            return Err(malformed(format!(
                "larger than {} MiB",
                limit / 1024 / 1024
            )));
        }
        let (mut body, turn) = whole
            .map(|whole| (whole.bytes, whole.turn))
            .unwrap_or_default();
        if std::str::from_utf8(&body).is_err() {
            return Err(malformed("not UTF-8 text".into()));
        }
        let text =
            String::from_utf8(std::mem::take(&mut *body)).expect("checked text must be UTF-8");
        let body = JsonText::from_buffer(Zeroizing::new(text));
        if body.has_more_values_than(VALUES_LIMIT) {
            return Err(malformed(format!("more than {VALUES_LIMIT} values in it")));
        }
        let reply = Reply {
            status: status.as_u16(),
            retry_after: retry_after(&response),
            request,
            sent: Sent {
                token: call.token.cloned(),
                body: call.body.clone(),
                plain_keys: call.plain_keys,
            },
            body,
            is_cut,
        };
        Ok(Received { reply, turn })
    }
}

/// The token as a header that no log shows.
pub(super) fn token_header(token: &Token) -> HeaderValue {
    let mut value =
        HeaderValue::from_str(token.expose()).expect("a printable token must be a header value");
    value.set_sensitive(true);
    value
}

fn request_line(call: &Call<'_>, url: &Url) -> RequestLine {
    RequestLine::new(call.method.as_str(), url.as_str())
}

pub(super) fn transport_error(request: &RequestLine, source: reqwest::Error) -> Error {
    let source = source.without_url();
    Error::Transport {
        request: request.clone(),
        hint: hint::hint(&source),
        source: source.into(),
    }
}

pub(super) fn redirect_location(response: &reqwest::Response) -> Option<String> {
    let redirect = matches!(
        response.status(),
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT
    );
    let location = response
        .headers()
        .get(header::LOCATION)
        .filter(|_| redirect)?;
    Some(location.to_str().unwrap_or_default().to_owned())
}

pub(super) fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    vault_wire::retry_after(value, Timestamp::now())
}
