//! What is answered at which path.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use contract::GoDuration;
use futures_util::StreamExt as _;
use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::budget::{Budget, Held};
use crate::metrics::{self, Metrics, ProcessGauges};
use injection::admission::{self, Answered, ReviewError};
use injection::inject::Decision;
use injection::kubernetes::Kubernetes;
use injection::settings::Settings;

/// The largest body that is read: an update carries two objects of at most 3 MiB each.
const BODY_LIMIT: usize = 7 * 1024 * 1024;

/// A request that has not been answered by then is given up, before the API server does so.
const REQUEST_DEADLINE: Duration = Duration::from_secs(8);

/// The deadline of one request: a fifth before the API server gives up, which it tells in the
/// query (`?timeout=10s`).
fn deadline(query: Option<&str>) -> Duration {
    query
        .into_iter()
        .flat_map(|query| query.split('&'))
        .find_map(|pair| pair.strip_prefix("timeout="))
        .and_then(|text| text.parse::<GoDuration>().ok()?.to_std())
        .map_or(REQUEST_DEADLINE, |timeout| {
            REQUEST_DEADLINE.min(timeout * 4 / 5)
        })
}

/// What the routes share.
#[derive(Debug)]
pub struct App {
    settings: ArcSwap<Settings>,
    metrics: Metrics,
    /// Where metrics are; none where empty.
    telemetry_path: String,
    /// Whether the certificate is the one that clients trust.
    ready: watch::Receiver<bool>,
    draining: AtomicBool,
}

impl App {
    /// An injector with these settings, its metrics at `telemetry_path` unless that is empty. It
    /// is ready at once.
    pub fn new(settings: Settings, telemetry_path: &str) -> Arc<Self> {
        let ready = watch::Sender::new(true).subscribe();
        Self::with_process(settings, telemetry_path, &ProcessGauges::default(), ready)
    }

    /// As [`App::new`], with what the process tells of itself, ready when `ready` says so.
    pub fn with_process(
        settings: Settings,
        telemetry_path: &str,
        process: &ProcessGauges,
        ready: watch::Receiver<bool>,
    ) -> Arc<Self> {
        Arc::new(Self {
            settings: ArcSwap::from_pointee(settings),
            metrics: Metrics::new(process),
            telemetry_path: telemetry_path.to_owned(),
            ready,
            draining: AtomicBool::new(false),
        })
    }

    /// Takes the cluster for what it is from here on.
    pub fn learn(&self, kubernetes: Kubernetes) {
        self.settings.rcu(|settings| Settings {
            kubernetes,
            ..Settings::clone(settings)
        });
    }

    /// Reports not ready from here on; requests are still answered.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }
}

/// All routes.
pub fn router(app: Arc<App>) -> Router {
    let router = Router::new()
        .route("/mutate", any(mutate))
        .route("/validate", any(validate))
        .route("/health/ready", any(ready))
        .route("/health/live", any(|| async { StatusCode::NO_CONTENT }));
    let router = if app.telemetry_path.is_empty() {
        router
    } else {
        router.route(&app.telemetry_path, get(metrics))
    };
    router.with_state(app)
}

async fn ready(State(app): State<Arc<App>>) -> StatusCode {
    if *app.ready.borrow() && !app.draining.load(Ordering::Relaxed) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    (
        [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)],
        app.metrics.encode(),
    )
        .into_response()
}

/// What a review is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    /// A patch for a pod.
    Mutate,
    /// Warnings for whoever writes a workload.
    Validate,
}

async fn mutate(State(app): State<Arc<App>>, request: Request) -> Response {
    review(app, request, Endpoint::Mutate).await
}

async fn validate(State(app): State<Arc<App>>, request: Request) -> Response {
    review(app, request, Endpoint::Validate).await
}

async fn review(app: Arc<App>, request: Request, endpoint: Endpoint) -> Response {
    let _in_flight = app.metrics.request();
    let start = Instant::now();
    let deadline = deadline(request.uri().query());
    let answer = answer(&app, request, endpoint, start);
    let response = match tokio::time::timeout(deadline, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(refused)) => {
            warn!(status = refused.status.as_u16(), reason = %refused.text, "Request refused");
            refused.into_response()
        }
        Err(_) => {
            warn!("Request given up: the body did not arrive in time");
            Refused::new(
                StatusCode::REQUEST_TIMEOUT,
                "the body did not arrive in time",
            )
            .into_response()
        }
    };
    app.metrics.answered(start.elapsed());
    response
}

/// A request that gets no review in return.
struct Refused {
    status: StatusCode,
    text: String,
}

impl Refused {
    fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, format!("{}\n", self.text)).into_response()
    }
}

impl From<ReviewError> for Refused {
    fn from(error: ReviewError) -> Self {
        let status = match error {
            ReviewError::Undecodable { .. } => StatusCode::INTERNAL_SERVER_ERROR,
            ReviewError::Kind | ReviewError::NoRequest => StatusCode::BAD_REQUEST,
        };
        Self::new(status, error.to_string())
    }
}

async fn answer(
    app: &App,
    request: Request,
    endpoint: Endpoint,
    start: Instant,
) -> Result<Response, Refused> {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.map_or(&b""[..], |value| value.as_bytes());
    if content_type != b"application/json" {
        let shown = String::from_utf8_lossy(content_type).into_owned();
        let text = format!("Invalid content-type: {shown:?}");
        return Err(Refused::new(StatusCode::BAD_REQUEST, text));
    }
    let budget = request.extensions().get::<Budget>().cloned();
    let (body, _held) = read(request.into_body(), budget).await?;
    let answered = match endpoint {
        Endpoint::Mutate => {
            let answered = admission::answer(&body, &app.settings.load())?;
            app.metrics.decided(&answered.namespace, &answered.outcome);
            log(&answered, start.elapsed());
            answered
        }
        Endpoint::Validate => {
            let answered = admission::validate(&body, &app.settings.load())?;
            app.metrics.warned(&answered.outcome);
            debug!(
                namespace = answered.namespace,
                uid = answered.uid,
                warnings = answered.outcome.warnings.len(),
                "Looked at a workload"
            );
            answered
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], answered.body).into_response())
}

/// Reads a body. What it takes of the budget is held until the request is answered.
async fn read(body: Body, budget: Option<Budget>) -> Result<(Bytes, Held), Refused> {
    let unread = |cause: &dyn std::fmt::Display| {
        let text = format!("error reading request body: {cause}");
        Refused::new(StatusCode::BAD_REQUEST, text)
    };
    let mut held = Held::default();
    let mut chunks = Vec::new();
    let mut length = 0;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| unread(&error))?;
        length += chunk.len();
        if length > BODY_LIMIT {
            return Err(unread(&"length limit exceeded"));
        }
        if let Some(budget) = &budget {
            budget.take(&mut held, chunk.len()).map_err(|error| {
                Refused::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string())
            })?;
        }
        chunks.push(chunk);
    }
    let body = match <[Bytes; 1]>::try_from(chunks) {
        Ok([only]) => only,
        Err(chunks) => chunks.concat().into(),
    };
    if body.is_empty() {
        return Err(Refused::new(StatusCode::BAD_REQUEST, "Empty request body"));
    }
    Ok((body, held))
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
        Decision::Deny(denial) => Some(denial.message()),
        _ => None,
    };
    info!(
        namespace = answered.namespace,
        pod = outcome.pod,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deadline_stays_under_the_webhooks_timeout() {
        for (query, milliseconds) in [
            (None, 8000),
            (Some("timeout=30s"), 8000),
            (Some("a=b&timeout=10s"), 8000),
            (Some("timeout=5s"), 4000),
            (Some("timeout=x"), 8000),
            (Some("timeout=-5s"), 8000),
        ] {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(deadline(query), expected, "{query:?}");
        }
    }
}
