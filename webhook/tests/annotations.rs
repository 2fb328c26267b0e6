//! What each annotation changes in the pod: `docs/annotations-in-pods.md` is made here, and fails the
//! test where it is stale. `UPDATE_DOCS=1` writes it anew.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its page is no secret"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contract::annotations::{self, TABLE};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use vault_injector::inject::{Origin, Request};
use vault_injector::{Decision, Settings, decide};

const PREFIX: &str = "vault.hashicorp.com/";
const PAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../docs/annotations-in-pods.md"
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

/// One annotation, and the others without which it shows nothing.
type Example = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const EXAMPLES: &[Example] = &[
    ("agent-inject", "true", &[]),
    ("agent-inject-status", "injected", &[]),
    ("agent-flavor", "compatible", &[]),
    ("agent-request-namespace", "team-a", &[]),
    ("agent-pre-populate", "false", &[]),
    ("agent-pre-populate-only", "true", &[]),
    ("agent-native-sidecar", "true", &[]),
    (
        "agent-startup-timeout",
        "90s",
        &[("agent-native-sidecar", "true")],
    ),
    ("agent-init-first", "true", &[]),
    ("agent-inject-containers", "web", &[]),
    ("agent-share-process-namespace", "true", &[]),
    ("agent-enable-quit", "true", &[]),
    ("agent-auto-auth-exit-on-err", "true", &[]),
    ("agent-inject-secret-db", "database/creds/web", &[]),
    (
        "agent-inject-template-config",
        "{{ with secret \"secret/web\" }}{{ .Data | toJSON }}{{ end }}",
        &[],
    ),
    (
        "agent-inject-template-file-db",
        "/vault/custom/db.ctmpl",
        &[("agent-inject-secret-db", "database/creds/web")],
    ),
    (
        "agent-inject-default-template",
        "json",
        &[("agent-inject-secret-db", "database/creds/web")],
    ),
    ("agent-inject-file-config", "app/config.env", &[]),
    ("agent-inject-perms-config", "0400", &[]),
    ("agent-inject-command-config", "/bin/reload --now", &[]),
    (
        "agent-template-left-delim-config",
        "<<",
        &[("agent-inject-template-config", "x")],
    ),
    (
        "agent-template-right-delim-config",
        ">>",
        &[("agent-inject-template-config", "x")],
    ),
    ("agent-template-engine-config", "handlebars", &[]),
    ("error-on-missing-key-config", "true", &[]),
    (
        "preserve-secret-case",
        "true",
        &[("agent-inject-secret-DB", "database/creds/web")],
    ),
    ("secret-volume-path", "/etc/web", &[]),
    ("agent-inject-token", "true", &[]),
    (
        "agent-inject-token-perms",
        "0600",
        &[("agent-inject-token", "true")],
    ),
    ("agent-secrets-read-only", "true", &[]),
    ("agent-secrets-size-limit", "1Mi", &[]),
    ("service", "https://vault.example:8200", &[]),
    ("namespace", "team-a", &[]),
    ("proxy-address", "http://proxy.example:3128", &[]),
    ("tls-secret", "vault-ca", &[]),
    (
        "ca-cert",
        "/vault/tls/ca.crt",
        &[("tls-secret", "vault-ca")],
    ),
    ("ca-key", "/vault/tls", &[("tls-secret", "vault-ca")]),
    (
        "client-cert",
        "/vault/tls/client.crt",
        &[("tls-secret", "vault-ca")],
    ),
    (
        "client-key",
        "/vault/tls/client.key",
        &[("tls-secret", "vault-ca")],
    ),
    ("tls-server-name", "vault.example", &[]),
    ("tls-skip-verify", "true", &[]),
    ("client-max-retries", "5", &[]),
    ("client-timeout", "20s", &[]),
    ("go-max-procs", "1", &[]),
    ("log-level", "debug", &[]),
    ("log-format", "json", &[]),
    ("role", "other", &[]),
    ("auth-type", "jwt", &[]),
    ("auth-path", "auth/cluster-b", &[]),
    ("auth-config-token-path", "/var/run/token", &[]),
    ("auth-min-backoff", "2s", &[]),
    ("auth-max-backoff", "1m", &[]),
    (
        "agent-service-account-token-volume-name",
        "vault-token",
        &[],
    ),
    ("agent-token-audience", "vault", &[]),
    (
        "agent-token-expiration-seconds",
        "900",
        &[("agent-token-audience", "vault")],
    ),
    (
        "agent-image",
        "registry.example/vault-injector-agent:0.1.0",
        &[],
    ),
    ("agent-image-pull-policy", "Always", &[]),
    ("agent-extra-env-NO_PROXY", ".svc", &[]),
    ("agent-configmap", "agent-config", &[]),
    ("agent-extra-secret", "templates", &[]),
    ("agent-copy-volume-mounts", "web", &[]),
    (
        "agent-json-patch",
        r#"[{"op":"add","path":"/tty","value":true}]"#,
        &[],
    ),
    (
        "agent-init-json-patch",
        r#"[{"op":"add","path":"/tty","value":true}]"#,
        &[],
    ),
    ("agent-limits-cpu", "1", &[]),
    ("agent-limits-mem", "96Mi", &[]),
    ("agent-limits-ephemeral", "1Mi", &[]),
    ("agent-requests-cpu", "20m", &[]),
    ("agent-requests-mem", "32Mi", &[]),
    ("agent-requests-ephemeral", "1Mi", &[]),
    ("agent-run-as-user", "2000", &[]),
    ("agent-run-as-group", "2000", &[]),
    ("agent-run-as-same-user", "true", &[]),
    ("agent-set-security-context", "false", &[]),
    ("agent-seccomp-profile", "Unconfined", &[]),
    ("agent-revoke-on-shutdown", "true", &[]),
    (
        "agent-revoke-grace",
        "10",
        &[("agent-revoke-on-shutdown", "true")],
    ),
    ("agent-cache-enable", "true", &[]),
    (
        "agent-cache-use-auto-auth-token",
        "force",
        &[("agent-cache-enable", "true")],
    ),
    (
        "agent-cache-listener-port",
        "8300",
        &[("agent-cache-enable", "true")],
    ),
    (
        "agent-cache-exit-on-err",
        "true",
        &[("agent-cache-enable", "true")],
    ),
    ("template-config-exit-on-retry-failure", "false", &[]),
    ("template-static-secret-render-interval", "1m", &[]),
    ("template-max-connections-per-host", "4", &[]),
    ("template-lease-renewal-threshold", "0.5", &[]),
    (
        "agent-disable-idle-connections",
        "auto-auth,templating",
        &[],
    ),
    ("agent-disable-keep-alives", "auto-auth", &[]),
    ("agent-telemetry-prometheus_retention_time", "1h", &[]),
];

/// Annotations that rightly change nothing: they decide whether, or are for other agents.
const WITHOUT_EFFECT: [&str; 1] = ["agent-request-namespace"];

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
        object: Some(&raw),
        origin: Origin::Pod,
    };
    match decide(request, &settings).decision {
        Decision::Inject(plan) => json_patch::patch(&mut pod, &plan.operations).unwrap(),
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
         A test makes this page; `UPDATE_DOCS=1 cargo test -p vault-injector --test annotations` writes it \
         anew.\n",
    );
    for (key, value, needs) in EXAMPLES {
        let with = [&BASE[..], *needs, &[(*key, *value)]].concat();
        let without = match *key {
            "agent-inject" => Vec::new(),
            _ => [&BASE[..], *needs].concat(),
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
        let is_idle = WITHOUT_EFFECT.contains(key);
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
    let shown: BTreeSet<_> = EXAMPLES
        .iter()
        .map(
            |(key, ..)| match annotations::classify(&format!("{PREFIX}{key}")) {
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
