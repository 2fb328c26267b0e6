//! What the agent would refuse at its start: denied for our agent, warned of for a stock one.

use serde_json::json;

use super::*;

const PREFIXED: &str = "error validating agent configuration: ";

/// What both flavors say of these annotations, which has to be the same.
fn said(annotations: &[(&str, &str)]) -> String {
    let denial = denied(annotations);
    let denial = denial.strip_prefix(PREFIXED).expect(&denial).to_owned();
    let (text, key) = denial.split_once(" (annotation ").unwrap_or((&denial, ""));
    let compatible: Vec<_> = annotations.iter().copied().chain([COMPATIBLE]).collect();
    let warned = warned(&compatible);
    assert_eq!(warned, [text], "{key}");
    denial
}

#[test]
fn a_value_that_the_agent_refuses_is_denied_by_name_with_what_to_write() {
    for (key, value, text) in [
        ("client-timeout", "30 s", "is not a duration: write \"30s\""),
        ("client-timeout", "5 min", "is not a duration: write \"5m\""),
        (
            "client-timeout",
            "soon",
            "is not a duration: write a number with a unit, such as 30s, 5m or 1h30m",
        ),
        (
            "client-timeout",
            "-5s",
            "is not a duration: write a number with a unit, such as 30s, 5m or 1h30m",
        ),
        (
            "template-static-secret-render-interval",
            "5 min",
            "is not a duration: write \"5m\"",
        ),
        (
            "client-max-retries",
            "-1",
            "is not a whole number of zero or more",
        ),
        (
            "log-level",
            "verbose",
            "is not a level: write trace, debug, info, warn or error",
        ),
        (
            "log-format",
            "text",
            "is not a format: write standard or json",
        ),
        (
            "service",
            "vault:8200",
            "is not a URL: begin it with https:// or http://",
        ),
        (
            "service",
            "https://vault:70000",
            "is not an address of Vault: its port must be a number up to 65535",
        ),
        (
            "service",
            "https://app:canary@vault:8200",
            "is not an address of Vault: it must not hold a user name or password: leave out what is \
             before the @",
        ),
        (
            "agent-disable-keep-alives",
            "proxy",
            "takes auto-auth, caching, proxying, templating, separated by commas",
        ),
        (
            "auth-max-backoff",
            "1s",
            "has to be longer than auth-min-backoff, which is 1s unless it is set",
        ),
        (
            "auth-min-backoff",
            "5m",
            "has to be shorter than auth-max-backoff, which is 5m unless it is set",
        ),
    ] {
        let wanted = format!("{key} {text} (annotation {PREFIX}{key})");
        assert_eq!(said(&[(key, value)]), wanted);
    }
}

#[test]
fn a_mode_that_is_not_octal_is_denied_with_the_secret() {
    for mode in ["rw-r-----", "0888", "0o640 "] {
        let annotations = [
            ("agent-inject-secret-db", "kv/db"),
            ("agent-inject-perms-db", mode),
        ];
        assert!(
            denied(&annotations).starts_with(
                "error validating agent configuration: agent-inject-perms-db is not an octal mode"
            ),
            "{mode}"
        );
    }
}

#[test]
fn a_port_of_a_cache_that_is_opened_is_checked_by_the_agent() {
    let port = ("agent-cache-listener-port", "http");
    assert_eq!(
        said(&[("agent-cache-enable", "true"), port]),
        format!(
            "agent-cache-listener-port is not a port number: write one from 1 to 65535 (annotation \
             {PREFIX}agent-cache-listener-port)"
        )
    );
    // A cache that is not opened has no port.
    assert_eq!(
        warned(&[port]),
        ["agent-cache-listener-port is not a port number"]
    );
}

#[test]
fn a_method_that_lacks_something_is_denied_with_the_annotation_to_add() {
    for (kind, settings, text) in [
        (
            "approle",
            &[][..],
            "the auth method approle needs auth-config-role-id-file-path",
        ),
        (
            "token_file",
            &[],
            "the auth method token_file needs auth-config-token-file-path",
        ),
        (
            "aws",
            &[],
            "the auth method aws needs auth-config-type: write \"iam\"",
        ),
        (
            "azure",
            &[],
            "the auth method azure needs auth-config-resource: write the resource of the role, as in \
             auth/azure/config",
        ),
    ] {
        let annotations = [&[("auth-type", kind)], settings].concat();
        let wanted = format!("{text} (annotation {PREFIX}auth-type)");
        assert_eq!(said(&annotations), wanted);
    }
    let jwt = [("auth-type", "jwt"), ("role", "")];
    assert!(denied(&jwt).contains("the auth method jwt needs role"));
    let gcp = [("auth-type", "gcp"), ("auth-config-type", "iam")];
    let denial = denied(&gcp);
    assert!(
        denial.starts_with(&format!(
            "{PREFIXED}auth-config-type cannot be used: \"iam\""
        )),
        "{denial}"
    );
    let odd = [
        ("auth-type", "jwt"),
        ("auth-config-remove-jwt-after-reading", "no"),
    ];
    assert!(
        denied(&odd).contains("auth-config-remove-jwt-after-reading is not one of true, false")
    );
}

#[test]
fn an_unknown_method_is_denied_with_the_one_that_is_meant() {
    for (kind, text) in [
        ("Kubernetes", "did you mean kubernetes?"),
        ("AWS", "did you mean aws?"),
        ("token-file", "did you mean token_file?"),
        (
            "userpass",
            "use kubernetes, jwt, approle, cert, token_file, aws, gcp or azure",
        ),
        (
            "ldap",
            "ldap is not an auth method of our agent: use kubernetes, jwt, approle, cert, token_file, \
             aws, gcp or azure, or a stock agent-image",
        ),
    ] {
        let denial = denied(&[("auth-type", kind)]);
        assert!(denial.contains(text), "{denial}");
        assert!(
            denial.ends_with(&format!("(annotation {PREFIX}auth-type)")),
            "{denial}"
        );
    }
}

#[test]
fn a_stock_agent_has_the_methods_that_ours_has_not() {
    let ldap = [
        ("auth-type", "ldap"),
        ("auth-config-username", "app"),
        ("auth-config-password-file-path", "/etc/password"),
        COMPATIBLE,
    ];
    assert_eq!(warned(&ldap), [""; 0]);
    for kind in ["cf", "alicloud", "oci", "kerberos"] {
        let told = warned(&[("auth-type", kind), COMPATIBLE]);
        assert!(
            !told
                .iter()
                .any(|text| text.contains("is not an auth method")),
            "{told:?}"
        );
    }
    let iam = [
        ("auth-type", "gcp"),
        ("auth-config-type", "iam"),
        COMPATIBLE,
    ];
    assert_eq!(warned(&iam), [""; 0]);
    assert_eq!(
        warned(&[("auth-type", "jwt"), COMPATIBLE]),
        ["the auth method jwt needs auth-config-path"]
    );
}

#[test]
fn a_jwt_login_takes_the_pods_token_and_leaves_it_where_it_is() {
    let login = |annotations: &[(&str, &str)]| {
        let plan = planned(&mk_pod(annotations), &mk_settings());
        config(&agent(&plan, names::SIDECAR_CONTAINER))["auto_auth"]["method"]["config"].clone()
    };
    assert_eq!(
        login(&[("auth-type", "jwt")]),
        json!({
            "path": "/var/run/secrets/kubernetes.io/serviceaccount/projected-token",
            "remove_jwt_after_reading": false, "role": "app",
        })
    );
    assert_eq!(
        login(&[("auth-type", "jwt"), ("agent-token-audience", "vault")])["path"],
        "/var/run/secrets/vault.hashicorp.com/serviceaccount/token"
    );
    let own = [
        ("auth-type", "jwt"),
        ("auth-config-path", "/var/run/secrets/own"),
        ("auth-config-remove-jwt-after-reading", "true"),
    ];
    assert_eq!(
        login(&own),
        json!({"path": "/var/run/secrets/own", "remove_jwt_after_reading": "true", "role": "app"})
    );
}

#[test]
fn a_wrong_flag_of_the_injector_is_named_in_the_place_of_an_annotation() {
    let settings = Settings {
        auth_type: "Kubernetes".to_owned(),
        ..mk_settings()
    };
    let Decision::Deny(denial) = decided(&mk_pod(&[]), &settings).decision else {
        panic!("not denied");
    };
    assert_eq!(
        denial.to_string(),
        "error validating agent configuration: the injector's flag -vault-auth-type is not an auth \
         method of our agent: did you mean kubernetes?"
    );
}

#[test]
fn a_variable_of_the_pods_own_counts_in_the_place_of_the_annotation() {
    let right = [
        ("log-level", "verbose"),
        ("agent-extra-env-VAULT_LOG_LEVEL", "debug"),
    ];
    assert_eq!(warned(&right), [""; 0]);
    let wrong = [("agent-extra-env-VAULT_LOG_LEVEL", "verbose")];
    assert!(denied(&wrong).contains("agent-extra-env-VAULT_LOG_LEVEL is not a level"));
    let switch = [("agent-extra-env-VAULT_SKIP_VERIFY", "yes")];
    assert!(denied(&switch).contains("VAULT_SKIP_VERIFY is neither true nor false"));
}

#[test]
fn a_configuration_that_a_patch_may_have_changed_is_warned_of() {
    let level = r#"[{"op": "add", "path": "/env/-", "value": {"name": "VAULT_LOG_LEVEL", "value": "info"}}]"#;
    let patched = [
        ("log-level", "verbose"),
        ("agent-json-patch", level),
        ("agent-init-json-patch", level),
    ];
    assert_eq!(
        warned(&patched),
        ["log-level is not a level: write trace, debug, info, warn or error"]
    );
    // One of the two agents would refuse it all the same.
    assert!(denied(&patched[..2]).contains("log-level is not a level"));
    let other = r#"[{"op": "add", "path": "/tty", "value": true}]"#;
    let elsewhere = [
        ("log-level", "verbose"),
        ("agent-json-patch", other),
        ("agent-init-json-patch", other),
    ];
    assert!(denied(&elsewhere).contains("log-level is not a level"));
}

#[test]
fn a_user_of_the_pod_that_kubernetes_refuses_is_named_by_its_field() {
    let same = ("agent-run-as-same-user", "true");
    let mut pod = mk_pod(&[same]);
    pod["spec"]["securityContext"] = json!({"runAsUser": -7});
    let message = |pod: &Value, settings: &Settings| match decided(pod, settings).decision {
        Decision::Deny(denial) => denial.text(),
        other => panic!("{other:?}"),
    };
    let text = message(&pod, &mk_settings());
    assert!(
        text.starts_with("spec.securityContext.runAsUser, which agent-run-as-same-user takes"),
        "{text}"
    );
    let mut pod = mk_pod(&[]);
    pod["spec"]["containers"][0]["securityContext"] = json!({"runAsUser": -7});
    let settings = Settings {
        run_as_same_user: true,
        ..mk_settings()
    };
    let text = message(&pod, &settings);
    assert!(
        text.starts_with("spec.containers[0].securityContext.runAsUser, which"),
        "{text}"
    );
}
