//! The `auto_auth` block.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::flexible::{DurationText, Switch, one, one_or_many};

/// How to log in and where to leave the token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Log in again when the method has new credentials, such as a changed file.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub enable_reauth_on_new_credentials: Switch,
}

/// One auth method.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Life of the wrapping around the token; the token itself where absent.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub wrap_ttl: DurationText,
}

/// A place that holds the token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sink {
    /// Kind of sink; `file` is the only one.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Settings of the sink: `path`, `mode`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, serde_json::Value>,
    /// Life of the wrapping around the token in this sink.
    #[serde(default, skip_serializing_if = "DurationText::is_empty")]
    pub wrap_ttl: DurationText,
    /// Key agreement for an encrypted sink: `curve25519`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dh_type: String,
    /// File with the reader's public key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dh_path: String,
    /// Derive the key from the shared secret instead of using it as it is.
    #[serde(default, skip_serializing_if = "Switch::is_off")]
    pub derive_key: Switch,
    /// Additional authenticated data of the encryption.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub aad: String,
    /// Variable whose value takes the place of `aad`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub aad_env_var: String,
}
