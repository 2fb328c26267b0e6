//! References to other objects: stores, generators, Secrets, service accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GENERATORS_GROUP, schema};

/// `SecretStore`: a store in the same namespace. `ClusterSecretStore`: one of the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum StoreKind {
    #[default]
    SecretStore,
    ClusterSecretStore,
}

/// The store to read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoreRef {
    /// The store's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::name)]
    pub name: Option<String>,
    /// `SecretStore`, a store in the same namespace, or `ClusterSecretStore`, one of the cluster.
    /// Without it a `SecretStore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<StoreKind>,
}

/// The generator to take values from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorRef {
    /// The generator's API version.
    #[serde(default = "generators_version")]
    pub api_version: String,
    /// The generator's kind. `VaultDynamicSecret` and `ClusterGenerator` are built in.
    pub kind: GeneratorKind,
    /// The generator's name.
    #[schemars(transform = schema::name)]
    pub name: String,
}

fn generators_version() -> String {
    format!("{GENERATORS_GROUP}/v1alpha1")
}

/// A kind of generator. `VaultDynamicSecret` and `ClusterGenerator` are built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum GeneratorKind {
    ACRAccessToken,
    BeyondtrustWorkloadCredentialsDynamicSecret,
    ClusterGenerator,
    CloudsmithAccessToken,
    ECRAuthorizationToken,
    Fake,
    GCRAccessToken,
    GithubAccessToken,
    GitlabDeployToken,
    QuayAccessToken,
    Password,
    SSHKey,
    STSSessionToken,
    #[serde(rename = "UUID")]
    Uuid,
    #[default]
    VaultDynamicSecret,
    Webhook,
    Grafana,
    #[serde(rename = "MFA")]
    Mfa,
}

/// A key of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeySelector {
    /// The Secret's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::name)]
    pub name: Option<String>,
    /// The key in the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::key)]
    pub key: Option<String>,
    /// The Secret's namespace, for a `ClusterSecretStore` alone; without it the namespace of the object
    /// that uses the store. Elsewhere it is the object's own namespace and may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::namespace)]
    pub namespace: Option<String>,
}

/// A service account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountSelector {
    /// The service account's name.
    #[schemars(transform = schema::name)]
    pub name: String,
    /// The service account's namespace, for a `ClusterSecretStore` alone; without it the namespace of
    /// the object that uses the store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::namespace)]
    pub namespace: Option<String>,
    /// Whom the token is for. Without it the API server's own audience.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audiences: Vec<String>,
}

/// Where a CA bundle is: a key of a Secret or a `ConfigMap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaProvider {
    pub r#type: CaProviderType,
    /// The name of the Secret or `ConfigMap`.
    #[schemars(transform = schema::name)]
    pub name: String,
    /// The key in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::key)]
    pub key: Option<String>,
    /// Its namespace: needed in a `ClusterSecretStore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::namespace)]
    pub namespace: Option<String>,
}

/// What holds the CA bundle: `Secret` or `ConfigMap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CaProviderType {
    Secret,
    ConfigMap,
}
