//! The types as `CustomResourceDefinition`s.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, CustomResourceDefinitionVersion, CustomResourceSubresourceStatus,
    CustomResourceSubresources, JSON, JSONSchemaProps, JSONSchemaPropsOrArray,
    JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;

use crate::{
    BETA_VERSION, ClusterExternalSecret, ClusterGenerator, ClusterPushSecret, ClusterSecretStore,
    ExternalSecret, GeneratorState, PushSecret, SecretStore, VaultDynamicSecret,
};

/// Fields of a reference to a secret that `v1beta1` fills in and `v1` leaves empty, which means the same.
const BETA_DEFAULTS: [(&str, &str); 3] = [
    ("conversionStrategy", "Default"),
    ("decodingStrategy", "None"),
    ("metadataPolicy", "None"),
];

/// The definitions of all kinds, `v1beta1` beside `v1` where there was one.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let with_beta = [
        ExternalSecret::crd(),
        SecretStore::crd(),
        ClusterSecretStore::crd(),
        ClusterExternalSecret::crd(),
    ];
    let others = [
        PushSecret::crd(),
        ClusterPushSecret::crd(),
        VaultDynamicSecret::crd(),
        ClusterGenerator::crd(),
        GeneratorState::crd(),
    ];
    let mut definitions = Vec::new();
    for mut definition in with_beta {
        finish(&mut definition);
        let beta: Vec<_> = definition.spec.versions.iter().map(beta).collect();
        definition.spec.versions.extend(beta);
        definitions.push(definition);
    }
    for mut definition in others {
        finish(&mut definition);
        definitions.push(definition);
    }
    definitions
}

/// What the derived definition lacks, and what it has beyond upstream's.
fn finish(definition: &mut CustomResourceDefinition) {
    for version in &mut definition.spec.versions {
        // Each kind of upstream's has one, also where there is nothing in it.
        version.subresources = Some(CustomResourceSubresources {
            status: Some(CustomResourceSubresourceStatus(serde_json::json!({}))),
            scale: None,
        });
        let Some(root) = schema(version) else {
            continue;
        };
        // Upstream takes an object without a spec, and so there may be some.
        root.required = None;
        each(root, "", &mut |_, schema| structural(schema));
    }
}

/// What `v1beta1` is: `v1`, and a few defaults.
///
/// Nothing converts between the two, so a field that one of them lacked would be lost by a write
/// through it.
fn beta(stored: &CustomResourceDefinitionVersion) -> CustomResourceDefinitionVersion {
    let mut version = stored.clone();
    BETA_VERSION.clone_into(&mut version.name);
    version.storage = false;
    version.deprecated = Some(true);
    version.selectable_fields = None;
    if let Some(root) = schema(&mut version) {
        each(root, "", &mut |name, schema| {
            if ["remoteRef", "extract", "find"].contains(&name) {
                beta_defaults(schema);
            }
        });
    }
    version
}

fn beta_defaults(reference: &mut JSONSchemaProps) {
    let Some(properties) = &mut reference.properties else {
        return;
    };
    for (name, default) in BETA_DEFAULTS {
        if let Some(property) = properties.get_mut(name) {
            property.default = Some(JSON(default.into()));
        }
    }
}

fn schema(version: &mut CustomResourceDefinitionVersion) -> Option<&mut JSONSchemaProps> {
    version.schema.as_mut()?.open_api_v3_schema.as_mut()
}

/// Drops what schemars adds for optional fields and enums, which upstream's definitions do without, and
/// the line breaks of comments.
fn structural(schema: &mut JSONSchemaProps) {
    schema.title = None;
    if let Some(description) = &mut schema.description {
        *description = description.replace('\n', " ");
    }
    // An optional field is left out, never null. One is: the API server has to take what upstream wrote.
    schema.nullable = None;
    if let Some(values) = &mut schema.enum_ {
        values.retain(|value| !value.0.is_null());
    }
    if let Some(time) = schema
        .properties
        .as_mut()
        .and_then(|all| all.get_mut("refreshTime"))
        && time.format.as_deref() == Some("date-time")
    {
        time.nullable = Some(true);
    }
    // Which field belongs to which variant; that it is one of them is the number of properties.
    schema.one_of = None;
    schema.any_of = None;
}

/// Visits a schema and all schemas in it, the outer ones last, each with the name of its property.
fn each(
    schema: &mut JSONSchemaProps,
    name: &str,
    visit: &mut dyn FnMut(&str, &mut JSONSchemaProps),
) {
    for (name, property) in schema.properties.iter_mut().flatten() {
        each(property, name, visit);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        each(items, "", visit);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        each(values, "", visit);
    }
    visit(name, schema);
}
