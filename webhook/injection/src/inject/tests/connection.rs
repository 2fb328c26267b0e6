//! How the agent reaches Vault, and which program it is.

use serde_json::json;

use super::*;
use crate::settings::Profile;

#[test]
fn a_path_that_no_login_is_under_is_told_with_the_one_to_write() {
    for (path, right) in [
        ("kubernetes", "auth/kubernetes"),
        ("kubernetes/login", "auth/kubernetes"),
        ("auth/kubernetes/login", "auth/kubernetes"),
        ("v1/auth/kubernetes", "auth/kubernetes"),
        ("/v1/auth/k8s/prod/login/", "auth/k8s/prod"),
    ] {
        let text = format!("auth-path is not the path of an auth method: write {right}");
        assert_eq!(warned(&[("auth-path", path)]), [text], "{path}");
    }
    for path in [
        "auth/kubernetes",
        "/auth/kubernetes/",
        "auth/k8s/prod",
        "auth/login",
        "team/auth/kubernetes",
    ] {
        assert_eq!(warned(&[("auth-path", path)]), [""; 0], "{path}");
    }
}

#[test]
fn a_file_that_nothing_is_mounted_for_is_warned_of() {
    let lone = warned(&[("ca-cert", "/vault/tls/ca.crt")]);
    assert_eq!(
        lone,
        [
            "ca-cert is a file that the agent does not have: set tls-secret to the Secret that holds \
             it, which is mounted at /vault/tls"
        ]
    );
    for key in ["ca-key", "client-cert", "client-key"] {
        let told = warned(&[(key, "/certs/x")]);
        assert!(
            told[0].starts_with(&format!("{key} is a file that the agent")),
            "{told:?}"
        );
    }
    let method = [
        ("auth-type", "approle"),
        ("auth-config-role-id-file-path", "/vault/custom/role-id"),
    ];
    let told = warned(&method);
    assert!(
        told[0].starts_with("auth-config-role-id-file-path is a file"),
        "{told:?}"
    );
    let mounted = ("agent-extra-secret", "approle");
    assert_eq!(warned(&[method[0], method[1], mounted]), [""; 0]);
    let secret = ("tls-secret", "vault-tls");
    assert_eq!(warned(&[("ca-cert", "/vault/tls/ca.crt"), secret]), [""; 0]);
    let in_image = ("ca-cert", "/etc/ssl/certs/ca-certificates.crt");
    assert_eq!(warned(&[in_image]), [""; 0]);
}

#[test]
fn telemetry_is_told_as_not_supported_by_our_agent_alone() {
    let telemetry = ("agent-telemetry-statsd_address", "\"statsd:8125\"");
    assert_eq!(
        warned(&[telemetry]),
        [
            "agent-telemetry-statsd_address is ignored: our agent has no telemetry block, and serves \
             its metrics on a listener"
        ]
    );
    assert_eq!(warned(&[telemetry, COMPATIBLE]), [""; 0]);
}

#[test]
fn a_stock_image_of_the_other_product_is_told() {
    let told = warned(&[("agent-image", "quay.io/openbao/openbao:2.4.1")]);
    assert_eq!(
        told,
        [
            "agent-image is of OpenBao, and is started with the program vault: start the injector with \
             -profile=openbao, or use another image"
        ]
    );
    let settings = Settings {
        profile: Profile::OpenBao,
        ..mk_settings()
    };
    let stock = mk_pod(&[("agent-image", "hashicorp/vault:2.0.4")]);
    let outcome = decided(&stock, &settings);
    let texts: Vec<_> = outcome.warnings.iter().map(Warning::text).collect();
    assert!(
        texts.iter().any(|it| it.contains("-profile=vault")),
        "{texts:?}"
    );
}

#[test]
fn a_revocation_that_the_pods_end_comes_before_is_warned_of() {
    let told = |period: Value, grace: &str| {
        let mut pod = mk_pod(&[
            ("agent-revoke-on-shutdown", "true"),
            ("agent-revoke-grace", grace),
        ]);
        pod["spec"]["terminationGracePeriodSeconds"] = period;
        let outcome = decided(&pod, &mk_settings());
        outcome.warnings.len()
    };
    assert_eq!(told(Value::Null, "29"), 0);
    assert_eq!(told(Value::Null, "30"), 1);
    assert_eq!(told(json!(60), "30"), 0);
    assert_eq!(told(json!(10), "15"), 1);
    // The grace that holds unless it is set is too long for some pods.
    let mut pod = mk_pod(&[("agent-revoke-on-shutdown", "true")]);
    pod["spec"]["terminationGracePeriodSeconds"] = json!(3);
    assert_eq!(decided(&pod, &mk_settings()).warnings.len(), 1);
}

#[test]
fn what_a_pod_gets_no_container_for_is_ignored_and_told() {
    let only = ("agent-pre-populate-only", "true");
    assert_eq!(
        warned(&[only, ("agent-json-patch", "[]")]),
        [
            "agent-json-patch is ignored: the pod gets no sidecar; agent-init-json-patch changes the \
             init container"
        ]
    );
    let none = ("agent-pre-populate", "false");
    assert_eq!(
        warned(&[none, ("agent-init-json-patch", "[]")]),
        ["agent-init-json-patch is ignored: the pod gets no init container of the agent"]
    );
}

#[test]
fn templates_beside_a_configuration_of_the_users_own_are_told() {
    let own = ("agent-configmap", "agent");
    for (key, value) in [
        ("agent-inject-secret-a", "kv/a"),
        ("agent-inject-template-file-a", "/etc/a.ctmpl"),
    ] {
        let told = warned(&[own, (key, value)]);
        let text = format!("{key} is ignored: the agent's configuration is in agent-configmap");
        assert!(told.iter().any(|it| it.starts_with(&text)), "{told:?}");
    }
    assert_eq!(warned(&[own]), [""; 0]);
    // The address reaches such an agent, too.
    let text = denied(&[own, ("service", "vault:8200")]);
    assert!(text.contains("service is not a URL"), "{text}");
    let text = denied(&[own, ("service", "https://vault:70000")]);
    let reason = "service is not an address of Vault: its port must be a number up to 65535";
    assert!(text.contains(reason), "{text}");
}

#[test]
fn a_value_of_blanks_is_surely_a_mistake() {
    let outcome = decided(&mk_pod(&[("tls-server-name", "  ")]), &mk_settings());
    let texts: Vec<_> = outcome.warnings.iter().map(Warning::text).collect();
    assert_eq!(texts, ["tls-server-name holds nothing but blanks"]);
    assert!(outcome.warnings[0].is_sure());
}

#[test]
fn seconds_with_a_unit_are_denied_with_upstreams_text_and_the_number_to_write() {
    for (grace, advice) in [
        ("15s", "is not a number of whole seconds (write \"15\")"),
        ("5m", "is not a number of whole seconds (write \"300\")"),
        (
            "soon",
            "is not a whole number of zero or more (write 5, without a unit)",
        ),
    ] {
        let pod = mk_pod(&[("agent-revoke-grace", grace)]);
        let Decision::Deny(denial) = decided(&pod, &mk_settings()).decision else {
            panic!("not denied");
        };
        assert_eq!(
            denial.text(),
            format!(
                "error creating new agent sidecar: strconv.ParseUint: parsing \"{grace}\": invalid \
                 syntax (annotation {PREFIX}agent-revoke-grace); agent-revoke-grace: \"{grace}\" {advice}"
            )
        );
    }
}
