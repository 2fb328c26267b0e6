//! Configurations that one variable cannot hold.

use serde_json::json;

use super::*;

/// A pod whose one template has so many bytes.
fn mk_long(bytes: usize, more: &[(&str, &str)]) -> Value {
    let template = "x".repeat(bytes);
    let own = [
        ("agent-inject-secret-a", "a"),
        ("agent-inject-template-a", &*template),
    ];
    mk_pod(&[&own, more].concat())
}

/// The variables of the sidecar that hold its configuration.
fn config_variables(pod: &Value) -> Vec<(String, String)> {
    let sidecar = agent(&planned(pod, &mk_settings()), names::SIDECAR_CONTAINER);
    let all = sidecar["env"].as_array().unwrap().iter();
    let all = all.map(|variable| {
        let text = |key: &str| variable[key].as_str().unwrap_or_default().to_owned();
        (text("name"), text("value"))
    });
    all.filter(|(name, _)| name.starts_with("VAULT_CONFIG"))
        .collect()
}

#[test]
fn a_configuration_goes_on_in_another_variable_only_where_linux_wants_it() {
    use base64::Engine as _;
    let length = |bytes| {
        let variables = config_variables(&mk_long(bytes, &[]));
        variables
            .iter()
            .map(|(_, value)| value.len())
            .sum::<usize>()
    };
    // Four letters for three bytes, so the limit is met by one of the lengths near it.
    let mut bytes = 90_000;
    bytes += (131_058 - length(bytes)) / 4 * 3;
    while length(bytes + 1) <= 131_058 {
        bytes += 1;
    }
    let names = |bytes| -> Vec<String> {
        let variables = config_variables(&mk_long(bytes, &[])).into_iter();
        variables.map(|(name, _)| name).collect()
    };
    assert_eq!(names(bytes), ["VAULT_CONFIG"]);
    assert_eq!(names(bytes + 1), ["VAULT_CONFIG", "VAULT_CONFIG_2"]);
    let many = config_variables(&mk_long(200_000, &[]));
    assert_eq!(many.len(), 3);
    for (name, value) in &many {
        assert!(name.len() + value.len() + 2 <= 131_072, "{name}");
    }
    let joined: String = many.into_iter().map(|(_, value)| value).collect();
    let json = base64::engine::general_purpose::STANDARD
        .decode(joined)
        .unwrap();
    let config: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        config["template"][0]["contents"].as_str().unwrap().len(),
        200_000
    );
}

#[test]
fn a_stock_agent_is_told_what_linux_refuses() {
    let outcome = decided(&mk_long(100_000, &[COMPATIBLE]), &mk_settings());
    assert!(matches!(outcome.decision, Decision::Inject(_)));
    let texts: Vec<_> = outcome.warnings.iter().map(Warning::text).collect();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert!(
        texts[0].starts_with("the agent's variable VAULT_CONFIG has "),
        "{texts:?}"
    );
    assert!(
        texts[0].contains("Linux takes no more than 131058"),
        "{texts:?}"
    );
}

#[test]
fn an_image_that_may_be_too_old_for_several_variables_is_warned_of() {
    let told = |image| {
        let outcome = decided(
            &mk_long(
                100_000,
                &[("agent-image", image), ("agent-flavor", "native")],
            ),
            &mk_settings(),
        );
        let texts = outcome.warnings.iter().map(|it| it.text().to_owned());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(told(crate::settings::OUR_IMAGE), [""; 0]);
    for image in [
        "x/vault-injector-agent:0.0.9",
        "x/vault-injector-agent:latest",
        "x/agent:9",
    ] {
        let told = told(image);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].starts_with("the configuration needs several variables"),
            "{told:?}"
        );
    }
    let short = [("agent-image", "x/vault-injector-agent:0.0.9")];
    assert_eq!(warned(&short), [""; 0]);
}

#[test]
fn a_variable_that_would_be_read_as_a_part_of_the_configuration_is_denied() {
    let denial = denied(&[("agent-extra-env-VAULT_CONFIG_2", "x")]);
    assert!(
        denial.contains("VAULT_CONFIG_2 would be read as a part of the agent's configuration"),
        "{denial}"
    );
    assert_eq!(warned(&[("agent-extra-env-VAULT_CONFIG_2", "")]), [""; 0]);
    // A whole configuration of the pod's own may have parts of its own.
    let own = [
        ("agent-extra-env-VAULT_CONFIG", "e30="),
        ("agent-extra-env-VAULT_CONFIG_2", "x"),
    ];
    assert_eq!(config_variables(&mk_long(100_000, &own)).len(), 2);
    let patch = json!([{
        "op": "add", "path": "/env/-", "value": {"name": "VAULT_CONFIG_2", "value": "x"},
    }]);
    let denial = denied(&[("agent-json-patch", &patch.to_string())]);
    assert!(denial.contains("VAULT_CONFIG_2 would be read"), "{denial}");
}
