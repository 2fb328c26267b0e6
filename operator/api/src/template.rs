//! What a Secret is rendered from.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DecodingStrategy, schema};

/// A template of the Secret: Go's text/template over the fetched keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// The Secret's type, such as `kubernetes.io/tls`. It is set when the Secret is created; the API
    /// server lets nobody change it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// The version of the template engine. `v2` is the only one.
    #[serde(default)]
    pub engine_version: EngineVersion,
    /// The Secret's labels and annotations. With a template they are no longer copied from the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadata>,
    #[serde(default)]
    pub merge_policy: MergePolicy,
    /// Keys with their templates. They come before those of `templateFrom`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub data: BTreeMap<String, String>,
    /// Templates from elsewhere, in order: later ones overwrite.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub template_from: Vec<TemplateFrom>,
}

/// The version of the template engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineVersion {
    #[default]
    V2,
}

/// What becomes of fetched keys without a template. `Replace`: they are left out. `Merge`: they stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MergePolicy {
    #[default]
    Replace,
    Merge,
}

/// Labels, annotations and finalizers of the Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateMetadata {
    /// Annotations, each value a template.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Labels, each value a template.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Finalizers, as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finalizers: Vec<String>,
}

/// Templates in a `ConfigMap` or a Secret of the same namespace, or written here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateFrom {
    /// Templates in a `ConfigMap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_map: Option<TemplateRef>,
    /// Templates in a Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<TemplateRef>,
    /// A template that renders to a YAML map of keys to texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub literal: Option<String>,
    /// What the rendered keys become: `Data`, `Annotations` or `Labels` of the Secret; in another
    /// resource a path to a field.
    #[serde(default = "target")]
    pub target: String,
    /// How the rendered values are decoded. Without it they stay as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values_decoding_strategy: Option<DecodingStrategy>,
}

fn target() -> String {
    "Data".to_owned()
}

/// Which keys of a `ConfigMap` or Secret are templates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateRef {
    /// The name of the `ConfigMap` or Secret.
    #[schemars(transform = schema::name)]
    pub name: String,
    /// Its keys that are templates.
    pub items: Vec<TemplateItem>,
}

/// One template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateItem {
    /// The key that holds the template.
    #[schemars(transform = schema::key)]
    pub key: String,
    #[serde(default)]
    pub template_as: TemplateAs,
}

/// What is rendered. `Values`: the value of this key. `KeysAndValues`: a YAML map of keys to texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TemplateAs {
    #[default]
    Values,
    KeysAndValues,
}
