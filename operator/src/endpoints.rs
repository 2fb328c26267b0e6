//! Where the controller serves metrics and health: plain HTTP, inside the cluster.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use serve_http::Bound;
use tokio::sync::watch;

use crate::health;
use crate::metrics::Metrics;

/// Media type of the metrics.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves metrics at an address, unless it is `0`, until `stop` is true.
pub(crate) fn serve_metrics(
    address: &str,
    metrics: Arc<Metrics>,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    if matches!(address, "" | "0") {
        return Ok(());
    }
    let bound = Bound::bind(address);
    let bound = bound.with_context(|| format!("--metrics-addr {address}"))?;
    let metrics = get(move || async move { ([(CONTENT_TYPE, OPEN_METRICS)], metrics.encode()) });
    let router = Router::new().route("/metrics", metrics);
    tokio::spawn(async move {
        if let Err(error) = bound.serve(router, health::limits(), None, stop).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(())
}

/// Serves `/healthz`, and `/readyz` once everything is known.
pub(crate) fn serve_health(
    address: &str,
    ready: watch::Receiver<bool>,
    stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let served = health::bind(address, ready, stop).context("--live-addr")?;
    tokio::spawn(async move {
        if let Err(error) = served.await {
            tracing::error!(%error, "probes are no longer answered");
        }
    });
    Ok(())
}
