//! The auth method and its settings.

use contract::agent_config::check::{Method, MethodError, STOCK_METHODS};
use contract::annotations::{self, nearest_of};
use contract::diagnostics::login as codes;

use super::{not_a_duration, unnamed};
use crate::vocabulary::warning::Warning;
use crate::warn::subject::Subject;

/// Settings that are on or off.
const SWITCHES: [&str; 4] = [
    "remove_jwt_after_reading",
    "remove_jwt_follows_symlinks",
    "remove_secret_id_file_after_reading",
    "reload",
];

/// Settings that are durations.
const DURATIONS: [&str; 2] = ["jwt_read_period", "credential_poll_interval"];

pub(super) fn of_method(subject: Subject<'_, '_>, error: &MethodError) -> Warning {
    match error {
        MethodError::Unknown { name, known, .. } => unknown(subject, name, known),
        MethodError::Missing(key) | MethodError::Misnamed { wanted: key, .. } => {
            missing(subject, key)
        }
        MethodError::Empty(key) => of_setting(subject, key, "is empty"),
        MethodError::Value { key, reason } => {
            let value = subject.asked.login.setting(key).unwrap_or_default();
            if SWITCHES.contains(key) {
                of_setting(subject, key, "is not one of true, false")
            } else if DURATIONS.contains(key) {
                of_setting(subject, key, &not_a_duration(value))
            } else {
                of_setting(subject, key, &format!("cannot be used: {reason}"))
            }
        }
        MethodError::NotText(_) => unnamed(&error.to_string()),
    }
}

fn unknown(subject: Subject<'_, '_>, name: &str, known: &[&'static str]) -> Warning {
    let spec = &annotations::AUTH_TYPE;
    let whose = if subject.asked.flavor.is_our_agent() {
        "our agent"
    } else {
        "the stock agent"
    };
    let text = if known.len() == Method::KNOWN.len() && STOCK_METHODS.contains(&name) {
        format!(
            "{name} is not an auth method of {whose}: use {}, or a stock agent-image",
            listed(known)
        )
    } else {
        let lower = name.to_lowercase().replace('-', "_");
        match nearest_of(&lower, known.iter().copied()) {
            Some(nearest) => format!("is not an auth method of {whose}: did you mean {nearest}?"),
            None => format!("is not an auth method of {whose}: use {}", listed(known)),
        }
    };
    subject.refused(codes::AUTH_METHOD, spec, &text)
}

/// `a, b or c`.
fn listed(names: &[&str]) -> String {
    match names {
        [others @ .., last] => format!("{} or {last}", others.join(", ")),
        [] => String::new(),
    }
}

fn missing(subject: Subject<'_, '_>, key: &str) -> Warning {
    let kind = subject.asked.login.kind;
    let wanted = if key == "role" {
        annotations::ROLE.key.to_owned()
    } else {
        format!("{}-{}", annotations::AUTH_CONFIG.key, key.replace('_', "-"))
    };
    let example = match (kind, key) {
        ("aws", "type") => ": write \"iam\"",
        ("gcp", "type") if subject.asked.flavor.is_our_agent() => ": write \"gce\"",
        ("gcp", "type") => ": write \"gce\" or \"iam\"",
        ("azure", "resource") => ": write the resource of the role, as in auth/azure/config",
        _ => "",
    };
    let text = format!("the auth method {kind} needs {wanted}{example}");
    let warning = Warning::sure(codes::AUTH_SETTING_MISSING, text);
    // The line that a reader looks at; what is missing has none.
    if subject.has(&annotations::AUTH_TYPE) {
        warning.at(subject.annotations.key(&annotations::AUTH_TYPE))
    } else {
        warning.at(subject.annotations.whole_key(&wanted))
    }
}

fn of_setting(subject: Subject<'_, '_>, key: &str, text: &str) -> Warning {
    let spec = &annotations::AUTH_CONFIG;
    let mut written = subject.annotations.with_suffix(spec);
    let written = written.find(|(name, _)| name.replace('-', "_") == key);
    let name = written.map_or_else(|| key.replace('_', "-"), |(name, _)| name.to_owned());
    let text = format!("{}-{name} {text}", spec.key);
    let warning = Warning::sure(codes::AUTH_SETTING, text);
    warning.at(subject.annotations.key_for(spec, &name))
}
