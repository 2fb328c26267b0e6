//! The profile of OpenBao: its prefix, its names.

use serde_json::{Value, json};

use super::*;
use crate::settings::Profile;

fn mk_openbao() -> Settings {
    Settings {
        profile: Profile::OpenBao,
        image: "openbao/openbao:2.6.0".to_owned(),
        ..mk_settings()
    }
}

/// The pod with its annotations under OpenBao's prefix.
fn renamed(mut pod: Value) -> Value {
    let text = pod["metadata"]["annotations"].to_string();
    let text = text.replace(PREFIX, names::OPENBAO_PREFIX);
    pod["metadata"]["annotations"] = serde_json::from_str(&text).unwrap();
    pod
}

#[test]
fn annotations_of_either_prefix_ask_for_the_same() {
    let pod = mk_pod(&[
        ("agent-inject-secret-a", "kv/a"),
        ("secret-volume-path-a", "/x"),
    ]);
    let with_prefix = planned(&renamed(pod.clone()), &mk_settings());
    assert_eq!(
        with_prefix.operations,
        planned(&pod, &mk_settings()).operations
    );
}

#[test]
fn a_denial_and_a_warning_name_the_key_as_it_is_written() {
    let pod = renamed(mk_pod(&[("agent-init-first", "maybe")]));
    let Decision::Deny(denial) = decided(&pod, &mk_settings()).decision else {
        panic!("not denied");
    };
    let message = denial.to_string();
    assert!(
        message.ends_with("(annotation openbao.org/agent-init-first)"),
        "{message}"
    );
    let pod = renamed(mk_pod(&[("agent-init-frist", "true")]));
    let outcome = decided(&pod, &mk_settings());
    assert_eq!(
        outcome.warnings[0].key(),
        Some("openbao.org/agent-init-frist")
    );
}

#[test]
fn a_stock_image_of_openbao_gets_its_names_and_variables() {
    let annotations = [
        ("agent-inject-secret-a", "kv/a"),
        ("secret-volume-path-a", "/x"),
        ("agent-revoke-on-shutdown", "true"),
        ("tls-secret", "ca"),
    ];
    let mut pod = renamed(mk_pod(&annotations));
    let plan = planned(&pod, &mk_openbao());
    let sidecar = agent(&plan, "openbao-agent").clone();
    assert_eq!(
        sidecar["args"][0],
        "echo ${BAO_CONFIG?} | base64 -d > /home/openbao/config.json && bao agent \
         -config=/home/openbao/config.json"
    );
    let hook = &sidecar["lifecycle"]["preStop"]["exec"]["command"][2];
    assert!(
        hook.as_str().unwrap().contains("/bin/bao token revoke"),
        "{hook}"
    );
    let variables: Vec<_> = sidecar["env"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(
        variables,
        [
            "NAMESPACE",
            "HOST_IP",
            "POD_IP",
            "BAO_LOG_LEVEL",
            "BAO_LOG_FORMAT",
            "BAO_CONFIG"
        ]
    );
    json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
    let volumes: Vec<_> = pod["spec"]["volumes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["name"])
        .collect();
    assert_eq!(
        volumes,
        [
            "token",
            "home-init",
            "home-sidecar",
            "openbao-secrets",
            "openbao-secrets-custom-0",
            "openbao-tls-secrets",
        ]
    );
    assert_eq!(
        pod["metadata"]["annotations"]["openbao.org/agent-inject-status"],
        "injected"
    );
    let second = decided(&pod, &mk_openbao()).decision;
    assert!(matches!(second, Decision::Skip(Skip::AlreadyInjected)));
}

#[test]
fn our_agent_keeps_its_own_variables_in_openbaos_profile() {
    let settings = Settings {
        image: String::new(),
        ..mk_openbao()
    };
    let plan = planned(&mk_pod(&[]), &settings);
    let sidecar = agent(&plan, "openbao-agent");
    assert_eq!(sidecar["args"], json!(["-config=env:VAULT_CONFIG"]));
    assert_eq!(
        config(&sidecar)["auto_auth"]["sink"][0]["config"]["path"],
        "/home/vault/.vault-token"
    );
}

#[test]
fn vaults_annotations_are_written_anew_unless_that_is_turned_off() {
    let mut pod = mk_pod(&[("agent-inject-status", "update"), ("role", "app")]);
    pod["metadata"]["annotations"]["openbao.org/role"] = json!("bao");
    let injected = |settings: &Settings| {
        let mut pod = pod.clone();
        let plan = planned(&pod, settings);
        json_patch::patch(&mut pod, &plan.operations.to_patch()).unwrap();
        pod["metadata"]["annotations"].take()
    };
    let expected = json!({
        "openbao.org/agent-inject": "true",
        "openbao.org/agent-inject-status": "injected",
        "openbao.org/agent-inject-token": "true",
        "openbao.org/role": "bao",
    });
    assert_eq!(injected(&mk_openbao()), expected);
    let kept = Settings {
        rewrite_vault_annotations: false,
        ..mk_openbao()
    };
    assert_eq!(injected(&kept)["vault.hashicorp.com/role"], "app");
}
