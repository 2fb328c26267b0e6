//! The routes of admission, and what a request may cost.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Extension, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use process::cut;
use serve_http::body::{BodyError, read, working_memory};
use serve_http::deadline;
use serve_tls::{Connection, Exhausted, Held, Limits};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, info, warn};

use super::review::{Kind, ReviewError, Reviewed, review};

/// A request that has not been answered by then is given up, before the API server does so.
const REQUEST_DEADLINE: Duration = Duration::from_secs(8);
/// Bytes of requests and answers at once: two of the largest reviews, read.
const BYTES: usize = 32 << 20;

/// What the connections of admission share. An API server needs a handful of connections.
pub(crate) fn limits() -> Limits {
    Limits {
        connections: 256,
        connections_each: 64,
        bytes: BYTES,
        work: 2,
        answer: Duration::from_secs(15),
    }
}

/// The routes: each kind at the path of `v1` and of `v1beta1`, which have the same fields.
pub(crate) fn router() -> Router {
    let mut router = Router::new();
    for kind in Kind::ALL {
        let answer = move |Extension(connection): Extension<Connection>, request: Request| {
            respond(kind, connection, request)
        };
        for version in ["v1", operator_api::BETA_VERSION] {
            router = router.route(&kind.path(version), post(answer));
        }
    }
    router
}

async fn respond(kind: Kind, connection: Connection, request: Request) -> Response {
    match answer(kind, &connection, request).await {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(unanswered) => {
            let reason = cut(&unanswered.text);
            warn!(
                status = unanswered.status.as_u16(),
                reason = &*reason,
                "review refused"
            );
            (unanswered.status, format!("{}\n", unanswered.text)).into_response()
        }
    }
}

/// A request that gets no review in return.
#[derive(Debug)]
struct Unanswered {
    status: StatusCode,
    text: String,
}

impl Unanswered {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }
}

impl From<BodyError> for Unanswered {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Busy(exhausted) => exhausted.into(),
            error => Self::new(StatusCode::BAD_REQUEST, error.to_string()),
        }
    }
}

impl From<Exhausted> for Unanswered {
    fn from(error: Exhausted) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
    }
}

impl From<ReviewError> for Unanswered {
    fn from(error: ReviewError) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error.to_string())
    }
}

async fn answer(
    kind: Kind,
    connection: &Connection,
    request: Request,
) -> Result<Bytes, Unanswered> {
    let due = Instant::now() + deadline(request.uri().query(), REQUEST_DEADLINE);
    let (parts, body) = request.into_parts();
    let mut held = connection.held();
    let body = timeout_at(due, read(body, &parts.headers, &mut held))
        .await
        .map_err(|_| {
            let text = "the body did not arrive in time";
            Unanswered::new(StatusCode::REQUEST_TIMEOUT, text)
        })??;
    let permit = timeout_at(due, connection.permit()).await.map_err(|_| {
        let text = "too many reviews at once: try again later";
        Unanswered::new(StatusCode::SERVICE_UNAVAILABLE, text)
    })?;
    let worker = connection.clone();
    // A large object takes a while, which no other request waits for.
    let decided = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        decide(kind, &worker, &body, held)
    });
    timeout_at(due, decided)
        .await
        .map_err(|_| {
            let text = "the review takes too long to decide";
            Unanswered::new(StatusCode::GATEWAY_TIMEOUT, text)
        })?
        .map_err(|_| {
            let text = "the review cannot be decided";
            Unanswered::new(StatusCode::INTERNAL_SERVER_ERROR, text)
        })?
}

fn decide(
    kind: Kind,
    connection: &Connection,
    body: &[u8],
    mut held: Held,
) -> Result<Bytes, Unanswered> {
    let needed = body.len() + working_memory(body);
    if needed > BYTES / 2 {
        let text = "the review has too many objects and values in it";
        return Err(Unanswered::new(StatusCode::PAYLOAD_TOO_LARGE, text));
    }
    held.resize(needed)?;
    let mut reviewed = review(kind, body)?;
    let answer = std::mem::take(&mut reviewed.body);
    log(&reviewed);
    Ok(connection.answer(answer, held)?)
}

/// One line for each object that is refused; nothing of it but its name and what is wrong with it.
fn log(reviewed: &Reviewed) {
    let Reviewed {
        kind,
        name,
        namespace,
        ..
    } = reviewed;
    if let Some(refusal) = &reviewed.refusal {
        let reason = refusal.to_string();
        info!(kind, namespace, name, reason = &*cut(&reason), "refused");
    } else {
        debug!(kind, namespace, name, "accepted");
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use serve_tls::Connections;
    use tower::ServiceExt as _;

    use super::*;

    async fn post_to(path: &str, body: &str) -> (StatusCode, String) {
        let connections = Connections::new(limits());
        let client = std::net::IpAddr::from([127, 0, 0, 1]);
        let mut request = Request::post(path)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let connection = connections.admit(client).unwrap();
        request.extensions_mut().insert(connection);
        let response = router().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_review_is_answered_at_the_path_of_each_version() {
        let body = r#"{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request":
            {"uid": "u", "kind": {"kind": "SecretStore"}, "operation": "DELETE"}}"#;
        for version in ["v1", "v1beta1"] {
            let path = format!("/validate-external-secrets-io-{version}-secretstore?timeout=5s");
            let (status, text) = post_to(&path, body).await;
            assert_eq!(status, StatusCode::OK);
            assert!(text.contains(r#""allowed":true"#), "{text}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_a_bad_request() {
        let path = "/validate-external-secrets-io-v1-externalsecret";
        for body in ["", "{", "{}"] {
            let (status, text) = post_to(path, body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{text}");
            assert!(text.len() > 10, "{text}");
        }
        let (status, _) = post_to(path, &"x".repeat(8 << 20)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        let (status, _) = post_to("/validate-external-secrets-io-v2-externalsecret", "{}").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}
