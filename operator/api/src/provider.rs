//! The servers that a store can be.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AppRoleAuth, CaProvider, KvVersion, SecretKeySelector, ServiceAccountSelector, UserPassAuth,
    VaultAuth, VaultProvider, schema,
};

/// The server: exactly one. A provider that is not built in is kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::one_field)]
pub struct Provider {
    /// Vault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault: Option<Box<VaultProvider>>,
    /// `OpenBao`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_bao: Option<Box<OpenBaoProvider>>,
    /// Values that are written here, for tests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fake: Option<FakeProvider>,
    /// Secrets of a namespace of this or another cluster. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Box<KubernetesProvider>>,
    /// Providers that are not built in, by name.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// An `OpenBao` server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenBaoProvider {
    /// The server's address: `https://openbao.example.com:8200`.
    pub server: String,
    /// Where the KV engine is mounted, such as `secret`. Without it each key begins with the mount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default)]
    pub version: KvVersion,
    /// The namespace of all requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The login. Without it requests carry no token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<OpenBaoAuth>,
    /// PEM certificates, in base64, that the server's certificate is checked against. Without it and
    /// `caProvider`, those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::bytes)]
    pub ca_bundle: Option<String>,
    /// Where such certificates are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
}

/// The login to `OpenBao`: exactly one of the methods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OpenBaoAuth {
    /// The namespace of the login. Without it that of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A token, as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_secret_ref: Option<SecretKeySelector>,
    /// `AppRole`: a role id and a secret id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_role: Option<AppRoleAuth>,
    /// A user of `OpenBao`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_pass: Option<UserPassAuth>,
}

impl From<OpenBaoProvider> for VaultProvider {
    fn from(bao: OpenBaoProvider) -> Self {
        let auth = bao.auth.map(|auth| VaultAuth {
            namespace: auth.namespace,
            token_secret_ref: auth.token_secret_ref,
            app_role: auth.app_role,
            user_pass: auth.user_pass,
            ..VaultAuth::default()
        });
        Self {
            server: bao.server,
            path: bao.path,
            version: bao.version,
            namespace: bao.namespace,
            auth,
            ca_bundle: bao.ca_bundle,
            ca_provider: bao.ca_provider,
            ..Self::default()
        }
    }
}

/// Values that are written here, for tests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FakeProvider {
    /// The values.
    pub data: Vec<FakeData>,
    /// What checking the store finds. `0` or without it: it can be used. `1`: that is unknown. `2`: it
    /// cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_result: Option<i32>,
}

/// One value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FakeData {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// The version that this is the value of. Without it that of a reference without a version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Secrets of a namespace of this or another cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesProvider {
    /// The API server. Without it this cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<KubernetesServer>,
    /// The login to the API server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<KubernetesAuth>,
    /// A kubeconfig in a Secret, in place of `server` and `auth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_ref: Option<SecretKeySelector>,
    /// The namespace of the Secrets.
    #[serde(default = "default_namespace")]
    #[schemars(transform = schema::namespace)]
    pub remote_namespace: String,
}

fn default_namespace() -> String {
    "default".to_owned()
}

/// An API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesServer {
    /// The API server's address.
    #[serde(default = "kubernetes_default")]
    pub url: String,
    /// PEM certificates, in base64, that the API server's certificate is checked against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::bytes)]
    pub ca_bundle: Option<String>,
    /// Where such certificates are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_provider: Option<CaProvider>,
}

fn kubernetes_default() -> String {
    "kubernetes.default".to_owned()
}

/// The login to an API server: exactly one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::one_field)]
pub enum KubernetesAuth {
    /// A TLS client certificate.
    Cert(KubernetesCertAuth),
    /// A token in a Secret.
    Token(KubernetesTokenAuth),
    /// A service account for which a token is requested.
    ServiceAccount(ServiceAccountSelector),
}

/// A TLS client certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesCertAuth {
    /// The certificate, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_cert: Option<SecretKeySelector>,
    /// Its private key, in PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key: Option<SecretKeySelector>,
}

/// A token in a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KubernetesTokenAuth {
    /// The token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer_token: Option<SecretKeySelector>,
}
