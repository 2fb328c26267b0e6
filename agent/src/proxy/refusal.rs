//! Requests that the proxy answers itself, because Vault did not or must not.

use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;
use vault_wire::Error;

use super::{AT_A_TIME, AnswerBody};

/// Why a request is answered here.
pub(super) enum Refusal {
    /// So many others are on their way that probes would not be answered.
    Busy,
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
    /// Vault's answer is compressed, though nobody has asked for that.
    Packed,
    /// Vault's answer broke off.
    BrokenOff,
}

impl Refusal {
    pub(super) fn response(&self) -> Response<AnswerBody> {
        let (status, words) = match self {
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                format!("{AT_A_TIME} requests are on their way already"),
            ),
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
            Self::Packed => (
                StatusCode::BAD_GATEWAY,
                "Vault's answer is compressed, so the agent cannot keep its token out of it"
                    .to_owned(),
            ),
            Self::BrokenOff => (
                StatusCode::BAD_GATEWAY,
                "Vault's answer broke off".to_owned(),
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
