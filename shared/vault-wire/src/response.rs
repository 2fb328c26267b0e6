//! What Vault answers, as types. Fields that may hold a secret are [`Token`] or [`JsonText`].

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::json::{JsonError, JsonText};
use crate::token::{InvalidToken, Token};

/// The name of a lease, `database/creds/app/h4kWq…`. Not a secret: whoever has it still needs a
/// token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeaseId(String);

impl LeaseId {
    /// Takes a lease's name; `None` when it is empty, which is how Vault says "no lease".
    pub fn new(id: &str) -> Option<Self> {
        (!id.is_empty()).then(|| Self(id.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A secret that ends unless it is renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// Its name, for renewal and revocation.
    pub id: LeaseId,
    /// Time left when the answer was given.
    pub duration: Duration,
    /// Renewal is worth a try.
    pub renewable: bool,
}

/// A login, or the renewal of one.
#[derive(Debug, Clone)]
pub struct Auth {
    /// The token.
    pub client_token: Token,
    /// The token's handle, with which it can be looked up and revoked but not used.
    pub accessor: String,
    /// Time left; zero means that the token does not end.
    pub lease_duration: Duration,
    /// Renewal is worth a try (batch tokens say no).
    pub renewable: bool,
    /// The policies, `default` among them.
    pub policies: Vec<String>,
    /// What the auth method says about the client: role, service account and so on.
    pub metadata: BTreeMap<String, String>,
}

impl Auth {
    /// A token that was there before, as if it came from a login: `info` is what its look-up brought.
    pub fn of_token(token: Token, info: TokenInfo) -> Self {
        Self {
            client_token: token,
            accessor: info.accessor,
            lease_duration: info.ttl,
            renewable: info.renewable,
            policies: info.policies,
            metadata: BTreeMap::new(),
        }
    }
}

/// A response that lies in the cubbyhole until someone unwraps it.
#[derive(Debug, Clone)]
pub struct WrapInfo {
    /// The token to unwrap with.
    pub token: Token,
    /// Its handle.
    pub accessor: String,
    /// How long it can be unwrapped.
    pub ttl: Duration,
    /// RFC 3339.
    pub creation_time: String,
    /// The path whose answer is wrapped.
    pub creation_path: String,
    /// The handle of the wrapped token, when the wrapped answer is a login.
    pub wrapped_accessor: String,
}

/// What a login gave.
#[derive(Clone, Debug)]
pub enum Granted {
    /// A token.
    Token(Auth),
    /// A wrapping around the token; only the process that unwraps it sees the token.
    Wrapped(WrapInfo),
}

/// An answer of Vault's.
#[derive(Debug, Clone)]
pub struct Response {
    /// Names the request in Vault's audit log.
    pub request_id: String,
    /// The lease, when the secret has one of its own.
    pub lease: Option<Lease>,
    /// As sent, also where there is no lease: KV version 1 says here how long to wait before the
    /// next read.
    pub lease_duration: Duration,
    /// As sent.
    pub renewable: bool,
    /// Login or token renewal.
    pub auth: Option<Auth>,
    /// The answer is wrapped.
    pub wrap_info: Option<WrapInfo>,
    /// Vault's remarks.
    pub warnings: Vec<String>,
    /// The secret itself, literally; `None` for `null`.
    pub data: Option<JsonText>,
    /// The whole answer. Shares its memory with `data`.
    pub body: JsonText,
}

impl Response {
    /// Reads an answer's body.
    pub fn from_body(body: JsonText) -> Result<Self, ResponseError> {
        let raw: RawResponse<'_> = body.parse()?;
        let lease_duration = seconds(raw.lease_duration);
        let lease = raw
            .lease_id
            .as_deref()
            .and_then(LeaseId::new)
            .map(|id| Lease {
                id,
                duration: lease_duration,
                renewable: raw.renewable,
            });
        Ok(Self {
            request_id: raw.request_id.unwrap_or_default(),
            lease,
            lease_duration,
            renewable: raw.renewable,
            auth: raw.auth.map(Auth::try_from).transpose()?,
            wrap_info: raw.wrap_info.map(WrapInfo::try_from).transpose()?,
            warnings: raw.warnings.unwrap_or_default(),
            data: raw.data.map(|data| body.part(data)),
            body,
        })
    }

    /// The names in the answer to a list, in Vault's order; folders end with `/`. Empty when there
    /// are none.
    pub fn keys(&self) -> Result<Vec<String>, JsonError> {
        #[derive(Deserialize)]
        struct Keys {
            #[serde(default)]
            keys: Vec<String>,
        }
        match &self.data {
            Some(data) => data.parse::<Keys>().map(|keys| keys.keys),
            None => Ok(Vec::new()),
        }
    }
}

/// An answer that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ResponseError {
    /// Not the JSON that Vault's API promises.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The token in it is unusable.
    #[error(transparent)]
    Token(#[from] InvalidToken),
}

/// What `auth/token/lookup-self` says, without the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TokenInfo {
    /// The token's handle.
    #[serde(default)]
    pub accessor: String,
    /// Time left; zero means that the token does not end.
    #[serde(default, deserialize_with = "seconds_field")]
    pub ttl: Duration,
    /// The time it was given at creation.
    #[serde(default, deserialize_with = "seconds_field")]
    pub creation_ttl: Duration,
    /// Renewal is worth a try.
    #[serde(default)]
    pub renewable: bool,
    /// The policies, `default` among them.
    #[serde(default)]
    pub policies: Vec<String>,
    /// `service` or `batch`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// When it ends, RFC 3339; `None` when it does not.
    #[serde(default)]
    pub expire_time: Option<String>,
}

/// What `sys/health` says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Health {
    /// The HTTP status, by which load balancers tell active (200), standby (429, 473),
    /// uninitialised (501) and sealed (503) servers apart.
    #[serde(skip)]
    pub status: u16,
    /// The server has been set up.
    #[serde(default)]
    pub initialized: bool,
    /// It cannot read its own storage until it is unsealed.
    #[serde(default)]
    pub sealed: bool,
    /// Another server is the active one.
    #[serde(default)]
    pub standby: bool,
    /// The server's version.
    #[serde(default)]
    pub version: String,
}

#[derive(Deserialize)]
struct RawResponse<'a> {
    request_id: Option<String>,
    lease_id: Option<String>,
    #[serde(default)]
    lease_duration: Option<i64>,
    #[serde(default)]
    renewable: bool,
    auth: Option<RawAuth>,
    wrap_info: Option<RawWrapInfo>,
    warnings: Option<Vec<String>>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawAuth {
    #[serde(default)]
    client_token: zeroize::Zeroizing<String>,
    #[serde(default)]
    accessor: String,
    lease_duration: Option<i64>,
    #[serde(default)]
    renewable: bool,
    policies: Option<Vec<String>>,
    metadata: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct RawWrapInfo {
    token: zeroize::Zeroizing<String>,
    #[serde(default)]
    accessor: String,
    ttl: Option<i64>,
    #[serde(default)]
    creation_time: String,
    #[serde(default)]
    creation_path: String,
    #[serde(default)]
    wrapped_accessor: String,
}

impl TryFrom<RawAuth> for Auth {
    type Error = InvalidToken;

    fn try_from(raw: RawAuth) -> Result<Self, InvalidToken> {
        Ok(Self {
            client_token: Token::new(&raw.client_token)?,
            accessor: raw.accessor,
            lease_duration: seconds(raw.lease_duration),
            renewable: raw.renewable,
            policies: raw.policies.unwrap_or_default(),
            metadata: raw.metadata.unwrap_or_default(),
        })
    }
}

impl TryFrom<RawWrapInfo> for WrapInfo {
    type Error = InvalidToken;

    fn try_from(raw: RawWrapInfo) -> Result<Self, InvalidToken> {
        Ok(Self {
            token: Token::new(&raw.token)?,
            accessor: raw.accessor,
            ttl: seconds(raw.ttl),
            creation_time: raw.creation_time,
            creation_path: raw.creation_path,
            wrapped_accessor: raw.wrapped_accessor,
        })
    }
}

/// Durations come as whole seconds; a negative one has passed.
fn seconds(value: Option<i64>) -> Duration {
    Duration::from_secs(
        value
            .and_then(|value| u64::try_from(value).ok())
            .unwrap_or(0),
    )
}

fn seconds_field<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Option::<i64>::deserialize(deserializer).map(seconds)
}

#[cfg(test)]
mod tests;
