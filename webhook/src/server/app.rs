//! What the routes share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use injection::kubernetes::Kubernetes;
use injection::settings::Settings;
use tokio::sync::watch;

use crate::metrics::{Metrics, ProcessGauges};

/// What the routes share.
#[derive(Debug)]
pub struct App {
    settings: ArcSwap<Settings>,
    pub(super) metrics: Metrics,
    /// Where metrics are; none where empty.
    pub(super) telemetry_path: String,
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

    pub(super) fn is_ready(&self) -> bool {
        *self.ready.borrow() && !self.draining.load(Ordering::Relaxed)
    }

    pub(super) fn settings(&self) -> Arc<Settings> {
        self.settings.load_full()
    }
}
