//! Vault as a store.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CaProvider, SecretKeySelector, VaultAuth, schema};

/// A Vault server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultProvider {
    /// The server's address: `https://vault.example.com:8200`.
    pub server: String,
    /// Where the KV engine is mounted, such as `secret`. Without it each key begins with the mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default)]
    pub version: KvVersion,
    /// The Vault namespace of all requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The login. Without it requests carry no token, for an agent in between that adds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<VaultAuth>,
    /// PEM certificates, in base64, that the server's certificate is checked against. Without it and
    /// `caProvider`, those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::bytes)]
    pub ca_bundle: Option<String>,
    /// Where such certificates are. `caBundle` goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
    /// The certificate that the operator shows to the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<VaultTls>,
    /// Headers of each request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Whether a read sees what was written before, in a cluster with standbys that answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_your_writes: Option<bool>,
    /// Whether a standby that has not seen an earlier write yet passes the read on to the active node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forward_inconsistent: Option<bool>,
    /// How a `PushSecret` writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_and_set: Option<CheckAndSet>,
}

/// The version of the KV engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KvVersion {
    V1,
    #[default]
    V2,
}

/// The certificate that the operator shows to the server: both references, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct VaultTls {
    /// The certificate, in PEM. Without a key, the Secret's `tls.crt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cert_secret_ref: Option<SecretKeySelector>,
    /// Its private key, in PEM. Without a key, the Secret's `tls.key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_secret_ref: Option<SecretKeySelector>,
}

/// How a `PushSecret` writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckAndSet {
    /// Whether a write names the version that it replaces, for mounts with `cas_required`. KV version 2
    /// alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
}
