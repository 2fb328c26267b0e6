//! Flags of the controller: upstream's names.

use std::time::Duration;

use clap::Args;
use contract::GoDuration;
use tracing::level_filters::LevelFilter;

use crate::context::Settings;
use crate::log;
use crate::own_identity;

/// Flags of the controller.
#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The class of this operator: stores with another `spec.controller` are left alone
    #[arg(long, default_value = "default")]
    controller_class: String,
    /// Objects of one store that are reconciled at the same time
    #[arg(long, default_value_t = 8)]
    concurrent: usize,
    /// How often a store is checked that does not say so
    #[arg(long, default_value = "5m")]
    store_requeue_interval: String,
    /// Serve this namespace alone
    #[arg(long, default_value = "")]
    namespace: String,
    /// Serve stores of the cluster
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    enable_cluster_store_reconciler: bool,
    /// Serve cluster external secrets
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    enable_cluster_external_secret_reconciler: bool,
    /// Serve push secrets
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    enable_push_secret_reconciler: bool,
    /// Do not try objects whose store is not ready
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    enable_flood_gate: bool,
    /// Let stores name loopback and link-local addresses, such as an agent beside the operator
    #[arg(long, default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    allow_local_addresses: bool,
    /// Lend the operator's own service account to stores of the cluster that name none
    #[arg(long, default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    allow_controller_identity: bool,
    /// What opens an action of a template
    #[arg(long, default_value = "{{")]
    template_left_delimiter: String,
    /// What closes an action of a template
    #[arg(long, default_value = "}}")]
    template_right_delimiter: String,
    /// Let one of several replicas work
    #[arg(long, default_value_t = false, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    enable_leader_election: bool,
    /// Where metrics are served; 0 for nowhere
    #[arg(long, default_value = ":8080")]
    metrics_addr: String,
    /// Where /healthz and /readyz are served
    #[arg(long, default_value = ":8082")]
    live_addr: String,
    /// debug, info, warn or error
    #[arg(long, default_value = "info")]
    loglevel: String,
}

impl Flags {
    pub(crate) fn concurrent(&self) -> usize {
        self.concurrent
    }

    pub(crate) fn namespace(&self) -> Option<&str> {
        Some(&*self.namespace).filter(|namespace| !namespace.is_empty())
    }

    pub(crate) fn metrics_addr(&self) -> &str {
        &self.metrics_addr
    }

    pub(crate) fn live_addr(&self) -> &str {
        &self.live_addr
    }

    pub(crate) fn is_elected(&self) -> bool {
        self.enable_leader_election
    }

    /// What the flags ask for, if it can be done.
    pub(crate) fn check(&self) -> anyhow::Result<(LevelFilter, Settings)> {
        Ok((log::level(&self.loglevel)?, self.settings()?))
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let interval = self.store_requeue_interval.parse::<GoDuration>();
        let interval =
            interval.map_err(|error| anyhow::anyhow!("--store-requeue-interval: {error}"))?;
        Ok(Settings {
            class: self.controller_class.clone(),
            store_interval: interval.to_std().unwrap_or(Duration::from_secs(300)),
            serves_cluster_stores: self.enable_cluster_store_reconciler,
            serves_cluster_external_secrets: self.enable_cluster_external_secret_reconciler,
            allows_local_addresses: self.allow_local_addresses,
            own_identity: if self.allow_controller_identity {
                Some(own_identity::find()?)
            } else {
                None
            },
            serves_push_secrets: self.enable_push_secret_reconciler,
            waits_for_stores: self.enable_flood_gate,
            delimiters: secret_sync::Delimiters {
                left: self.template_left_delimiter.clone(),
                right: self.template_right_delimiter.clone(),
            },
        })
    }
}
