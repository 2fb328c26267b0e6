//! The chart's definitions are those that the program prints, and the guide names each of its flags.
//!
//! `UPDATE_DOCS=1 cargo test -p secrets-operator --test documents` writes the definitions anew.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn printed(argument: &str) -> String {
    let program = env!("CARGO_BIN_EXE_secrets-operator");
    let output = Command::new(program).arg(argument).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_definitions_of_the_chart_are_those_of_the_program() {
    let path = root().join("manifests/chart/operator-crds.yaml");
    let text = printed("crds");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap();
    assert!(
        there == text,
        "manifests/chart/operator-crds.yaml is stale: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn the_guide_names_each_flag() {
    let page = std::fs::read_to_string(root().join("docs/operator.md")).unwrap();
    let help = printed("--help");
    let flags = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--"))
        .map(|rest| rest.split([' ', '[']).next().unwrap_or_default());
    let mut seen = 0;
    for flag in flags {
        seen += 1;
        assert!(page.contains(&format!("`--{flag}`")), "--{flag}");
    }
    assert!(seen > 10, "{help}");
}

/// The YAML blocks of a page, and the example that stands in the guide.
fn manifests() -> Vec<(String, Value)> {
    let example = "manifests/examples/operator-secret.yaml";
    let example = (
        example,
        std::fs::read_to_string(root().join(example)).unwrap(),
    );
    let mut blocks = vec![example.clone()];
    for page in ["docs/operator.md", "docs/operator-migration.md"] {
        let text = std::fs::read_to_string(root().join(page)).unwrap();
        let rest = text.split("\n```yaml\n").skip(1);
        blocks.extend(rest.map(|rest| (page, rest.split("\n```").next().unwrap().to_owned())));
    }
    let first = &blocks[1].1;
    assert_eq!(first.trim(), example.1.trim(), "the guide's first block");
    let documents = blocks.iter().flat_map(|(name, text)| {
        let documents = text.split("\n---\n");
        documents.map(|text| ((*name).to_owned(), serde_saphyr::from_str(text).unwrap()))
    });
    documents.collect()
}

/// The object as its type writes it back: what the type does not know is gone.
fn written_back(object: &Value) -> Option<Value> {
    fn spec<T: serde::de::DeserializeOwned + serde::Serialize>(spec: &Value) -> Value {
        let typed: T = serde_json::from_value(spec.clone())
            .unwrap_or_else(|error| panic!("{error}: {spec:#}"));
        serde_json::to_value(typed).unwrap()
    }
    let of = &object["spec"];
    Some(match object["kind"].as_str().unwrap() {
        "ExternalSecret" => spec::<operator_api::ExternalSecretSpec>(of),
        "SecretStore" | "ClusterSecretStore" => spec::<operator_api::SecretStoreSpec>(of),
        "ClusterExternalSecret" => spec::<operator_api::ClusterExternalSecretSpec>(of),
        "PushSecret" => spec::<operator_api::PushSecretSpec>(of),
        "VaultDynamicSecret" => spec::<operator_api::VaultDynamicSecretSpec>(of),
        "Secret" => return None,
        kind => panic!("{kind} is of no known kind"),
    })
}

/// Whether all of `part` is in `whole`.
fn is_within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|it| is_within(value, it))),
        (Value::Array(part), Value::Array(whole)) => {
            part.len() == whole.len() && part.iter().zip(whole).all(|(a, b)| is_within(a, b))
        }
        _ => part == whole,
    }
}

#[test]
fn manifests_on_the_pages_have_no_field_that_the_operator_does_not_know() {
    let mut seen = 0;
    for (page, object) in manifests() {
        let Some(known) = written_back(&object) else {
            continue;
        };
        seen += 1;
        assert!(is_within(&object["spec"], &known), "{page}: {object:#}");
    }
    assert!(seen > 6, "only {seen} manifests");
}
