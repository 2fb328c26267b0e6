//! What a CRD's schema does to an object: unknown fields go, defaults come, and faults are found.

use serde_json::Value;

/// Drops the fields that the schema does not know and fills in its defaults. `metadata` and the
/// like, which every object has, are left alone.
pub(crate) fn complete(object: &mut Value, schema: &Value) {
    let Some(map) = object.as_object_mut() else {
        return;
    };
    let properties = &schema["properties"];
    map.retain(|key, _| is_common(key) || properties.get(key).is_some());
    for (key, value) in map.iter_mut() {
        if !is_common(key) {
            complete_value(value, &properties[key]);
        }
    }
    add_defaults(object, properties);
}

fn is_common(key: &str) -> bool {
    matches!(key, "apiVersion" | "kind" | "metadata")
}

fn complete_value(value: &mut Value, schema: &Value) {
    match value {
        Value::Object(map) => {
            // A default stands in for null, unless null is a value of its own.
            let properties = &schema["properties"];
            map.retain(|key, value| {
                let inner = &properties[key];
                !(value.is_null() && inner["nullable"] != true && inner.get("default").is_some())
            });
            let additional = &schema["additionalProperties"];
            let keeps = schema["x-kubernetes-preserve-unknown-fields"] == true
                || additional.is_object()
                || *additional == true;
            if !keeps {
                map.retain(|key, _| properties.get(key).is_some());
            }
            for (key, value) in map.iter_mut() {
                complete_value(value, properties.get(key).unwrap_or(additional));
            }
            add_defaults(value, properties);
        }
        Value::Array(items) => {
            for item in items {
                complete_value(item, &schema["items"]);
            }
        }
        _ => {}
    }
}

fn add_defaults(object: &mut Value, properties: &Value) {
    let Some(map) = object.as_object_mut() else {
        return;
    };
    for (key, schema) in properties.as_object().into_iter().flatten() {
        if map.contains_key(key) {
            continue;
        }
        if let Some(default) = schema.get("default") {
            let mut default = default.clone();
            complete_value(&mut default, schema);
            map.insert(key.clone(), default);
        }
    }
}

/// What is wrong with the object, as the API server words it.
pub(crate) fn faults(object: &Value, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = object.get(key).filter(|_| !is_common(key)) {
            check(value, inner, key, &mut found);
        }
    }
    missing(object, schema, "", &mut found);
    found
}

fn check(value: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if let Some(wanted) = wrong_type(value, schema) {
        let name = type_of(value);
        found.push(format!(
            "{path}: Invalid value: \"{name}\": {path} in body must be of type {wanted}: \"{name}\""
        ));
        return;
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        let allowed: Vec<_> = allowed.iter().map(Value::to_string).collect();
        let allowed = allowed.join(", ");
        found.push(format!(
            "{path}: Unsupported value: {value}: supported values: {allowed}"
        ));
    }
    match value {
        Value::Object(map) => {
            let properties = &schema["properties"];
            let additional = &schema["additionalProperties"];
            for (key, value) in map {
                let inner = properties.get(key).unwrap_or(additional);
                check(value, inner, &format!("{path}.{key}"), found);
            }
            missing(value, schema, path, found);
            count(map.len(), schema, path, value, found);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check(item, &schema["items"], &format!("{path}[{index}]"), found);
            }
        }
        _ => {}
    }
}

fn missing(value: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
    for key in schema["required"].as_array().into_iter().flatten() {
        let key = key.as_str().unwrap_or_default();
        if value.get(key).is_none() {
            let dot = if path.is_empty() { "" } else { "." };
            found.push(format!("{path}{dot}{key}: Required value"));
        }
    }
}

fn count(len: usize, schema: &Value, path: &str, value: &Value, found: &mut Vec<String>) {
    let limit = |key: &str| schema[key].as_u64().map(|limit| (limit, len as u64));
    if let Some((most, len)) = limit("maxProperties")
        && len > most
    {
        found.push(format!(
            "{path}: Too many: {len}: must have at most {most} items"
        ));
    }
    if let Some((least, len)) = limit("minProperties")
        && len < least
    {
        found.push(format!(
            "{path}: Invalid value: {value}: {path} in body should have at least {least} properties"
        ));
    }
}

/// The type that the schema asks for, if the value is of another.
fn wrong_type<'a>(value: &Value, schema: &'a Value) -> Option<&'a str> {
    let wanted = schema["type"].as_str()?;
    if schema["x-kubernetes-int-or-string"] == true {
        return None;
    }
    let fits = match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    };
    (!fits).then_some(wanted)
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mk_schema() -> Value {
        json!({"type": "object", "properties": {"spec": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "policy": {"type": "string", "enum": ["Owner", "Merge"], "default": "Owner"},
                "target": {
                    "type": "object",
                    "default": {},
                    "properties": {"kind": {"type": "string", "default": "Secret"}},
                },
            },
        }}})
    }

    #[test]
    fn unknown_fields_go_and_defaults_come() {
        let mut object = json!({"kind": "K", "status": {}, "spec": {"name": "n", "other": 1}});
        complete(&mut object, &mk_schema());
        let spec = json!({"name": "n", "policy": "Owner", "target": {"kind": "Secret"}});
        assert_eq!(object, json!({"kind": "K", "spec": spec}));
    }

    #[test]
    fn a_fault_names_its_field() {
        let object = json!({"spec": {"policy": "None", "target": 1}});
        assert_eq!(
            faults(&object, &mk_schema()),
            [
                "spec.policy: Unsupported value: \"None\": supported values: \"Owner\", \"Merge\"",
                "spec.target: Invalid value: \"integer\": spec.target in body must be of type object: \"integer\"",
                "spec.name: Required value",
            ]
        );
    }
}
