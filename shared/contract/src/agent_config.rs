//! The agent's configuration: what the webhook writes into `VAULT_CONFIG` and what the agent reads.
//!
//! Keys and shapes are those of Vault Agent's configuration file in JSON, so that either side can be
//! paired with the established one. Writing leaves out what is empty; reading takes a block as an
//! object or as a list of objects, and booleans and durations as text too.

mod auto_auth;
pub mod check;
mod flexible;
mod listener;
mod template;

use serde::{Deserialize, Serialize};

pub use auto_auth::{AutoAuth, Method, Sink};
pub use flexible::{DurationText, PermsText, Switch};
pub use listener::{AgentApi, ApiProxy, Cache, Listener, Persist};
pub use template::{Command, EnvTemplate, Exec, ExecEnv, Template, TemplateExec, Wait, WaitBlock};

use flexible::{number, one, one_or_many, text, words};

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentConfig {
    /// How to log in and where to leave the token.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub auto_auth: Option<AutoAuth>,
    /// End after the first complete render: what an init container does.
    #[serde(default)]
    pub exit_after_auth: Switch,
    /// File to hold the process id while the agent runs.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pid_file: String,
    /// The server.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub vault: Option<Vault>,
    /// The files to render.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub template: Vec<Template>,
    /// Local listeners.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub listener: Vec<Listener>,
    /// The response cache behind the listeners.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub cache: Option<Cache>,
    /// What holds for all templates.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub template_config: Option<TemplateConfig>,
    /// Parts of the agent that keep no idle connections.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub disable_idle_connections: Vec<String>,
    /// Parts of the agent that use a connection once.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub disable_keep_alives: Vec<String>,
    /// Telemetry settings, as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub telemetry: Option<serde_json::Map<String, serde_json::Value>>,
    /// Revoke the agent's own token when the agent is told to end.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub revoke_on_shutdown: Switch,
    /// How long to wait between the order to end and the revocation, so that an application that
    /// ends at the same time can still use its leases; at once where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub revoke_grace: DurationText,
    /// Requests of applications that listeners pass on to Vault.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub api_proxy: Option<ApiProxy>,
    /// Variables of the program in `exec`.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "template::env_templates"
    )]
    pub env_template: Vec<EnvTemplate>,
    /// The program that the agent starts and supervises.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub exec: Option<Exec>,
    /// `trace`, `debug`, `info` (where empty), `warn` or `error`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log_level: String,
    /// `standard` (where empty) or `json`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log_format: String,
    /// File that gets the log as well.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub log_file: String,
    /// Age at which the log file is replaced; 24 h where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub log_rotate_duration: DurationText,
    /// Size in bytes at which the log file is replaced.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "number"
    )]
    pub log_rotate_bytes: Option<i64>,
    /// How many old log files are kept: 0 keeps all, -1 none.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "number"
    )]
    pub log_rotate_max_files: Option<i64>,
    /// Accepted, and of no effect: the server's.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "text"
    )]
    pub cluster_name: String,
    /// Accepted, and of no effect: the server's.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub default_max_request_duration: DurationText,
}

/// The server and how to trust it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Vault {
    /// URL of the server; `unix:///path` for a socket on which it listens.
    #[serde(default)]
    pub address: String,
    /// PEM file of the authority.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ca_cert: String,
    /// Directory of PEM files of authorities.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub ca_path: String,
    /// Do not check the server's certificate.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub tls_skip_verify: Switch,
    /// PEM file of the client certificate.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_cert: String,
    /// PEM file of the client certificate's key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub client_key: String,
    /// The name that the server's certificate has to carry.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_server_name: String,
    /// Vault namespace; a flag or a variable wins.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// How often requests are tried again.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub retry: Option<Retry>,
}

/// How often requests are tried again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retry {
    /// Tries of a request: 12 where absent or 0, none where -1.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "number"
    )]
    pub num_retries: Option<i64>,
}

/// What holds for all templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TemplateConfig {
    /// End the agent when a secret cannot be had.
    #[serde(default)]
    pub exit_on_retry_failure: Switch,
    /// How often secrets without a lease are read again; 5 min where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub static_secret_render_interval: DurationText,
    /// Most connections to one server.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "number"
    )]
    pub max_connections_per_host: Option<i64>,
    /// The part of a lease after which a secret that cannot be renewed is read again; 0.90 where
    /// absent.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "number"
    )]
    pub lease_renewal_threshold: Option<f64>,
}

#[cfg(test)]
mod tests;
