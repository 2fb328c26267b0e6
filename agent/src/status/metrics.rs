//! The numbers of a snapshot, for Prometheus and in JSON.
//!
//! The names of the login's metrics are the established ones. Templates are labelled by destination:
//! a path of Vault is in no label.

mod in_memory;

use std::fmt::{Display, Write};

use super::{Snapshot, TemplateStatus};

pub use in_memory::in_memory;

/// A family: name, kind, help.
type Family = (&'static str, &'static str, &'static str);

/// How one number of a template is found.
type Reading = fn(&TemplateStatus) -> Option<u64>;

const TEMPLATES: &[(Family, Reading)] = &[
    (
        (
            "vault_agent_template_renders_total",
            "counter",
            "How often the file was replaced.",
        ),
        |template| Some(template.renders),
    ),
    (
        (
            "vault_agent_template_failures_total",
            "counter",
            "Renders and writes that failed.",
        ),
        |template| Some(template.failures),
    ),
    (
        (
            "vault_agent_template_up_to_date",
            "gauge",
            "1 where the file is rendered and nothing is wrong.",
        ),
        |template| Some(u64::from(template.rendered && template.error.is_none())),
    ),
    (
        (
            "vault_agent_template_last_success_timestamp_seconds",
            "gauge",
            "When the file was last found or made right.",
        ),
        |template| template.last_success,
    ),
    (
        (
            "vault_agent_template_secret_age_seconds",
            "gauge",
            "Age of the oldest value in the file.",
        ),
        |template| template.secret_age_seconds,
    ),
    (
        (
            "vault_agent_template_lease_remaining_seconds",
            "gauge",
            "Time until the first lease in the file ends, if not renewed.",
        ),
        |template| template.lease_seconds,
    ),
];

/// How one number of the agent is found.
type Number = fn(&Snapshot) -> Option<u64>;

const NUMBERS: &[(Family, Number)] = &[
    (
        ("vault_agent_auth_success", "counter", "Logins that worked."),
        |snapshot| Some(snapshot.token.logins),
    ),
    (
        ("vault_agent_auth_failure", "counter", "Logins that failed."),
        |snapshot| Some(snapshot.token.failed_logins),
    ),
    (
        (
            "vault_agent_authenticated",
            "gauge",
            "1 where there is a valid token.",
        ),
        |snapshot| Some(u64::from(snapshot.token.authenticated)),
    ),
    (
        (
            "vault_agent_token_ttl_seconds",
            "gauge",
            "Time left to the token.",
        ),
        |snapshot| snapshot.token.ttl_seconds,
    ),
    (
        (
            "vault_agent_ready",
            "gauge",
            "1 where all files are rendered and the token is valid.",
        ),
        |snapshot| Some(u64::from(snapshot.ready)),
    ),
    (
        ("vault_agent_leases", "gauge", "Leases that are held."),
        |snapshot| {
            let secrets = snapshot.secrets.iter();
            Some(count(
                secrets.filter(|secret| secret.lease_seconds.is_some()),
            ))
        },
    ),
    (
        (
            "vault_agent_command_runs_total",
            "counter",
            "Runs of commands after a file was replaced.",
        ),
        |snapshot| Some(snapshot.commands.iter().map(|command| command.runs).sum()),
    ),
    (
        (
            "vault_agent_command_failures_total",
            "counter",
            "Those that failed.",
        ),
        |snapshot| {
            Some(
                snapshot
                    .commands
                    .iter()
                    .map(|command| command.failures)
                    .sum(),
            )
        },
    ),
    (
        (
            "vault_agent_proxy_success",
            "counter",
            "Requests of applications that were answered below 400.",
        ),
        |snapshot| Some(snapshot.proxy.success),
    ),
    (
        (
            "vault_agent_proxy_client_error",
            "counter",
            "Requests of applications that were answered with 4xx.",
        ),
        |snapshot| Some(snapshot.proxy.client_error),
    ),
    (
        (
            "vault_agent_proxy_error",
            "counter",
            "Requests of applications that were answered with 5xx.",
        ),
        |snapshot| Some(snapshot.proxy.error),
    ),
    (
        (
            "vault_agent_cache_hit",
            "counter",
            "Requests of applications that the cache answered.",
        ),
        |snapshot| Some(snapshot.proxy.cache_hits),
    ),
    (
        (
            "vault_agent_cache_miss",
            "counter",
            "Requests of applications that the cache could not answer.",
        ),
        |snapshot| Some(snapshot.proxy.cache_misses),
    ),
];

const REQUESTS: Family = (
    "vault_agent_vault_requests_total",
    "counter",
    "Requests to Vault by result.",
);

/// Name and value of a label.
type Label<'a> = (&'static str, &'a str);

/// A family and its samples.
type Samples<'a> = (Family, Vec<(Option<Label<'a>>, u64)>);

/// All numbers, in their order.
fn families(snapshot: &Snapshot) -> Vec<Samples<'_>> {
    let mut families = Vec::new();
    for (family, number) in NUMBERS {
        let samples = number(snapshot).map(|value| (None, value));
        families.push((*family, samples.into_iter().collect()));
    }
    let requests = snapshot.requests;
    let by_result = [
        ("success", requests.success),
        ("denied", requests.denied),
        ("rate_limited", requests.rate_limited),
        ("unavailable", requests.unavailable),
        ("refused", requests.refused),
    ];
    let by_result = by_result.map(|(result, value)| (Some(("result", result)), value));
    families.push((REQUESTS, by_result.into()));
    for (family, reading) in TEMPLATES {
        let templates = snapshot.templates.iter();
        let samples = templates.filter_map(|template| {
            let label = ("destination", template.destination.as_str());
            reading(template).map(|value| (Some(label), value))
        });
        families.push((*family, samples.collect()));
    }
    families
}

/// The snapshot for a scrape.
pub fn prometheus(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for (family, samples) in families(snapshot) {
        head(&mut text, family);
        for (label, value) in samples {
            sample(&mut text, family.0, label, value);
        }
    }
    text
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    u64::try_from(items.count()).unwrap_or(u64::MAX)
}

fn head(text: &mut String, (name, kind, help): Family) {
    line(text, format_args!("# HELP {name} {help}"));
    line(text, format_args!("# TYPE {name} {kind}"));
}

fn sample(text: &mut String, name: &str, label: Option<(&str, &str)>, value: u64) {
    match label {
        None => line(text, format_args!("{name} {value}")),
        Some((key, label)) => {
            let label = label
                .replace('\\', "\\\\")
                .replace('"', "\\\"")
                .replace('\n', "\\n");
            line(text, format_args!("{name}{{{key}=\"{label}\"}} {value}"));
        }
    }
}

fn line(text: &mut String, line: impl Display) {
    writeln!(text, "{line}").expect("writing to a String must succeed");
}
