//! What can go wrong with a request, and what the caller may conclude from it.
//!
//! The text of an error is for people: method, address, status and Vault's own messages, and for a
//! connection that failed a hint on what to check. It never holds a token, a request body or an
//! answer's data.

use std::fmt;
use std::time::Duration;

use crate::token::InvalidToken;

/// The method and address of a request, as errors show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    method: Box<str>,
    url: Box<str>,
}

impl RequestLine {
    /// A request with this method and whole address.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
        }
    }

    /// `GET`, `PUT` and so on.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The whole address, with its query.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for RequestLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// A request failed. See the methods for what follows from it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Vault answered with an error status.
    #[error("{}", api_text(request, *status, errors))]
    Api {
        /// What was asked.
        request: RequestLine,
        /// The HTTP status.
        status: u16,
        /// Vault's messages; empty when the answer was not Vault's (a proxy's page, for example).
        errors: Vec<String>,
        /// How long the server asks to wait, from `Retry-After`.
        retry_after: Option<Duration>,
    },

    /// There was no answer: name resolution, connection, TLS, or the connection broke. Retryable.
    #[error("request failed: {request}: {hint}")]
    Transport {
        /// What was asked.
        request: RequestLine,
        /// What to check.
        hint: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },

    /// The deadline passed. Retryable.
    #[error(
        "request timed out: {request}: no complete answer within {after:?}; \
         check that Vault is up and reachable"
    )]
    Timeout {
        /// What was asked.
        request: RequestLine,
        /// The deadline.
        after: Duration,
    },

    /// A redirect that is not followed. Permanent: the address has to be corrected.
    #[error("redirect refused: {request}: {reason}")]
    Redirect {
        /// What was asked.
        request: RequestLine,
        /// Which rule it broke.
        reason: String,
    },

    /// An answer that is not what Vault's API promises: too large, not UTF-8, not JSON, or without
    /// a required part.
    #[error("unexpected answer: {request}: {what}")]
    Malformed {
        /// What was asked.
        request: RequestLine,
        /// What is wrong with it; not the answer itself.
        what: String,
    },

    /// The path cannot be asked for. Permanent.
    #[error("invalid path {path:?}: {reason}")]
    InvalidPath {
        /// The path as given.
        path: String,
        /// Why not.
        reason: &'static str,
    },

    /// The login gave a token that cannot be used.
    #[error("unusable token: {request}: {source}")]
    InvalidToken {
        /// What was asked.
        request: RequestLine,
        /// Why not.
        source: InvalidToken,
    },
}

impl Error {
    /// The HTTP status, when there was an answer with one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Vault's own messages.
    pub fn messages(&self) -> &[String] {
        match self {
            Self::Api { errors, .. } => errors,
            _ => &[],
        }
    }

    /// The same request may work later: no connection, 412, 429, a standby, or a server
    /// error other than 501.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Transport { .. } | Self::Timeout { .. } => true,
            Self::Api { status, .. } => is_retryable_status(*status),
            _ => false,
        }
    }

    /// 403: the policy denies it, or the token is dead (see [`Error::is_invalid_token`]).
    pub fn is_permission_denied(&self) -> bool {
        self.status() == Some(403)
    }

    /// 403 with the words that Vault (since 1.16) uses for a token that is unknown, expired or
    /// revoked. Where they are absent, only a `lookup_self` tells.
    pub fn is_invalid_token(&self) -> bool {
        self.is_permission_denied() && self.says("invalid token")
    }

    /// 404. Reads and lists do not fail with it: they give `None`.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// 503, and Vault says that it is sealed.
    pub fn is_sealed(&self) -> bool {
        self.status() == Some(503) && self.says("sealed")
    }

    /// The server as a whole does not serve, rather than one path of it: no connection, 503 of a
    /// server that is sealed, a standby, or silent about it, 472 and 473. (502 is of Vault's own, if a
    /// third party fails it.)
    pub fn is_away(&self) -> bool {
        match self {
            Self::Transport { .. } => true,
            Self::Api { status, errors, .. } => match status {
                472 | 473 => true,
                503 => {
                    let words = ["sealed", "standby", "not active"];
                    errors.is_empty() || words.iter().any(|words| self.says(words))
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// 429: a quota is exhausted. See [`Error::retry_after`].
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429)
    }

    /// The request may never have reached Vault, or its answer got lost.
    pub fn is_transport(&self) -> bool {
        matches!(self, Self::Transport { .. } | Self::Timeout { .. })
    }

    /// How long the server asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    fn says(&self, words: &str) -> bool {
        self.messages()
            .iter()
            .any(|message| message.contains(words))
    }
}

/// Eventual consistency (412), quotas (429), standbys (472, 473) and server errors, except "not
/// implemented".
///
/// ```
/// assert!(vault_wire::is_retryable_status(503) && !vault_wire::is_retryable_status(403));
/// ```
pub fn is_retryable_status(status: u16) -> bool {
    matches!(status, 412 | 429 | 472 | 473) || (status >= 500 && status != 501)
}

/// The form that users of Vault know from its own tools, and search for.
fn api_text(request: &RequestLine, status: u16, errors: &[String]) -> String {
    use fmt::Write as _;

    let mut text = format!("Error making API request.\n\nURL: {request}\nCode: {status}.");
    if errors.is_empty() {
        text.push_str(match status {
            404 => " Nothing at this path.",
            _ => " No message from Vault; if something else answers at this address, correct it.",
        });
    } else {
        text.push_str(" Errors:\n");
        for message in errors {
            write!(text, "\n* {message}").expect("writing to a String must succeed");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_api(status: u16, errors: &[&str]) -> Error {
        Error::Api {
            request: RequestLine::new("GET", "https://vault:8200/v1/secret/data/app?version=2"),
            status,
            errors: errors.iter().map(ToString::to_string).collect(),
            retry_after: None,
        }
    }

    #[test]
    fn the_text_has_the_form_that_users_know() {
        assert_eq!(
            mk_api(403, &["permission denied"]).to_string(),
            "Error making API request.\n\nURL: GET https://vault:8200/v1/secret/data/app?version=2\n\
             Code: 403. Errors:\n\n* permission denied"
        );
        assert!(
            mk_api(502, &[])
                .to_string()
                .contains("Code: 502. No message from Vault")
        );
    }

    #[test]
    fn an_error_says_what_follows_from_it() {
        let sealed = mk_api(503, &["Vault is sealed"]);
        assert!(sealed.is_sealed() && sealed.is_retryable());
        assert!(!mk_api(503, &["overloaded"]).is_sealed());
        let standby = mk_api(
            503,
            &["local node not active but active cluster node not found"],
        );
        assert!(sealed.is_away() && standby.is_away() && mk_api(503, &[]).is_away());
        assert!(mk_api(472, &[]).is_away() && mk_api(473, &[]).is_away());
        assert!(!mk_api(503, &["overloaded"]).is_away() && !mk_api(429, &[]).is_away());
        assert!(!mk_api(500, &[]).is_away() && !mk_api(502, &[]).is_away());
        let dead = mk_api(
            403,
            &["2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"],
        );
        assert!(dead.is_permission_denied() && dead.is_invalid_token() && !dead.is_retryable());
        assert!(!mk_api(403, &["permission denied"]).is_invalid_token());
        assert!(mk_api(429, &[]).is_rate_limited());
        assert!(mk_api(404, &[]).is_not_found());
        let retryable: Vec<u16> = [400, 403, 404, 412, 429, 472, 473, 500, 501, 502, 503, 504]
            .into_iter()
            .filter(|s| mk_api(*s, &[]).is_retryable())
            .collect();
        assert_eq!(retryable, [412, 429, 472, 473, 500, 502, 503, 504]);
    }

    fn mk_all() -> [Error; 6] {
        let request = || RequestLine::new("PUT", "https://vault:8200/v1/x");
        [
            Error::Transport {
                request: request(),
                hint: "check".to_owned(),
                source: "broken pipe".into(),
            },
            Error::Timeout {
                request: request(),
                after: Duration::from_secs(60),
            },
            Error::Redirect {
                request: request(),
                reason: "another host".to_owned(),
            },
            Error::Malformed {
                request: request(),
                what: "no data in it".to_owned(),
            },
            Error::InvalidPath {
                path: "a/../b".to_owned(),
                reason: "it has a . or .. segment",
            },
            Error::InvalidToken {
                request: request(),
                source: InvalidToken::Empty,
            },
        ]
    }

    #[test]
    fn only_what_got_no_answer_is_worth_another_try() {
        let retryable = mk_all().map(|error| error.is_retryable());
        assert_eq!(retryable, [true, true, false, false, false, false]);
        let transport = mk_all().map(|error| error.is_transport());
        assert_eq!(transport, retryable);
        let away = mk_all().map(|error| error.is_away());
        assert_eq!(away, [true, false, false, false, false, false]);
        assert!(!mk_api(500, &[]).is_transport());
    }

    #[test]
    fn what_is_no_answer_has_neither_status_nor_messages() {
        for error in mk_all() {
            assert_eq!(error.status(), None);
            assert!(error.messages().is_empty() && error.retry_after().is_none());
            assert!(!error.is_permission_denied() && !error.is_not_found());
            assert!(!error.is_sealed() && !error.is_rate_limited());
        }
        let other = mk_api(400, &["invalid token", "sealed"]);
        assert!(!other.is_permission_denied() && !other.is_invalid_token());
        assert!(!other.is_not_found() && !other.is_sealed() && !other.is_rate_limited());
    }

    #[test]
    fn a_request_is_told_by_method_and_address() {
        let request = RequestLine::new("PUT", "https://vault:8200/v1/x");
        assert_eq!(
            (request.method(), request.url()),
            ("PUT", "https://vault:8200/v1/x")
        );
        assert_eq!(request.to_string(), "PUT https://vault:8200/v1/x");
    }
}
