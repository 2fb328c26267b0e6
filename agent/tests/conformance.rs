//! Recorded readings of configuration values by the libraries of the established agent: the same
//! values, and errors for the same texts.
//!
//! The recordings lie outside of the project: in the directory that `CONFORMANCE_DIR` names, else in
//! `../shared/conformance` beside the project. Without them the test is skipped, except in CI.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use contract::{GoDuration, values};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Case {
    name: String,
    kind: String,
    input: Value,
    value: Option<Value>,
    nanoseconds: Option<i64>,
    string: Option<String>,
    error: Option<String>,
}

#[test]
fn configuration_values_are_read_as_recorded() {
    let Some(text) = recordings() else { return };
    let cases: Vec<Case> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line must be a case"))
        .collect();
    let problems: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let problem = check(case).err()?;
            Some(format!("{}: {problem}", case.name))
        })
        .collect();
    println!(
        "conformance config.jsonl: {} of {} pass",
        cases.len() - problems.len(),
        cases.len()
    );
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

fn recordings() -> Option<String> {
    let directory = std::env::var_os("CONFORMANCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance"),
        PathBuf::from,
    );
    let path = directory.join("config.jsonl");
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

/// Compares a reading with the recorded one. Of an error, only that there is one.
fn check(case: &Case) -> Result<(), String> {
    let read = match case.kind.as_str() {
        "hcl1" => hcl(case.input.as_str().unwrap()),
        "duration" => case
            .input
            .as_str()
            .unwrap()
            .parse::<GoDuration>()
            .map_err(|error| error.to_string())
            .map(duration),
        "duration_second" => GoDuration::parse_seconds(&text(&case.input))
            .map_err(|error| error.to_string())
            .map(duration),
        "bool" => values::parse_bool(&text(&case.input))
            .map(Value::from)
            .map_err(|error| error.to_string()),
        other => return Err(format!("a case of the unknown kind {other:?}")),
    };
    let expected = match (case.nanoseconds, &case.string) {
        (Some(nanoseconds), Some(string)) => Some(json!([nanoseconds, string])),
        (Some(nanoseconds), None) => Some(json!(nanoseconds)),
        (None, _) => case.value.clone(),
    };
    let read = match read {
        // Only some of the recordings tell how the duration prints.
        Ok(Value::Array(pair)) if case.nanoseconds.is_some() && case.string.is_none() => {
            Ok(pair[0].clone())
        }
        read => read,
    };
    match (read, &case.error, expected) {
        (Err(_), Some(_), _) => Ok(()),
        (Err(found), None, _) => Err(format!("an error where there is none: {found}")),
        (Ok(found), Some(error), _) => Err(format!("{found} instead of the error {error:?}")),
        (Ok(found), None, Some(expected)) if same(&found, &expected) => Ok(()),
        (Ok(found), None, expected) => Err(format!("{found} instead of {expected:?}")),
    }
}

fn hcl(text: &str) -> Result<Value, String> {
    let object = hcl::parse(text).map_err(|error| error.to_string())?;
    hcl::generic(&object).map_err(|error| error.to_string())
}

fn duration(duration: GoDuration) -> Value {
    json!([duration.as_nanos(), duration.to_string()])
}

fn text(input: &Value) -> String {
    match input {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Equal, where a recording writes whole floats as `1`.
fn same(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Number(found), Value::Number(expected)) => found.as_f64() == expected.as_f64(),
        (Value::Array(found), Value::Array(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(found, expected)| same(found, expected))
        }
        (Value::Object(found), Value::Object(expected)) => {
            found.len() == expected.len()
                && found
                    .iter()
                    .all(|(key, found)| expected.get(key).is_some_and(|other| same(found, other)))
        }
        (found, expected) => found == expected,
    }
}
