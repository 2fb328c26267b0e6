//! A review on its way: read, decided on a thread where nothing waits, answered in time or refused.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Extension, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::diagnostics::{Code, requests};
use injection::admission::{self, Answered, ReviewError};
use injection::inject::Decision;
use serve_http::body::{BodyError, read, working_memory};
use serve_http::deadline;
use serve_tls::{Connection, Exhausted, Held};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, info, warn};

use super::app::App;
use super::limits;
use process::cut;

/// A request that has not been answered by then is given up, before the API server does so.
const REQUEST_DEADLINE: Duration = Duration::from_secs(8);

/// What a review is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    /// A patch for a pod.
    Mutate,
    /// Warnings for the author of a workload.
    Validate,
}

pub(super) async fn mutate(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    review(app, connection, request, Endpoint::Mutate).await
}

pub(super) async fn validate(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
    request: Request,
) -> Response {
    review(app, connection, request, Endpoint::Validate).await
}

async fn review(
    app: Arc<App>,
    connection: Connection,
    request: Request,
    endpoint: Endpoint,
) -> Response {
    let _in_flight = app.metrics.request();
    let start = Instant::now();
    let response = match answer(&app, &connection, request, endpoint, start).await {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(refused) => {
            let (status, code) = (refused.status.as_u16(), refused.code);
            let reason = cut(&refused.text);
            warn!(status, %code, reason = &*reason, "Request refused");
            refused.into_response()
        }
    };
    app.metrics.answered(start.elapsed());
    response
}

/// A request that gets no review in return.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    text: String,
    code: Code,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: Code, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
            code,
        }
    }
}

/// The refusal for any error of a step.
fn refused<E>(status: StatusCode, code: Code, text: &'static str) -> impl FnOnce(E) -> Refused {
    move |_| Refused::new(status, code, text)
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        // Upstream's text has a line of its own, which may be compared.
        (self.status, format!("{}\n[{}]\n", self.text, self.code)).into_response()
    }
}

impl From<BodyError> for Refused {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Busy(exhausted) => busy(exhausted),
            error => Self::new(StatusCode::BAD_REQUEST, requests::BODY, error.to_string()),
        }
    }
}

/// No memory for it now.
fn busy(exhausted: Exhausted) -> Refused {
    let status = StatusCode::SERVICE_UNAVAILABLE;
    Refused::new(status, requests::BUSY, exhausted.to_string())
}

impl From<ReviewError> for Refused {
    fn from(error: ReviewError) -> Self {
        let (status, code) = match error {
            ReviewError::Undecodable { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, requests::NOT_A_REVIEW)
            }
            ReviewError::Kind | ReviewError::NoRequest => {
                (StatusCode::BAD_REQUEST, requests::NOT_A_REVIEW)
            }
            ReviewError::Namespace | ReviewError::Uid => {
                (StatusCode::BAD_REQUEST, requests::REVIEW_NAME)
            }
        };
        Self::new(status, code, error.to_string())
    }
}

async fn answer(
    app: &Arc<App>,
    connection: &Connection,
    request: Request,
    endpoint: Endpoint,
    start: Instant,
) -> Result<Bytes, Refused> {
    let due = start + deadline(request.uri().query(), REQUEST_DEADLINE);
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE);
    let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
    if content_type != b"application/json" {
        let shown = String::from_utf8_lossy(content_type);
        let text = format!("Invalid content-type: {:?}", cut(&shown));
        let status = StatusCode::BAD_REQUEST;
        return Err(Refused::new(status, requests::CONTENT_TYPE, text));
    }
    let mut held = connection.held();
    let body = timeout_at(due, read(body, &parts.headers, &mut held))
        .await
        .map_err(refused(
            StatusCode::REQUEST_TIMEOUT,
            requests::BODY,
            "the body did not arrive in time",
        ))??;
    let permit = timeout_at(due, connection.permit()).await.map_err(refused(
        StatusCode::SERVICE_UNAVAILABLE,
        requests::BUSY,
        "too many requests at once: no processor became free in time",
    ))?;
    let decided = tokio::task::spawn_blocking({
        let (app, connection) = (Arc::clone(app), connection.clone());
        move || {
            // What is given up is worked on to its end, and counts as long.
            let _permit = permit;
            decide(&app, &connection, body, held, endpoint)
        }
    });
    let decided = timeout_at(due, decided)
        .await
        .map_err(refused(
            StatusCode::GATEWAY_TIMEOUT,
            requests::SLOW,
            "the review takes too long to decide",
        ))?
        .map_err(refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            requests::UNDECIDED,
            "the review cannot be decided",
        ))??;
    decided.note(app, start.elapsed());
    Ok(decided.body)
}

/// A decision whose answer fits into memory.
struct Decided {
    body: Bytes,
    endpoint: Endpoint,
    answered: Answered,
}

impl Decided {
    /// Counts and logs what the API server gets to see: not what was given up, or did not fit.
    fn note(&self, app: &App, elapsed: Duration) {
        let answered = &self.answered;
        match self.endpoint {
            Endpoint::Mutate => {
                app.metrics.decided(&answered.namespace, &answered.outcome);
                log(answered, elapsed);
            }
            Endpoint::Validate => {
                app.metrics.warned(&answered.outcome);
                debug!(
                    namespace = answered.namespace,
                    uid = answered.uid,
                    warnings = answered.outcome.warnings.len(),
                    "Looked at a workload"
                );
            }
        }
    }
}

/// Decides a review. It takes as long as it takes, so it has a thread of its own.
fn decide(
    app: &App,
    connection: &Connection,
    body: Vec<u8>,
    mut held: Held,
    endpoint: Endpoint,
) -> Result<Decided, Refused> {
    let needed = body.capacity() + working_memory(&body);
    if needed > limits().bytes / 2 {
        let text = "the review has too many objects and values in it";
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        return Err(Refused::new(status, requests::TOO_LARGE, text));
    }
    held.resize(needed).map_err(busy)?;
    let settings = app.settings();
    let mut answered = match endpoint {
        Endpoint::Mutate => admission::answer(&body, &settings)?,
        Endpoint::Validate => admission::validate(&body, &settings)?,
    };
    drop(body);
    let body = connection
        .answer(mem::take(&mut answered.body), held)
        .map_err(busy)?;
    Ok(Decided {
        body,
        endpoint,
        answered,
    })
}

/// One line a decision; nothing of the pod but its name.
fn log(answered: &Answered, elapsed: Duration) {
    let outcome = &answered.outcome;
    let (decision, reason, operations) = match &outcome.decision {
        Decision::Inject(plan) => ("inject", plan.flavor.label(), plan.operations.len()),
        Decision::Skip(skip) => ("skip", skip.reason(), 0),
        Decision::Deny(denial) => ("deny", denial.reason(), 0),
    };
    let denial = match &outcome.decision {
        Decision::Deny(denial) => {
            // The code is ours, and what is looked up.
            Some(format!("{} [{}]", cut(&denial.text()), denial.code()))
        }
        _ => None,
    };
    info!(
        namespace = answered.namespace,
        pod = &*cut(&outcome.pod),
        uid = answered.uid,
        decision,
        reason,
        denial,
        operations,
        warnings = outcome.warnings.len(),
        ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        "Decided"
    );
}
