//! Annotations that the established injector does not have.

use contract::names;
use serde_json::{Value, json};

use super::*;
use crate::settings::Engine;

fn sidecar(annotations: &[(&str, &str)]) -> Value {
    let plan = planned(&mk_pod(annotations), &mk_settings());
    agent(&plan, names::SIDECAR_CONTAINER).clone()
}

fn injected(annotations: &[(&str, &str)]) -> Value {
    let mut pod = mk_pod(annotations);
    let plan = planned(&pod, &mk_settings());
    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
    pod
}

#[test]
fn the_token_file_has_the_mode_that_is_asked_for() {
    let annotations = [
        ("agent-inject-token", "true"),
        ("agent-inject-token-perms", "0604"),
    ];
    let config = config(&sidecar(&annotations));
    let sinks = &config["auto_auth"]["sink"];
    assert_eq!(
        sinks[0]["config"],
        json!({"path": "/home/vault/.vault-token"})
    );
    let expected = json!({"path": "/vault/secrets/token", "mode": 0o604});
    assert_eq!(sinks[1]["config"], expected);
    for text in ["rw", "0999", "07777", "-1"] {
        let message = denied(&[("agent-inject-token-perms", text)]);
        assert!(
            message.ends_with("takes an octal mode such as 0640"),
            "{message}"
        );
    }
}

#[test]
fn applications_get_secrets_read_only_where_asked_and_the_agent_writes_them() {
    let pod = injected(&[("agent-secrets-read-only", "true")]);
    let mount = |container: &Value| {
        let mounts = container["volumeMounts"].as_array().unwrap();
        mounts
            .iter()
            .find(|it| it["name"] == "vault-secrets")
            .cloned()
            .unwrap()
    };
    let containers = &pod["spec"]["containers"];
    assert_eq!(mount(&containers[0])["readOnly"], true);
    assert_eq!(mount(&containers[1]).get("readOnly"), None);
}

#[test]
fn every_memory_volume_has_the_size_limit() {
    let pod = injected(&[("agent-secrets-size-limit", "2048Ki")]);
    let added = &pod["spec"]["volumes"].as_array().unwrap()[1..];
    for volume in added {
        assert_eq!(volume["emptyDir"]["sizeLimit"], "2Mi", "{volume}");
    }
    let message = denied(&[("agent-secrets-size-limit", "2mb")]);
    assert!(message.contains("agent-secrets-size-limit"), "{message}");
}

#[test]
fn a_pod_without_a_token_can_have_one_for_the_agent_alone() {
    let mut pod = mk_pod(&[
        ("agent-token-audience", "vault"),
        ("agent-token-expiration-seconds", "900"),
    ]);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
    let plan = planned(&pod, &mk_settings());
    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
    let token = json!({"path": "token", "expirationSeconds": 900, "audience": "vault"});
    let volume = json!({
        "name": "vault-agent-token",
        "projected": {"sources": [{"serviceAccountToken": token}]},
    });
    assert!(pod["spec"]["volumes"].as_array().unwrap().contains(&volume));
    let path = "/var/run/secrets/vault.hashicorp.com/serviceaccount";
    let mount = json!({"name": "vault-agent-token", "mountPath": path, "readOnly": true});
    let sidecar = agent(&plan, names::SIDECAR_CONTAINER);
    assert_eq!(sidecar["volumeMounts"][0], mount);
    let method = &config(&sidecar)["auto_auth"]["method"];
    assert_eq!(method["config"]["token_path"], format!("{path}/token"));
    for container in pod["spec"]["containers"].as_array().unwrap().iter().take(1) {
        assert!(
            !container.to_string().contains("vault-agent-token"),
            "{container}"
        );
    }
}

#[test]
fn a_token_that_kubernetes_would_refuse_is_refused_with_words() {
    let message = denied(&[("agent-token-expiration-seconds", "599")]);
    assert!(message.contains("takes 600 seconds or more"), "{message}");
    let message = denied(&[
        ("agent-token-audience", "vault"),
        ("agent-service-account-token-volume-name", "token"),
    ]);
    assert!(
        message.contains("token of the agent's own too"),
        "{message}"
    );
}

#[test]
fn the_seccomp_profile_is_the_annotations_else_the_flavours() {
    let profile = |annotations: &[(&str, &str)]| {
        sidecar(annotations)["securityContext"]["seccompProfile"]["type"].clone()
    };
    assert_eq!(profile(&[]), "RuntimeDefault");
    assert_eq!(profile(&[COMPATIBLE]), Value::Null);
    assert_eq!(profile(&[("agent-seccomp-profile", "none")]), Value::Null);
    let asked = ("agent-seccomp-profile", "Unconfined");
    assert_eq!(profile(&[asked, COMPATIBLE]), "Unconfined");
    let message = denied(&[("agent-seccomp-profile", "Localhost")]);
    assert!(
        message.contains("RuntimeDefault, Unconfined, none"),
        "{message}"
    );
}

#[test]
fn the_pull_policy_and_extra_variables_are_those_of_the_annotations() {
    let container = sidecar(&[
        ("agent-image-pull-policy", "IfNotPresent"),
        ("agent-extra-env-NO_PROXY", ".svc"),
        ("agent-extra-env-VAULT_LOG_LEVEL", "debug"),
    ]);
    assert_eq!(container["imagePullPolicy"], "IfNotPresent");
    let variables = container["env"].as_array().unwrap();
    let of = |name: &str| -> Vec<&Value> {
        let named = variables.iter().filter(|it| it["name"] == name);
        named.map(|it| &it["value"]).collect()
    };
    assert_eq!(of("NO_PROXY"), [".svc"]);
    assert_eq!(of("VAULT_LOG_LEVEL"), ["debug"], "once, and the user's");
    let message = denied(&[("agent-image-pull-policy", "always")]);
    assert!(message.contains("Always, IfNotPresent, Never"), "{message}");
}

#[test]
fn the_template_engine_is_that_of_the_secret_else_of_the_pod_else_of_the_injector() {
    let engines = |annotations: &[(&str, &str)], settings: &Settings| {
        let secrets = [
            ("agent-inject-secret-a", "kv/a"),
            ("agent-inject-template-a", "{{a}}"),
            ("agent-inject-secret-b", "kv/b"),
            ("agent-inject-template-b", "{{1}}"),
            ("agent-inject-secret-c", "kv/c"),
        ];
        let plan = planned(&mk_pod(&[&secrets, annotations].concat()), settings);
        let config = config(&agent(&plan, names::SIDECAR_CONTAINER));
        let engine = |at: usize| config["template"][at].get("engine").is_some();
        [engine(0), engine(1), engine(2)]
    };
    let all = ("agent-template-engine", "handlebars");
    let go = ("agent-template-engine-b", "go");
    assert_eq!(engines(&[], &mk_settings()), [false; 3]);
    assert_eq!(engines(&[all], &mk_settings()), [true, true, false]);
    assert_eq!(engines(&[all, go], &mk_settings()), [true, false, false]);
    let settings = Settings {
        template_engine: Engine::Handlebars,
        ..mk_settings()
    };
    assert_eq!(engines(&[go], &settings), [true, false, false]);
    assert_eq!(engines(&[COMPATIBLE], &settings), [false; 3]);
    let message = denied(&[("agent-inject-secret-a", "kv/a"), all, COMPATIBLE]);
    assert!(
        message.contains("handlebars needs the native flavor"),
        "{message}"
    );
}

#[test]
fn a_metrics_port_is_a_listener_of_the_sidecar_without_a_way_to_vault() {
    let port = ("agent-metrics-port", "9102");
    let listener = json!({
        "type": "tcp", "address": ":9102", "tls_disable": true, "role": "metrics_only",
    });
    let found = sidecar(&[port]);
    assert_eq!(config(&found)["listener"], json!([listener]));
    let named = json!([{"name": "vault-metrics", "containerPort": 9102, "protocol": "TCP"}]);
    assert_eq!(found["ports"], named);
    assert_eq!(sidecar(&[]).get("ports"), None);
    let with_cache = config(&sidecar(&[port, ("agent-cache-enable", "true")]));
    assert_eq!(with_cache["listener"][0]["address"], "127.0.0.1:8200");
    assert_eq!(with_cache["listener"][1], listener);
    let plan = planned(&mk_pod(&[port]), &mk_settings());
    let init = agent(&plan, names::INIT_CONTAINER);
    assert_eq!(
        (init.get("ports"), config(&init).get("listener")),
        (None, None)
    );
}

#[test]
fn our_agents_listener_wants_the_header_unless_told_otherwise_and_a_stock_one_only_if_told() {
    let off = ("agent-cache-require-request-header", "false");
    let on = ("agent-cache-require-request-header", "true");
    for listens in [
        ("agent-cache-enable", "true"),
        ("agent-enable-quit", "true"),
    ] {
        for (more, wanted) in [
            (vec![], json!(true)),
            (vec![off], Value::Null),
            (vec![COMPATIBLE], Value::Null),
            (vec![COMPATIBLE, on], json!(true)),
        ] {
            let annotations = [vec![listens], more.clone()].concat();
            let config = config(&sidecar(&annotations));
            let header = &config["listener"][0]["require_request_header"];
            assert_eq!(*header, wanted, "{listens:?} {more:?}");
        }
    }
}

#[test]
fn a_metrics_port_that_cannot_be_had_is_denied_and_one_without_effect_warned_of() {
    for text in ["", "0", "65536", "http", "-1"] {
        let message = denied(&[("agent-metrics-port", text)]);
        assert!(
            message.contains("takes a port from 1 to 65535"),
            "{message}"
        );
    }
    let same = ("agent-metrics-port", "8200");
    for listens in ["agent-cache-enable", "agent-enable-quit"] {
        let message = denied(&[same, (listens, "true")]);
        assert!(message.contains("agent-cache-listener-port"), "{message}");
    }
    assert_eq!(warned(&[same]), [""; 0], "nothing else listens there");
    for (other, why) in [
        (COMPATIBLE, "only our agent image has such a port"),
        (
            ("agent-pre-populate-only", "true"),
            "an init container is gone",
        ),
    ] {
        let texts = warned(&[("agent-metrics-port", "9102"), other]);
        let text = texts
            .iter()
            .find(|text| text.starts_with("agent-metrics-port is ignored"));
        assert!(text.is_some_and(|text| text.contains(why)), "{texts:?}");
    }
}

#[test]
fn a_metrics_port_of_another_container_is_warned_of() {
    let told = |ports: Value| {
        let mut pod = mk_pod(&[("agent-metrics-port", "9102")]);
        pod["spec"]["containers"][0]["ports"] = ports;
        let warnings = decided(&pod, &mk_settings()).warnings;
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let text = "agent-metrics-port is a port of container app too, and only one of them can listen there: \
                write another one [VI-1140]";
    assert_eq!(
        told(json!([{"containerPort": 80}, {"containerPort": 9102}])),
        [text]
    );
    for free in [
        json!([{"containerPort": 9103}]),
        json!([{"containerPort": 9102, "protocol": "UDP"}]),
        json!(null),
    ] {
        assert_eq!(told(free.clone()), [""; 0], "{free}");
    }
}
