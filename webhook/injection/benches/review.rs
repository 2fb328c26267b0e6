//! Request bytes to response bytes of one review. The figures to hold: a realistic pod that is
//! injected under 100 µs, one that does not ask under 30 µs, and time that grows with the body's size
//! and no faster.
#![allow(missing_docs, reason = "the macros make public functions")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use injection::Settings;
use injection::admission;
use serde_json::{Value, json};

const PREFIX: &str = "vault.hashicorp.com/";

const TEMPLATE: &str = "{{- with secret \"secret/data/production/web\" -}}\n\
    DATABASE_URL={{ .Data.data.database_url }}\nAPI_KEY={{ .Data.data.api_key }}\n{{- end -}}\n";

/// Ten annotations, two templates.
fn mk_annotations() -> Value {
    let mut annotations = json!({"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"});
    for (key, value) in [
        ("agent-inject", "true"),
        ("role", "web"),
        ("agent-inject-secret-config", "secret/data/production/web"),
        ("agent-inject-template-config", TEMPLATE),
        ("agent-inject-secret-extra", "secret/data/production/extra"),
        ("agent-inject-template-extra", TEMPLATE),
        ("agent-inject-perms-config", "0640"),
        ("agent-limits-mem", "96Mi"),
        ("agent-inject-containers", "c0,c1"),
        ("log-level", "warn"),
    ] {
        annotations[format!("{PREFIX}{key}")] = json!(value);
    }
    annotations
}

/// A review of about `size` bytes: three containers, and managed fields for the rest.
fn mk_review(annotations: &Value, size: usize) -> Vec<u8> {
    let token = json!({
        "name": "kube-api-access-x2x", "readOnly": true,
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    });
    let container = |at: usize| {
        json!({
            "name": format!("c{at}"), "image": "registry.example/web:1.4.2",
            "imagePullPolicy": "IfNotPresent",
            "ports": [{"containerPort": 8080, "protocol": "TCP"}],
            "env": [{"name": "MODE", "value": "production"}],
            "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m"}},
            "volumeMounts": [token],
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        })
    };
    let mut review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "0f0c2b7e-1c1d-4c8e-9a53-0d6f2f2d9a10",
            "kind": {"group": "", "version": "v1", "kind": "Pod"},
            "resource": {"group": "", "version": "v1", "resource": "pods"},
            "namespace": "production", "operation": "CREATE",
            "userInfo": {"username": "system:serviceaccount:kube-system:replicaset-controller"},
            "object": {
                "apiVersion": "v1", "kind": "Pod",
                "metadata": {
                    "generateName": "web-6d5f8c9b7-", "annotations": annotations,
                    "labels": {"app": "web", "pod-template-hash": "6d5f8c9b7"},
                    "managedFields": [],
                },
                "spec": {
                    "serviceAccountName": "web", "restartPolicy": "Always",
                    "containers": [container(0), container(1), container(2)],
                    "volumes": [{"name": "kube-api-access-x2x", "projected": {"sources": [
                        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    ]}}],
                },
            },
            "oldObject": null, "dryRun": false,
        },
    });
    let field = json!({
        "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}}}, "f:spec": {
            "f:containers": {"k:{\"name\":\"c0\"}": {".": {}, "f:image": {}, "f:resources": {}}},
        }},
    });
    let missing = size.saturating_sub(review.to_string().len());
    let count = missing / field.to_string().len();
    review["request"]["object"]["metadata"]["managedFields"] = vec![field; count].into();
    review.to_string().into_bytes()
}

fn reviews(criterion: &mut Criterion) {
    let settings = Settings {
        vault_address: "https://vault.vault.svc:8200".to_owned(),
        ..Settings::default()
    };
    let asks = mk_annotations();
    let mut group = criterion.benchmark_group("review");
    for (name, annotations, size) in [
        ("injected", &asks, 13_000),
        ("injected", &asks, 130_000),
        ("not asking", &json!({"app": "web"}), 13_000),
        ("not asking", &json!({"app": "web"}), 130_000),
    ] {
        let body = mk_review(annotations, size);
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(
            BenchmarkId::new(name, body.len()),
            &body,
            |bencher, body| {
                bencher.iter(|| admission::answer(black_box(body), &settings));
            },
        );
    }
    group.finish();
}

criterion_group!(benches, reviews);
criterion_main!(benches);
