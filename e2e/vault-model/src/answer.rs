//! What the server answers, in Vault's shapes.

use std::sync::Arc;
use std::time::Duration;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::ids::Ids;

/// A request that is not granted: an HTTP status and the `errors` of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}: {}", errors.join("; "))]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The messages, in Vault's words.
    pub errors: Vec<String>,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            errors: vec![message.into()],
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    pub(crate) fn denied() -> Self {
        Self::new(403, "permission denied")
    }

    /// How a token that is unknown or has ended is told from a policy that says no.
    pub(crate) fn invalid_token() -> Self {
        Self::new(
            403,
            "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n",
        )
    }

    pub(crate) fn not_found() -> Self {
        Self {
            status: 404,
            errors: Vec::new(),
        }
    }

    pub(crate) fn no_route(path: &str) -> Self {
        Self::new(
            404,
            format!("no handler for route {path:?}. route entry not found."),
        )
    }

    pub(crate) fn unsupported() -> Self {
        Self::new(405, "unsupported operation")
    }

    pub(crate) fn sealed() -> Self {
        Self::new(503, "Vault is sealed")
    }

    /// The JSON body that says so.
    pub fn body(&self) -> Value {
        json!({ "errors": self.errors })
    }
}

/// The outcome of a request.
pub(crate) type Outcome = Result<Answer, Refusal>;

/// A request that is granted.
#[derive(Debug)]
pub(crate) enum Answer {
    /// 204.
    Empty,
    /// Without the usual envelope.
    Plain(u16, Value),
    /// In the usual envelope.
    Secret(Box<Secret>),
}

/// The usual envelope.
#[derive(Debug)]
pub(crate) struct Secret {
    pub(crate) status: u16,
    pub(crate) lease_id: String,
    pub(crate) renewable: bool,
    pub(crate) lease_duration: Duration,
    pub(crate) data: Data,
    pub(crate) auth: Value,
    pub(crate) warnings: Vec<String>,
    pub(crate) mount_type: &'static str,
}

/// What an envelope holds.
#[derive(Debug)]
pub(crate) enum Data {
    Value(Value),
    /// Kept as text, because it is asked for again and again.
    Text(Arc<RawValue>),
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self::Value(value)
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Text(text) => text.as_ref().serialize(serializer),
        }
    }
}

impl Data {
    /// Makes text of a value, to be kept.
    pub(crate) fn text(value: &Value) -> Arc<RawValue> {
        let text = serde_json::value::to_raw_value(value);
        text.expect("a JSON value must have a text").into()
    }

    fn into_value(self) -> Value {
        match self {
            Self::Value(value) => value,
            Self::Text(text) => serde_json::from_str(text.get()).expect("a kept text must be JSON"),
        }
    }
}

/// The envelope on its way to text.
#[derive(Serialize)]
struct Envelope<'a> {
    request_id: String,
    lease_id: &'a str,
    renewable: bool,
    lease_duration: u64,
    data: &'a Data,
    wrap_info: (),
    warnings: Option<&'a [String]>,
    auth: &'a Value,
    mount_type: &'a str,
}

impl Default for Secret {
    fn default() -> Self {
        Self {
            status: 200,
            lease_id: String::new(),
            renewable: false,
            lease_duration: Duration::ZERO,
            data: Value::Null.into(),
            auth: Value::Null,
            warnings: Vec::new(),
            mount_type: "system",
        }
    }
}

impl Secret {
    pub(crate) fn data(mount_type: &'static str, data: impl Into<Data>) -> Self {
        Self {
            data: data.into(),
            mount_type,
            ..Self::default()
        }
    }

    fn into_body(self, ids: &mut Ids) -> (u16, Value) {
        let warnings = match self.warnings.as_slice() {
            [] => Value::Null,
            warnings => json!(warnings),
        };
        let body = json!({
            "request_id": ids.uuid(),
            "lease_id": self.lease_id,
            "renewable": self.renewable,
            "lease_duration": self.lease_duration.as_secs(),
            "data": self.data.into_value(),
            "wrap_info": null,
            "warnings": warnings,
            "auth": self.auth,
            "mount_type": self.mount_type,
        });
        (self.status, body)
    }

    fn into_text(self, ids: &mut Ids) -> (u16, String) {
        let envelope = Envelope {
            request_id: ids.uuid(),
            lease_id: &self.lease_id,
            renewable: self.renewable,
            lease_duration: self.lease_duration.as_secs(),
            data: &self.data,
            wrap_info: (),
            warnings: Some(self.warnings.as_slice()).filter(|warnings| !warnings.is_empty()),
            auth: &self.auth,
            mount_type: self.mount_type,
        };
        let text = serde_json::to_string(&envelope);
        (self.status, text.expect("an envelope must have a text"))
    }
}

impl From<Secret> for Answer {
    fn from(secret: Secret) -> Self {
        Self::Secret(Box::new(secret))
    }
}

impl Answer {
    /// A list of names; nothing to list is 404.
    pub(crate) fn keys(mount_type: &'static str, keys: &[String]) -> Outcome {
        if keys.is_empty() {
            return Err(Refusal::not_found());
        }
        Ok(Secret::data(mount_type, json!({ "keys": keys })).into())
    }

    /// Status and body as text; empty for no body.
    pub(crate) fn into_text(self, ids: &mut Ids) -> (u16, String) {
        match self {
            Self::Empty => (204, String::new()),
            Self::Plain(status, body) => (status, body.to_string()),
            Self::Secret(secret) => secret.into_text(ids),
        }
    }

    /// Status and body; `None` for no body.
    pub(crate) fn into_parts(self, ids: &mut Ids) -> (u16, Option<Value>) {
        match self {
            Self::Empty => (204, None),
            Self::Plain(status, body) => (status, Some(body)),
            Self::Secret(secret) => {
                let (status, body) = secret.into_body(ids);
                (status, Some(body))
            }
        }
    }
}
