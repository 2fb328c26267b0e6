//! The environment of an agent container, in the order of the established injector.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use serde_json::{Value, json};

use super::config::{self, Role};
use super::request::InjectRequest;
use crate::pod::PodView;

/// Variables of the AWS identity webhook that the agent's login needs.
const AWS_VARIABLES: [&str; 4] = [
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
];

/// Standard base64 as Go reads it: bits behind the last byte do not matter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// All variables of one container.
pub(super) fn environment(asked: &InjectRequest<'_>, pod: &PodView<'_>, role: Role) -> Vec<Value> {
    let mut variables = vec![
        field("NAMESPACE", "metadata.namespace"),
        field("HOST_IP", "status.hostIP"),
        field("POD_IP", "status.podIP"),
    ];
    let (tuning, vault) = (&asked.tuning, &asked.vault);
    let inside = asked.profile.inside(asked.flavor);
    let filled = |name: &str, value: &str| (!value.is_empty()).then(|| variable(name, value));
    let of_agent = |name: &str, value: &str| {
        (!value.is_empty()).then(|| variable(&inside.variable(name), value))
    };
    variables.extend(filled("GOMAXPROCS", tuning.go_max_procs));
    variables.extend(of_agent("CLIENT_TIMEOUT", tuning.client_timeout));
    variables.extend(of_agent("MAX_RETRIES", tuning.client_max_retries));
    variables.extend(of_agent("LOG_LEVEL", tuning.log_level));
    variables.extend(of_agent("LOG_FORMAT", tuning.log_format));
    variables.extend(filled("HTTPS_PROXY", vault.proxy_address));
    if asked.configmap.is_empty() {
        variables.push(variable(
            inside.config_variable,
            &encoded_config(asked, role),
        ));
    } else {
        variables.push(variable(&inside.variable("ADDR"), vault.address));
        variables.extend(of_agent("CACERT", vault.ca_cert));
        variables.extend(of_agent("CAPATH", vault.ca_path));
        variables.extend(of_agent("CLIENT_CERT", vault.client_cert));
        variables.extend(of_agent("CLIENT_KEY", vault.client_key));
        variables.push(variable(
            &inside.variable("SKIP_VERIFY"),
            &vault.tls_skip_verify.to_string(),
        ));
        variables.extend(of_agent("TLS_SERVER_NAME", vault.tls_server_name));
    }
    variables.extend(of_agent("CACERT_BYTES", &decoded(vault.ca_cert_bytes)));
    if asked.login.kind == "aws" {
        variables.extend(aws(asked, pod));
    }
    for (name, value) in &asked.extras.environment {
        // API servers take a name twice, but server-side apply does not.
        variables.retain(|other| other["name"] != *name);
        variables.push(variable(name, value));
    }
    variables
}

fn field(name: &str, path: &str) -> Value {
    json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}})
}

fn variable(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

fn encoded_config(asked: &InjectRequest<'_>, role: Role) -> String {
    let config = config::agent_config(asked, role);
    let json =
        serde_json::to_vec(&config).expect("a configuration must serialise: its keys are text");
    STANDARD.encode(json)
}

/// The decoded bytes where the whole text is base64, else the text.
fn decoded(text: &str) -> String {
    let unwrapped = text.replace(['\r', '\n'], "");
    match LENIENT.decode(unwrapped) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(_) => text.to_owned(),
    }
}

fn aws(asked: &InjectRequest<'_>, pod: &PodView<'_>) -> Vec<Value> {
    let literal = |name: &str| {
        pod.containers
            .iter()
            .flat_map(|container| &container.env)
            .find(|variable| &*variable.name == name && !variable.value.is_empty())
            .map(|found| variable(name, &found.value))
    };
    let mut variables: Vec<_> = AWS_VARIABLES.into_iter().filter_map(literal).collect();
    // The last of two wins in the container, so the setting beats the pod's own region.
    variables.extend(
        asked
            .login
            .setting("region")
            .map(|region| variable("AWS_REGION", region)),
    );
    variables
}
