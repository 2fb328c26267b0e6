//! Whole answers for a few pods, as snapshots: what changes in a pod, for the eye.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use injection::inject::{Object, Origin, Request};
use injection::kubernetes::{Kubernetes, KubernetesVersion};
use injection::settings::Profile;
use injection::{Decision, Settings, decide};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const PREFIX: &str = "vault.hashicorp.com/";

/// The pod that a Deployment with these annotations makes, as the API server sends it.
fn mk_pod(account: &str, container: &Value, annotations: &[(&str, &str)]) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"generateName": "api-service-6d5f-", "annotations": {}},
        "spec": {
            "serviceAccountName": account,
            "containers": [container],
            "volumes": [{"name": "kube-api-access-x2x", "projected": {"sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            ]}}],
        },
    });
    pod["spec"]["containers"][0]["volumeMounts"] = json!([{
        "name": "kube-api-access-x2x", "readOnly": true,
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    }]);
    for (key, value) in annotations {
        pod["metadata"]["annotations"][format!("{PREFIX}{key}")] = json!(value);
    }
    pod
}

/// The injected pod, its configurations readable.
fn injected(pod: &Value, settings: &Settings) -> Value {
    let raw = RawValue::from_string(pod.to_string()).unwrap();
    let outcome = decide(
        Request {
            namespace: "production",
            object: Some(Object::Raw(&raw)),
            origin: Origin::Pod,
        },
        settings,
    );
    assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
    let Decision::Inject(plan) = outcome.decision else {
        panic!("{:?}", outcome.decision)
    };
    let mut patched = pod.clone();
    json_patch::patch(&mut patched, &plan.operations.to_patch()).unwrap();
    for list in ["containers", "initContainers"] {
        for container in patched["spec"][list].as_array_mut().into_iter().flatten() {
            let variables = container.get_mut("env").and_then(Value::as_array_mut);
            for variable in variables.into_iter().flatten() {
                if variable["name"] == "VAULT_CONFIG" {
                    let encoded = variable["value"].as_str().unwrap();
                    let json = STANDARD.decode(encoded).unwrap();
                    variable["value"] = serde_json::from_slice(&json).unwrap();
                }
            }
        }
    }
    patched
}

fn mk_settings() -> Settings {
    Settings {
        vault_address: "http://vault.vault.svc:8200".to_owned(),
        ..Settings::default()
    }
}

/// The annotations of the guide that the demo follows.
const GUIDE: [(&str, &str); 4] = [
    ("agent-inject", "true"),
    ("role", "api-service"),
    (
        "agent-inject-secret-config",
        "secret/data/production/api-service",
    ),
    (
        "agent-inject-template-config",
        "{{- with secret \"secret/data/production/api-service\" -}}\n\
         DATABASE_URL={{ .Data.data.database_url }}\nAPI_KEY={{ .Data.data.api_key }}\n\
         {{- end -}}\n",
    ),
];

#[test]
fn the_guides_pod_in_the_native_flavour() {
    let pod = mk_pod(
        "api-service-sa",
        &json!({"name": "api", "image": "api:latest"}),
        &GUIDE,
    );
    insta::assert_json_snapshot!(injected(&pod, &mk_settings()));
}

#[test]
fn the_guides_pod_in_the_compatible_flavour() {
    let pod = mk_pod(
        "api-service-sa",
        &json!({"name": "api", "image": "api:latest"}),
        &GUIDE,
    );
    let settings = Settings {
        image: "hashicorp/vault:1.21.0".to_owned(),
        ..mk_settings()
    };
    insta::assert_json_snapshot!(injected(&pod, &settings));
}

#[test]
fn a_job_with_tls_and_files_of_its_own_in_the_native_flavour() {
    let container =
        json!({"name": "job", "image": "job:1", "securityContext": {"runAsUser": 7000}});
    let pod = mk_pod(
        "job",
        &container,
        &[
            ("agent-inject", "true"),
            (
                "agent-image",
                "registry.example/mirror/vault-injector-agent:0.1.0",
            ),
            ("role", "job"),
            ("agent-pre-populate-only", "true"),
            ("agent-run-as-same-user", "true"),
            ("service", "https://vault.example:8200"),
            ("namespace", "team-a"),
            ("tls-secret", "vault-ca"),
            ("ca-cert", "/vault/tls/ca.crt"),
            ("agent-inject-secret-db-creds", "database/creds/job"),
            ("agent-inject-default-template", "json"),
            ("agent-inject-file-db-creds", "db/creds.json"),
            ("agent-inject-perms-db-creds", "0440"),
            ("agent-inject-secret-License", "kv/license"),
            ("secret-volume-path-License", "/etc/license"),
            ("preserve-secret-case", "true"),
            ("agent-limits-mem", "32Mi"),
        ],
    );
    insta::assert_json_snapshot!(injected(&pod, &mk_settings()));
}

/// The pod of the guide with more annotations.
fn mk_guide(more: &[(&str, &str)]) -> Value {
    let container = json!({"name": "api", "image": "api:latest"});
    mk_pod("api-service-sa", &container, &[&GUIDE[..], more].concat())
}

#[test]
fn the_guides_pod_with_a_native_sidecar() {
    let settings = Settings {
        kubernetes: Kubernetes {
            server: Some(KubernetesVersion::new(1, 33)),
            oldest_kubelet: None,
        },
        ..mk_settings()
    };
    let pod = mk_guide(&[
        ("agent-startup-timeout", "2m"),
        ("agent-revoke-on-shutdown", "true"),
    ]);
    insta::assert_json_snapshot!(injected(&pod, &settings));
}

#[test]
fn a_job_that_is_not_restarted_with_a_native_sidecar() {
    let mut pod = mk_guide(&[("agent-native-sidecar", "true")]);
    pod["metadata"]["ownerReferences"] = json!([{"kind": "Job", "name": "import"}]);
    pod["spec"]["restartPolicy"] = json!("Never");
    insta::assert_json_snapshot!(injected(&pod, &mk_settings()));
}

#[test]
fn the_guides_pod_with_everything_that_only_this_injector_knows() {
    let pod = mk_guide(&[
        ("agent-native-sidecar", "false"),
        ("agent-revoke-on-shutdown", "true"),
        ("agent-revoke-grace", "9"),
        ("agent-inject-token", "true"),
        ("agent-inject-token-perms", "0600"),
        ("agent-secrets-read-only", "true"),
        ("agent-secrets-size-limit", "4Mi"),
        ("agent-token-audience", "vault"),
        ("agent-token-expiration-seconds", "1800"),
        ("agent-seccomp-profile", "Unconfined"),
        ("agent-image-pull-policy", "Always"),
        ("agent-extra-env-NO_PROXY", ".svc"),
        ("agent-template-engine-config", "handlebars"),
        (
            "agent-inject-template-config",
            "{{#with (secret \"secret/data/production/api-service\") as |s|}}API_KEY={{s.data.data.api_key}}{{/with}}",
        ),
    ]);
    insta::assert_json_snapshot!(injected(&pod, &mk_settings()));
}

#[test]
fn the_guides_pod_with_a_stock_image_of_openbao() {
    let settings = Settings {
        image: "openbao/openbao:2.6.0".to_owned(),
        profile: Profile::OpenBao,
        ..mk_settings()
    };
    insta::assert_json_snapshot!(injected(&mk_guide(&[]), &settings));
}
