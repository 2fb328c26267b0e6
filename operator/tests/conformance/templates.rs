//! Recorded templates: one rendered, one that becomes keys and values, whole `ExternalSecret`s.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use operator_api::DecodingStrategy;
use p12_keystore::Pkcs12Archive;
use secret_sync::{
    Data, Delimiters, Desired, Scope, SecretParts, Target, TargetTemplate, TemplateFrom,
    TemplateItem, TemplateSource, apply,
};
use serde_json::{Value, json};

use crate::{all_pass, decoded, same, text};

#[test]
fn templates_render_as_recorded() {
    all_pass("operator-templates.jsonl", "name", check);
}

fn check(case: &Value) -> Result<(), String> {
    let fetched = decoded(case.get("data"));
    let from = match text(case, "kind") {
        "template" => TemplateFrom {
            config_map: Some(TemplateSource {
                name: String::from("templates"),
                items: vec![TemplateItem {
                    key: String::from("out"),
                    scope: Scope::Values,
                }],
                data: Some(Data::from([(
                    String::from("out"),
                    text(case, "template").as_bytes().to_vec(),
                )])),
            }),
            decoding: decoding(case.get("decoding"))?,
            ..TemplateFrom::default()
        },
        "keys_and_values" => TemplateFrom {
            literal: Some(text(case, "template").to_owned()),
            target: Target::named(text(case, "target")).ok_or("an unknown target")?,
            decoding: decoding(case.get("decoding"))?,
            ..TemplateFrom::default()
        },
        "apply" => return applied(case, &fetched),
        other => return Err(format!("a case of the unknown kind {other:?}")),
    };
    let template = TargetTemplate {
        from: vec![from],
        ..TargetTemplate::default()
    };
    let mut delimiters = Delimiters::default();
    if let Some(left) = case["left_delimiter"].as_str() {
        left.clone_into(&mut delimiters.left);
        text(case, "right_delimiter").clone_into(&mut delimiters.right);
    }
    let desired = Desired {
        template: Some(&template),
        delimiters,
        ..Desired::default()
    };
    // The engine's own error stands behind the words of who called it.
    let found = apply(&desired, &fetched, None).map_err(|error| {
        let error = error.to_string();
        let own = error.strip_prefix("error fetching templateFrom data: ");
        own.map_or_else(|| error.clone(), str::to_owned)
    });
    let Some(found) = outcome(case, found)? else {
        return Ok(());
    };
    if text(case, "kind") == "template" {
        return output(case, &found.data["out"]);
    }
    parts(&case["expected"], &found)
}

/// What was found, or `None` where the recorded error was found.
fn outcome<T>(case: &Value, found: Result<T, String>) -> Result<Option<T>, String> {
    match (found, case["error_prefix"].as_str()) {
        (Ok(found), None) => Ok(Some(found)),
        (Err(error), Some(prefix)) if error.starts_with(prefix) => Ok(None),
        (Err(error), Some(prefix)) => Err(format!("{error:?} instead of {prefix:?}")),
        (Ok(_), Some(prefix)) => Err(format!("no error instead of {prefix:?}")),
        (Err(error), None) => Err(format!("an error where there is none: {error}")),
    }
}

fn output(case: &Value, found: &[u8]) -> Result<(), String> {
    if case.get("decode_output").is_some() {
        return key_store(case, found);
    }
    if let Some(expected) = case["expected"].as_str() {
        return same(&String::from_utf8_lossy(found), expected);
    }
    same(&STANDARD.encode(found), text(case, "expected_base64"))
}

fn key_store(case: &Value, found: &[u8]) -> Result<(), String> {
    let store = STANDARD.decode(found).map_err(|error| error.to_string())?;
    let store = Pkcs12Archive::from_pkcs12(&store, text(case, "pkcs12_password"))
        .map_err(|error| error.to_string())?;
    let pem = |kind: &str, der: &[u8]| {
        let text = STANDARD.encode(der);
        let lines: Vec<_> = text
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        format!(
            "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
            lines.join("\n")
        )
    };
    let expected = &case["expected_decoded"];
    let mut certificates: Vec<_> = store
        .certs
        .iter()
        .map(|bag| pem("CERTIFICATE", bag.cert.as_der()))
        .collect();
    let mut wanted: Vec<String> = expected["certificates"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|pem| pem.as_str().unwrap().to_owned())
        .collect();
    if text(case, "decode_output") == "pkcs12-truststore" {
        // What is trusted has no order.
        certificates.sort();
        wanted.sort();
        if !store.certs.iter().all(|bag| bag.trusted) {
            return Err(String::from("a certificate that is not marked as trusted"));
        }
    }
    same(&format!("{certificates:?}"), &format!("{wanted:?}"))?;
    match (store.keys.first(), expected["key_pkcs8"].as_str()) {
        (Some(bag), Some(key)) => same(&pem("PRIVATE KEY", bag.key.as_der()), key),
        (None, None) => Ok(()),
        (key, _) => Err(format!("a key: {}", key.is_some())),
    }
}

fn decoding(name: Option<&Value>) -> Result<DecodingStrategy, String> {
    match name.and_then(Value::as_str).unwrap_or_default() {
        "" | "None" => Ok(DecodingStrategy::None),
        "Base64" => Ok(DecodingStrategy::Base64),
        "Base64URL" => Ok(DecodingStrategy::Base64URL),
        "Auto" => Ok(DecodingStrategy::Auto),
        other => Err(format!("the unknown strategy {other:?}")),
    }
}

/// The Secret's part that is recorded: what is empty is left out, but for data and type.
fn parts(expected: &Value, found: &SecretParts) -> Result<(), String> {
    let data: BTreeMap<_, _> = found
        .data
        .iter()
        .map(|(key, value)| (key, STANDARD.encode(value)))
        .collect();
    let mut shown = json!({ "data": data, "type": found.kind });
    for (name, texts) in [
        ("labels", &found.labels),
        ("annotations", &found.annotations),
    ] {
        if !texts.is_empty() {
            shown[name] = json!(texts);
        }
    }
    if !found.finalizers.is_empty() {
        shown["finalizers"] = json!(found.finalizers);
    }
    same(&shown.to_string(), &expected.to_string())
}

fn texts(object: &Value) -> BTreeMap<String, String> {
    let members = object.as_object().into_iter().flatten();
    members
        .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

fn applied(case: &Value, fetched: &Data) -> Result<(), String> {
    let (metadata, target) = (
        &case["externalSecret"]["metadata"],
        &case["externalSecret"]["spec"]["target"],
    );
    let template = target.get("template").map(|value| template(case, value));
    let template = template.transpose()?;
    let existing = case.get("existing").map(|existing| SecretParts {
        kind: text(existing, "type").to_owned(),
        data: decoded(existing.get("data")),
        labels: texts(&existing["metadata"]["labels"]),
        annotations: texts(&existing["metadata"]["annotations"]),
        finalizers: Vec::new(),
    });
    let desired = Desired {
        template: template.as_ref(),
        labels: texts(&metadata["labels"]),
        annotations: texts(&metadata["annotations"]),
        keep_existing: matches!(text(target, "creationPolicy"), "Merge" | "CreateOrMerge"),
        delimiters: Delimiters::default(),
    };
    let found = apply(&desired, fetched, existing.as_ref()).map_err(|error| error.to_string());
    match outcome(case, found)? {
        Some(found) => parts(&case["expected"], &found),
        None => Ok(()),
    }
}

fn template(case: &Value, value: &Value) -> Result<TargetTemplate, String> {
    let metadata = &value["metadata"];
    let from = value["templateFrom"].as_array().into_iter().flatten();
    let from: Result<Vec<_>, String> = from.map(|entry| template_from(case, entry)).collect();
    let finalizers = metadata["finalizers"].as_array().into_iter().flatten();
    Ok(TargetTemplate {
        kind: text(value, "type").to_owned(),
        merge: text(value, "mergePolicy") == "Merge",
        data: texts(&value["data"]),
        from: from?,
        labels: texts(&metadata["labels"]),
        annotations: texts(&metadata["annotations"]),
        finalizers: finalizers
            .map(|finalizer| finalizer.as_str().unwrap().to_owned())
            .collect(),
    })
}

fn template_from(case: &Value, entry: &Value) -> Result<TemplateFrom, String> {
    let plain = |object: &Value| {
        let texts = texts(&object["data"]).into_iter();
        texts.map(|(key, text)| (key, text.into_bytes())).collect()
    };
    let source = |name: &str, list: &str, data: &dyn Fn(&Value) -> Data| {
        let reference = entry.get(name)?;
        let objects = case[list].as_array().into_iter().flatten();
        let mut objects = objects.filter(|object| object["metadata"]["name"] == reference["name"]);
        Some(TemplateSource {
            name: text(reference, "name").to_owned(),
            items: reference["items"]
                .as_array()
                .into_iter()
                .flatten()
                .map(item)
                .collect(),
            data: objects.next().map(data),
        })
    };
    Ok(TemplateFrom {
        config_map: source("configMap", "configMaps", &plain),
        secret: source("secret", "secrets", &|object| decoded(object.get("data"))),
        literal: entry["literal"].as_str().map(str::to_owned),
        target: Target::named(text(entry, "target")).ok_or("an unknown target")?,
        decoding: decoding(entry.get("valuesDecodingStrategy"))?,
    })
}

fn item(item: &Value) -> TemplateItem {
    TemplateItem {
        key: text(item, "key").to_owned(),
        scope: match text(item, "templateAs") {
            "KeysAndValues" => Scope::KeysAndValues,
            _ => Scope::Values,
        },
    }
}
