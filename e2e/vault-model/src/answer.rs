//! What the server answers, in Vault's shapes.

use std::time::Duration;

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
    pub(crate) data: Value,
    pub(crate) auth: Value,
    pub(crate) warnings: Vec<String>,
    pub(crate) mount_type: &'static str,
}

impl Default for Secret {
    fn default() -> Self {
        Self {
            status: 200,
            lease_id: String::new(),
            renewable: false,
            lease_duration: Duration::ZERO,
            data: Value::Null,
            auth: Value::Null,
            warnings: Vec::new(),
            mount_type: "system",
        }
    }
}

impl Secret {
    pub(crate) fn data(mount_type: &'static str, data: Value) -> Self {
        Self {
            data,
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
            "data": self.data,
            "wrap_info": null,
            "warnings": warnings,
            "auth": self.auth,
            "mount_type": self.mount_type,
        });
        (self.status, body)
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
