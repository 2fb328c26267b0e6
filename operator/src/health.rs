//! The port of probes, without TLS: `/healthz` and `/readyz`.

use std::future::Future;

use anyhow::Context as _;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use serve_http::Bound;
use serve_tls::Limits;
use tokio::sync::watch;
use tracing::info;

use crate::admission;

/// Takes the port `listen`; what is returned answers probes until `stop` is true. `/readyz` follows
/// `ready`. `0`, or no text, is no port.
pub(crate) fn bind(
    listen: &str,
    ready: watch::Receiver<bool>,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<impl Future<Output = anyhow::Result<()>> + use<>> {
    let bound = match listen {
        "" | "0" => None,
        listen => {
            let bound = Bound::bind(listen);
            Some(bound.with_context(|| format!("cannot listen on {listen} for probes"))?)
        }
    };
    Ok(async move {
        if let Some(bound) = bound {
            info!(address = %bound.address(), "serving probes");
            bound.serve(router(ready), limits(), None, stop).await?;
        }
        Ok(())
    })
}

/// For ports that only the cluster's own programs ask.
pub(crate) fn limits() -> Limits {
    Limits {
        connections: 64,
        connections_each: 16,
        bytes: 4 << 20,
        ..admission::limits()
    }
}

fn router(ready: watch::Receiver<bool>) -> Router {
    let answer = move || {
        let is_ready = *ready.borrow();
        async move {
            if is_ready {
                (StatusCode::OK, "ok")
            } else {
                (StatusCode::SERVICE_UNAVAILABLE, "not ready")
            }
        }
    };
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(answer))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::Request;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn readiness_follows_and_liveness_stays() {
        let (ready, is_ready) = watch::channel(false);
        let router = router(is_ready);
        let status = async |path: &str| {
            let request = Request::get(path).body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap().status()
        };
        assert_eq!(status("/readyz").await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(status("/healthz").await, StatusCode::OK);
        ready.send_replace(true);
        assert_eq!(status("/readyz").await, StatusCode::OK);
    }
}
