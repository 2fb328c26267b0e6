//! Admission reviews: the review in, the review out. No policy.
//!
//! Only what is needed is read, and the pod stays raw. The response is our own type, because the
//! patch has to be base64 text with its type beside it, in both versions of the API.

mod managed_fields;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::inject::{self, Decision, Outcome};
use crate::pod::{Glance, Text};
use crate::settings::Settings;
use crate::workload;

/// A request that is no admission review, so that there is nothing to answer in kind.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum ReviewError {
    /// Not JSON, or no object. The first words are those of the established injector.
    #[error(
        "error decoding admission request: couldn't get version/kind; json parse error at line \
         {line}, column {column}"
    )]
    Undecodable { line: usize, column: usize },
    #[error("not an admission review: give an AdmissionReview of admission.k8s.io/v1 or v1beta1")]
    Kind,
    #[error("the admission review has no request")]
    NoRequest,
    /// The API server sends no other: it goes into logs and metrics as it is.
    #[error(
        "the review's namespace is not a DNS label: use at most 63 of a-z, 0-9 and \"-\", with a \
         letter or a digit at both ends"
    )]
    Namespace,
    /// The API server sends a UUID.
    #[error("the review's uid is not valid: use at most 128 printable ASCII characters, no blanks")]
    Uid,
}

/// A review, its object read as `O`.
#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    bound(deserialize = "'de: 'a, O: Deserialize<'de>")
)]
struct Review<'a, O> {
    #[serde(borrow, default)]
    api_version: Text<'a>,
    #[serde(borrow, default)]
    kind: Text<'a>,
    #[serde(default = "Option::default")]
    request: Option<Request<'a, O>>,
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a, O: Deserialize<'de>"))]
struct Request<'a, O> {
    /// Answered as it came: without it, the API server rejects the answer.
    #[serde(borrow, default)]
    uid: Text<'a>,
    #[serde(borrow, default)]
    namespace: Text<'a>,
    #[serde(default = "Option::default")]
    object: Option<O>,
}

impl<'a, O> Request<'a, O> {
    fn with<P>(self, object: impl FnOnce(O) -> P) -> Request<'a, P> {
        Request {
            uid: self.uid,
            namespace: self.namespace,
            object: self.object.map(object),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    api_version: &'static str,
    kind: &'static str,
    response: Response<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Response<'a> {
    uid: &'a str,
    allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    /// Goes with a patch, which [`write`] adds.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Status {
    metadata: Empty,
    message: String,
}

#[derive(Serialize)]
struct Empty {}

/// An answered review: the bytes, and what there is to log and count about it.
#[derive(Debug)]
pub struct Answered {
    pub body: Vec<u8>,
    pub uid: String,
    pub namespace: String,
    pub outcome: Outcome,
}

const V1: &str = "admission.k8s.io/v1";
const V1BETA1: &str = "admission.k8s.io/v1beta1";
const KIND: &str = "AdmissionReview";

/// Answers a review of a pod: decides, and changes it.
pub fn answer(body: &[u8], settings: &Settings) -> Result<Answered, ReviewError> {
    let short = managed_fields::emptied(body);
    // What is wrong is told of the body as it came.
    let (api_version, request) = read_pod(&short).or_else(|_| read_pod(body))?;
    let question = inject::Request {
        namespace: &request.namespace,
        object: request.object,
        origin: inject::Origin::Pod,
    };
    let outcome = inject::decide(question, settings);
    let (allowed, status, patch) = match &outcome.decision {
        Decision::Skip(_) => (true, None, None),
        Decision::Inject(plan) => (true, None, Some(plan.operations.as_json())),
        Decision::Deny(denial) => {
            let status = Status {
                metadata: Empty {},
                message: denial.message(),
            };
            (false, Some(status), None)
        }
    };
    let response = Response {
        uid: &request.uid,
        allowed,
        status,
        patch_type: patch.is_some().then_some("JSONPatch"),
        warnings: texts(&outcome.warnings),
    };
    let body = write(api_version, response, patch);
    Ok(Answered {
        body,
        uid: request.uid.to_string(),
        namespace: request.namespace.to_string(),
        outcome,
    })
}

/// Answers a review of a workload: warns whoever writes it of what its pods will be told, and lets
/// it through as it is.
pub fn validate(body: &[u8], settings: &Settings) -> Result<Answered, ReviewError> {
    let (api_version, request) = read::<&RawValue>(body)?;
    // What is deleted has no object.
    let outcome = request.object.map_or_else(
        || Outcome {
            decision: Decision::Skip(inject::Skip::NotAsked),
            warnings: Vec::new(),
            pod: String::new(),
        },
        |object| workload::decide(object, &request.namespace, settings),
    );
    let warnings = workload::warnings(&outcome);
    let response = Response {
        uid: &request.uid,
        allowed: true,
        status: None,
        patch_type: None,
        warnings: texts(&warnings),
    };
    let body = write(api_version, response, None);
    Ok(Answered {
        body,
        uid: request.uid.to_string(),
        namespace: request.namespace.to_string(),
        outcome: Outcome {
            warnings,
            ..outcome
        },
    })
}

/// Reads pod and review in one pass. Where that fails, the review may be one all the same, and what is
/// wrong with its pod is told in the answer.
fn read_pod(body: &[u8]) -> Result<(&'static str, Request<'_, inject::Object<'_>>), ReviewError> {
    read::<Glance<'_>>(body)
        .map(|(api_version, request)| (api_version, request.with(inject::Object::Read)))
        .or_else(|_| {
            read::<&RawValue>(body)
                .map(|(api_version, request)| (api_version, request.with(inject::Object::Raw)))
        })
}

/// The version to answer in, and the request.
fn read<'a, O: Deserialize<'a>>(
    body: &'a [u8],
) -> Result<(&'static str, Request<'a, O>), ReviewError> {
    let undecodable = |error: serde_json::Error| ReviewError::Undecodable {
        line: error.line(),
        column: error.column(),
    };
    let review: Review<'_, O> = serde_json::from_slice(body).map_err(undecodable)?;
    // A list is a valid sequence of fields to the decoder, but no review.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(ReviewError::Undecodable { line: 1, column: 1 });
    }
    let api_version = match (&*review.api_version, &*review.kind) {
        ("" | V1, "" | KIND) => V1,
        (V1BETA1, KIND) => V1BETA1,
        _ => return Err(ReviewError::Kind),
    };
    let request = review.request.ok_or(ReviewError::NoRequest)?;
    if !is_namespace(&request.namespace) {
        return Err(ReviewError::Namespace);
    }
    if !is_uid(&request.uid) {
        return Err(ReviewError::Uid);
    }
    Ok((api_version, request))
}

/// Whether it is a namespace (RFC 1123 label), or none.
fn is_namespace(text: &str) -> bool {
    let inner = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    text.len() <= 63 && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether it may be a UUID: whatever is printable and short, since nothing here reads it.
fn is_uid(text: &str) -> bool {
    text.len() <= 128 && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The answer in JSON. The patch goes in as its last member, in base64: text that needs no escapes, and
/// may be most of the answer, so that it is neither searched for any nor held twice.
fn write(api_version: &'static str, response: Response<'_>, patch: Option<&[u8]>) -> Vec<u8> {
    let answer = Answer {
        api_version,
        kind: KIND,
        response,
    };
    let mut text = serde_json::to_string(&answer).expect("an answer's keys must be text");
    if let Some(json) = patch {
        let (end, member) = ("}}", ",\"patch\":\"");
        text.truncate(text.len() - end.len());
        text.reserve_exact(member.len() + json.len().div_ceil(3) * 4 + 1 + end.len());
        text.push_str(member);
        STANDARD.encode_string(json, &mut text);
        text.push('"');
        text.push_str(end);
    }
    text.into_bytes()
}

fn texts(warnings: &[inject::Warning]) -> Vec<String> {
    let texts = warnings.iter().map(inject::Warning::for_admission);
    texts.flatten().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn answered(review: &Value) -> Result<Value, ReviewError> {
        let answered = answer(review.to_string().as_bytes(), &Settings::default())?;
        Ok(serde_json::from_slice(&answered.body).unwrap())
    }

    #[test]
    fn a_pod_that_does_not_ask_is_let_through_with_its_uid() {
        let review = json!({
            "apiVersion": V1BETA1, "kind": KIND,
            "request": {"uid": "u1", "namespace": "a", "object": {"metadata": {}}},
        });
        let expected = json!({
            "apiVersion": V1BETA1, "kind": KIND, "response": {"uid": "u1", "allowed": true},
        });
        assert_eq!(answered(&review), Ok(expected));
    }

    #[test]
    fn a_denial_carries_its_message_and_no_patch() {
        let review = json!({"request": {"uid": "u1", "namespace": "a"}});
        let expected = json!({
            "apiVersion": V1, "kind": KIND,
            "response": {
                "uid": "u1", "allowed": false,
                "status": {"metadata": {}, "message": "unexpected end of JSON input [VI-1101]"},
            },
        });
        assert_eq!(answered(&review), Ok(expected));
    }

    #[test]
    fn a_workload_is_let_through_unchanged_with_what_its_pods_will_be_told() {
        let annotations = json!({"vault.hashicorp.com/agent-inject": "true"});
        let template =
            json!({"metadata": {"annotations": annotations}, "spec": {"containers": []}});
        let review = json!({"request": {
            "uid": "u1", "namespace": "a",
            "object": {"kind": "Deployment", "spec": {"template": template}},
        }});
        let settings = Settings {
            strict: true,
            vault_address: "https://vault:8200".to_owned(),
            ..Settings::default()
        };
        let answered = validate(review.to_string().as_bytes(), &settings).unwrap();
        let answer: Value = serde_json::from_slice(&answered.body).unwrap();
        let expected = json!({"uid": "u1", "allowed": true, "warnings": [
            "pods will be refused: error validating agent configuration: no Vault role found; write \
             vault.hashicorp.com/role with the name of a role in Vault [VI-1306]",
        ]});
        assert_eq!(answer["response"], expected);
        let deleted = json!({"request": {"uid": "u1", "object": null}});
        let answered = validate(deleted.to_string().as_bytes(), &settings).unwrap();
        assert_eq!(answered.outcome.warnings, []);
    }

    #[test]
    fn what_is_no_review_is_an_error_and_never_a_panic() {
        for body in ["abc", "", "[]", "7", "{", "\"x\"", "[\"\",\"\",{}]"] {
            let error = answer(body.as_bytes(), &Settings::default()).unwrap_err();
            assert!(
                matches!(error, ReviewError::Undecodable { .. }),
                "{body}: {error}"
            );
        }
        for (body, expected) in [
            (json!({}), ReviewError::NoRequest),
            (json!({"request": null}), ReviewError::NoRequest),
            (
                json!({"apiVersion": "v1", "kind": "Pod", "request": {}}),
                ReviewError::Kind,
            ),
        ] {
            assert_eq!(answered(&body).unwrap_err(), expected, "{body}");
        }
    }

    #[test]
    fn a_namespace_or_uid_that_no_api_server_sends_is_refused_and_not_repeated() {
        let long = "n".repeat(64);
        for namespace in [&long, "a b", "A", "-a", "a-", "a.b", "a\n", "é"] {
            let review = json!({"request": {"uid": "u", "namespace": namespace}});
            let error = answered(&review).unwrap_err();
            assert_eq!(error, ReviewError::Namespace, "{namespace:?}");
            let workload = validate(review.to_string().as_bytes(), &Settings::default());
            assert_eq!(workload.unwrap_err(), ReviewError::Namespace);
        }
        for uid in ["u".repeat(129).as_str(), "a b", "a\u{1b}[1m", "é"] {
            let review = json!({"request": {"uid": uid, "namespace": "a"}});
            assert_eq!(answered(&review).unwrap_err(), ReviewError::Uid, "{uid:?}");
        }
        let (longest, uid) = ("n".repeat(63), "u".repeat(128));
        for namespace in ["", "a", "0-a", &longest] {
            let review = json!({"request": {"uid": uid, "namespace": namespace}});
            answered(&review).unwrap();
        }
    }

    #[test]
    fn an_unreadable_uid_or_pod_never_shows_values() {
        let review = json!({"request": {
            "uid": "u", "object": {"metadata": {"annotations": {"a": ["hunter2"]}}},
        }});
        let text = answered(&review).unwrap().to_string();
        assert!(text.contains("cannot unmarshal array"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
