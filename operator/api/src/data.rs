//! What is read from a store, and what becomes of the keys and values.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{GeneratorRef, StoreRef, schema};

/// One key of the Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecretData {
    /// The key in the Secret.
    #[schemars(transform = schema::key)]
    pub secret_key: String,
    /// Where the value is in the store.
    pub remote_ref: RemoteRef,
    /// Another store than the object's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<SourceRef>,
}

/// One store for this entry. `generatorRef` is read and ignored here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::one_field)]
pub enum SourceRef {
    /// The store to read from.
    StoreRef(StoreRef),
    /// Ignored: a generator belongs into `dataFrom`.
    GeneratorRef(GeneratorRef),
}

/// Where a value is in the store.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoteRef {
    /// The secret's path in the store.
    pub key: String,
    /// The field of the secret, or a gjson path to a part of it. Without it the whole secret, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub property: Option<String>,
    /// The version of the secret, a number for KV version 2. Without it the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_policy: Option<MetadataPolicy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

/// What is read. `None` (the default): the secret. `Fetch`: its metadata, of KV version 2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MetadataPolicy {
    #[default]
    None,
    Fetch,
}

/// What becomes of characters that a Secret's key cannot have, in `dataFrom`. `Default`: an underscore.
/// `Unicode`: their code point, as in `_U0020_`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConversionStrategy {
    #[default]
    Default,
    Unicode,
}

/// How values are decoded. `None` (the default): not at all. `Base64` and `Base64URL`: from that
/// encoding, with padding; anything else is an error. `Auto`: whichever of the two fits, else not at all;
/// a plain word may happen to fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DecodingStrategy {
    Auto,
    Base64,
    Base64URL,
    #[default]
    None,
}

/// What becomes of values with a null byte. `Ignore` (the default): they are taken. `Fail`: an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum NullBytePolicy {
    #[default]
    Ignore,
    Fail,
}

/// Many keys of the Secret: all fields of one secret, the secrets that match, or what a generator
/// makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataFrom {
    /// All fields of one secret. Excludes `find`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extract: Option<RemoteRef>,
    /// Secrets by path, name or tags, each a key with the whole secret as JSON. Excludes `extract`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub find: Option<Find>,
    /// Changes of the keys, in order. With any of them, `conversionStrategy` has no effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrite: Vec<Rewrite>,
    /// Another store than the object's, or a generator, which excludes `extract` and `find`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_ref: Option<DataFromSource>,
}

/// One store, or one generator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::one_field)]
pub enum DataFromSource {
    /// The store to read from.
    StoreRef(StoreRef),
    /// The generator to take values from.
    GeneratorRef(GeneratorRef),
}

/// Which secrets are found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Find {
    /// The folder below which they are. It stays part of their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What their names have to match. With it, `tags` has no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<FindName>,
    /// Custom metadata that they have to have, of KV version 2.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversion_strategy: Option<ConversionStrategy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decoding_strategy: Option<DecodingStrategy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub null_byte_policy: Option<NullBytePolicy>,
}

/// What names have to match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindName {
    /// A regular expression that matches anywhere in the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regexp: Option<String>,
}

/// One change of the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(transform = schema::one_field)]
pub enum Rewrite {
    /// Replaces what a regular expression matches in each key.
    Regexp(RegexpRewrite),
    /// Renders each key by a template.
    Transform(TransformRewrite),
    /// Merges values that are JSON objects.
    Merge(MergeRewrite),
}

/// Replaces what a regular expression matches in each key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegexpRewrite {
    /// The regular expression.
    pub source: String,
    /// What takes the place of each match; `$1` is the first group.
    pub target: String,
}

/// Renders each key by a template.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TransformRewrite {
    /// The template of the new key; `{{ .value }}` is the old one.
    pub template: String,
}

/// Merges values that are JSON objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MergeRewrite {
    /// The key that gets the merged object, with strategy `JSON`.
    #[serde(default)]
    pub into: String,
    /// Keys whose values are merged last, in this order, and so win; the others come before them, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub priority: Vec<String>,
    #[serde(default)]
    pub priority_policy: PriorityPolicy,
    #[serde(default)]
    pub conflict_policy: ConflictPolicy,
    #[serde(default)]
    pub strategy: MergeStrategy,
}

/// What a key in `priority` is that was not fetched. `Strict`: an error. `IgnoreNotFound`: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PriorityPolicy {
    IgnoreNotFound,
    #[default]
    Strict,
}

/// What a field in several values is. `Error`: an error. `Ignore`: the later value wins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ConflictPolicy {
    Ignore,
    #[default]
    Error,
}

/// What becomes of the merged object. `Extract`: each field is a key. `JSON`: it is the value of one
/// key, `into`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum MergeStrategy {
    #[default]
    Extract,
    #[serde(rename = "JSON")]
    Json,
}
