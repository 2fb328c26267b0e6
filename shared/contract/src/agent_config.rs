//! The agent's configuration: what the webhook writes into `VAULT_CONFIG` and what the agent reads.
//!
//! Keys and shapes are those of Vault Agent's configuration file in JSON, so that either side can be
//! paired with the established one. Writing leaves out what is empty; reading takes a block as an
//! object or as a list of objects, and booleans and durations as text too.

mod flexible;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use flexible::{DurationText, PermsText, Switch};

use flexible::{one, one_or_many};

/// The whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disable_idle_connections: Vec<String>,
    /// Parts of the agent that use a connection once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
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
}

/// How to log in and where to leave the token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AutoAuth {
    /// The login.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub method: Option<Method>,
    /// Files that hold the token.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "one_or_many"
    )]
    pub sink: Vec<Sink>,
}

/// One auth method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Method {
    /// The method's name, such as `kubernetes`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Where it is mounted, with the `auth/` in front; `auth/<type>` where empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub mount_path: String,
    /// Shortest pause after a login that failed; 1 s where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub min_backoff: DurationText,
    /// Longest pause after a login that failed; 5 min where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub max_backoff: DurationText,
    /// Vault namespace of login, token and secrets.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Settings of the method itself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, serde_json::Value>,
    /// End the agent at the first login that fails.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub exit_on_err: Switch,
}

/// A place that holds the token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sink {
    /// Kind of sink; `file` is the only one.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Settings of the sink: `path`, `mode`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, serde_json::Value>,
}

/// The server and how to trust it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vault {
    /// URL of the server.
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
}

/// One file to render.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// The file.
    #[serde(default)]
    pub destination: String,
    /// The template itself; exactly one of this and `source`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contents: String,
    /// File that holds the template.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Language of the template: `go` or `handlebars`; `go` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Left delimiter of actions; `{{` where empty.
    #[serde(default)]
    pub left_delimiter: String,
    /// Right delimiter of actions; `}}` where empty.
    #[serde(default)]
    pub right_delimiter: String,
    /// Command to run after the file was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Mode of the file, octal; the file's own or 0644 where empty.
    #[serde(default, skip_serializing_if = "PermsText::is_empty")]
    pub perms: PermsText,
    /// A missing key is an error instead of `<no value>`.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub error_on_missing_key: Switch,
    /// A failing execution of the template counts as fatal before the first complete render; on where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_fatal: Option<Switch>,
    /// Quiet time before the file is written again.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub wait: Option<Wait>,
    /// Make the destination's directories; on where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_dest_dirs: Option<Switch>,
    /// Longest run of the command; 30 s where absent. A Go duration only.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub command_timeout: DurationText,
    /// Owner of the file: a number or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Group of the file: a number or a name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
}

/// Quiet time before a file is written again: `MIN` or `MIN:MAX` as text, or a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Wait {
    /// `5s`, or `5s:10s`.
    Text(String),
    /// Keys.
    Block(WaitBlock),
}

/// The block form of [`Wait`]. Go durations only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitBlock {
    /// Off switches it off; on where absent and `min` is not zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<Switch>,
    /// Time without a further change.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub min: DurationText,
    /// Longest wait since the first change; four times `min` where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub max: DurationText,
}

/// A command: a line for a shell, or the words of one process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Command {
    /// One text.
    Line(String),
    /// Words.
    Words(Vec<String>),
}

/// A local listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// `tcp` or `unix`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Where to listen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Plain HTTP.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub tls_disable: Switch,
    /// The agent's own endpoints.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub agent_api: Option<AgentApi>,
}

/// The agent's own endpoints on a listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AgentApi {
    /// `POST /agent/v1/quit` ends the agent.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub enable_quit: Switch,
}

/// The response cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    /// `true`, `false` or `force`.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "flexible::text"
    )]
    pub use_auto_auth_token: String,
    /// Keep it over a restart.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "one"
    )]
    pub persist: Option<Persist>,
}

/// A cache that outlives the process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Persist {
    /// `kubernetes` is the only kind.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Directory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// End the agent when the stored cache cannot be read.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub exit_on_err: Switch,
}

/// What holds for all templates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TemplateConfig {
    /// End the agent when a secret cannot be had.
    #[serde(default)]
    pub exit_on_retry_failure: Switch,
    /// How often secrets without a lease are read again; 5 min where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub static_secret_render_interval: DurationText,
    /// Most connections to one server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_connections_per_host: Option<i64>,
    /// The part of a lease after which a secret that cannot be renewed is read again; 0.90 where
    /// absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_renewal_threshold: Option<f64>,
}

#[cfg(test)]
mod tests;
