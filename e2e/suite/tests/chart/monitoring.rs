//! Alerts and dashboard ask for metrics that there are.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::helm::{chart, manifests, read, template};

/// The metrics that the documentation lists, those that it shortens included.
fn documented() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for page in ["injector.md", "agent.md", "operator.md"] {
        let text = read(&manifests().join("../docs").join(page));
        for word in text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_' || it == '…'))
        {
            names.insert(word.replace('…', "vault_agent_template"));
        }
    }
    names
}

/// What the names of our metrics begin with.
const PREFIXES: [&str; 6] = [
    "vault_agent_",
    "secrets_operator_",
    "externalsecret_",
    "secretstore_",
    "clustersecretstore_",
    "clusterexternalsecret_",
];

/// The metrics that a text asks for.
fn asked_for(text: &str) -> BTreeSet<String> {
    text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'))
        .filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix)))
        .map(|word| word.trim_end_matches("_bucket").to_owned())
        .collect()
}

#[test]
fn alerts_and_dashboard_ask_for_metrics_that_there_are() {
    let documented = documented();
    for (file, at_least) in [
        ("alerts.yaml", 4),
        ("dashboards/vault-injector.json", 18),
        ("operator-alerts.yaml", 5),
        ("dashboards/secrets-operator.json", 8),
    ] {
        let names = asked_for(&read(&chart().join(file)));
        assert!(names.len() >= at_least, "{file}: {names:?}");
        let unknown: Vec<_> = names.difference(&documented).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn every_alert_is_in_the_operators_page() {
    let page = read(&manifests().join("../docs/operations.md"));
    let alerts = ["alerts.yaml", "operator-alerts.yaml"].map(|file| read(&chart().join(file)));
    let alerts = alerts.concat();
    let alerts: Vec<&str> = alerts
        .lines()
        .filter_map(|line| line.strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() >= 10, "{alerts:?}");
    for alert in alerts {
        assert!(page.contains(&format!("| `{alert}` |")), "{alert}");
    }
}

#[test]
fn the_dashboards_panels_do_not_lie_on_each_other() {
    for file in ["vault-injector.json", "secrets-operator.json"] {
        let text = read(&chart().join("dashboards").join(file));
        let dashboard: Value = serde_json::from_str(&text).unwrap();
        let mut taken = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(at("x") + at("w") <= 24, "{panel}");
            for column in at("x")..at("x") + at("w") {
                for line in at("y")..at("y") + at("h") {
                    assert!(taken.insert((column, line)), "{}", panel["title"]);
                }
            }
        }
    }
}

#[test]
#[ignore = "needs Helm: make test"]
fn an_alert_about_the_certificate_leaves_time_for_what_renews_it() {
    let manager = "injector.certs.certManager.enabled=true";
    for (certificates, hours) in [
        ("injector.certs.secretName=null".to_owned(), 4),
        ("injector.certs.secretName=mine".to_owned(), 168),
        (manager.to_owned(), 168),
        (
            format!("{manager},injector.certs.certManager.renewBefore=48h"),
            24,
        ),
        (
            format!("{manager},injector.certs.certManager.renewBefore=20m"),
            1,
        ),
        (
            format!("{manager},injector.metrics.prometheusRule.certificateHours=72"),
            72,
        ),
    ] {
        let enabled = "injector.metrics.prometheusRule.enabled=true";
        let text = template(&["--set", enabled, "--set", &certificates]).unwrap();
        let threshold = format!("- time() < {hours} * 3600");
        assert!(text.contains(&threshold), "{certificates}: {text}");
        assert!(text.contains(&format!("ends within {hours} hours")));
    }
}
