//! The API server, as far as the injector's own life depends on it: its certificate, where that is
//! registered, who of the replicas writes, and which version the cluster has. No request of a pod
//! waits for any of it.
//!
//! ```text
//!            ┌────────► Secret: the authorities, shared by all replicas
//! Automatic ─┤
//!            └─► Registrar ─► caBundle of our webhooks ◄─ Registrar ◄─ CaFile
//!                   ▲ writes only where this replica leads: Elector ─► Lease
//! ```
//!
//! * What is to be done is decided by pure functions ([`authorities`], [`bundle`], [`lease`]); the
//!   modules around them fetch what they look at.
//! * Every call has a deadline, and every failure is tried again for ever. A replica that was
//!   ready once stays ready whatever the API server does.

pub mod authorities;
pub mod automatic;
pub mod bundle;
pub mod ca_file;
pub mod call;
pub mod keeper;
pub mod lease;
pub mod pace;
pub mod registrar;
pub mod version;

#[cfg(test)]
mod fake;

use std::path::PathBuf;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use thiserror::Error;

pub use automatic::Automatic;
pub use ca_file::CaFile;
pub use call::CallError;
pub use lease::Elector;
pub use pace::keep;
pub use registrar::Registrar;

/// Under this name our fields are ours in the API server's books.
pub const FIELD_MANAGER: &str = "vault-injector";

const CONNECT: Duration = Duration::from_secs(5);

/// How the API server is reached, and who we are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// A configuration as kubectl has it; without one, the pod's own service account.
    pub kubeconfig: Option<PathBuf>,
    /// Where Secret and Lease are; without one, where the service account is.
    pub namespace: Option<String>,
    /// The pod's name: who holds the Lease.
    pub identity: String,
    /// Whether this process runs in a pod.
    pub in_cluster: bool,
}

impl Access {
    /// Whether there is an API server to ask at all.
    pub fn is_given(&self) -> bool {
        self.in_cluster || self.kubeconfig.is_some()
    }

    fn namespace<'a>(&'a self, client: &'a Client) -> &'a str {
        self.namespace
            .as_deref()
            .unwrap_or_else(|| client.default_namespace())
    }
}

/// An API server that cannot be reached for want of a configuration.
#[derive(Debug, Error)]
pub enum ConnectError {
    #[error("Error loading in-cluster K8S config: {0}")]
    InCluster(#[from] kube::config::InClusterError),
    #[error("cannot use the kubeconfig {path}: {source}", path = path.display())]
    Kubeconfig {
        path: PathBuf,
        source: Box<kube::config::KubeconfigError>,
    },
    #[error("cannot set up the client of the API server: {0}")]
    Client(#[source] Box<kube::Error>),
}

/// A client of the API server. Nothing is sent yet.
pub async fn connect(access: &Access) -> Result<Client, ConnectError> {
    let mut config = match &access.kubeconfig {
        None => Config::incluster()?,
        Some(path) => {
            let broken = |source| ConnectError::Kubeconfig {
                path: path.clone(),
                source: Box::new(source),
            };
            let read = Kubeconfig::read_from(path).map_err(broken)?;
            Config::from_custom_kubeconfig(read, &KubeConfigOptions::default())
                .await
                .map_err(broken)?
        }
    };
    config.connect_timeout = Some(CONNECT);
    // What fails is tried again by those who ask, at their own pace.
    config.default_retry = false;
    config.headers.push((
        axum::http::header::USER_AGENT,
        axum::http::HeaderValue::from_static(concat!("vault-injector/", env!("CARGO_PKG_VERSION"))),
    ));
    Client::try_from(config).map_err(|error| ConnectError::Client(Box::new(error)))
}
