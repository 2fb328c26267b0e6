//! What the agent would refuse at its start: its own check, run on the configuration that it gets, and
//! said in the words of the annotations.

mod login;
mod variables;

use contract::agent_config::check::{self, Problem, Reader};
use contract::annotations::{self, AnnotationSpec};
use contract::diagnostics::{Code, keys, login as codes};
use contract::duration;

use super::subject::Subject;
use crate::vocabulary::warning::{Certainty, Warning};

pub(super) use variables::old_image;

/// How a message begins that is about a flag of the injector, and not about the pod.
pub(crate) const OF_A_FLAG: &str = "the injector's flag";

/// Sure of whatever the agent reads; likely if the user's own patches may have changed that.
pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    if subject.additions.agents().next().is_none() {
        return Vec::new();
    }
    let mut found = variables::warnings(subject);
    let replaced = subject.environment(subject.asked.inside().config_variable);
    if let (Some(config), None) = (&subject.additions.config, replaced) {
        let reader = if subject.asked.flavor.is_our_agent() {
            Reader::OurAgent
        } else {
            Reader::StockAgent
        };
        let problems = check::problems(config, reader);
        found.extend(problems.iter().map(|problem| of_problem(subject, problem)));
    }
    if !found.is_empty() && subject.patches_change_all() {
        let likely = |warning: Warning| warning.with_certainty(Certainty::Likely);
        found = found.into_iter().map(likely).collect();
    }
    found
}

fn of_problem(subject: Subject<'_, '_>, problem: &Problem) -> Warning {
    match problem {
        Problem::Method(error) => login::of_method(subject, error),
        Problem::Backoff => backoff(subject),
        Problem::Value { key, reason } => of_value(subject, key, reason),
        Problem::Rule { text, .. } => of_rule(subject, text),
    }
}

fn backoff(subject: Subject<'_, '_>) -> Warning {
    if subject.has(&annotations::AUTH_MAX_BACKOFF) || !subject.has(&annotations::AUTH_MIN_BACKOFF) {
        let text = "has to be longer than auth-min-backoff, which is 1s unless it is set";
        subject.refused(codes::BACKOFF, &annotations::AUTH_MAX_BACKOFF, text)
    } else {
        let text = "has to be shorter than auth-max-backoff, which is 5m unless it is set";
        subject.refused(codes::BACKOFF, &annotations::AUTH_MIN_BACKOFF, text)
    }
}

fn of_value(subject: Subject<'_, '_>, key: &str, reason: &str) -> Warning {
    let asked = subject.asked;
    match key {
        "auto_auth.method.min_backoff" => of_duration(
            subject,
            &annotations::AUTH_MIN_BACKOFF,
            asked.login.min_backoff,
        ),
        "auto_auth.method.max_backoff" => of_duration(
            subject,
            &annotations::AUTH_MAX_BACKOFF,
            asked.login.max_backoff,
        ),
        "template_config.static_secret_render_interval" => of_duration(
            subject,
            &annotations::STATIC_SECRET_RENDER_INTERVAL,
            asked.tuning.static_secret_render_interval,
        ),
        "vault.address" => {
            let text = not_an_address(reason);
            subject.refused(keys::NOT_A_URL, &annotations::SERVICE, &text)
        }
        "listener[0].address" => subject.refused(
            keys::NOT_A_PORT,
            &annotations::CACHE_LISTENER_PORT,
            "is not a port number: write one from 1 to 65535",
        ),
        "cache.use_auto_auth_token" => subject.refused(
            keys::NOT_ONE_OF,
            &annotations::CACHE_USE_AUTO_AUTH_TOKEN,
            "is not one of true, false, force",
        ),
        key => perms(subject, key).unwrap_or_else(|| unnamed(&format!("{key}: {reason}"))),
    }
}

/// The mode of the file in `template[3] (/vault/secrets/db).perms`.
fn perms(subject: Subject<'_, '_>, key: &str) -> Option<Warning> {
    let (index, _) = key.strip_prefix("template[")?.split_once(']')?;
    let secret = subject.asked.secrets.get(index.parse::<usize>().ok()?)?;
    let (_, setting) = key.rsplit_once('.')?;
    if setting != "perms" {
        return None;
    }
    let name = secret.raw_name;
    let spec = &annotations::PERMS;
    let text = format!(
        "{}-{name} is not an octal mode: write three or four digits from 0 to 7, such as 0640",
        spec.key
    );
    let warning = Warning::sure(keys::NOT_A_MODE, text);
    Some(warning.at(subject.annotations.key_for(spec, name)))
}

/// What is said of an address that the agent's check refuses for this reason, behind its key.
fn not_an_address(reason: &str) -> String {
    if reason == check::SCHEMES {
        "is not a URL: begin it with https:// or http://".to_owned()
    } else {
        format!("is not an address of Vault: {reason}")
    }
}

fn of_duration(subject: Subject<'_, '_>, spec: &AnnotationSpec, value: &str) -> Warning {
    subject.refused(keys::NOT_A_DURATION, spec, &not_a_duration(value))
}

/// What is said of a text that is not a duration, behind its key.
pub(super) fn not_a_duration(value: &str) -> String {
    match duration::meant(value) {
        Some(meant) if meant != value => format!("is not a duration: write \"{meant}\""),
        _ => "is not a duration: write a number with a unit, such as 30s, 5m or 1h30m".to_owned(),
    }
}

fn of_rule(subject: Subject<'_, '_>, text: &str) -> Warning {
    for (start, spec) in [
        (
            "unknown disable_idle_connections",
            &annotations::DISABLE_IDLE_CONNECTIONS,
        ),
        (
            "unknown disable_keep_alives",
            &annotations::DISABLE_KEEP_ALIVES,
        ),
    ] {
        if text.starts_with(start) {
            let text = "takes auto-auth, caching, proxying, templating, separated by commas";
            return subject.refused(keys::NOT_ONE_OF, spec, text);
        }
    }
    unnamed(text)
}

/// What no annotation is known for.
fn unnamed(text: &str) -> Warning {
    let text = format!("the agent would not start with its configuration: {text}");
    Warning::sure(codes::CONFIGURATION, text)
}

/// Fields of a container on which it depends what the agent reads.
const READ_FROM: [&str; 5] = ["args", "command", "env", "envFrom", "image"];

impl Subject<'_, '_> {
    /// Whether no agent is left of which it is known what it reads.
    fn patches_change_all(&self) -> bool {
        let asked = self.asked;
        let has_init = asked.agents.init;
        let has_sidecar = asked.agents.has_sidecar();
        (!has_init || asked.init_patch.touches(&READ_FROM))
            && (!has_sidecar || asked.sidecar_patch.touches(&READ_FROM))
    }

    /// The value of a variable that the pod gives the agent itself.
    fn environment(&self, name: &str) -> Option<&str> {
        let variables = &self.asked.extras.environment;
        let found = variables.iter().find(|(other, _)| *other == name);
        found.map(|(_, value)| *value)
    }

    /// What is wrong: the annotation's value, or that of the injector's flag in its place.
    pub(super) fn refused(&self, code: Code, spec: &AnnotationSpec, text: &str) -> Warning {
        if self.has(spec) {
            return self.mistake(code, spec, &format!("{} {text}", spec.key));
        }
        let flag = spec.default.trim_matches('`');
        Warning::sure(code, format!("{OF_A_FLAG} {flag} {text}"))
    }
}
