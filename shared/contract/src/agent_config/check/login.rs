//! The `method` block.

use std::time::Duration;

use thiserror::Error;

use super::{Method, Problem, Scope, chosen};
use crate::agent_config::{AutoAuth, Method as Written};

/// A login.
#[derive(Clone, Debug, PartialEq)]
pub struct Login<'a> {
    /// The block itself.
    pub block: &'a Written,
    /// The method.
    pub method: Method<'a>,
    /// Pauses after logins that fail.
    pub backoff: Backoff,
    /// Life of the wrapping around the token.
    pub wrap_ttl: Option<Duration>,
}

/// Bounds that contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("auth handler: min_backoff cannot be greater than max_backoff")]
pub struct BackoffError;

/// Pauses between logins: the shortest, and a longer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    min: Duration,
    max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            min: Duration::from_secs(1),
            max: Duration::from_secs(5 * 60),
        }
    }
}

impl Backoff {
    /// Pauses from `min` to `max`.
    ///
    /// # Errors
    ///
    /// The shorter is not shorter.
    pub fn new(min: Duration, max: Duration) -> Result<Self, BackoffError> {
        if min >= max {
            return Err(BackoffError);
        }
        Ok(Self { min, max })
    }

    /// The shortest pause.
    pub fn min(self) -> Duration {
        self.min
    }

    /// The longest pause.
    pub fn max(self) -> Duration {
        self.max
    }
}

/// Reads the login of an `auto_auth` block.
///
/// # Errors
///
/// What is wrong with it.
pub fn login(auto_auth: &AutoAuth) -> Result<Login<'_>, Problem> {
    let written = auto_auth.method.as_ref().ok_or_else(|| {
        Problem::rule(
            Scope::within("auto_auth"),
            "auto_auth: one and only one \"method\" block is required",
        )
    })?;
    if written.kind.is_empty() {
        return Err(Problem::value(
            "auto_auth.method",
            "method type must be specified",
        ));
    }
    let method = Method::read(&written.kind, &written.config)?;
    let backoff = backoff(written)?;
    Ok(Login {
        block: written,
        wrap_ttl: wrap_ttl(auto_auth, written, method.can_wrap())?,
        method,
        backoff,
    })
}

/// The pauses of a method.
///
/// # Errors
///
/// They are not durations, or contradict each other.
pub fn backoff(written: &Written) -> Result<Backoff, Problem> {
    let min = chosen("auto_auth.method.min_backoff", &written.min_backoff)?;
    let max = chosen("auto_auth.method.max_backoff", &written.max_backoff)?;
    let default = Backoff::default();
    Backoff::new(min.unwrap_or(default.min), max.unwrap_or(default.max))
        .map_err(|BackoffError| Problem::Backoff)
}

/// A wrapped token is for one reader, and cannot be wrapped again.
fn wrap_ttl(
    auto_auth: &AutoAuth,
    written: &Written,
    can_wrap: bool,
) -> Result<Option<Duration>, Problem> {
    let Some(ttl) = chosen("auto_auth.method.wrap_ttl", &written.wrap_ttl)? else {
        return Ok(None);
    };
    let [sink] = auto_auth.sink.as_slice() else {
        return Err(Problem::rule(
            Scope::within("auto_auth.method.wrap_ttl"),
            "wrapping enabled on auth method and 0 or many sinks defined",
        ));
    };
    if !sink.wrap_ttl.is_empty() {
        return Err(Problem::rule(
            Scope::within("auto_auth.method.wrap_ttl"),
            "wrapping enabled both on auth method and sink",
        ));
    }
    if !can_wrap {
        return Err(Problem::value(
            "auto_auth.method.wrap_ttl",
            format!(
                "method {:?} has no login whose answer could be wrapped; set wrap_ttl in the sink",
                written.kind
            ),
        ));
    }
    Ok(Some(ttl))
}
