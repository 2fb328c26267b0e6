//! What Kubernetes knows of a container and of a pod, as tables, and the reading of a JSON value
//! by them.
//!
//! A container that was changed by a JSON patch of the user's is read by its table once more: a
//! value of the wrong type is an error that names the field, unknown fields and empty optional
//! ones go, quantities become canonical. So the pod carries exactly what the API server stores.
//!
//! The tables follow the reference of core/v1 (Kubernetes 1.36).

mod tables;

use serde_json::{Map, Value};
use thiserror::Error;

use super::quantity::{self, QuantityError};

pub(crate) use tables::CONTAINER;

/// A value that is not what its field takes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// The words are Go's, which established alerts match on; no value is repeated.
    #[error("json: cannot unmarshal {found} into Go struct field {path} of type {expected}")]
    Type {
        found: &'static str,
        path: String,
        expected: &'static str,
    },
    #[error("json: cannot unmarshal {found} into Go value of type v1.{name}")]
    Root {
        found: &'static str,
        name: &'static str,
    },
    #[error("{path}: {source}")]
    Quantity { path: String, source: QuantityError },
}

/// The type of a value.
#[derive(Debug)]
pub(crate) enum Shape {
    Text,
    Bool,
    Int,
    Quantity,
    IntOrText,
    List(&'static Shape),
    Map(&'static Shape),
    Object(&'static [Field]),
}

/// A field of an object.
#[derive(Debug)]
pub(crate) struct Field {
    key: &'static str,
    shape: Shape,
    keep: Keep,
}

/// When a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// Always; absent means empty.
    Always,
    /// Where it was given.
    Given,
    /// Where it is not empty.
    Filled,
}

/// An object's table and its name in error texts.
#[derive(Debug)]
pub(crate) struct Root {
    name: &'static str,
    shape: Shape,
}

/// Reads `value` by a table.
pub(crate) fn conform(value: Value, root: &'static Root) -> Result<Value, SchemaError> {
    let Shape::Object(fields) = &root.shape else {
        return Ok(value);
    };
    match value {
        Value::Object(object) => conform_object(object, fields, &Path::Root(root.name)),
        other => Err(SchemaError::Root {
            found: kind(&other),
            name: root.name,
        }),
    }
}

/// Why `object` cannot be read as a pod, in words that repeat none of its values.
pub(crate) fn explain_pod(object: &str) -> String {
    match serde_json::from_str(object).map(|value| conform(value, &tables::POD)) {
        Ok(Err(error)) => error.to_string(),
        Ok(Ok(_)) => "json: cannot unmarshal object into Go value of type v1.Pod".to_owned(),
        Err(error) => format!(
            "invalid JSON at line {}, column {}",
            error.line(),
            error.column()
        ),
    }
}

/// The same for a pod of which only the spec cannot be read.
pub(crate) fn explain_spec(spec: &str) -> String {
    explain_pod(&format!("{{\"spec\":{spec}}}"))
}

/// Where a value stands; text only when an error asks for it.
enum Path<'a> {
    Root(&'static str),
    Field(&'a Path<'a>, &'a str),
}

impl Path<'_> {
    fn text(&self) -> String {
        match self {
            Self::Root(name) => (*name).to_owned(),
            Self::Field(parent, key) => format!("{}.{key}", parent.text()),
        }
    }
}

fn conform_object(
    object: Map<String, Value>,
    fields: &'static [Field],
    path: &Path<'_>,
) -> Result<Value, SchemaError> {
    let mut result = Map::new();
    for (key, value) in object {
        let exact = fields.iter().find(|field| field.key == key);
        // Go reads keys in any case.
        let field = exact.or_else(|| {
            fields
                .iter()
                .find(|field| field.key.eq_ignore_ascii_case(&key))
        });
        let Some(field) = field else { continue };
        if value.is_null() {
            continue;
        }
        let value = conform_value(value, &field.shape, &Path::Field(path, field.key))?;
        if field.keep != Keep::Filled || !is_empty(&value) {
            result.insert(field.key.to_owned(), value);
        }
    }
    for field in fields.iter().filter(|field| field.keep == Keep::Always) {
        if !result.contains_key(field.key) {
            result.insert(field.key.to_owned(), empty(&field.shape));
        }
    }
    Ok(Value::Object(result))
}

fn conform_value(
    value: Value,
    shape: &'static Shape,
    path: &Path<'_>,
) -> Result<Value, SchemaError> {
    match (shape, value) {
        (Shape::Text | Shape::IntOrText, value @ Value::String(_))
        | (Shape::Bool, value @ Value::Bool(_)) => Ok(value),
        (Shape::Int | Shape::IntOrText, Value::Number(number)) if number.is_i64() => {
            Ok(Value::Number(number))
        }
        (Shape::Quantity, Value::String(text)) => quantity_value(&text, path),
        (Shape::Quantity, Value::Number(number)) => quantity_value(&number.to_string(), path),
        (Shape::List(of), Value::Array(list)) => list
            .into_iter()
            .map(|value| {
                if value.is_null() {
                    Ok(empty(of))
                } else {
                    conform_value(value, of, path)
                }
            })
            .collect(),
        (Shape::Map(of), Value::Object(map)) => map
            .into_iter()
            .map(|(key, value)| {
                let value = if value.is_null() {
                    empty(of)
                } else {
                    conform_value(value, of, path)?
                };
                Ok((key, value))
            })
            .collect::<Result<Map<_, _>, _>>()
            .map(Value::Object),
        (Shape::Object(fields), Value::Object(object)) => conform_object(object, fields, path),
        (shape, value) => Err(SchemaError::Type {
            found: kind(&value),
            path: path.text(),
            expected: type_name(shape),
        }),
    }
}

fn quantity_value(text: &str, path: &Path<'_>) -> Result<Value, SchemaError> {
    quantity::canonical(text)
        .map(Value::String)
        .map_err(|source| SchemaError::Quantity {
            path: path.text(),
            source,
        })
}

fn empty(shape: &Shape) -> Value {
    match shape {
        Shape::Text => Value::String(String::new()),
        Shape::Bool => Value::Bool(false),
        Shape::Int | Shape::IntOrText => Value::from(0),
        Shape::Quantity => Value::from("0"),
        Shape::List(_) => Value::Array(Vec::new()),
        Shape::Map(_) | Shape::Object(_) => Value::Object(Map::new()),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn type_name(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text => "string",
        Shape::Bool => "bool",
        Shape::Int => "int64",
        Shape::Quantity => "resource.Quantity",
        Shape::IntOrText => "intstr.IntOrString",
        Shape::List(_) => "list",
        Shape::Map(Shape::Text) => "map[string]string",
        Shape::Map(_) => "map",
        Shape::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_and_empty_optional_fields_go_and_the_rest_stays() {
        let container = json!({
            "name": "a", "futureField": 1, "image": "", "lifecycle": {},
            "volumeMounts": [{"name": "v", "mountPath": "/v", "readOnly": false}],
            "env": [{"name": "A", "value": ""}],
            "imagepullpolicy": "Always",
            "resources": {"limits": {"cpu": "1000m", "memory": 1024}},
        });
        let expected = json!({
            "name": "a", "lifecycle": {},
            "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            "env": [{"name": "A"}],
            "imagePullPolicy": "Always",
            "resources": {"limits": {"cpu": "1", "memory": "1024"}},
        });
        assert_eq!(conform(container, &CONTAINER), Ok(expected));
    }

    #[test]
    fn a_container_without_resources_gets_an_empty_block() {
        assert_eq!(
            conform(json!({"name": "a"}), &CONTAINER),
            Ok(json!({"name": "a", "resources": {}}))
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_names_its_field_and_not_the_value() {
        let error = |value| conform(value, &CONTAINER).unwrap_err().to_string();
        assert_eq!(
            error(json!({"name": 5})),
            "json: cannot unmarshal number into Go struct field Container.name of type string"
        );
        assert_eq!(
            error(json!({"securityContext": {"runAsUser": "hunter2"}})),
            "json: cannot unmarshal string into Go struct field \
             Container.securityContext.runAsUser of type int64"
        );
        assert_eq!(
            explain_pod(r#"{"metadata":{"annotations":"hunter2"}}"#),
            "json: cannot unmarshal string into Go struct field \
             Pod.metadata.annotations of type map[string]string"
        );
        assert_eq!(
            explain_pod(r#""hunter2""#),
            "json: cannot unmarshal string into Go value of type v1.Pod"
        );
    }
}
