//! What the API server makes of an object before it stores it, and what it refuses.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Target, remove, text};
use crate::kinds::Kind;
use crate::refusal::Refusal;
use crate::schema;

/// Refuses what is not a name.
pub(super) fn name(kind: &Kind, name: &str) -> Result<(), Refusal> {
    let invalid = |fault: &str| {
        Err(Refusal::invalid(
            &kind.qualified(),
            name,
            &[fault.to_owned()],
        ))
    };
    if name.is_empty() {
        return invalid("metadata.name: Required value: name or generateName is required");
    }
    let is_end = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
    let is_name = name.len() <= 253
        && name.starts_with(is_end)
        && name.ends_with(is_end)
        && name.chars().all(|it| is_end(it) || matches!(it, '-' | '.'));
    if is_name {
        return Ok(());
    }
    invalid(&format!(
        "metadata.name: Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    ))
}

/// Completes an object by its kind's rules, and refuses it if it breaks them.
pub(super) fn object(
    target: &Target,
    old: Option<&Value>,
    object: &mut Value,
) -> Result<(), Refusal> {
    let kind = &target.kind;
    object["kind"] = kind.name.clone().into();
    object["apiVersion"] = kind.api_version(&target.version).into();
    if kind.is_custom {
        let schema = kind.version(&target.version).map(|it| &it.schema);
        let schema = schema.unwrap_or(&Value::Null);
        schema::complete(object, schema);
        let faults = schema::faults(object, schema);
        if !faults.is_empty() {
            let name = text(&object["metadata"]["name"]);
            return Err(Refusal::invalid(&kind.qualified(), name, &faults));
        }
        // One version is stored, and shown as whichever is asked for.
        object["apiVersion"] = kind.api_version(&kind.versions[0].name).into();
    } else if kind.resource() == "secrets" {
        secret(old, object)?;
    }
    Ok(())
}

fn secret(old: Option<&Value>, object: &mut Value) -> Result<(), Refusal> {
    drop_empty(object, "data");
    let plain = object["stringData"].take();
    remove(object, "stringData");
    for (key, value) in plain.as_object().into_iter().flatten() {
        object["data"][key] = STANDARD.encode(text(value)).into();
    }
    if text(&object["type"]).is_empty() {
        object["type"] = "Opaque".into();
    }
    let name = text(&object["metadata"]["name"]).to_owned();
    let mut faults = Vec::new();
    let data = object.get_mut("data").and_then(Value::as_object_mut);
    for (key, value) in data.into_iter().flatten() {
        if value.is_null() {
            *value = "".into();
        }
        if STANDARD.decode(text(value)).is_err() {
            let message = format!(
                "Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data in data.{key}"
            );
            return Err(Refusal::bad_request(message));
        }
        let is_key = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.');
        if !key.chars().all(is_key) || key.is_empty() {
            faults.push(format!(
                "data[{key}]: Invalid value: \"{key}\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
            ));
        }
    }
    if let Some(old) = old {
        let (was, is) = (&old["type"], &object["type"]);
        if was != is {
            faults.push(format!("type: Invalid value: {is}: field is immutable"));
        }
        if old["immutable"] == true {
            let forbidden = "Forbidden: field is immutable when `immutable` is set";
            if object["immutable"] != true {
                faults.push(format!("immutable: {forbidden}"));
            }
            if object.get("data") != old.get("data") {
                faults.push(format!("data: {forbidden}"));
            }
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(Refusal::invalid("Secret", &name, &faults))
}

fn drop_empty(object: &mut Value, key: &str) {
    let value = &object[key];
    if value.is_null() || *value == json!({}) {
        remove(object, key);
    }
}
