//! What the value of each flag has to be: what a pod would meet with it. A value that its agent or
//! the API server refuses would refuse every pod, with the name of an annotation that nobody wrote.

mod addresses;
mod names;
mod numbers;

use contract::diagnostics::startup;
use injection::inject::Flavor;
use injection::settings::{FlavorSetting, default_image};

use super::given::{Given, Problem};
use super::serving;
use crate::log::{Format, Level};

use addresses::{certificate, listen, proxy, proxy_of_ours, telemetry_path, vault};
use names::{hosts, image, namespace, object, one_line};
use numbers::{backoff, boolean, count, cpu, fraction, group, interval, memory, seconds, user};

type Check = fn(&str) -> Result<(), Problem>;

/// A check for each flag. What the agent's own check of its configuration covers is not repeated: see
/// [`Given`].
pub(super) const CHECKS: &[(&str, Check)] = &[
    ("agent-flavor", |it| {
        word(it, &["auto", "native", "compatible"])
    }),
    ("agent-native-sidecar", |it| {
        word(it, &["true", "false", "auto"])
    }),
    ("auth-max-backoff", |it| backoff("max", it)),
    ("auth-min-backoff", |it| backoff("min", it)),
    ("cpu-limit", cpu),
    ("cpu-request", cpu),
    ("default-template", |it| word(it, &["map", "json"])),
    ("disable-idle-connections", one_line),
    ("disable-keep-alives", one_line),
    ("ephemeral-storage-limit", memory),
    ("ephemeral-storage-request", memory),
    ("health-listen", listen),
    ("listen", listen),
    // See `warnings`.
    ("log-format", |_| Ok(())),
    ("log-level", level),
    ("memory-limit", memory),
    ("memory-request", memory),
    ("profile", |it| word(it, &["vault", "openbao"])),
    ("proxy-address", proxy),
    ("revoke-on-shutdown", boolean),
    ("rewrite-vault-annotations", boolean),
    ("run-as-group", group),
    ("run-as-same-user", boolean),
    ("run-as-user", user),
    ("set-security-context", boolean),
    ("shutdown-delay", seconds),
    ("strict", boolean),
    ("telemetry-path", telemetry_path),
    ("template-config-exit-on-retry-failure", boolean),
    ("template-engine", |it| word(it, &["go", "handlebars"])),
    ("template-lease-renewal-threshold", fraction),
    ("template-max-connections-per-host", count),
    ("template-static-secret-render-interval", interval),
    ("tls-auto", object),
    ("tls-auto-hosts", hosts),
    ("tls-ca-cert-file", one_line),
    ("tls-cert-file", one_line),
    ("tls-cipher-suites", |it| tls(serving::cipher_suites(it))),
    ("tls-client-ca-file", one_line),
    ("tls-key-file", one_line),
    ("tls-min-version", |it| tls(serving::minimum_version(it))),
    ("use-leader-elector", boolean),
    ("vault-address", vault),
    ("vault-auth-path", one_line),
    ("vault-auth-type", one_line),
    ("vault-cacert-bytes", certificate),
    ("vault-image", image),
    ("vault-namespace", namespace),
];

/// Flags of which the first must not be more than the second: the API server refuses such a
/// container.
const REQUESTS: [(&str, &str); 3] = [
    ("cpu-request", "cpu-limit"),
    ("memory-request", "memory-limit"),
    ("ephemeral-storage-request", "ephemeral-storage-limit"),
];

/// What is wrong with the value of a flag.
pub(super) fn check(flag: &str, text: &str) -> Option<Problem> {
    let (_, check) = CHECKS.iter().find(|(name, _)| *name == flag)?;
    check(text).err()
}

/// Whether the injector has this flag.
pub(crate) fn is_flag(flag: &str) -> bool {
    CHECKS.iter().any(|(name, _)| *name == flag)
}

/// Nothing says where Vault is.
pub(super) fn no_vault() -> Problem {
    Problem {
        established: "No Vault service configured: ".to_owned(),
        ..Problem::new(
            startup::NO_VAULT,
            "not given (write https://vault.vault.svc:8200, or set AGENT_INJECT_VAULT_ADDR)",
        )
    }
}

/// The values that do something else than their writer expects, but stop nothing.
pub(super) fn warnings(given: &Given) -> Option<(&'static str, Problem)> {
    let format = given.get("log-format")?;
    // Upstream takes any word, and an upgrade must not end what works.
    (!Format::is_known(format)).then(|| {
        let text = format!("{format:?} is not one of standard, json: standard applies");
        ("log-format", Problem::new(startup::WORD, text))
    })
}

/// Whether pods that do not say get our agent.
fn runs_our_agent(given: &Given) -> bool {
    let flavor = given.get("agent-flavor").unwrap_or("auto").parse();
    let flavor: FlavorSetting = flavor.unwrap_or_default();
    let image = given.get("vault-image");
    flavor.resolve(image.unwrap_or(default_image(flavor))) == Flavor::Native
}

/// The flags that do not go together, each with what is wrong.
pub(super) fn contradictions(given: &Given) -> Vec<(&'static str, Problem)> {
    let mut found = Vec::new();
    for (request, limit) in REQUESTS {
        if let (Some(asked), Some(most)) = (given.get(request), given.get(limit))
            && numbers::is_more(asked, most)
        {
            let text = format!(
                "{asked} is more than {most} of {}, and Kubernetes refuses such a container",
                given.name(limit)
            );
            found.push((request, Problem::new(startup::CONTRADICTION, text)));
        }
    }
    found.extend(numbers::backoffs(given));
    let proxy = given.get("proxy-address").filter(|_| runs_our_agent(given));
    found.extend(
        proxy
            .and_then(proxy_of_ours)
            .map(|it| ("proxy-address", it)),
    );
    for (flag, other) in [
        ("tls-cert-file", "tls-key-file"),
        ("tls-key-file", "tls-cert-file"),
    ] {
        if given.get(flag).is_some() && given.get(other).is_none() {
            let problem = Problem {
                established: "-tls-cert-file and -tls-key-file belong together: ".to_owned(),
                ..Problem::new(startup::CONTRADICTION, format!("-{other} is missing"))
            };
            found.push((flag, problem));
        }
    }
    let is_made = given.get("tls-cert-file").is_none() && given.get("tls-key-file").is_none();
    if is_made && given.get("tls-auto").is_some() && given.get("tls-auto-hosts").is_none() {
        let problem = Problem {
            established: "-tls-auto needs -tls-auto-hosts: ".to_owned(),
            ..Problem::new(
                startup::CONTRADICTION,
                "the names by which the API server calls are missing",
            )
        };
        found.push(("tls-auto", problem));
    }
    found
}

fn word(text: &str, words: &[&str]) -> Result<(), Problem> {
    if text.is_empty() || words.contains(&text) {
        return Ok(());
    }
    let text = format!("{text:?} is not one of {}", words.join(", "));
    Err(Problem::new(startup::WORD, text))
}

fn level(text: &str) -> Result<(), Problem> {
    text.parse::<Level>().map(drop).map_err(|_| Problem {
        established: format!("Error setting log level: unknown log level: {text}; "),
        ..Problem::new(
            startup::WORD,
            format!("{text:?} is not one of trace, debug, info, warn, error"),
        )
    })
}

fn tls(result: Result<(), String>) -> Result<(), Problem> {
    result.map_err(|text| Problem {
        established: "Failed to configure TLS: ".to_owned(),
        ..Problem::new(startup::TLS, text)
    })
}
