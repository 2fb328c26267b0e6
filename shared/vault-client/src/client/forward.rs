//! Requests that somebody else wrote, passed on as they are: for a proxy.
//!
//! Nothing is added but `X-Vault-Request`. Token and namespace are among the request's own headers,
//! and an answer is an answer whatever its status. What the client's settings say of trust,
//! redirects and the deadline holds here too; the deadline ends with the head of the answer, whose
//! body then comes as the server sends it.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::Url;

use super::transport::{
    Transport, X_VAULT_REQUEST, redirect_location, retry_after, transport_error,
};
use super::{Client, path};
use crate::body::Body;
use crate::retry;
use vault_wire::{Error, RequestLine};

/// A request to pass on.
pub struct Forward {
    /// Any method, `LIST` too.
    pub method: Method,
    /// Path and query below the server's address, as they came: `/v1/secret/data/app?version=2`.
    pub target: String,
    /// All headers but those of the connection, of the host and of the body's length.
    pub headers: HeaderMap,
    /// The body.
    pub body: ForwardBody,
    /// How often it is tried again after a connection error, 412, 429, 472, 473 or a server error except 501.
    /// The last answer counts.
    pub retries: u32,
    /// Paths that a redirect must not lead to: the caller looked at its own path alone.
    pub keeps_off: fn(path: &str) -> bool,
}

/// The body of a request to pass on.
pub enum ForwardBody {
    /// In memory, so that it can be sent again.
    Whole(Bytes),
    /// As it comes. It is sent once: no retry, no redirect.
    Stream(Body),
}

/// An answer, its body still to be received.
pub struct Forwarded {
    /// The HTTP status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, without a limit of its own.
    pub body: Body,
    request: RequestLine,
}

impl Forwarded {
    /// What the status means, where it is an error. Vault's messages stay in the body.
    pub fn refusal(&self) -> Option<Error> {
        let is_error = self.status.is_client_error() || self.status.is_server_error();
        is_error.then(|| Error::Api {
            request: self.request.clone(),
            status: self.status.as_u16(),
            errors: Vec::new(),
            retry_after: None,
        })
    }
}

impl Client {
    /// Passes a request on and gives the answer, whatever its status.
    pub async fn forward(&self, request: Forward) -> Result<Forwarded, Error> {
        self.transport.forward(request).await
    }
}

impl Transport {
    async fn forward(&self, request: Forward) -> Result<Forwarded, Error> {
        let url = path::whole(&self.base, &request.target)?;
        // What applications ask for in a query is theirs.
        let mut shown = url.clone();
        shown.set_query(None);
        let line = RequestLine::new(request.method.as_str(), shown.as_str());
        let work = self.pass_on(request, &url, &line);
        let Some(after) = self.timeout else {
            return work.await;
        };
        match tokio::time::timeout(after, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::Timeout {
                request: line.clone(),
                after,
            }),
        }
    }

    async fn pass_on(
        &self,
        mut request: Forward,
        url: &Url,
        line: &RequestLine,
    ) -> Result<Forwarded, Error> {
        let true_value = HeaderValue::from_static("true");
        request.headers.insert(X_VAULT_REQUEST, true_value);
        let body = std::mem::replace(&mut request.body, ForwardBody::Whole(Bytes::new()));
        let body = match body {
            ForwardBody::Whole(body) => body,
            ForwardBody::Stream(body) => {
                self.admit().await;
                let sent = self.http.request(request.method, url.clone());
                let response = sent
                    .headers(request.headers)
                    .body(body.into_inner())
                    .send()
                    .await;
                let response = response.map_err(|source| transport_error(line, source))?;
                if redirect_location(&response).is_some() {
                    let reason = "a body of this size is sent only once";
                    return Err(refused(line, reason.to_owned()));
                }
                return Ok(forwarded(response, line));
            }
        };
        let mut attempt = 1;
        loop {
            let outcome = self.try_once(&request, &body, url, line).await;
            let wait = match &outcome {
                _ if attempt > request.retries => None,
                Ok(response) if vault_wire::is_retryable_status(response.status().as_u16()) => {
                    retry::wait_before_retry(attempt, retry_after(response))
                }
                Err(error) if error.is_retryable() => retry::wait_before_retry(attempt, None),
                _ => None,
            };
            let Some(wait) = wait else {
                return outcome.map(|response| forwarded(response, line));
            };
            // Its connection is free meanwhile.
            drop(outcome);
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// One request, with its redirect.
    async fn try_once(
        &self,
        forward: &Forward,
        body: &Bytes,
        url: &Url,
        line: &RequestLine,
    ) -> Result<reqwest::Response, Error> {
        let send = async |url: Url| {
            self.admit().await;
            let mut request = self.http.request(forward.method.clone(), url);
            request = request.headers(forward.headers.clone());
            if !body.is_empty() {
                request = request.body(body.clone());
            }
            request
                .send()
                .await
                .map_err(|source| transport_error(line, source))
        };
        let response = send(url.clone()).await?;
        let Some(location) = redirect_location(&response) else {
            return Ok(response);
        };
        let target = self.redirects.target(url, &location);
        let target = target.map_err(|reason| refused(line, reason))?;
        if (forward.keeps_off)(target.path()) {
            let reason = "it leads to an answer about the agent's own token";
            return Err(refused(line, reason.to_owned()));
        }
        let response = send(target).await?;
        match redirect_location(&response) {
            None => Ok(response),
            Some(_) => Err(refused(line, "it leads to another redirect".to_owned())),
        }
    }
}

fn refused(line: &RequestLine, reason: String) -> Error {
    Error::Redirect {
        request: line.clone(),
        reason,
    }
}

fn forwarded(mut response: reqwest::Response, line: &RequestLine) -> Forwarded {
    Forwarded {
        status: response.status(),
        headers: std::mem::take(response.headers_mut()),
        body: Body::received(response),
        request: line.clone(),
    }
}
