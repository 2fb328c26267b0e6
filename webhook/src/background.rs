//! What goes on beside the server: looking after certificate and registration, the election, and
//! what is known of the cluster. All of it ends with the process, none of it holds a request up.

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use kube_support::{ConnectError, Elector};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tracing::{debug, info, warn};

use crate::cli::{Certificate, Configuration};
use crate::cluster::{self, Automatic, CaFile, LEASE, Registrar, keep, version};
use injection::kubernetes::Kubernetes;
use process::cut;
use serve_tls::{CertificateStore, ClientAuthorities, Watcher};

/// How long leaving may take: a Lease that is not given free ends by itself.
const LEAVING: Duration = Duration::from_secs(3);

/// Tasks that run until they are stopped.
#[derive(Debug, Default)]
pub struct Background {
    tasks: Vec<JoinHandle<()>>,
    election: Option<(JoinHandle<()>, Arc<Notify>)>,
}

impl Background {
    /// Starts what the configuration asks for. `leader` shows whether this replica leads, `ready`
    /// is told when it may serve, and `learned` what the cluster is.
    pub async fn start(
        configuration: &Configuration,
        store: Arc<CertificateStore>,
        clients: Option<Arc<ClientAuthorities>>,
        leader: &Gauge,
        ready: watch::Sender<bool>,
        learned: impl Fn(Kubernetes) + Send + Sync + 'static,
    ) -> Result<Self, ConnectError> {
        let mut background = Self::default();
        let access = &configuration.access;
        let serving = &configuration.serving;
        if let Certificate::Files { files, .. } = &serving.certificate {
            let watcher = Watcher::new(files.clone(), Arc::clone(&store));
            background.spawn(watcher.run());
        }
        if let Some(clients) = clients {
            background.spawn(Watcher::of_clients(clients).run());
        }
        let client = match cluster::connect(access).await {
            Ok(client) => client,
            Err(error) if needs_cluster(&serving.certificate) => return Err(error),
            Err(error) => {
                // A pod without a token has been given none on purpose.
                if access.is_given() {
                    info!(
                        error = &*cut(&error.to_string()),
                        "Cluster's version unknown: auto means no native sidecar"
                    );
                } else {
                    debug!(%error, "Not in a cluster");
                }
                ready.send_replace(true);
                return Ok(background);
            }
        };
        background.spawn(version::follow(client.clone(), learned));
        match &serving.certificate {
            Certificate::Automatic {
                configuration: name,
                hosts,
            } => {
                let leads = background.leads(&client, configuration, leader);
                let registrar = Registrar::new(client.clone(), name, hosts);
                let automatic =
                    Automatic::new(client, access, registrar.clone(), hosts.clone(), store);
                background.spawn(keep(automatic, registrar, leads, ready));
            }
            Certificate::Files {
                authority: Some(authority),
                ..
            } => {
                let leads = background.leads(&client, configuration, leader);
                let registrar = Registrar::new(client, &authority.configuration, &authority.hosts);
                let task = CaFile::new(authority.file.clone(), registrar.clone());
                // The certificate is there: as in the established injector, nobody waits.
                ready.send_replace(true);
                background.spawn(keep(task, registrar, leads, ready));
            }
            Certificate::Files { .. } | Certificate::SelfSigned { .. } => {
                ready.send_replace(true);
            }
        }
        Ok(background)
    }

    /// Stops everything, and gives the Lease free.
    pub async fn stop(self) {
        for task in &self.tasks {
            task.abort();
        }
        if let Some((election, stop)) = self.election {
            stop.notify_one();
            if tokio::time::timeout(LEAVING, election).await.is_err() {
                warn!("Lease not given free in time: it ends by itself");
            }
        }
    }

    fn leads(
        &mut self,
        client: &Client,
        configuration: &Configuration,
        gauge: &Gauge,
    ) -> watch::Receiver<bool> {
        if !configuration.serving.leader_election {
            return kube_support::unopposed(gauge);
        }
        let elector = Elector::new(client.clone(), &configuration.access, LEASE, gauge.clone());
        let leads = elector.leads();
        let stop = Arc::new(Notify::new());
        let election = tokio::spawn(elector.run(Arc::clone(&stop)));
        self.election = Some((election, stop));
        leads
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.push(tokio::spawn(task));
    }
}

fn needs_cluster(certificate: &Certificate) -> bool {
    match certificate {
        Certificate::Automatic { .. } => true,
        Certificate::Files { authority, .. } => authority.is_some(),
        Certificate::SelfSigned { .. } => false,
    }
}
