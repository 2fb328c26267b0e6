//! What each annotation changes in the pod: `docs/annotations-in-pods.md` is made here, and fails the
//! test where it is stale. `UPDATE_DOCS=1` writes it anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its page is no secret"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::annotations::{self, TABLE};
use injection::inject::{Object, Origin, Request};
use injection::{Decision, Settings, decide};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

const PREFIX: &str = "vault.hashicorp.com/";
const PAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../docs/annotations-in-pods.md"
);

/// The pod that every example starts from.
const BASE: [(&str, &str); 4] = [
    ("agent-inject", "true"),
    ("role", "web"),
    ("agent-inject-secret-config", "secret/web"),
    (
        "agent-inject-template-config",
        "{{ with secret \"secret/web\" }}{{ .Data.key }}{{ end }}",
    ),
];

/// An annotation with a value, and the others without which it shows nothing. The scenarios in the
/// cluster create pods of the same file.
#[derive(Deserialize)]
struct Example {
    key: String,
    value: String,
    #[serde(default)]
    with: BTreeMap<String, String>,
}

fn examples() -> Vec<Example> {
    serde_json::from_str(include_str!("fixtures/annotations.json")).unwrap()
}

/// Annotations that rightly change nothing: they decide whether, or are for other agents.
const WITHOUT_EFFECT: [&str; 2] = ["agent-inject-status", "agent-request-namespace"];

fn mk_pod(annotations: &[(&str, &str)]) -> Value {
    let path = "/var/run/secrets/kubernetes.io/serviceaccount";
    let token = json!({"name": "kube-api-access-x2x", "readOnly": true, "mountPath": path});
    let data = json!({"name": "data", "mountPath": "/data"});
    let mut pod = json!({
        "metadata": {"annotations": {}},
        "spec": {
            "initContainers": [{"name": "migrate"}],
            "containers": [
                {"name": "web", "securityContext": {"runAsUser": 7000}, "volumeMounts": [token, data]},
                {"name": "log"},
            ],
            "volumes": [
                {"name": "kube-api-access-x2x"},
                {"name": "data"},
                {"name": "vault-token", "projected": {"sources": [
                    {"serviceAccountToken": {"path": "token", "audience": "vault"}},
                ]}},
            ],
        },
    });
    for (key, value) in annotations {
        pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
    }
    pod
}

/// The pod as it is injected, its configurations readable, its annotations left out.
fn injected(annotations: &[(&str, &str)]) -> Value {
    let mut pod = mk_pod(annotations);
    let raw = RawValue::from_string(pod.to_string()).unwrap();
    let settings = Settings {
        vault_address: "https://vault.vault.svc:8200".to_owned(),
        ..Settings::default()
    };
    let request = Request {
        namespace: "production",
        object: Some(Object::Raw(&raw)),
        origin: Origin::Pod,
    };
    match decide(request, &settings).decision {
        Decision::Inject(plan) => json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap(),
        Decision::Skip(_) => {}
        Decision::Deny(denial) => panic!("{annotations:?}: {denial}"),
    }
    for list in ["initContainers", "containers"] {
        for container in pod["spec"][list].as_array_mut().unwrap() {
            let variables = container.get_mut("env").and_then(Value::as_array_mut);
            for variable in variables.into_iter().flatten() {
                if variable["name"] == "VAULT_CONFIG" {
                    let json = STANDARD
                        .decode(variable["value"].as_str().unwrap())
                        .unwrap();
                    variable["value"] = serde_json::from_slice(&json).unwrap();
                }
            }
        }
    }
    pod["spec"].take()
}

/// What differs, a line each, with a path from the pod's spec.
fn differences(before: &Value, after: &Value, path: &str, lines: &mut Vec<String>) {
    let place = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            for key in keys {
                one(before.get(key), after.get(key), &place(key), lines);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            let (before, after) = (by_name(before), by_name(after));
            let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
            for key in keys {
                let path = format!("{path}[{key}]");
                one(before.get(key), after.get(key), &path, lines);
            }
        }
        _ => one(Some(before), Some(after), path, lines),
    }
}

fn one(before: Option<&Value>, after: Option<&Value>, path: &str, lines: &mut Vec<String>) {
    match (before, after) {
        (Some(before), Some(after)) if before == after => {}
        (Some(before @ (Value::Object(_) | Value::Array(_))), Some(after))
            if std::mem::discriminant(before) == std::mem::discriminant(after) =>
        {
            differences(before, after, path, lines);
        }
        (before, after) => {
            lines.extend(before.map(|value| format!("- {path}: {}", shortened(value))));
            lines.extend(after.map(|value| format!("+ {path}: {}", shortened(value))));
        }
    }
}

/// A list as a map: by the name of what has one, by mount path where names repeat, else by place.
fn by_name(list: &[Value]) -> Map<String, Value> {
    let key = |(at, element): (usize, &Value)| {
        let name = ["mountPath", "name", "destination"];
        let name = name.iter().find_map(|key| element.get(key)?.as_str());
        let key = name.map_or_else(|| at.to_string(), ToOwned::to_owned);
        (key, element.clone())
    };
    list.iter().enumerate().map(key).collect()
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 90 {
        return text;
    }
    format!("{} …", text.chars().take(90).collect::<String>())
}

fn page() -> String {
    let mut page = String::from(
        "# What each annotation changes in the pod\n\n\
         Every example compares two injected pods: one with `agent-inject`, `role`, and one secret with a \
         template,\nand the same with one annotation more. Paths start at the pod's `spec`; elements of \
         lists are named by their name.\nWhat an annotation means stands in \
         [annotations.md](annotations.md).\n\n\
         A test makes this page; `UPDATE_DOCS=1 cargo test -p injection --test annotations` writes it \
         anew.\n",
    );
    for Example { key, value, with } in &examples() {
        let needs: Vec<_> = with.iter().map(|(key, value)| (&**key, &**value)).collect();
        let with = [&BASE[..], &needs, &[(&**key, &**value)]].concat();
        let without = match &**key {
            "agent-inject" => Vec::new(),
            _ => [&BASE[..], &needs].concat(),
        };
        let mut lines = Vec::new();
        let (without, with) = (injected(&without), injected(&with));
        differences(&without, &with, "", &mut lines);
        // Places of containers count, too.
        for list in ["initContainers", "containers"] {
            let names = |pod: &Value| -> Vec<String> {
                let list = pod[list].as_array().unwrap().iter();
                list.map(|it| it["name"].as_str().unwrap().to_owned())
                    .collect()
            };
            let (before, after) = (names(&without), names(&with));
            let same =
                before.iter().collect::<BTreeSet<_>>() == after.iter().collect::<BTreeSet<_>>();
            if same && before != after {
                lines.push(format!("! {list}: {}", after.join(", ")));
            }
        }
        let is_idle = WITHOUT_EFFECT.contains(&&**key);
        assert_eq!(lines.is_empty(), is_idle, "{key} changes {lines:?}");
        if is_idle {
            continue;
        }
        let _ = write!(page, "\n## `{key}: {}`\n\n", json!(value));
        if !needs.is_empty() {
            let needs: Vec<_> = needs
                .iter()
                .map(|(key, value)| format!("`{key}: {}`", json!(value)))
                .collect();
            let _ = write!(page, "With {}.\n\n", needs.join(", "));
        }
        let _ = write!(page, "```diff\n{}\n```\n", lines.join("\n"));
    }
    page
}

#[test]
fn every_annotation_changes_in_the_pod_what_the_documentation_shows() {
    let shown: BTreeSet<_> = examples()
        .iter()
        .map(
            |Example { key, .. }| match annotations::classify(&format!("{PREFIX}{key}")) {
                annotations::Classification::Known { spec, .. } => spec.key,
                other => panic!("{key} is {other:?}"),
            },
        )
        .collect();
    let missing: Vec<_> = TABLE
        .iter()
        .filter(|spec| !shown.contains(spec.key))
        .map(|it| it.key)
        .collect();
    assert!(
        missing.is_empty(),
        "annotations without an example: {missing:?}"
    );
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page,
        "docs/annotations-in-pods.md is stale: run this test with UPDATE_DOCS=1"
    );
}
