//! `PushSecret`: a Secret of the cluster that is written to stores.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, Time};
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::external_secret::one_hour;
use crate::{
    Condition, GeneratorRef, RegexpRewrite, StoreKind, Template, TransformRewrite, schema,
};

/// What is written, and where.
#[derive(CustomResource, Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "external-secrets.io",
    version = "v1alpha1",
    kind = "PushSecret",
    doc = "A Secret of the cluster that is written to stores.",
    namespaced,
    status = "PushSecretStatus",
    shortname = "ps",
    category = "external-secrets",
    label("external-secrets.io/component", "controller"),
    printcolumn(
        name = "AGE",
        type_ = "date",
        json_path = ".metadata.creationTimestamp"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(name = "Last Sync", type_ = "date", json_path = ".status.refreshTime"),
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct PushSecretSpec {
    /// How often the stores are compared with the Secret, as a duration: `15s`, `1h30m`.
    #[serde(default = "one_hour")]
    pub refresh_interval: String,
    /// The stores that are written to.
    pub secret_store_refs: Vec<PushStoreRef>,
    #[serde(default)]
    pub update_policy: UpdatePolicy,
    #[serde(default)]
    pub deletion_policy: PushDeletionPolicy,
    /// What is written.
    pub selector: PushSelector,
    /// Single keys of the Secret, and where they go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<PushData>,
    /// Many keys of the Secret, and where they go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_to: Vec<PushDataTo>,
    /// What the written values are rendered from. Without it they are those of the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
}

/// A store by name, or stores by their labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushStoreRef {
    /// The store's name. It comes before `labelSelector`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::name)]
    pub name: Option<String>,
    /// Labels of the stores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub label_selector: Option<LabelSelector>,
    #[serde(default)]
    pub kind: StoreKind,
}

/// What becomes of a secret that is already in the store. `Replace`: it is overwritten. `IfNotExists`:
/// it stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum UpdatePolicy {
    #[default]
    Replace,
    IfNotExists,
}

/// What becomes of the secrets in the store when the object is deleted. `None`: they stay. `Delete`:
/// they are deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PushDeletionPolicy {
    Delete,
    #[default]
    None,
}

/// What is written: Secrets, or what a generator makes. Exactly one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::one_field)]
pub enum PushSelector {
    /// A Secret by name, or Secrets by their labels.
    Secret(PushSecretSource),
    /// A generator.
    GeneratorRef(GeneratorRef),
}

impl Default for PushSelector {
    fn default() -> Self {
        Self::Secret(PushSecretSource::default())
    }
}

/// A Secret by name, or Secrets by their labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PushSecretSource {
    /// The Secret's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::name)]
    pub name: Option<String>,
    /// Labels of the Secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::label_selector")]
    pub selector: Option<LabelSelector>,
}

/// One key of the Secret, and where it goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushData {
    /// Which key goes where.
    pub r#match: PushDataMatch,
    /// Settings of the store's provider for this secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any")]
    pub metadata: Option<Value>,
    #[serde(default)]
    pub conversion_strategy: PushConversionStrategy,
}

/// Which key goes where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushDataMatch {
    /// The key in the Secret. Without it all of them, as one JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_key: Option<String>,
    /// Where it goes.
    pub remote_ref: PushRemoteRef,
}

/// Where a value goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushRemoteRef {
    /// The secret's path in the store.
    pub remote_key: String,
    /// The field of the secret. Without it the value is a JSON object, and the whole secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
}

/// What becomes of the Secret's keys. `None`: nothing. `ReverseUnicode`: code points such as `_U0020_`
/// become their characters again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PushConversionStrategy {
    #[default]
    None,
    ReverseUnicode,
}

/// Many keys of the Secret, and where they go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [
    {
        "rule": "has(self.storeRef) && (has(self.storeRef.name) || has(self.storeRef.labelSelector))",
        "message": "storeRef must specify either name or labelSelector",
    },
    {
        "rule": "!has(self.remoteKey) || !has(self.rewrite) || size(self.rewrite) == 0",
        "message": "remoteKey and rewrite are mutually exclusive: \
            rewrite is only supported in per-key mode (without remoteKey)",
    },
]))]
pub struct PushDataTo {
    /// The store that these keys go to: one of `secretStoreRefs`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_ref: Option<PushStoreRef>,
    /// The secret that gets all keys, as one JSON object. Without it each key is a secret of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_key: Option<String>,
    /// Which keys. Without it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#match: Option<PushDataToMatch>,
    /// Changes of the keys, in order, before they become paths in the store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<PushRewrite>,
    /// Settings of the store's provider for these secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::any")]
    pub metadata: Option<Value>,
    #[serde(default)]
    pub conversion_strategy: PushConversionStrategy,
}

/// Which keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PushDataToMatch {
    /// A regular expression that matches anywhere in the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
}

/// One change of the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = [{
    "rule": "(has(self.regexp) && !has(self.transform)) || (!has(self.regexp) && has(self.transform))",
    "message": "exactly one of regexp or transform must be set",
}]))]
pub enum PushRewrite {
    /// Replaces what a regular expression matches in each key.
    Regexp(RegexpRewrite),
    /// Renders each key by a template.
    Transform(TransformRewrite),
}

/// What the operator has written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushSecretStatus {
    /// When the stores were last compared with the Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub refresh_time: Option<Time>,
    /// The state of the object that was synced: its generation, and a digest of labels and annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced_resource_version: Option<String>,
    /// What was written: by store (`SecretStore/name`), then by path in it, with `/` and the field.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub synced_push_secrets: BTreeMap<String, BTreeMap<String, PushData>>,
    /// Whether the stores are as the Secret has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
