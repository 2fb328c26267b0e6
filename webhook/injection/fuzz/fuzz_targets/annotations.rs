//! Whatever the annotations say, the patch applies to the pod, and a second look changes nothing.
//!
//! A line is an annotation: its key without the prefix, a blank, its value.
#![no_main]

use injection::inject::{Object, Origin, Request};
use injection::{Decision, Settings, decide};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let settings = Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    };
    let mut pod = mk_pod(text);
    let Some(patch) = operations(&pod, &settings) else {
        return;
    };
    json_patch::patch(&mut pod, &patch).expect("a patch must apply to its pod");
    assert!(operations(&pod, &settings).is_none_or(|again| again.is_empty()));
});

fn operations(pod: &Value, settings: &Settings) -> Option<json_patch::Patch> {
    let raw = serde_json::value::to_raw_value(pod).expect("a value must serialise");
    let request = Request {
        namespace: "apps",
        object: Some(Object::Raw(&raw)),
        origin: Origin::Pod,
    };
    match decide(request, settings).decision {
        Decision::Inject(plan) => Some(plan.operations.to_patch()),
        Decision::Skip(_) | Decision::Deny(_) => None,
    }
}

fn mk_pod(text: &str) -> Value {
    let mut pod = json!({
        "metadata": {"annotations": {
            "vault.hashicorp.com/agent-inject": "true",
            "vault.hashicorp.com/role": "app",
        }},
        "spec": {
            "containers": [{"name": "app", "volumeMounts": [{
                "name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
            }]}],
            "volumes": [{"name": "token"}],
        },
    });
    for line in text.lines() {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        pod["metadata"]["annotations"][format!("vault.hashicorp.com/{key}")] = json!(value);
    }
    pod
}
