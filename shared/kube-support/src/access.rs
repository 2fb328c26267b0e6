//! How the API server is reached.

use std::path::PathBuf;
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use thiserror::Error;

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

    /// Where Secret and Lease are.
    pub fn namespace<'a>(&'a self, client: &'a Client) -> &'a str {
        self.namespace
            .as_deref()
            .unwrap_or_else(|| client.default_namespace())
    }
}

/// An API server that cannot be reached for want of a configuration.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// There is no service account here, or a part of it is missing.
    #[error("Error loading in-cluster K8S config: {0}")]
    InCluster(#[from] kube::config::InClusterError),
    /// The file is not there, or not what it should be.
    #[error("cannot use the kubeconfig {path}: {source}", path = path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<kube::config::KubeconfigError>,
    },
    /// Certificates or addresses that cannot be used.
    #[error("cannot set up the client of the API server: {0}")]
    Client(#[source] Box<kube::Error>),
}

/// A client of the API server, which goes by the name `user_agent` there. Nothing is sent yet.
pub async fn connect(access: &Access, user_agent: &'static str) -> Result<Client, ConnectError> {
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
    let user_agent = HeaderValue::from_static(user_agent);
    config.headers.push((USER_AGENT, user_agent));
    Client::try_from(config).map_err(|error| ConnectError::Client(Box::new(error)))
}
