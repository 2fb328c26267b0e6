//! What is said to the agent outside of its configuration, and the server's address.

use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::Problem;
use crate::GoDuration;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// Everything.
    Trace,
    /// What helps to find a mistake.
    Debug,
    /// What happens.
    Info,
    /// What is wrong, and goes on.
    Warn,
    /// What fails.
    Error,
}

/// Not a level.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown log level {0:?}: use trace, debug, info, notice, warn or error")]
pub struct UnknownLevel(pub String);

impl FromStr for LogLevel {
    type Err = UnknownLevel;

    /// Reads a level in any case; empty means info.
    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        let is = |words: &[&str]| {
            let text = text.trim();
            words.iter().any(|word| word.eq_ignore_ascii_case(text))
        };
        Ok(match () {
            () if is(&["", "info", "notice"]) => Self::Info,
            () if is(&["trace"]) => Self::Trace,
            () if is(&["debug"]) => Self::Debug,
            () if is(&["warn", "warning"]) => Self::Warn,
            () if is(&["err", "error"]) => Self::Error,
            () => return Err(UnknownLevel(text.to_owned())),
        })
    }
}

/// Form of the log's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Standard,
    /// One JSON object a line.
    Json,
}

/// Not a format.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown log format {0:?}: use standard or json")]
pub struct UnknownFormat(pub String);

impl FromStr for LogFormat {
    type Err = UnknownFormat;

    /// Reads a format in any case; empty means standard.
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "" => Ok(Self::Standard),
            text if text.eq_ignore_ascii_case("standard") => Ok(Self::Standard),
            text if text.eq_ignore_ascii_case("json") => Ok(Self::Json),
            other => Err(UnknownFormat(other.to_owned())),
        }
    }
}

/// Reads the deadline of a request: `VAULT_CLIENT_TIMEOUT`.
///
/// # Errors
///
/// It is not a duration, or a negative one.
pub fn client_timeout(text: &str) -> Result<Duration, String> {
    GoDuration::parse_seconds(text)
        .map_err(|error| error.to_string())?
        .to_std()
        .ok_or_else(|| format!("{text:?} is negative"))
}

/// Reads the retries of a request: `VAULT_MAX_RETRIES`.
///
/// # Errors
///
/// It is not a whole number of zero or more.
pub fn max_retries(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not a whole number"))
}

/// What an address begins with.
pub const SCHEMES: &str = "it must begin with http://, https:// or unix://";

/// Checks the beginning of each address of the server, its port, and that it has neither a query nor a
/// password. The agent's client reads them as a whole.
///
/// # Errors
///
/// One of them cannot be an address, whatever follows. The text is left out: it may hold a password or
/// a token.
pub fn address(key: &str, list: &str) -> Result<(), Problem> {
    if list.contains(['?', '#']) {
        let reason =
            "it must not have a query or fragment: write it without ? and # and what follows";
        return Err(Problem::value(key, reason));
    }
    let all = list.split(',').map(str::trim).filter(|it| !it.is_empty());
    for address in all {
        let after = |scheme: &str| {
            let start = address.get(..scheme.len())?;
            start
                .eq_ignore_ascii_case(scheme)
                .then(|| &address[scheme.len()..])
        };
        let is_right = match (
            after("http://").or_else(|| after("https://")),
            after("unix://"),
        ) {
            (Some(rest), _) => !rest.is_empty(),
            (None, Some(rest)) => rest.starts_with('/'),
            (None, None) => false,
        };
        if !is_right {
            return Err(Problem::value(key, SCHEMES));
        }
        if let Some(rest) = after("http://").or_else(|| after("https://")) {
            authority(rest).map_err(|reason| Problem::value(key, reason))?;
        }
    }
    Ok(())
}

/// Checks what stands between the scheme and the path of an address.
fn authority(rest: &str) -> Result<(), &'static str> {
    let authority = rest.split('/').next().unwrap_or_default();
    let host = match authority.rsplit_once('@') {
        Some(("" | ":", host)) => host,
        Some(_) => {
            return Err("it must not hold a user name or password: leave out what is before the @");
        }
        None => authority,
    };
    // The colons of IPv6 stand in brackets.
    let after_host = host.rsplit(']').next().unwrap_or_default();
    match after_host.split_once(':') {
        Some((_, port)) if !port.is_empty() && port.parse::<u16>().is_err() => {
            Err("its port must be a number up to 65535")
        }
        _ => Ok(()),
    }
}
