//! The injector's process: configuration, certificate, server, signals.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::sign::CertifiedKey;
use serve_tls::ClientAuthorities;
use tokio::sync::watch;
use tracing::{error, info, warn};
use vault_injector::background::Background;
use vault_injector::cli::{self, Certificate, Configuration};
use vault_injector::commands;
use vault_injector::log;
use vault_injector::metrics::ProcessGauges;
use vault_injector::server::{self, App, Bound, Server};
use vault_injector::shutdown::Signals;
use vault_injector::tls::{self, SelfSigned};

/// Exit code of a failure while running.
const RUNTIME: u8 = 1;
/// Exit code of a configuration that cannot work.
const CONFIGURATION: u8 = 78;

fn main() -> ExitCode {
    if let Some(code) = commands::run(std::env::args_os(), std::env::vars_os()) {
        return code;
    }
    let configuration = match cli::configure(std::env::args_os(), std::env::vars_os()) {
        Ok(configuration) => configuration,
        Err(stop) => return stop.report(),
    };
    log::init(configuration.log_level, configuration.log_format);
    for warning in &configuration.warnings {
        warn!("{warning}");
    }
    for unknown in &configuration.unknown_variables {
        warn!("{unknown}");
    }
    for error in process::protect_memory() {
        warn!(%error, "Memory is not protected");
    }
    let files = match Files::load(&configuration) {
        Ok(files) => files,
        Err(error) => {
            error!(error = format!("{error:#}"), "Cannot start");
            return ExitCode::from(CONFIGURATION);
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        // Each thread keeps memory of its own: those that decide, one of them for a
        // second address, and two for looking up names.
        .max_blocking_threads(server::limits().work + 3)
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            error!(%error, "Cannot start");
            return ExitCode::from(RUNTIME);
        }
    };
    let code = runtime.block_on(async {
        match run(configuration, files).await {
            Ok(code) => code,
            Err(error) => {
                error!(error = format!("{error:#}"), "Cannot go on");
                ExitCode::from(RUNTIME)
            }
        }
    });
    // A decision that was given up is not waited for.
    runtime.shutdown_background();
    code
}

/// What is on disk, or made in its place.
struct Files {
    pair: CertifiedKey,
    clients: Option<Arc<ClientAuthorities>>,
}

impl Files {
    fn load(configuration: &Configuration) -> anyhow::Result<Self> {
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

async fn run(configuration: Configuration, files: Files) -> anyhow::Result<ExitCode> {
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
