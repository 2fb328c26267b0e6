//! The environment of an agent container, in the order of the established injector.

use std::borrow::Cow;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

use contract::names;

use super::configuration::AgentConfigs;
use crate::ask::arrangement::Role;
use crate::ask::{InjectRequest, cloud};
use crate::pod::PodView;
use crate::vocabulary::objects::Variable;

/// The auth method of AWS.
const AWS: &str = "aws";

/// Variables of the AWS identity webhook that upstream hands on.
const AWS_VARIABLES: [&str; 4] = [
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    AWS_REGION,
    "AWS_DEFAULT_REGION",
];

const AWS_REGION: &str = "AWS_REGION";

/// Standard base64 as Go reads it: bits behind the last byte do not matter.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// All variables of one container. Without `configs`, the configuration is a file of the user's.
pub(crate) fn environment<'a>(
    asked: &'a InjectRequest<'_>,
    pod: &'a PodView<'_>,
    configs: Option<&mut AgentConfigs<'_>>,
    role: Role,
) -> Vec<Variable<'a>> {
    let mut variables = vec![
        Variable::of_field("NAMESPACE", "metadata.namespace"),
        Variable::of_field("HOST_IP", "status.hostIP"),
        Variable::of_field("POD_IP", "status.podIP"),
    ];
    let (tuning, vault) = (&asked.tuning, &asked.vault);
    let inside = asked.profile.inside(asked.flavor);
    let filled = |name: &'static str, value: &'a str| {
        (!value.is_empty()).then(|| Variable::new(name, value))
    };
    let of_agent = |name: &str, value: &'a str| {
        (!value.is_empty()).then(|| Variable::new(inside.variable(name), value))
    };
    variables.extend(filled("GOMAXPROCS", tuning.go_max_procs));
    variables.extend(of_agent("CLIENT_TIMEOUT", tuning.client_timeout));
    variables.extend(of_agent("MAX_RETRIES", tuning.client_max_retries));
    variables.extend(of_agent("LOG_LEVEL", tuning.log_level));
    variables.extend(of_agent("LOG_FORMAT", tuning.log_format));
    variables.extend(filled("HTTPS_PROXY", vault.proxy_address));
    if let Some(configs) = configs {
        let config = STANDARD.encode(configs.json(role));
        variables.extend(config_variables(asked, config));
    } else {
        variables.push(Variable::new(inside.variable("ADDR"), vault.address));
        variables.extend(of_agent("CACERT", vault.ca_cert));
        variables.extend(of_agent("CAPATH", vault.ca_path));
        variables.extend(of_agent("CLIENT_CERT", vault.client_cert));
        variables.extend(of_agent("CLIENT_KEY", vault.client_key));
        variables.push(Variable::new(
            inside.variable("SKIP_VERIFY"),
            vault.tls_skip_verify.to_string(),
        ));
        variables.extend(of_agent("TLS_SERVER_NAME", vault.tls_server_name));
    }
    let certificate = decoded(vault.ca_cert_bytes);
    if !certificate.is_empty() {
        variables.push(Variable::new(inside.variable("CACERT_BYTES"), certificate));
    }
    if !asked.flavor.keeps_mistakes() {
        variables.extend(of_cloud(asked, pod));
    } else if asked.login.kind == AWS {
        variables.extend(aws(asked, pod));
    }
    let extra = &asked.extras.environment;
    if !extra.is_empty() {
        // API servers take a name twice, but server-side apply does not.
        let given: BTreeSet<&str> = extra.iter().map(|(name, _)| *name).collect();
        variables.retain(|other| !given.contains(&*other.name));
        // In the place of the whole configuration, not of its first part.
        if given.contains(inside.config_variable) {
            variables.retain(|other| !names::is_config_part(&other.name));
        }
        let extra = extra
            .iter()
            .map(|(name, value)| Variable::new(*name, *value));
        variables.extend(extra);
    }
    variables
}

/// The configuration: in one variable, unless Linux refuses one so long and our agent reads several.
fn config_variables<'a>(asked: &InjectRequest<'_>, config: String) -> Vec<Variable<'a>> {
    let name = asked.inside().config_variable;
    if config.len() <= names::longest_value(name) || !asked.flavor.is_our_agent() {
        return vec![Variable::new(name, config)];
    }
    let mut variables = Vec::new();
    let (mut rest, mut name) = (config.as_str(), name.to_owned());
    for number in 2.. {
        let (part, behind) = rest.split_at(rest.len().min(names::longest_value(&name)));
        variables.push(Variable::new(name, part.to_owned()));
        if behind.is_empty() {
            break;
        }
        (rest, name) = (behind, names::config_part(number));
    }
    variables
}

/// The decoded bytes where the whole text is base64, else the text: how the agent gets the PEM of
/// Vault's authority.
pub fn decoded(text: &str) -> Cow<'_, str> {
    let unwrapped = text.replace(['\r', '\n'], "");
    match LENIENT.decode(unwrapped) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned().into(),
        Err(_) => text.into(),
    }
}

/// What the login with a cloud's auth method needs.
fn of_cloud<'a>(asked: &'a InjectRequest<'_>, pod: &'a PodView<'_>) -> Vec<Variable<'a>> {
    let login = &asked.login;
    let Some(cloud) = cloud::of_method(login.kind) else {
        return Vec::new();
    };
    let mut variables = cloud.variables(pod);
    if login.kind == AWS
        && let Some(region) = login.setting("region")
    {
        variables.retain(|variable| variable.name != AWS_REGION);
        variables.push(Variable::new(AWS_REGION, region));
    }
    variables
}

fn aws<'a>(asked: &'a InjectRequest<'_>, pod: &'a PodView<'_>) -> Vec<Variable<'a>> {
    let literal = |name: &'static str| {
        pod.containers
            .iter()
            .flat_map(|container| &container.env)
            .find(|variable| &*variable.name == name && !variable.value.is_empty())
            .map(|found| Variable::new(name, &*found.value))
    };
    let mut variables: Vec<_> = AWS_VARIABLES.into_iter().filter_map(literal).collect();
    // The last of two wins in the container, so the setting beats the pod's own region.
    variables.extend(
        asked
            .login
            .setting("region")
            .map(|region| Variable::new(AWS_REGION, region)),
    );
    variables
}
