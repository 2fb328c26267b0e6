//! Where metrics and health are served: plain HTTP, inside the cluster.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::metrics::Metrics;

/// Media type of the metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves metrics at an address, unless it is `0`.
pub(crate) async fn serve_metrics(address: &str, metrics: Arc<Metrics>) -> anyhow::Result<()> {
    let metrics = get(move || async move { ([(CONTENT_TYPE, OPEN_METRICS)], metrics.encode()) });
    serve(
        address,
        "--metrics-addr",
        Router::new().route("/metrics", metrics),
    )
    .await
}

/// Serves `/healthz`, and `/readyz` once everything is known.
pub(crate) async fn serve_health(
    address: &str,
    ready: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let health = get(|| async { "ok" });
    let readiness = get(move || async move {
        if *ready.borrow() {
            (StatusCode::OK, "ok")
        } else {
            let words = "the API server has not told everything yet";
            (StatusCode::SERVICE_UNAVAILABLE, words)
        }
    });
    let router = Router::new()
        .route("/healthz", health)
        .route("/readyz", readiness);
    serve(address, "--live-addr", router).await
}

/// Listens, and serves beside all else.
async fn serve(address: &str, flag: &str, router: Router) -> anyhow::Result<()> {
    if address == "0" || address.is_empty() {
        return Ok(());
    }
    let address = socket_address(address).with_context(|| format!("{flag} {address}"))?;
    let listener = TcpListener::bind(address);
    let listener = listener
        .await
        .with_context(|| format!("{flag} {address}"))?;
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "an endpoint is no longer served");
        }
    });
    Ok(())
}

/// An address as Go writes it: without a host, all.
fn socket_address(text: &str) -> anyhow::Result<SocketAddr> {
    let text = match text.strip_prefix(':') {
        Some(port) => format!("[::]:{port}"),
        None => text.to_owned(),
    };
    text.parse()
        .context("use an address such as :8080 or 127.0.0.1:8080, or 0 for none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_host_is_all_of_this_machine() {
        assert_eq!(socket_address(":8080").unwrap().port(), 8080);
        assert!(socket_address(":8080").unwrap().ip().is_unspecified());
        assert!(socket_address("127.0.0.1:1").unwrap().ip().is_loopback());
        assert!(socket_address("8080").is_err());
    }
}
