//! `secrets-operator certcontroller`: there for manifests that start upstream's third process.

use clap::Args;
use tokio::sync::watch;
use tracing::info;
use tracing::level_filters::LevelFilter;

use crate::{health, log, signals};

/// Flags of upstream's certcontroller. But for the probes and the log they change nothing.
#[derive(Clone, Debug, Args)]
pub(crate) struct Flags {
    /// Where /healthz and /readyz are served; 0 for nowhere
    #[arg(long, default_value = ":8081")]
    healthz_addr: String,
    /// debug, info, warn or error
    #[arg(long, default_value = "info")]
    loglevel: String,
    #[command(flatten)]
    _unused: Unused,
}

#[derive(Clone, Debug, Args)]
struct Unused {
    /// Accepted for compatibility
    #[arg(long)]
    crd_requeue_interval: Option<String>,
    /// Accepted for compatibility
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    enable_leader_election: Option<String>,
    /// Accepted for compatibility
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    enable_partial_cache: Option<String>,
    /// Accepted for compatibility
    #[arg(long)]
    metrics_addr: Option<String>,
    /// Accepted for compatibility
    #[arg(long)]
    secret_name: Option<String>,
    /// Accepted for compatibility
    #[arg(long)]
    secret_namespace: Option<String>,
    /// Accepted for compatibility
    #[arg(long)]
    service_name: Option<String>,
    /// Accepted for compatibility
    #[arg(long)]
    service_namespace: Option<String>,
    /// Accepted for compatibility
    #[arg(long)]
    zap_time_encoding: Option<String>,
}

impl Flags {
    /// What the flags ask for, if it can be done.
    pub(crate) fn check(self) -> anyhow::Result<(LevelFilter, Self)> {
        Ok((log::level(&self.loglevel)?, self))
    }
}

/// Idles until SIGTERM or SIGINT.
pub(crate) fn run(flags: &Flags) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = signals::stop()?;
        let (_ready, is_ready) = watch::channel(true);
        let (stopping, stopped) = watch::channel(false);
        let health = health::bind(&flags.healthz_addr, is_ready, stopped)?;
        info!(
            "idle: this operator makes no certificate and registers none; give those of the process \
             webhook with cert-manager, or by hand"
        );
        let idle = async {
            stop.await;
            stopping.send_replace(true);
            Ok(())
        };
        tokio::try_join!(health, idle).map(|_| ())
    })
}
