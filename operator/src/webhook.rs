//! `secrets-operator webhook`: admission as a process of its own, as upstream's manifests start it.
//!
//! The certificate comes from files and is followed on disk. A certificate that is missing at the
//! start is waited for, and one that expires does not end the process: either would take admission
//! away from the whole cluster until somebody steps in.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serve_http::Bound;
use serve_tls::{CertificateFiles, CertificateStore, Policy, Version, Watcher, server_config};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::level_filters::LevelFilter;
use tracing::{info, warn};

use crate::{admission, health, log, signals};

/// How often files that are not there yet are read again.
const FILE_POLL: Duration = Duration::from_secs(1);
/// How long the process reports not ready before it stops accepting: no load balancer sends it
/// requests after that.
const SHUTDOWN_DELAY: Duration = Duration::from_secs(3);

/// Flags of the webhook: upstream's names.
#[derive(Clone, Debug, Args)]
pub(crate) struct Flags {
    /// Port of the webhook
    #[arg(long, default_value_t = 10250)]
    port: u16,
    /// Directory of tls.crt and tls.key
    #[arg(long, default_value = "/tmp/k8s-webhook-server/serving-certs")]
    cert_dir: PathBuf,
    /// Where /healthz and /readyz are served; 0 for nowhere
    #[arg(long, default_value = ":8081")]
    healthz_addr: String,
    /// debug, info, warn or error
    #[arg(long, default_value = "info")]
    loglevel: String,
    /// Cipher suites of TLS 1.2, by their IANA names, separated by commas
    #[arg(long, default_value = "")]
    tls_ciphers: String,
    /// 1.2 or 1.3
    #[arg(long, default_value = "1.2")]
    tls_min_version: String,
    #[command(flatten)]
    unused: Unused,
}

/// Flags that change nothing here.
#[derive(Clone, Debug, Args)]
struct Unused {
    /// Accepted for compatibility: the API server checks the name
    #[arg(long)]
    dns_name: Option<String>,
    /// Accepted for compatibility: the files are followed
    #[arg(long)]
    check_interval: Option<String>,
    /// Accepted for compatibility: an expiring certificate does not end the process
    #[arg(long)]
    lookahead_interval: Option<String>,
    /// Accepted for compatibility: the webhook has no metrics
    #[arg(long)]
    metrics_addr: Option<String>,
    /// Accepted for compatibility
    #[arg(long)]
    zap_time_encoding: Option<String>,
}

impl Unused {
    /// Those that were given.
    fn given(&self) -> Vec<&'static str> {
        let Self {
            dns_name,
            check_interval,
            lookahead_interval,
            metrics_addr,
            zap_time_encoding,
        } = self;
        let all = [
            ("--dns-name", dns_name),
            ("--check-interval", check_interval),
            ("--lookahead-interval", lookahead_interval),
            ("--metrics-addr", metrics_addr),
            ("--zap-time-encoding", zap_time_encoding),
        ];
        let given = all.into_iter().filter(|(_, value)| value.is_some());
        given.map(|(name, _)| name).collect()
    }
}

/// What the flags ask for.
#[derive(Debug)]
pub(crate) struct Settings {
    flags: Flags,
    policy: Policy,
}

impl Flags {
    /// What the flags ask for, if it can be done.
    pub(crate) fn check(self) -> anyhow::Result<(LevelFilter, Settings)> {
        let level = log::level(&self.loglevel)?;
        let minimum = match self.tls_min_version.as_str() {
            // Upstream has them; the process has to start, and no API server is that old.
            "" | "1.0" | "1.1" | "1.2" => Version::Tls12,
            "1.3" => Version::Tls13,
            other => anyhow::bail!("--tls-min-version {other}: use 1.2 or 1.3"),
        };
        let policy = Policy::new(minimum, self.tls_ciphers.split(','));
        let policy = policy.map_err(|error| anyhow::anyhow!("--tls-ciphers: {error}"))?;
        let settings = Settings {
            flags: self,
            policy,
        };
        Ok((level, settings))
    }
}

/// Serves until SIGTERM or SIGINT.
pub(crate) fn run(settings: Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let stop = signals::stop()?;
        serve(settings, stop).await
    })
}

async fn serve(settings: Settings, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let Settings { flags, policy } = settings;
    let unused = flags.unused.given();
    if !unused.is_empty() {
        info!(flags = unused.join(" "), "flags without effect");
    }
    if ["1.0", "1.1"].contains(&&*flags.tls_min_version) {
        warn!("--tls-min-version: TLS 1.0 and 1.1 are broken; 1.2 is the oldest");
    }
    for name in policy.left_out() {
        warn!(name, "cipher suite left out: it is not safe");
    }
    let (ready, is_ready) = watch::channel(false);
    let (stopping, stopped) = watch::channel(false);
    let health = health::bind(&flags.healthz_addr, is_ready, stopped.clone())?;
    let webhook = answer(&flags, &policy, &ready, stopped);
    let serving = async { tokio::try_join!(webhook, health).map(|_| ()) };
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => return ended,
        () = stop => {}
    }
    if ready.send_replace(false) {
        info!("reporting not ready");
        tokio::select! {
            ended = &mut serving => return ended,
            () = sleep(SHUTDOWN_DELAY) => {}
        }
    }
    stopping.send_replace(true);
    serving.await?;
    info!("stopped");
    Ok(())
}

/// Answers reviews as soon as there is a certificate, until `stop` is true.
async fn answer(
    flags: &Flags,
    policy: &Policy,
    ready: &watch::Sender<bool>,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    let files = files(&flags.cert_dir);
    let store = tokio::select! {
        store = load(&files) => store,
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    let tls = server_config(Arc::clone(&store), policy, None, &["h2", "http/1.1"])
        .context("cannot set up TLS")?;
    let bound = Bound::bind(&format!(":{}", flags.port))
        .with_context(|| format!("cannot listen on port {}", flags.port))?;
    info!(address = %bound.address(), "serving admission");
    ready.send_replace(true);
    let serving = bound.serve(
        admission::router(),
        admission::limits(),
        Some(tls as _),
        stop,
    );
    tokio::select! {
        ended = serving => ended.context("cannot serve"),
        () = Watcher::new(files, store).run() => Ok(()),
    }
}

fn files(directory: &Path) -> CertificateFiles {
    CertificateFiles::new(directory.join("tls.crt"), directory.join("tls.key"))
}

/// Reads the certificate, however long it takes until there is one: it is made by somebody else.
async fn load(files: &CertificateFiles) -> Arc<CertificateStore> {
    let mut problem = String::new();
    loop {
        match files.load() {
            Ok(pair) => return CertificateStore::new(pair),
            Err(error) => {
                let text = error.to_string();
                if text != problem {
                    warn!(problem = text, "waiting for a certificate");
                    problem = text;
                }
            }
        }
        sleep(FILE_POLL).await;
    }
}

#[cfg(test)]
mod tests;
