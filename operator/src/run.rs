//! The process from its start to its end.

use std::path::PathBuf;
use std::sync::Arc;

use kube_support::{Access, Elector, Names, connect, unopposed};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Notify, mpsc, watch};
use tracing::info;

use crate::context::{Context, Settings};
use crate::controller::Controller;
use crate::endpoints::{serve_health, serve_metrics};
use crate::flags::Flags;
use crate::metrics::Metrics;
use crate::signals;
use crate::watching::Watching;

/// The Lease of the replica that works. Upstream's has another name.
const NAMES: Names = Names {
    lease: "secrets-operator",
    field_manager: "secrets-operator",
};

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(
    flags: &Flags,
    settings: Settings,
    kubeconfig: Option<PathBuf>,
) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(flags, settings, kubeconfig))
}

async fn serve(
    flags: &Flags,
    settings: Settings,
    kubeconfig: Option<PathBuf>,
) -> anyhow::Result<()> {
    let access = Access {
        in_cluster: kubeconfig.is_none(),
        kubeconfig,
        namespace: None,
        identity: std::env::var("HOSTNAME").unwrap_or_else(|_| "secrets-operator".to_owned()),
    };
    let stop = signals::stop()?;
    let client = connect(&access, "secrets-operator").await?;
    let (triggers, received) = mpsc::unbounded_channel();
    let leader = Gauge::default();
    let metrics = Arc::new(Metrics::new(leader.clone()));
    let (ready, is_ready) = watch::channel(false);
    let (stopping, is_stopping) = watch::channel(false);
    serve_metrics(
        flags.metrics_addr(),
        Arc::clone(&metrics),
        is_stopping.clone(),
    )?;
    serve_health(flags.live_addr(), is_ready, is_stopping)?;
    let context = Arc::new(Context::new(client.clone(), settings, metrics, triggers));
    let watching = Watching::start(&context, flags.namespace());
    let end = Arc::new(Notify::new());
    let (leads, elector) = if flags.is_elected() {
        let elector = Elector::new(client, &access, NAMES, leader);
        let leads = elector.leads();
        (leads, Some(tokio::spawn(elector.run(Arc::clone(&end)))))
    } else {
        (unopposed(&leader), None)
    };
    let controller = Controller::new(context, flags.concurrent());
    tokio::pin!(stop);
    tokio::select! {
        () = watching.complete() => {}
        () = &mut stop => return Ok(()),
    }
    ready.send_replace(true);
    info!("serving");
    controller.run(received, leads, stop).await;
    stopping.send_replace(true);
    end.notify_one();
    if let Some(elector) = elector {
        elector.await?;
    }
    info!("stopped");
    Ok(())
}
