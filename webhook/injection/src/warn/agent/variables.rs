//! The variables of the agent's containers: values that the agent refuses, and lengths that Linux
//! does.

use contract::agent_config::check::{
    LogFormat, LogLevel, Problem, SCHEMES, address, client_timeout, max_retries,
};
use contract::annotations::{self, AnnotationSpec};
use contract::diagnostics::{Code, keys, login as codes};
use contract::names::{self, LONGEST_VARIABLE};
use contract::values::parse_bool;

use super::{not_a_duration, not_an_address};
use crate::settings::{is_our_image, reads_config_parts};
use crate::vocabulary::warning::Warning;
use crate::warn::subject::Subject;

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut found = values(subject);
    found.extend(lengths(subject));
    found.extend(foreign_parts(subject));
    found
}

/// A variable that the agent reads, and the annotation that it is made from.
struct Read<'s> {
    name: &'static str,
    spec: &'static AnnotationSpec,
    value: &'s str,
    is_right: fn(&str) -> bool,
    code: Code,
    text: fn(&str) -> String,
}

fn values(subject: Subject<'_, '_>) -> Vec<Warning> {
    let (tuning, vault) = (&subject.asked.tuning, &subject.asked.vault);
    let all = [
        Read {
            name: "CLIENT_TIMEOUT",
            spec: &annotations::CLIENT_TIMEOUT,
            value: tuning.client_timeout,
            is_right: |value| client_timeout(value).is_ok(),
            code: keys::NOT_A_DURATION,
            text: not_a_duration,
        },
        Read {
            name: "MAX_RETRIES",
            spec: &annotations::CLIENT_MAX_RETRIES,
            value: tuning.client_max_retries,
            is_right: |value| max_retries(value).is_ok(),
            code: keys::NOT_A_NUMBER,
            text: |_| "is not a whole number of zero or more".to_owned(),
        },
        Read {
            name: "LOG_LEVEL",
            spec: &annotations::LOG_LEVEL,
            value: tuning.log_level,
            is_right: |value| value.parse::<LogLevel>().is_ok(),
            code: keys::NOT_ONE_OF,
            text: |_| "is not a level: write trace, debug, info, warn or error".to_owned(),
        },
        Read {
            name: "LOG_FORMAT",
            spec: &annotations::LOG_FORMAT,
            value: tuning.log_format,
            is_right: |value| value.parse::<LogFormat>().is_ok(),
            code: keys::NOT_ONE_OF,
            text: |_| "is not a format: write standard or json".to_owned(),
        },
        Read {
            name: "ADDR",
            spec: &annotations::SERVICE,
            // Else it stands in the configuration.
            value: match subject.additions.config {
                None => vault.address,
                Some(_) => "",
            },
            is_right: |value| address("ADDR", value).is_ok(),
            code: keys::NOT_A_URL,
            text: |value| match address("ADDR", value) {
                Err(Problem::Value { reason, .. }) => not_an_address(&reason),
                _ => not_an_address(SCHEMES),
            },
        },
        of_the_pod_alone("SKIP_VERIFY"),
        of_the_pod_alone("DISABLE_REDIRECTS"),
    ];
    let all = all.into_iter();
    all.filter_map(|read| wrong_value(subject, &read)).collect()
}

/// A switch that no annotation of its own sets in a variable.
fn of_the_pod_alone(name: &'static str) -> Read<'static> {
    Read {
        name,
        spec: &annotations::EXTRA_ENV,
        value: "",
        is_right: |value| parse_bool(value).is_ok(),
        code: keys::NOT_A_BOOLEAN,
        text: |_| "is neither true nor false".to_owned(),
    }
}

fn wrong_value(subject: Subject<'_, '_>, read: &Read<'_>) -> Option<Warning> {
    let given = subject.environment_of_agent(read.name);
    let value = given.as_ref().map_or(read.value, |(_, value)| value);
    if value.is_empty() || (read.is_right)(value) {
        return None;
    }
    let text = (read.text)(value);
    let Some((name, _)) = given else {
        return Some(subject.refused(read.code, read.spec, &text));
    };
    let spec = &annotations::EXTRA_ENV;
    let warning = Warning::sure(read.code, format!("{}-{name} {text}", spec.key));
    Some(warning.at(subject.annotations.key_for(spec, &name)))
}

/// Linux starts no program with a longer one, and the kubelet retries for ever.
fn lengths(subject: Subject<'_, '_>) -> Vec<Warning> {
    let (mut found, mut told) = (Vec::new(), Vec::new());
    let config_variable = subject.asked.inside().config_variable;
    for agent in subject.additions.agents() {
        agent.each_variable(|name, value| {
            if name.len() + value.len() + 2 <= LONGEST_VARIABLE || told.contains(&name) {
                return;
            }
            told.push(name);
            let most = LONGEST_VARIABLE.saturating_sub(name.len() + 2);
            let bytes = value.len();
            let remedy = if name == config_variable {
                ": use fewer or shorter templates, agent-configmap, or our agent image"
            } else {
                ""
            };
            let text = format!(
                "the agent's variable {name} has {bytes} bytes, and Linux takes no more than \
                 {most}{remedy}"
            );
            let mut warning = Warning::sure(codes::VARIABLE_TOO_LONG, text);
            if subject.environment(name).is_some() {
                let key = subject.annotations.key_for(&annotations::EXTRA_ENV, name);
                warning = warning.at(key);
            }
            found.push(warning);
        });
    }
    found
}

/// What continues our configuration and is not ours.
fn foreign_parts(subject: Subject<'_, '_>) -> Vec<Warning> {
    if !subject.asked.flavor.is_our_agent() || subject.additions.config.is_none() {
        return Vec::new();
    }
    let mut found: Vec<Warning> = Vec::new();
    let first = names::CONFIG_VARIABLE;
    if subject.environment(first).is_some() {
        return found;
    }
    for agent in subject.additions.agents() {
        let (mut is_full, mut part) = (false, None);
        agent.each_variable(|name, value| {
            if name == first {
                is_full = value.len() == names::longest_value(first);
            } else if names::is_config_part(name) && !value.is_empty() {
                let is_given = subject.environment(name).is_some();
                part = part.or(Some(name)).filter(|_| !is_full || is_given);
            }
        });
        let Some(name) = part else {
            continue;
        };
        let text = format!(
            "{name} would be read as a part of the agent's configuration, which goes on in variables \
             of this name: remove it"
        );
        let mut warning = Warning::sure(codes::CONFIG_PART_TAKEN, text);
        if subject.environment(name).is_some() {
            warning = warning.at(subject.annotations.key_for(&annotations::EXTRA_ENV, name));
        }
        if !found.contains(&warning) {
            found.push(warning);
        }
    }
    found
}

/// An agent that may be too old for a configuration in several variables. Nothing is refused for it.
pub(in crate::warn) fn old_image(subject: Subject<'_, '_>) -> Option<Warning> {
    let mut is_split = false;
    if subject.additions.config.as_ref()?.template.is_empty() {
        return None;
    }
    for agent in subject.additions.agents() {
        agent.each_variable(|name, _| is_split |= names::is_config_part(name));
    }
    let image = subject.asked.image;
    let text = match reads_config_parts(image) {
        _ if !is_split => return None,
        Some(true) => return None,
        Some(false) => {
            "the configuration needs several variables, which this agent-image is too old to read: \
             use the image of the injector's version"
        }
        None if is_our_image(image) => {
            "the configuration needs several variables, and the tag of agent-image does not tell \
             whether it can read them: use the image of the injector's version"
        }
        None => {
            "the configuration needs several variables, and agent-image has to be of the injector's \
             version or newer to read them"
        }
    };
    Some(subject.about(codes::OLD_IMAGE, &annotations::IMAGE, text))
}

impl Subject<'_, '_> {
    /// A variable of the agent's, under either prefix, that the pod gives it itself.
    fn environment_of_agent(&self, name: &str) -> Option<(String, &str)> {
        if self.asked.extras.environment.is_empty() {
            return None;
        }
        let own = self.asked.inside().variable(name);
        let value = self.environment(&own)?;
        Some((own, value))
    }
}
