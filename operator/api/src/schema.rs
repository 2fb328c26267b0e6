//! Schemas that the types alone do not say: the rules that the API server checks for names, and types
//! of other crates.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// The name of an object: a DNS subdomain.
pub(crate) fn name(schema: &mut Schema) {
    let pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    restrict(schema, pattern, 253);
}

/// The name of a namespace: a DNS label.
pub(crate) fn namespace(schema: &mut Schema) {
    restrict(schema, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", 63);
}

pub(crate) fn namespaces(schema: &mut Schema) {
    if let Some(items) = schema.get_mut("items")
        && let Ok(items) = items.try_into()
    {
        namespace(items);
    }
}

/// A key of a Secret or `ConfigMap`.
pub(crate) fn key(schema: &mut Schema) {
    restrict(schema, "^[-._a-zA-Z0-9]+$", 253);
}

fn restrict(schema: &mut Schema, pattern: &str, longest: u64) {
    schema.insert("pattern".to_owned(), pattern.into());
    schema.insert("minLength".to_owned(), 1.into());
    schema.insert("maxLength".to_owned(), longest.into());
}

pub(crate) fn not_empty(schema: &mut Schema) {
    schema.insert("minLength".to_owned(), 1.into());
}

/// Five fields of cron, a name such as `@daily`, or `@every` with a duration.
pub(crate) fn schedule(schema: &mut Schema) {
    let pattern = r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly)|@every [^\s]+.*|[^\s]+( [^\s]+){4})$";
    schema.insert("pattern".to_owned(), pattern.into());
    not_empty(schema);
}

/// Exactly one of the fields.
pub(crate) fn one_field(schema: &mut Schema) {
    schema.insert("minProperties".to_owned(), 1.into());
    schema.insert("maxProperties".to_owned(), 1.into());
}

/// Bytes, written in base64.
pub(crate) fn bytes(schema: &mut Schema) {
    schema.insert("format".to_owned(), "byte".into());
}

pub(crate) fn time(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "format": "date-time" })
}

/// Seconds, or a duration as text.
pub(crate) fn int_or_string(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "x-kubernetes-int-or-string": true })
}

/// Any JSON value.
pub(crate) fn any(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "x-kubernetes-preserve-unknown-fields": true })
}

pub(crate) fn label_selector(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {
                "description": "Labels with their values, all of which have to be there.",
                "type": "object",
                "additionalProperties": { "type": "string" },
            },
            "matchExpressions": {
                "description": "Conditions on labels, all of which have to hold.",
                "type": "array",
                "x-kubernetes-list-type": "atomic",
                "items": {
                    "type": "object",
                    "required": ["key", "operator"],
                    "properties": {
                        "key": { "description": "The label's key.", "type": "string" },
                        "operator": {
                            "description": "`In`, `NotIn`, `Exists` or `DoesNotExist`.",
                            "type": "string",
                        },
                        "values": {
                            "description": "Values for `In` and `NotIn`; empty with the others.",
                            "type": "array",
                            "x-kubernetes-list-type": "atomic",
                            "items": { "type": "string" },
                        },
                    },
                },
            },
        },
    })
}

pub(crate) fn label_selectors(generator: &mut SchemaGenerator) -> Schema {
    let selector: Value = label_selector(generator).into();
    json_schema!({ "type": "array", "items": selector })
}
