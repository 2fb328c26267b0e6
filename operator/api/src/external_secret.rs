//! `ExternalSecret`: a Secret made from what a store holds.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Condition, ConditionType, DataFrom, SecretData, StoreRef, Template, schema};

/// What the Secret is made of, and how.
#[derive(
    CustomResource, Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema,
)]
#[kube(
    group = "external-secrets.io",
    version = "v1",
    kind = "ExternalSecret",
    doc = "A Secret that is made from what a store holds, and follows it.",
    namespaced,
    status = "ExternalSecretStatus",
    shortname = "es",
    category = "external-secrets",
    label("external-secrets.io/component", "controller"),
    selectable = ".spec.secretStoreRef.name",
    selectable = ".spec.secretStoreRef.kind",
    selectable = ".spec.target.name",
    selectable = ".spec.refreshInterval",
    printcolumn(
        name = "StoreType",
        type_ = "string",
        json_path = ".spec.secretStoreRef.kind"
    ),
    printcolumn(
        name = "Store",
        type_ = "string",
        json_path = ".spec.secretStoreRef.name"
    ),
    printcolumn(
        name = "Refresh Interval",
        type_ = "string",
        json_path = ".spec.refreshInterval"
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].reason"#
    ),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = r#".status.conditions[?(@.type=="Ready")].status"#
    ),
    printcolumn(name = "Last Sync", type_ = "date", json_path = ".status.refreshTime"),
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretSpec {
    /// The store of all entries that name no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_store_ref: Option<StoreRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_policy: Option<RefreshPolicy>,
    /// How often the store is read, as a duration: `15s`, `1h30m`. `0` reads once and never again.
    #[serde(default = "one_hour")]
    pub refresh_interval: String,
    /// When the store is read by interval, and when not. Without it always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync_windows: Option<SyncWindows>,
    /// The Secret that is made.
    #[serde(default)]
    pub target: Target,
    /// Single keys of the Secret. They come before those of `dataFrom`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data: Vec<SecretData>,
    /// Many keys of the Secret, in order: later ones overwrite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub data_from: Vec<DataFrom>,
}

pub(crate) fn one_hour() -> String {
    "1h0m0s".to_owned()
}

/// When the store is read again. `Periodic` (the default): every `refreshInterval`, and when the object
/// changes. `OnChange`: when the object changes. `CreatedOnce`: never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RefreshPolicy {
    CreatedOnce,
    #[default]
    Periodic,
    OnChange,
}

/// Times at which reading by interval is allowed, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncWindows {
    pub kind: SyncWindowKind,
    /// The windows; one of them is enough.
    #[schemars(length(min = 1))]
    pub windows: Vec<SyncWindow>,
}

/// What the windows mean. `allow`: the store is read inside them alone. `deny`: outside alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SyncWindowKind {
    Allow,
    Deny,
}

/// One window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncWindow {
    /// When it begins, in UTC: five fields of cron, a name such as `@daily`, or `@every 1h`.
    #[schemars(transform = schema::schedule)]
    pub schedule: String,
    /// How long it lasts, as a duration: `2h`.
    pub duration: String,
}

/// The Secret that is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The Secret's name. Without it the object's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(transform = schema::name)]
    pub name: Option<String>,
    #[serde(default)]
    pub creation_policy: CreationPolicy,
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,
    /// What the Secret is rendered from. Without it the keys and values are those of the store, and
    /// labels and annotations those of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<Template>,
    /// Whether the Secret is immutable: its data is written once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    /// Another resource than a Secret. Not supported yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<TargetManifest>,
}

/// Whose the Secret is. `Owner`: the object's, and deleted with it. `Orphan`: written, but not owned.
/// `Merge`: somebody else's, who makes it; keys are added. `CreateOrMerge`: the same, and made if it is
/// not there. `None`: no Secret is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum CreationPolicy {
    #[default]
    Owner,
    Orphan,
    Merge,
    None,
    CreateOrMerge,
}

/// What becomes of the Secret when the store has nothing for it any more. `Retain`: it stays as it is.
/// `Delete`: it is deleted. `Merge`: its keys are removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    Delete,
    Merge,
    #[default]
    Retain,
}

/// The kind of another resource than a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TargetManifest {
    /// Its API version.
    #[schemars(transform = schema::not_empty)]
    pub api_version: String,
    /// Its kind.
    #[schemars(transform = schema::not_empty)]
    pub kind: String,
}

/// What the operator has done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExternalSecretStatus {
    /// When the sync began that last succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "schema::time")]
    pub refresh_time: Option<Time>,
    /// The state of the object that was synced: its generation, and a digest of labels and annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synced_resource_version: Option<String>,
    /// Whether the Secret is as the store has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition<ConditionType>>,
    /// The Secret, for those who bind to it as a Provisioned Service of servicebinding.io.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

/// The Secret to bind to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(extend("x-kubernetes-map-type" = "atomic"))]
pub struct Binding {
    /// The Secret's name; empty before the first sync.
    #[serde(default)]
    pub name: String,
}
