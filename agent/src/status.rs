//! What an agent says about itself, for people, probes and Prometheus.
//!
//! ```text
//! renderer, store ─┐
//! login ───────────┼─▶ Snapshot ─▶ ready, health, metrics, `vault-agent status`
//! connection ──────┘
//! ```
//!
//! A snapshot is made when somebody asks, so an agent that nobody asks does nothing for it. It names
//! destinations, request paths and Vault's own words, and never a secret or a token.

pub mod client;
mod metrics;
mod table;
mod waiting;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use vault_client::Connection;
pub use vault_client::RequestCounts;

use crate::auth::AuthStatus;
use crate::proxy::Proxy;
pub use crate::proxy::ProxyCounts;

pub use metrics::{in_memory, prometheus};
pub use table::table;
pub use waiting::waits_for;

/// Everything at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The agent's version.
    pub version: String,
    /// All templates are rendered and the token is valid.
    pub ready: bool,
    /// The server in use.
    #[serde(default)]
    pub address: String,
    /// The login.
    pub token: TokenStatus,
    /// In the order of the configuration.
    pub templates: Vec<TemplateStatus>,
    /// By path.
    pub secrets: Vec<SecretStatus>,
    /// By name; those that were to run at least once.
    #[serde(default)]
    pub commands: Vec<CommandStatus>,
    /// Requests to Vault by how they ended.
    pub requests: RequestCounts,
    /// Requests of applications by how they were answered.
    #[serde(default)]
    pub proxy: ProxyCounts,
}

/// The login.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenStatus {
    /// There is a token that is not known to be dead.
    pub authenticated: bool,
    /// Time that is left to it; absent where it does not end, or there is none.
    pub ttl_seconds: Option<u64>,
    /// Logins that worked.
    pub logins: u64,
    /// Logins that failed.
    pub failed_logins: u64,
    /// Why the last login failed, if none worked since.
    pub error: Option<String>,
}

/// One template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateStatus {
    /// Its file.
    pub destination: String,
    /// The file was brought up to date at least once, and nobody else has changed it since.
    pub rendered: bool,
    /// How often its file was replaced.
    pub renders: u64,
    /// How often it could not be rendered or written.
    pub failures: u64,
    /// When it was last found or made right, in seconds since 1970.
    pub last_success: Option<u64>,
    /// Why it is not up to date.
    pub error: Option<String>,
    /// Age of the oldest value in it.
    pub secret_age_seconds: Option<u64>,
    /// Time until the first of its leases ends, if not renewed.
    pub lease_seconds: Option<u64>,
}

/// One request of the templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretStatus {
    /// What is asked for, as `read secret/app`.
    pub request: String,
    /// Since when the value is what it is; absent where there is none.
    pub age_seconds: Option<u64>,
    /// Time until its lease ends, if not renewed.
    pub lease_seconds: Option<u64>,
    /// Why it is not there or not fresh.
    pub error: Option<String>,
}

/// One command that runs after a file was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandStatus {
    /// As the configuration has it.
    pub command: String,
    /// How often it ran.
    pub runs: u64,
    /// How often it failed.
    pub failures: u64,
    /// Why the last run failed.
    pub error: Option<String>,
}

/// What the renderer and its store know.
#[derive(Debug, Default)]
pub struct RenderReport {
    /// All templates were rendered at least once, and nobody else has changed their files since.
    pub complete: bool,
    /// In the order of the configuration.
    pub templates: Vec<TemplateStatus>,
    /// By path.
    pub secrets: Vec<SecretStatus>,
    /// By name.
    pub commands: Vec<CommandStatus>,
}

/// How the renderer is asked.
pub type Inquiries = mpsc::Sender<oneshot::Sender<RenderReport>>;

/// Makes snapshots. Clones ask the same agent.
#[derive(Clone)]
pub struct Observer {
    renderer: Inquiries,
    /// `None` where no login is wanted.
    auth: Option<Arc<AuthStatus>>,
    connection: Connection,
    proxy: Arc<Proxy>,
}

impl Observer {
    /// An observer of these parts.
    pub fn new(
        renderer: Inquiries,
        auth: Option<Arc<AuthStatus>>,
        connection: Connection,
        proxy: Arc<Proxy>,
    ) -> Self {
        Self {
            renderer,
            auth,
            connection,
            proxy,
        }
    }

    /// Everything now. A renderer that is gone reports nothing.
    pub async fn look(&self) -> Snapshot {
        let (answer, report) = oneshot::channel();
        let report = match self.renderer.send(answer).await {
            Ok(()) => report.await.unwrap_or_default(),
            Err(_) => RenderReport::default(),
        };
        let token = self.auth.as_ref().map(|auth| auth.look());
        Snapshot {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ready: report.complete && token.as_ref().is_none_or(|token| token.authenticated),
            address: self.connection.address(),
            token: token.unwrap_or_default(),
            templates: report.templates,
            secrets: report.secrets,
            commands: report.commands,
            requests: self.connection.counts(),
            proxy: self.proxy.counts(),
        }
    }
}

/// Seconds since 1970.
pub(crate) fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs()
}
