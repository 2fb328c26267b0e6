//! Objects that External Secrets Operator's webhook accepted or refused: the same, in the same words.
//!
//! The recordings lie outside of the project; see the test `conformance`.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::{Path, PathBuf};

use operator_api::{ClusterSecretStore, ExternalSecret, SecretStore};
use secret_sync::validate::{self, Problems, Scope};
use serde::Deserialize;
use serde_json::Value;

#[test]
fn objects_are_accepted_and_refused_as_recorded() {
    let directory = std::env::var_os("CONFORMANCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let path = directory.join("operator.json");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "{}: {error}", path.display());
            println!("skipped: {}: {error}", path.display());
            return;
        }
    };
    let recorded: Value = serde_json::from_str(&text).unwrap();
    let mut checked = 0;
    for case in recorded["cases"].as_array().unwrap() {
        let mut answers = case["expect"].as_array().unwrap().iter();
        for step in case["steps"].as_array().unwrap() {
            if step["do"] != "reject" {
                continue;
            }
            for manifest in step["manifests"].as_array().unwrap() {
                // Some cases look at what was stored instead of at the answer.
                let Some(answer) = answers.find(|it| it["at"] == "reject") else {
                    continue;
                };
                checked += usize::from(check(&case["name"], manifest, answer));
            }
        }
    }
    assert!(checked >= 10, "only {checked} were checked");
}

/// `false` for what the schema refuses, before any webhook is asked.
fn check(name: &Value, manifest: &Value, answer: &Value) -> bool {
    let message = answer["message"].as_str().unwrap_or_default();
    let expected = message.split_once("denied the request: ");
    if answer["accepted"] != true && expected.is_none() {
        return false;
    }
    let Some(found) = validated(manifest) else {
        return false;
    };
    let found = found.err().map(|problems| problems.to_string());
    let expected = expected.map(|(_, text)| text.to_owned());
    assert_eq!(found, expected, "{name}");
    true
}

fn validated(manifest: &Value) -> Option<Result<(), Problems>> {
    Some(match manifest["kind"].as_str().unwrap() {
        "ExternalSecret" => {
            let object = ExternalSecret::deserialize(manifest).unwrap();
            validate::external_secret(&object.spec)
        }
        "SecretStore" => {
            let object = SecretStore::deserialize(manifest).unwrap();
            validate::store(&object.spec, Scope::Namespace("here"))
        }
        "ClusterSecretStore" => {
            let object = ClusterSecretStore::deserialize(manifest).unwrap();
            validate::store(&object.spec.0, Scope::Cluster)
        }
        _ => return None,
    })
}
