//! What is answered at which path.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use contract::diagnostics::requests;
use serve_tls::Connection;

use super::app::App;
use super::review::{mutate, validate};
use crate::metrics;

/// What the webhook's port answers, and whom.
#[derive(Clone, Copy, Debug)]
pub struct Surface {
    /// Metrics are here, and not on a port of their own.
    pub metrics: bool,
    /// All but probes is for clients with a certificate that an authority of ours signed.
    pub requires_certificate: bool,
}

/// The routes of the webhook's port. Each request carries the [`Connection`] that it came on.
pub fn router(app: Arc<App>, surface: Surface) -> Router {
    let mut guarded = Router::new()
        .route("/mutate", any(mutate))
        .route("/validate", any(validate));
    if surface.metrics {
        guarded = with_metrics(guarded, &app);
    }
    if surface.requires_certificate {
        guarded = guarded.route_layer(middleware::from_fn(authenticated));
    }
    with_probes(guarded).with_state(app)
}

/// The routes of the port of probes and metrics.
pub fn health_router(app: Arc<App>) -> Router {
    with_metrics(with_probes(Router::new()), &app).with_state(app)
}

fn with_probes(router: Router<Arc<App>>) -> Router<Arc<App>> {
    router
        .route("/health/ready", any(ready))
        .route("/health/live", any(|| async { StatusCode::NO_CONTENT }))
}

fn with_metrics(router: Router<Arc<App>>, app: &App) -> Router<Arc<App>> {
    if app.telemetry_path.is_empty() {
        return router;
    }
    router.route(&app.telemetry_path, get(metrics))
}

async fn authenticated(
    Extension(connection): Extension<Connection>,
    request: Request,
    next: Next,
) -> Response {
    if connection.is_authenticated() {
        next.run(request).await
    } else {
        let text = format!(
            "a client certificate signed by an authority in -tls-client-ca-file is required [{}]\n",
            requests::NO_CERTIFICATE
        );
        (StatusCode::UNAUTHORIZED, text).into_response()
    }
}

async fn ready(State(app): State<Arc<App>>) -> StatusCode {
    if app.is_ready() {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn metrics(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<Connection>,
) -> Response {
    let text = app.metrics.encode().into_bytes();
    match connection.answer(text, connection.held()) {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response(),
        Err(exhausted) => {
            let text = format!("{exhausted} [{}]\n", requests::BUSY);
            (StatusCode::SERVICE_UNAVAILABLE, text).into_response()
        }
    }
}
