//! Serving: from a configuration and its files until a signal.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::sign::CertifiedKey;
use serve_tls::ClientAuthorities;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::background::Background;
use crate::cli::{Certificate, Configuration};
use crate::metrics::ProcessGauges;
use crate::server::{self, App, Bound, Server};
use crate::shutdown::Signals;
use crate::tls::{self, SelfSigned};

/// Exit code of a failure while running.
pub const RUNTIME: u8 = 1;

/// What is on disk, or made in its place.
pub struct Files {
    pair: CertifiedKey,
    clients: Option<Arc<ClientAuthorities>>,
}

impl Files {
    /// Reads the files of a configuration.
    pub fn load(configuration: &Configuration) -> anyhow::Result<Self> {
        let serving = &configuration.serving;
        let clients = serving.clients.clone().map(ClientAuthorities::load);
        Ok(Self {
            pair: certificate(&serving.certificate)?,
            clients: clients
                .transpose()
                .context("cannot use -tls-client-ca-file")?,
        })
    }
}

/// Serves until a signal or an error ends it.
pub async fn run(configuration: Configuration, files: Files) -> anyhow::Result<ExitCode> {
    let mut signals = Signals::listen().context("cannot listen for signals")?;
    let serving = &configuration.serving;
    for name in serving.policy.left_out() {
        warn!(name, "Cipher suite left out: it is not safe");
    }
    let (store, certificate_expiry) = tls::store(files.pair);
    let clients = files.clients;
    let server = Server {
        tls: server::server_config(Arc::clone(&store), &serving.policy, clients.clone())
            .context("cannot set up TLS")?,
        webhook: bind(&configuration.listen)?,
        requires_certificate: clients.is_some(),
        health: serving.health_listen.as_deref().map(bind).transpose()?,
        delay: configuration.shutdown_delay,
    };
    let address = server.webhook.address();
    info!(%address, version = env!("CARGO_PKG_VERSION"), "Serving");
    if let Some(health) = &server.health {
        info!(address = %health.address(), "Serving probes and metrics");
    }

    let gauges = ProcessGauges {
        certificate_expiry,
        ..ProcessGauges::default()
    };
    let (ready, is_ready) = watch::channel(false);
    let app = App::with_process(
        configuration.settings.clone(),
        &configuration.telemetry_path,
        &gauges,
        is_ready,
    );
    let taught = Arc::clone(&app);
    let learned = move |kubernetes| taught.learn(kubernetes);
    let background = Background::start(
        &configuration,
        store,
        clients,
        &gauges.leader,
        ready,
        learned,
    )
    .await?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let serving = server.run(app, async {
        // An error means that the sender is gone, which happens only when this function ends.
        let _ = stopped.await;
    });
    tokio::pin!(serving);
    let outcome = tokio::select! {
        result = &mut serving => result,
        signal = signals.next() => {
            info!(signal, "Leaving");
            let _ = stop.send(());
            tokio::select! {
                result = &mut serving => result,
                signal = signals.next() => {
                    warn!(signal, "Leaving at once");
                    return Ok(ExitCode::from(RUNTIME));
                }
            }
        }
    };
    background.stop().await;
    outcome.context("cannot serve")?;
    Ok(ExitCode::SUCCESS)
}

fn bind(listen: &str) -> anyhow::Result<Bound> {
    Bound::bind(listen).with_context(|| format!("cannot listen on {listen}"))
}

/// The certificate to start with. In automatic mode nobody trusts it; it only lets probes see that
/// the injector is not ready yet.
fn certificate(certificate: &Certificate) -> anyhow::Result<CertifiedKey> {
    let pair = match certificate {
        Certificate::Files { files, .. } => {
            files.load().context("cannot use the certificate files")?
        }
        Certificate::Automatic { hosts, .. } => make(hosts)?.pair,
        Certificate::SelfSigned { hosts } => {
            let made = make(hosts)?;
            warn!(
                hosts = hosts.join(","),
                authority = made.authority_pem,
                "Serving with a certificate made at start; clients have to trust its authority"
            );
            made.pair
        }
    };
    Ok(pair)
}

fn make(hosts: &[String]) -> anyhow::Result<SelfSigned> {
    SelfSigned::new(hosts).context("cannot make a certificate")
}
