//! A review: what the API server asks about an object, and the answer. Pure.

use contract::GoDuration;
use contract::duration::DurationError;
use operator_api::{ExternalSecretSpec, SecretStoreSpec};
use process::cut;
use secret_sync::validate::{self, Scope};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

/// The only version of reviews that is understood; the registration names it.
const VERSION: &str = "admission.k8s.io/v1";
const REVIEW: &str = "AdmissionReview";

/// What is reviewed at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SecretStore,
    ClusterSecretStore,
    ExternalSecret,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [
        Self::SecretStore,
        Self::ClusterSecretStore,
        Self::ExternalSecret,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::SecretStore => "SecretStore",
            Self::ClusterSecretStore => "ClusterSecretStore",
            Self::ExternalSecret => "ExternalSecret",
        }
    }

    /// Where upstream's registrations call for it.
    pub(super) fn path(self, version: &str) -> String {
        let kind = self.name().to_ascii_lowercase();
        format!("/validate-external-secrets-io-{version}-{kind}")
    }
}

/// A body that is not a review that can be answered.
#[derive(Debug, Error)]
pub(super) enum ReviewError {
    #[error("the body is not an AdmissionReview: {0}")]
    Json(#[source] serde_json::Error),
    #[error("the body is not an AdmissionReview of admission.k8s.io/v1")]
    Version,
    #[error("the AdmissionReview has no request")]
    NoRequest,
    #[error("the AdmissionReview is about a {found}, but this path is for a {expected}")]
    Kind {
        found: String,
        expected: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Review<'a> {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    #[serde(borrow)]
    request: Option<Request<'a>>,
}

#[derive(Deserialize)]
struct Request<'a> {
    uid: String,
    kind: GroupVersionKind,
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: String,
    operation: String,
    #[serde(borrow, default)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct GroupVersionKind {
    kind: String,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(default)]
    metadata: Metadata,
    #[serde(borrow, default)]
    spec: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    deletion_timestamp: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status<'a>>,
}

#[derive(Serialize)]
struct Status<'a> {
    code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    message: &'a str,
}

/// Why an object is not accepted.
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It cannot be read: the definition in the cluster is another one than ours.
    #[error("the {0} cannot be read: {1}")]
    Unreadable(&'static str, String),
    /// A duration of it cannot be read, with upstream's text: its types hold durations, not texts.
    #[error(transparent)]
    Duration(#[from] DurationError),
    /// It makes no sense.
    #[error(transparent)]
    Invalid(#[from] validate::Problems),
}

impl Refusal {
    /// Upstream gives no reason for what it cannot read.
    fn status(&self) -> (u16, Option<&'static str>) {
        match self {
            Self::Unreadable(..) | Self::Duration(_) => (400, None),
            Self::Invalid(_) => (403, Some("Forbidden")),
        }
    }
}

/// A review with its answer.
#[derive(Debug)]
pub(super) struct Reviewed {
    pub(super) body: Vec<u8>,
    pub(super) kind: &'static str,
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) refusal: Option<Refusal>,
}

/// Reviews the object in a body.
///
/// # Errors
/// The body is not a review for this path. An object that cannot be read is a refusal instead, which
/// reaches its author.
pub(super) fn review(kind: Kind, body: &[u8]) -> Result<Reviewed, ReviewError> {
    let review: Review<'_> = serde_json::from_slice(body).map_err(ReviewError::Json)?;
    if review.api_version != VERSION || review.kind != REVIEW {
        return Err(ReviewError::Version);
    }
    let request = review.request.ok_or(ReviewError::NoRequest)?;
    if request.kind.kind != kind.name() {
        return Err(ReviewError::Kind {
            found: cut(&request.kind.kind).into_owned(),
            expected: kind.name(),
        });
    }
    let refusal = decide(kind, &request).err();
    let message = refusal.as_ref().map(ToString::to_string);
    let status = refusal.as_ref().map(|refusal| {
        let (code, reason) = refusal.status();
        Status {
            code,
            reason,
            message: message.as_deref().unwrap_or_default(),
        }
    });
    let answer = Answer {
        api_version: VERSION,
        kind: REVIEW,
        response: Response {
            uid: &request.uid,
            allowed: status.is_none(),
            status,
        },
    };
    Ok(Reviewed {
        body: serde_json::to_vec(&answer).map_err(ReviewError::Json)?,
        kind: kind.name(),
        name: request.name,
        namespace: request.namespace,
        refusal,
    })
}

fn decide(kind: Kind, request: &Request<'_>) -> Result<(), Refusal> {
    if !matches!(request.operation.as_str(), "CREATE" | "UPDATE") {
        return Ok(());
    }
    let object: Object<'_> = read(kind, request.object)?;
    if object.metadata.deletion_timestamp.is_some() {
        // Only its finalizers still change. Refused, it would never go.
        return Ok(());
    }
    match kind {
        Kind::ExternalSecret => {
            let spec: ExternalSecretSpec = read(kind, object.spec)?;
            spec.refresh_interval.parse::<GoDuration>()?;
            validate::external_secret(&spec)?;
        }
        Kind::SecretStore => {
            let spec: SecretStoreSpec = read(kind, object.spec)?;
            validate::store(&spec, Scope::Namespace(&request.namespace))?;
        }
        Kind::ClusterSecretStore => {
            let spec: SecretStoreSpec = read(kind, object.spec)?;
            validate::store(&spec, Scope::Cluster)?;
        }
    }
    Ok(())
}

/// What is left out reads as an empty object, as in the API server.
fn read<'a, T: Deserialize<'a>>(kind: Kind, text: Option<&'a RawValue>) -> Result<T, Refusal> {
    let text = text.map_or("{}", RawValue::get);
    serde_json::from_str(text)
        .map_err(|error| Refusal::Unreadable(kind.name(), cut(&error.to_string()).into_owned()))
}

#[cfg(test)]
mod tests;
