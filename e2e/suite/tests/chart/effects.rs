//! Every value that is documented changes something.

use serde_json::{Value, json};

use crate::helm::template;
use crate::values::entries;

/// Values that take no value of the same type, or need others beside them: the value, what it is
/// set to, and what is set in both renderings.
const SPECIAL: &[(&str, &str, &str)] = &[
    ("fullnameOverride", r#""bao""#, ""),
    ("global.imagePullSecrets", r#"["registry"]"#, ""),
    (
        "extraObjects",
        r#"[{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "more"}}]"#,
        "",
    ),
    ("injector.enabled", "false", ""),
    ("injector.agentFlavor", r#""compatible""#, ""),
    ("injector.nativeSidecar", "false", ""),
    ("injector.templateEngine", r#""handlebars""#, ""),
    ("injector.profile", r#""openbao""#, ""),
    ("injector.image.digest", r#""sha256:abc""#, ""),
    ("injector.image.pullPolicy", r#""Always""#, ""),
    (
        "injector.agentImage.repository",
        r#""vault""#,
        "injector.agentImage.tag=1.21.0",
    ),
    ("injector.agentImage.digest", r#""sha256:abc""#, ""),
    ("injector.agentDefaults.template", r#""json""#, ""),
    ("injector.extraEnvironmentVars", r#"{"a.b": "c"}"#, ""),
    ("injector.webhook.failurePolicy", r#""Ignore""#, ""),
    ("injector.webhook.matchPolicy", r#""Equivalent""#, ""),
    ("injector.webhook.timeoutSeconds", "7", ""),
    ("injector.webhook.reinvocationPolicy", r#""Never""#, ""),
    ("injector.webhook.namespaceSelector", "{}", ""),
    ("injector.webhook.objectSelector", "{}", ""),
    (
        "injector.webhook.matchConditions",
        r#"[{"name": "more", "expression": "true"}]"#,
        "",
    ),
    ("injector.failurePolicy", r#""Ignore""#, ""),
    ("injector.namespaceSelector", "{}", ""),
    ("injector.objectSelector", "{}", ""),
    ("injector.healthPort", "8081", ""),
    ("injector.certs.clientCa.configMapName", r#""mine""#, ""),
    ("injector.certs.clientCa.secretName", r#""mine""#, ""),
    (
        "injector.certs.clientCa.key",
        r#""clients.pem""#,
        "injector.certs.clientCa.secretName=mine",
    ),
    ("injector.certs.secretName", r#""mine""#, ""),
    (
        "injector.certs.caBundle",
        r#""bWluZQ==""#,
        "injector.certs.secretName=mine",
    ),
    (
        "injector.certs.certName",
        r#""a.crt""#,
        "injector.certs.secretName=mine",
    ),
    (
        "injector.certs.keyName",
        r#""a.key""#,
        "injector.certs.secretName=mine",
    ),
    (
        "injector.certs.certManager.issuerRef",
        r#"{"name": "mine"}"#,
        "injector.certs.certManager.enabled=true",
    ),
    (
        "injector.certs.certManager.duration",
        r#""48h""#,
        "injector.certs.certManager.enabled=true",
    ),
    (
        "injector.certs.certManager.renewBefore",
        r#""1h""#,
        "injector.certs.certManager.enabled=true",
    ),
    (
        "injector.metrics.serviceMonitor.labels",
        r#"{"a": "b"}"#,
        "injector.metrics.serviceMonitor.enabled=true",
    ),
    (
        "injector.metrics.serviceMonitor.interval",
        r#""9s""#,
        "injector.metrics.serviceMonitor.enabled=true",
    ),
    (
        "injector.metrics.serviceMonitor.tlsConfig",
        r#"{"insecureSkipVerify": true}"#,
        "injector.metrics.serviceMonitor.enabled=true",
    ),
    (
        "injector.metrics.podMonitor.labels",
        r#"{"a": "b"}"#,
        "injector.metrics.podMonitor.enabled=true",
    ),
    (
        "injector.metrics.podMonitor.interval",
        r#""9s""#,
        "injector.metrics.podMonitor.enabled=true",
    ),
    (
        "injector.metrics.podMonitor.namespaces",
        r#"["shop"]"#,
        "injector.metrics.podMonitor.enabled=true",
    ),
    (
        "injector.metrics.prometheusRule.labels",
        r#"{"a": "b"}"#,
        "injector.metrics.prometheusRule.enabled=true",
    ),
    (
        "injector.metrics.prometheusRule.alertLabels",
        r#"{"a": "b"}"#,
        "injector.metrics.prometheusRule.enabled=true",
    ),
    (
        "injector.metrics.prometheusRule.certificateHours",
        "24",
        "injector.metrics.prometheusRule.enabled=true",
    ),
    (
        "injector.metrics.dashboard.labels.grafana_dashboard",
        r#""2""#,
        "injector.metrics.dashboard.enabled=true",
    ),
    (
        "injector.metrics.dashboard.annotations",
        r#"{"a": "b"}"#,
        "injector.metrics.dashboard.enabled=true",
    ),
    ("injector.uid", "7", ""),
    ("injector.gid", "7", ""),
    (
        "injector.topologySpreadConstraints",
        r#"[{"maxSkew": 1}]"#,
        "",
    ),
    ("injector.tolerations", r#"[{"operator": "Exists"}]"#, ""),
    ("injector.podDisruptionBudget", "{}", ""),
    (
        "injector.networkPolicy.ingressFrom",
        r#"[{"podSelector": {}}]"#,
        "",
    ),
    ("injector.networkPolicy.egress", r#"[{"to": []}]"#, ""),
    ("operator.enabled", "true", ""),
    ("operator.image.digest", r#""sha256:abc""#, ""),
    ("operator.image.pullPolicy", r#""Always""#, ""),
    (
        "operator.serviceAccountTokens.namespaces",
        r#"["shop"]"#,
        "",
    ),
    ("operator.logLevel", r#""debug""#, ""),
    ("operator.extraArgs", r#"["--concurrent=16"]"#, ""),
    (
        "operator.metrics.serviceMonitor.labels",
        r#"{"a": "b"}"#,
        "operator.metrics.serviceMonitor.enabled=true",
    ),
    (
        "operator.metrics.serviceMonitor.interval",
        r#""9s""#,
        "operator.metrics.serviceMonitor.enabled=true",
    ),
    (
        "operator.metrics.prometheusRule.labels",
        r#"{"a": "b"}"#,
        "operator.metrics.prometheusRule.enabled=true",
    ),
    (
        "operator.metrics.prometheusRule.alertLabels",
        r#"{"a": "b"}"#,
        "operator.metrics.prometheusRule.enabled=true",
    ),
    (
        "operator.metrics.dashboard.labels.grafana_dashboard",
        r#""2""#,
        "operator.metrics.dashboard.enabled=true",
    ),
    (
        "operator.metrics.dashboard.annotations",
        r#"{"a": "b"}"#,
        "operator.metrics.dashboard.enabled=true",
    ),
    ("operator.tolerations", r#"[{"operator": "Exists"}]"#, ""),
    (
        "operator.networkPolicy.ingressFrom",
        r#"[{"podSelector": {}}]"#,
        "",
    ),
    ("operator.networkPolicy.egress", r#"[{"to": []}]"#, ""),
];

/// Another value than the default.
fn other(default: &str) -> Value {
    match default {
        "true" => json!(false),
        "false" => json!(true),
        "{}" => json!({ "example.com/a": "b" }),
        "null" => json!("a: b"),
        number if number.parse::<i64>().is_ok() => json!(number.parse::<i64>().unwrap() + 1),
        _ => json!("other"),
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn every_value_changes_what_is_installed() {
    let entries = entries();
    for (path, ..) in SPECIAL {
        let known = entries.iter().any(|entry| entry.path == *path);
        assert!(known, "{path} is no value");
    }
    let mut without: Vec<String> = Vec::new();
    for entry in &entries {
        let special = SPECIAL.iter().find(|(path, ..)| *path == entry.path);
        let (value, beside) = match special {
            Some((_, value, beside)) => ((*value).to_owned(), *beside),
            None => (other(&entry.default).to_string(), ""),
        };
        let setting = format!("{}={value}", entry.path);
        let is_of_operator = entry.path.starts_with("operator.");
        let beside = if is_of_operator && entry.path != "operator.enabled" {
            format!("operator.enabled=true,{beside}")
        } else {
            beside.to_owned()
        };
        let before = template(&["--set", &beside]).unwrap();
        match template(&["--set", &beside, "--set-json", &setting]) {
            Ok(after) if after != before => {}
            Ok(_) => without.push(setting),
            Err(said) => panic!("{setting}: {said}"),
        }
    }
    assert!(without.is_empty(), "without an effect: {without:#?}");
}
