//! A small stand-in for a Kubernetes API server: what an operator and kubectl need of one, in memory
//! and over plain HTTP on loopback.
//!
//! ```text
//! request ─ route ─▶ server ─┬─▶ write: admit, managedFields, owners ─▶ state
//!                            ├─▶ view ◀────────────────────────────────── state
//!                            └─▶ watch ◀─────────────────────────── its history
//! ```
//!
//! It has no RBAC and asks for no credentials: every client may do everything. CRDs register their
//! kinds with all served versions, which share one object; conversion is a change of `apiVersion`.
//! Admission is defaults and the simple rules of schemas; there are no webhooks.
//!
//! ```no_run
//! # async fn run() -> anyhow::Result<()> {
//! let api = api_server::ApiServer::start("127.0.0.1:0".parse()?).await?;
//! println!("{}", api.kubeconfig());
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

mod discovery;
mod kinds;
mod managed;
mod random;
mod refusal;
mod route;
mod schema;
mod selector;
mod server;
mod state;
mod view;
mod watch;
mod write;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::kinds::Kinds;
use crate::server::Server;
use crate::state::State;
use crate::write::Target;

/// Programs that insist on credentials find these in the kubeconfig; the server ignores them.
const TOKEN: &str = "stand-in";

/// The namespaces that every cluster has.
const NAMESPACES: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// A running server. It stops answering when it is dropped.
#[derive(Debug)]
pub struct ApiServer {
    address: SocketAddr,
    server: Arc<Server>,
    task: JoinHandle<()>,
}

impl ApiServer {
    /// Listens at `listen`; with port 0, at a free one.
    ///
    /// # Errors
    /// If the address cannot be listened at.
    pub async fn start(listen: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("listen at {listen}"))?;
        let address = listener.local_addr()?;
        let server = Arc::new(Server::new(first_state()));
        let router = Router::new()
            .fallback(server::answer)
            .with_state(Arc::clone(&server));
        let task = tokio::spawn(async move {
            // It ends with its task alone.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            server,
            task,
        })
    }

    /// Where it is reached: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A kubeconfig of it, for kubectl and every other client.
    pub fn kubeconfig(&self) -> String {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "stand-in", "cluster": {"server": self.url()}}],
            "users": [{"name": "anyone", "user": {"token": TOKEN}}],
            "contexts": [{
                "name": "stand-in",
                "context": {"cluster": "stand-in", "user": "anyone", "namespace": "default"},
            }],
            "current-context": "stand-in",
        });
        // JSON is YAML.
        format!("{config:#}\n")
    }

    /// Creates the `CustomResourceDefinition`s of a YAML stream.
    ///
    /// # Errors
    /// If a document is something else, or is refused.
    pub fn define(&self, yaml: &str) -> anyhow::Result<()> {
        let documents = yaml.split("\n---\n");
        for document in documents.map(|text| text.trim_start_matches("---\n")) {
            let definition: Value = serde_saphyr::from_str(document)?;
            let target = target("customresourcedefinitions.apiextensions.k8s.io");
            let created = write::create(&mut self.server.state(), &target, definition);
            created.map_err(|refusal| anyhow::anyhow!("{}", refusal.status()["message"]))?;
        }
        Ok(())
    }

    /// The PEM public key of the tokens that it issues for service accounts.
    pub fn public_key_pem(&self) -> String {
        self.server.keys.public_key_pem()
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Where the server itself writes objects of a built-in kind that are the whole cluster's.
fn target(resource: &str) -> Target {
    let kind = Kinds::default()
        .by_resource(resource)
        .expect("the kind must be built in");
    Target {
        kind,
        version: "v1".to_owned(),
        namespace: String::new(),
        is_status: false,
        manager: "api-server".to_owned(),
    }
}

fn first_state() -> State {
    let mut state = State::new();
    for name in NAMESPACES {
        let namespace = json!({"metadata": {"name": name}});
        let created = write::create(&mut state, &target("namespaces"), namespace);
        created.expect("an empty state must take it");
    }
    state
}
