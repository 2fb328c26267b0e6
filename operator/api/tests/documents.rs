//! Manifests that upstream was recorded with, read into the types and written back: nothing is lost,
//! and nothing is added but the defaults that the definitions give.
//!
//! Where the recordings are: see `schema.rs`.
// The helpers of a test are test code too.
#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::BTreeMap;

use operator_api::{
    ClusterExternalSecret, ClusterGenerator, ClusterPushSecret, ClusterSecretStore, ExternalSecret,
    GeneratorState, PushSecret, SecretStore, VaultDynamicSecret, crds,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use support::recordings;

#[test]
fn recorded_manifests_are_read_and_written_back() {
    let Some(text) = recordings("operator.json") else {
        return;
    };
    let schemas = schemas();
    let recorded: Value = serde_json::from_str(&text).unwrap();
    let steps = list(&recorded["cases"]).flat_map(|case| list(&case["steps"]));
    let applied = steps.filter(|step| step["do"] == "apply");
    let mut kinds = BTreeMap::new();
    for manifest in applied.flat_map(|step| list(&step["manifests"])) {
        let kind = manifest["kind"].as_str().unwrap();
        let version = manifest["apiVersion"].as_str().unwrap();
        let Some(schema) = schemas.get(&format!("{version} {kind}")) else {
            continue;
        };
        let written = written_back(kind, manifest);
        let mut expected = manifest.clone();
        fill_in(&mut expected, schema);
        assert_eq!(written["spec"], expected["spec"], "{manifest}");
        *kinds.entry(kind).or_insert(0) += 1;
    }
    println!("{kinds:?}");
    assert!(kinds.len() > 5, "{kinds:?}");
}

#[test]
fn each_field_of_the_definitions_is_read_and_written_back() {
    for (name, schema) in schemas() {
        let (version, kind) = name.split_once(' ').unwrap();
        if version.ends_with("v1beta1") {
            continue;
        }
        // Where exactly one field is allowed, each in turn; VaultProvider is one of four.
        for turn in 0..4 {
            let mut manifest = sample(&schema, turn);
            manifest["apiVersion"] = version.into();
            manifest["kind"] = kind.into();
            manifest["metadata"] = json!({ "name": "all" });
            assert_eq!(written_back(kind, &manifest), manifest);
        }
    }
}

/// A value with all fields of a schema.
fn sample(schema: &Value, turn: usize) -> Value {
    if let Some(values) = schema["enum"].as_array() {
        return values[turn % values.len()].clone();
    }
    match schema["type"].as_str() {
        Some("object") => {
            let mut fields: Vec<(String, &Value)> = Vec::new();
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                fields.push((name.clone(), property));
            }
            let alternatives = schema["maxProperties"] == 1
                || schema["x-kubernetes-validations"]
                    .to_string()
                    .contains("exactly one of");
            if alternatives && !fields.is_empty() {
                fields = vec![fields.swap_remove(turn % fields.len())];
            }
            if schema["additionalProperties"].is_object() {
                fields.push(("any".to_owned(), &schema["additionalProperties"]));
            }
            let fields = fields.into_iter();
            fields
                .map(|(name, property)| (name, sample(property, turn)))
                .collect()
        }
        Some("array") => json!([sample(&schema["items"], turn)]),
        Some("boolean") => json!(turn.is_multiple_of(2)),
        Some("integer") => json!(7),
        Some("string") if schema["format"] == "date-time" => json!("2026-01-02T03:04:05Z"),
        Some("string") => json!("text"),
        _ if schema["x-kubernetes-int-or-string"] == true => {
            [json!(300), json!("5m")][turn % 2].clone()
        }
        _ => json!({ "any": [1, null, "text"] }),
    }
}

#[test]
fn a_store_of_a_provider_that_is_not_built_in_stays_as_it_is() {
    let manifest = json!({
        "apiVersion": "external-secrets.io/v1",
        "kind": "SecretStore",
        "metadata": { "name": "aws" },
        "spec": { "provider": { "aws": { "service": "SecretsManager", "region": "eu-west-1",
            "auth": { "secretRef": { "accessKeyIDSecretRef": { "name": "a", "key": "b" } } } } } },
    });
    let store: SecretStore = serde_json::from_value(manifest.clone()).unwrap();
    assert_eq!(store.spec.provider.vault, None);
    let names: Vec<&String> = store.spec.provider.other.keys().collect();
    assert_eq!(names, ["aws"]);
    assert_eq!(serde_json::to_value(&store).unwrap(), manifest);
}

#[test]
fn a_generator_that_is_not_built_in_stays_as_it_is() {
    let manifest = json!({
        "apiVersion": "generators.external-secrets.io/v1alpha1",
        "kind": "ClusterGenerator",
        "metadata": { "name": "password" },
        "spec": {
            "kind": "Password",
            "generator": { "passwordSpec": { "length": 42, "noUpper": false } },
        },
    });
    assert_eq!(round_trip::<ClusterGenerator>(&manifest), manifest);
}

fn written_back(kind: &str, manifest: &Value) -> Value {
    match kind {
        "ClusterExternalSecret" => round_trip::<ClusterExternalSecret>(manifest),
        "ClusterGenerator" => round_trip::<ClusterGenerator>(manifest),
        "ClusterPushSecret" => round_trip::<ClusterPushSecret>(manifest),
        "ClusterSecretStore" => round_trip::<ClusterSecretStore>(manifest),
        "ExternalSecret" => round_trip::<ExternalSecret>(manifest),
        "GeneratorState" => round_trip::<GeneratorState>(manifest),
        "PushSecret" => round_trip::<PushSecret>(manifest),
        "SecretStore" => round_trip::<SecretStore>(manifest),
        "VaultDynamicSecret" => round_trip::<VaultDynamicSecret>(manifest),
        other => panic!("{other} is of ours, and has no type here"),
    }
}

fn round_trip<K: DeserializeOwned + Serialize>(manifest: &Value) -> Value {
    let object: K = serde_json::from_value(manifest.clone())
        .unwrap_or_else(|error| panic!("{error}: {manifest}"));
    serde_json::to_value(object).unwrap()
}

/// What the API server does with defaults.
fn fill_in(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if !fields.contains_key(name) && !property["default"].is_null() {
                    fields.insert(name.clone(), property["default"].clone());
                }
            }
            for (name, field) in fields {
                fill_in(
                    field,
                    schema["properties"]
                        .get(name)
                        .unwrap_or(&schema["additionalProperties"]),
                );
            }
        }
        Value::Array(items) => {
            for item in items {
                fill_in(item, &schema["items"]);
            }
        }
        _ => {}
    }
}

/// The schemas of the stored versions, by API version and kind.
fn schemas() -> Map<String, Value> {
    let mut schemas = Map::new();
    for definition in crds() {
        let spec = &definition.spec;
        let stored = spec
            .versions
            .iter()
            .find(|version| version.storage)
            .unwrap();
        let schema = serde_json::to_value(&stored.schema).unwrap();
        for version in &spec.versions {
            let name = format!("{}/{} {}", spec.group, version.name, spec.names.kind);
            schemas.insert(name, schema["openAPIV3Schema"].clone());
        }
    }
    schemas
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
