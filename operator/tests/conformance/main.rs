//! Recorded answers of External Secrets Operator's own functions: paths, digests, keys, values, and its
//! templates.
//!
//! The recordings lie outside of the project: in the directory that `CONFORMANCE_DIR` names, else in
//! `../shared/conformance` beside the project. Without them the test is skipped, except in CI.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod templates;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use operator_api::{ConversionStrategy, DecodingStrategy, KvVersion, MergeRewrite};
use secret_sync::{
    Data, Fetched, Location, convert_key, convert_keys, data_hash, decode, field_manager, merge,
    owner_label, rename, resource_version, restore_key,
};
use serde::Deserialize;
use serde_json::Value;

#[test]
fn functions_answer_as_recorded() {
    all_pass("operator-functions.jsonl", "case", check);
}

/// Each line of a file is a case, which has its name in the member `name`.
fn all_pass(file: &str, name: &str, check: fn(&Value) -> Result<(), String>) {
    let Some(text) = recordings(file) else {
        return;
    };
    let cases: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line must be a case"))
        .collect();
    let problems: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let problem = check(case).err()?;
            Some(format!("{}: {problem}", case[name]))
        })
        .collect();
    println!(
        "conformance {file}: {} of {} pass",
        cases.len() - problems.len(),
        cases.len()
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn recordings(name: &str) -> Option<String> {
    let directory = std::env::var_os("CONFORMANCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
        PathBuf::from,
    );
    let path = directory.join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "{}: {error}", path.display());
            println!("skipped: {}: {error}", path.display());
            None
        }
    }
}

fn check(case: &Value) -> Result<(), String> {
    match text(case, "kind") {
        "vault_path" => path(case),
        "data_hash" | "data_hash_nil" => same(
            &data_hash(&decoded(case.get("data_b64"))),
            text(case, "hash"),
        ),
        "owner_label" => {
            let (namespace, name) = text(case, "namespaced_name").split_once('/').unwrap();
            same(&owner_label(namespace, name), text(case, "hash"))
        }
        "resource_version" => {
            let map = |name: &str| {
                Option::<BTreeMap<String, String>>::deserialize(&case[name])
                    .unwrap()
                    .unwrap_or_default()
            };
            let generation = case["generation"].as_i64().unwrap();
            let version = resource_version(generation, &map("annotations"), &map("labels"));
            same(&version, text(case, "value"))
        }
        "field_manager" => same(&field_manager(text(case, "name")), text(case, "value")),
        "convert_key" => same(&converted(case), text(case, "out")),
        "convert_collision" => {
            let names = ["a/b", "a_b"].map(|name| (name.to_owned(), ()));
            let error = convert_keys(ConversionStrategy::Default, names).unwrap_err();
            same(&error.to_string(), text(case, "error"))
        }
        "reverse_key" => same(&restore_key(text(case, "in")), text(case, "out")),
        "decode" => decoding(case),
        "value_to_bytes" => value(case),
        "rewrite_merge" => merged(case),
        "rewrite_regexp" => renamed(case),
        other => Err(format!("a case of the unknown kind {other:?}")),
    }
}

fn text<'c>(case: &'c Value, name: &str) -> &'c str {
    case[name].as_str().unwrap_or_default()
}

fn same(found: &str, expected: &str) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{found:?} instead of {expected:?}"))
}

/// A recorded error, or what was found.
fn outcome<T>(found: Result<T, String>, error: &str) -> Result<Option<T>, String> {
    match (found, error) {
        (Ok(found), "") => Ok(Some(found)),
        (Err(found), error) if !error.is_empty() => same(&found, error).map(|()| None),
        (Ok(_), error) => Err(format!("no error instead of {error:?}")),
        (Err(found), _) => Err(format!("an error where there is none: {found}")),
    }
}

fn decoded(data: Option<&Value>) -> Data {
    let data = data.and_then(Value::as_object).into_iter().flatten();
    data.map(|(key, value)| {
        let value = STANDARD.decode(value.as_str().unwrap()).unwrap();
        (key.clone(), value)
    })
    .collect()
}

fn path(case: &Value) -> Result<(), String> {
    let mount = text(case, "mount");
    let location = Location {
        path: (mount != "<nil>").then_some(mount),
        version: if text(case, "version") == "v1" {
            KvVersion::V1
        } else {
            KvVersion::V2
        },
    };
    let key = text(case, "key");
    let error = |error: secret_sync::PathError| error.to_string();
    same(
        &location.data_path(key).map_err(error)?,
        text(case, "read_path"),
    )?;
    let recorded = text(case, "metadata_error");
    let metadata = location.metadata_path(key).map_err(error);
    if recorded.starts_with("PANIC:") {
        return metadata.map_or(Ok(()), |path| Err(format!("{path} instead of an error")));
    }
    match outcome(metadata, recorded)? {
        Some(path) => same(&path, text(case, "metadata_path")),
        None => Ok(()),
    }
}

fn converted(case: &Value) -> String {
    let key = text(case, "in");
    match text(case, "strategy") {
        "" | "Default" => convert_key(ConversionStrategy::Default, key),
        "Unicode" => convert_key(ConversionStrategy::Unicode, key),
        // Upstream's function leaves a name of another strategy alone; the schema refuses it.
        _ => key.to_owned(),
    }
}

fn decoding(case: &Value) -> Result<(), String> {
    let strategy = match text(case, "strategy") {
        "" | "None" => DecodingStrategy::None,
        "Base64" => DecodingStrategy::Base64,
        "Base64URL" => DecodingStrategy::Base64URL,
        "Auto" => DecodingStrategy::Auto,
        other => return Err(format!("the unknown strategy {other:?}")),
    };
    let found = decode(strategy, text(case, "in").as_bytes());
    let found = found.map_err(|error| error.to_string());
    match outcome(found, text(case, "error"))? {
        Some(found) => same(&STANDARD.encode(found), text(case, "out_b64")),
        None => Ok(()),
    }
}

fn value(case: &Value) -> Result<(), String> {
    let document = format!(r#"{{"v": {}}}"#, text(case, "json"));
    let fetched = Fetched::new(&document).map_err(|error| error.to_string())?;
    let selected = fetched.select("v").map_err(|error| error.to_string())?;
    let extracted = fetched.extract("").map_err(|error| error.to_string())?;
    same(
        &String::from_utf8_lossy(&selected),
        text(case, "via_json_number"),
    )?;
    same(
        &String::from_utf8_lossy(&extracted["v"]),
        text(case, "via_float64"),
    )
}

fn texts(map: &Value) -> Data {
    let map = map.as_object().into_iter().flatten();
    map.map(|(key, value)| (key.clone(), value.as_str().unwrap().as_bytes().to_vec()))
        .collect()
}

fn merged(case: &Value) -> Result<(), String> {
    // An operation in the spelling of Go's fields; what is empty has its default.
    let fields = case["op"].as_object().unwrap().iter();
    let fields = fields.filter(|(_, value)| !value.is_null() && value.as_str() != Some(""));
    let operation: serde_json::Map<_, _> = fields
        .map(|(name, value)| (name[..1].to_lowercase() + &name[1..], value.clone()))
        .collect();
    let operation = MergeRewrite::deserialize(Value::Object(operation)).unwrap();
    let found = merge(&operation, &texts(&case["in"]));
    let found = found.map_err(|error| error.to_string());
    let Some(found) = outcome(found, text(case, "error"))? else {
        return Ok(());
    };
    same(&format!("{found:?}"), &format!("{:?}", texts(&case["out"])))
}

fn renamed(case: &Value) -> Result<(), String> {
    let names = Vec::<String>::deserialize(&case["in"]).unwrap();
    let data: Data = names.into_iter().map(|name| (name, Vec::new())).collect();
    let operation = &case["op"];
    let found = rename(text(operation, "Source"), text(operation, "Target"), &data);
    let found = found.map_err(|error| error.to_string());
    let Some(found) = outcome(found, text(case, "error"))? else {
        return Ok(());
    };
    let found: Vec<_> = found.into_keys().collect();
    let expected = Vec::<String>::deserialize(&case["out"]).unwrap();
    same(&format!("{found:?}"), &format!("{expected:?}"))
}
