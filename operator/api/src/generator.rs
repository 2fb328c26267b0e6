//! Generators: secrets that are made when they are asked for.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Condition, GeneratorKind, RetrySettings, VaultProvider, schema};

/// The request that makes the secret.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "generators.external-secrets.io",
    version = "v1alpha1",
    kind = "VaultDynamicSecret",
    doc = "Credentials that a secrets engine of Vault makes.",
    namespaced,
    category = "external-secrets",
    category = "external-secrets-generators",
    label("external-secrets.io/component", "controller"),
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct VaultDynamicSecretSpec {
    /// The class of the operator that serves the generator: `default` for an operator that was given
    /// none. Without it, each operator does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// The server. Its references are to objects in the namespace of the `ExternalSecret`.
    pub provider: VaultProvider,
    /// The path that is asked: `database/creds/app`.
    pub path: String,
    /// The method of the request. Without it `GET`; `LIST` and `DELETE` are those; anything else writes
    /// `parameters`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The body of a request that writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any")]
    pub parameters: Option<Value>,
    /// The query of a request that reads.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub get_parameters: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub result_type: ResultType,
    /// Whether an answer without content is no error.
    #[serde(default)]
    pub allow_empty_response: bool,
    /// How often a failed request is sent again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_settings: Option<RetrySettings>,
}

/// Which part of the answer becomes the keys. `Data`: its `data`. `Auth`: its `auth`. `Raw`: all of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ResultType {
    #[default]
    Data,
    Auth,
    Raw,
}

/// The generator, and its kind.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "generators.external-secrets.io",
    version = "v1alpha1",
    kind = "ClusterGenerator",
    doc = "A generator for all namespaces.",
    category = "external-secrets",
    category = "external-secrets-generators",
    label("external-secrets.io/component", "controller"),
    derive = "PartialEq"
)]
pub struct ClusterGeneratorSpec {
    /// The generator's kind. `VaultDynamicSecret` is built in.
    pub kind: GeneratorKind,
    /// The generator's spec, under the name of its kind.
    pub generator: GeneratorSpec,
}

/// The generator's spec: exactly one. A generator that is not built in is kept as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::one_field)]
pub struct GeneratorSpec {
    /// Credentials that a secrets engine of Vault makes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vault_dynamic_secret_spec: Option<Box<VaultDynamicSecretSpec>>,
    /// Generators that are not built in, by name.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// What was made, so that it can be taken back.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "generators.external-secrets.io",
    version = "v1alpha1",
    kind = "GeneratorState",
    doc = "What a generator made, kept by the operator until it is taken back.",
    namespaced,
    status = "GeneratorStateStatus",
    shortname = "gs",
    category = "external-secrets",
    category = "external-secrets-generators",
    label("external-secrets.io/component", "controller"),
    printcolumn(
        name = "GC Deadline",
        type_ = "string",
        json_path = ".spec.garbageCollectionDeadline"
    ),
    printcolumn(
        name = "Age",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorStateSpec {
    /// When it is taken back. Without it never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub garbage_collection_deadline: Option<Time>,
    /// The generator, as it was then.
    #[schemars(schema_with = "schema::any")]
    pub resource: Value,
    /// What taking it back needs: the lease.
    #[schemars(schema_with = "schema::any")]
    pub state: Value,
}

/// What the operator has done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GeneratorStateStatus {
    /// Whether it is as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
