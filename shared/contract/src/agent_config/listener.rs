//! What the agent serves: `listener`, `api_proxy`, `cache`.

use serde::{Deserialize, Serialize};

use super::flexible::{PermsText, Switch, one, text, words};

/// A local listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// `default` (where empty), or `metrics_only`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// Refuse requests to Vault without `X-Vault-Request: true`, and those of web pages.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub require_request_header: Switch,
    /// PEM file of the certificate chain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_cert_file: String,
    /// PEM file of the certificate's key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_key_file: String,
    /// `tls12` (where empty) or `tls13`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_min_version: String,
    /// `tls12` or `tls13` (where empty).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_max_version: String,
    /// Cipher suites of TLS 1.2, by their IANA names.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        deserialize_with = "words"
    )]
    pub tls_cipher_suites: Vec<String>,
    /// Ask for a client certificate and check it.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub tls_require_and_verify_client_cert: Switch,
    /// PEM file of the authority of client certificates.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tls_client_ca_file: String,
    /// Do not ask for a client certificate.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub tls_disable_client_certs: Switch,
    /// Mode of a Unix socket, octal; 0600 where empty.
    #[serde(default, skip_serializing_if = "PermsText::is_empty")]
    pub socket_mode: PermsText,
    /// Owner of a Unix socket: a number or a name.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "text"
    )]
    pub socket_user: String,
    /// Group of a Unix socket: a number or a name.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "text"
    )]
    pub socket_group: String,
}

/// The agent's own endpoints on a listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentApi {
    /// `POST /agent/v1/quit` ends the agent.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub enable_quit: Switch,
}

/// The response cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cache {
    /// `true`, `false` or `force`.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "text"
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Persist {
    /// `kubernetes` is the only kind.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Directory.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Accepted, and of no effect: state that cannot be read is left out with a line in the log.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub exit_on_err: Switch,
    /// Accepted: the state is always kept until the agent revokes what it holds.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub keep_after_import: Switch,
    /// Accepted, and of no effect.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub service_account_token_file: String,
}

/// Requests of applications, passed on to Vault.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiProxy {
    /// `true`: the agent's token for requests without one; `force`: for all; `false` where empty.
    #[serde(
        default,
        skip_serializing_if = "String::is_empty",
        deserialize_with = "text"
    )]
    pub use_auto_auth_token: String,
    /// `never` (where empty). `always` is accepted with a warning, and of no effect.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub enforce_consistency: String,
    /// What `enforce_consistency` does: `fail`, `retry` or `forward`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub when_inconsistent: String,
    /// Put the agent's namespace in front of that of a request.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub prepend_configured_namespace: Switch,
}
