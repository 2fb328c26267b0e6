//! The seed corpus of the fuzz targets, replayed: no body panics, every patch applies.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use injection::inject::{Object, Origin, Request};
use injection::{Decision, Settings, admission, decide};
use serde_json::{Value, json};

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn mk_settings() -> Settings {
    Settings {
        vault_address: "https://vault:8200".to_owned(),
        ..Settings::default()
    }
}

#[test]
fn the_corpus_of_reviews_is_answered_or_refused() {
    let settings = mk_settings();
    let mut answered = 0;
    for body in corpus("review") {
        answered += usize::from(admission::answer(&body, &settings).is_ok());
        let _ = admission::validate(&body, &settings);
    }
    assert!(answered >= 4, "the seeds are reviews, mostly: {answered}");
}

#[test]
fn the_corpus_of_annotations_gives_patches_that_apply() {
    let mut injected = 0;
    for text in corpus("annotations") {
        let mut annotations = json!({
            "vault.hashicorp.com/agent-inject": "true", "vault.hashicorp.com/role": "app",
        });
        for line in String::from_utf8(text).unwrap().lines() {
            let (key, value) = line.split_once(' ').unwrap_or((line, ""));
            annotations[format!("vault.hashicorp.com/{key}")] = json!(value);
        }
        let mounts = json!([{
            "name": "token", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
        }]);
        let mut pod: Value = json!({
            "metadata": {"annotations": annotations},
            "spec": {
                "containers": [{"name": "app", "volumeMounts": mounts}],
                "volumes": [{"name": "token"}],
            },
        });
        let raw = serde_json::value::to_raw_value(&pod).unwrap();
        let request = Request {
            namespace: "apps",
            object: Some(Object::Raw(&raw)),
            origin: Origin::Pod,
        };
        if let Decision::Inject(plan) = decide(request, &mk_settings()).decision {
            json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
            injected += 1;
        }
    }
    assert!(injected >= 6, "the seeds are injected, mostly: {injected}");
}
