mod refused;
mod unknown;

use std::collections::BTreeSet;

use super::*;
use injection::settings::{DefaultTemplate, FlavorSetting};

fn configured(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Configuration, Stop> {
    let arguments = ["vault-injector"]
        .iter()
        .chain(arguments)
        .map(OsString::from);
    let variables = variables
        .iter()
        .map(|(key, value)| (key.into(), value.into()));
    configure(
        arguments.collect::<Vec<_>>(),
        variables.collect::<Vec<_>>(),
        &crate::commands::all(),
    )
}

#[test]
fn one_dash_and_two_mean_the_same() {
    for arguments in [
        &["-vault-address", "http://v", "-listen=:9"][..],
        &["--vault-address=http://v", "--listen", ":9"],
        &[
            "agent-inject",
            "-vault-address=http://v",
            "-listen=:9",
            "2>&1",
        ],
    ] {
        let configuration = configured(arguments, &[]).unwrap();
        assert_eq!(configuration.settings.vault_address, "http://v");
        assert_eq!(configuration.listen, ":9");
    }
}

#[test]
fn a_variable_wins_unless_it_is_empty() {
    let configuration = configured(
        &["-vault-address=http://flag", "-vault-image=flag", "2>&1"],
        &[
            ("AGENT_INJECT_VAULT_ADDR", "http://variable"),
            ("AGENT_INJECT_VAULT_IMAGE", ""),
            ("AGENT_INJECT_RUN_AS_USER", "7"),
            ("AGENT_INJECT_CPU_LIMIT", "1"),
            ("AGENT_INJECT_REVOKE_ON_SHUTDOWN", "T"),
            ("OTHER", "x"),
        ],
    )
    .unwrap();
    let settings = configuration.settings;
    assert_eq!(settings.vault_address, "http://variable");
    assert_eq!(settings.image, "flag");
    assert_eq!(settings.run_as_user, 7);
    assert_eq!(settings.resources.limits_cpu.as_deref(), Some("1"));
    assert_eq!(settings.resources.limits_memory, None);
    assert!(settings.revoke_on_shutdown);
}

#[test]
fn switches_are_given_alone_or_with_a_value() {
    let settings = |argument| {
        configured(&["-vault-address=http://v", argument], &[])
            .unwrap()
            .settings
    };
    assert!(settings("-revoke-on-shutdown").revoke_on_shutdown);
    assert!(settings("-run-as-same-user=1").run_as_same_user);
    assert!(!settings("-set-security-context=false").set_security_context);
    assert_eq!(
        settings("-default-template=json").default_template,
        DefaultTemplate::Json
    );
    assert_eq!(
        settings("-agent-flavor=native").flavor,
        FlavorSetting::Native
    );
}

#[test]
fn what_is_wrong_is_said_in_the_established_words() {
    for (arguments, variables, start) in [
        (&[][..], &[][..], "No Vault service configured"),
        (
            &["-vault-address=http://v"][..],
            &[("AGENT_INJECT_RUN_AS_SAME_USER", "yes")][..],
            "Error parsing environment variables: ",
        ),
        (
            &["-vault-address=http://v", "-log-level=loud"],
            &[],
            "Error setting log level: unknown log level: loud",
        ),
        (
            &["-vault-address=http://v", "-tls-cert-file=a"],
            &[],
            "-tls-cert-file and -tls-key-file belong together: -tls-cert-file: -tls-key-file is",
        ),
        (
            &["-vault-address=http://v", "-auth-min-backoff=10"],
            &[],
            "Error parsing min backoff as duration: time: missing unit",
        ),
        (
            &["-vault-address=http://v", "-telemetry-path=x"],
            &[],
            "-telemetry-path: \"x\" is not a path of metrics: it has to start with a slash",
        ),
        (
            &["-vault-address=http://v"],
            &[("AGENT_INJECT_TLS_AUTO", "cfg")],
            "-tls-auto needs -tls-auto-hosts: AGENT_INJECT_TLS_AUTO (-tls-auto): the names",
        ),
        (
            &["-vault-address=http://v"],
            &[("TLS_MIN_VERSION", "tls11")],
            "Failed to configure TLS: TLS_MIN_VERSION (-tls-min-version): invalid or unsupported \
             TLS version \"tls11\"",
        ),
        (
            &["-vault-address=http://v", "-tls-cipher-suites=NONE"],
            &[],
            "Failed to configure TLS: -tls-cipher-suites: failed to parse TLS cipher suites list \"NONE\": \
             unsupported cipher \"NONE\"",
        ),
    ] {
        let stop = configured(arguments, variables).unwrap_err();
        assert!(!matches!(stop, Stop::Usage(_)), "{stop}");
        assert!(
            stop.to_string().starts_with(start),
            "{stop}\nshould start with\n{start}"
        );
    }
}

fn certificate(arguments: &[&str], variables: &[(&str, &str)]) -> Certificate {
    let arguments: Vec<_> = ["-vault-address=http://v"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    configured(&arguments, variables)
        .unwrap()
        .serving
        .certificate
}

#[test]
fn the_established_charts_variables_select_the_certificate() {
    let automatic = certificate(
        &["agent-inject", "2>&1"],
        &[
            ("AGENT_INJECT_TLS_AUTO", "cfg"),
            ("AGENT_INJECT_TLS_AUTO_HOSTS", "svc, svc.ns,svc.ns.svc"),
        ],
    );
    let Certificate::Automatic {
        configuration,
        hosts,
    } = automatic
    else {
        panic!("{automatic:?}");
    };
    assert_eq!(configuration, "cfg");
    assert_eq!(hosts, ["svc", "svc.ns", "svc.ns.svc"]);

    let pair = [
        ("AGENT_INJECT_TLS_CERT_FILE", "/a/tls.crt"),
        ("AGENT_INJECT_TLS_KEY_FILE", "/a/tls.key"),
    ];
    let files = certificate(&["-tls-auto=cfg"], &pair);
    assert!(
        matches!(
            files,
            Certificate::Files {
                authority: None,
                ..
            }
        ),
        "{files:?}"
    );
    let registered = certificate(&["-tls-auto=cfg", "-tls-ca-cert-file=/a/ca.crt"], &pair);
    let Certificate::Files {
        authority: Some(authority),
        ..
    } = registered
    else {
        panic!("{registered:?}");
    };
    assert_eq!(authority.configuration, "cfg");
    assert!(authority.hosts.is_empty());
    let made = certificate(&[], &[]);
    assert!(matches!(made, Certificate::SelfSigned { hosts } if hosts.len() == 3));
}

#[test]
fn variables_of_tls_are_read_without_their_prefix_where_it_is_not_set() {
    let configuration = |variables: &[(&str, &str)]| {
        let hosts = [("TLS_AUTO_HOSTS", "svc")];
        let variables: Vec<_> = variables.iter().chain(&hosts).copied().collect();
        match certificate(&["-tls-auto=flag"], &variables) {
            Certificate::Automatic { configuration, .. } => configuration,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(configuration(&[]), "flag");
    assert_eq!(configuration(&[("TLS_AUTO", "plain")]), "plain");
    let both = [("TLS_AUTO", "plain"), ("AGENT_INJECT_TLS_AUTO", "prefixed")];
    assert_eq!(configuration(&both), "prefixed");
    let empty = [("TLS_AUTO", "plain"), ("AGENT_INJECT_TLS_AUTO", "")];
    assert_eq!(configuration(&empty), "flag");
    // No other variable has such a second name.
    assert!(configured(&[], &[("VAULT_ADDR", "http://v")]).is_err());
}

#[test]
fn our_place_in_the_cluster_is_what_its_variables_tell() {
    let access = |variables: &[(&str, &str)]| {
        configured(
            &["-vault-address=http://v", "-use-leader-elector"],
            variables,
        )
        .unwrap()
        .access
    };
    let told = access(&[
        ("NAMESPACE", "vault"),
        ("POD_NAME", "injector-1"),
        ("HOSTNAME", "other"),
        ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
    ]);
    assert_eq!(told.namespace.as_deref(), Some("vault"));
    assert_eq!(told.identity, "injector-1");
    assert!(told.is_given());
    let untold = access(&[("HOSTNAME", "injector-2")]);
    assert_eq!(untold.namespace, None);
    assert_eq!(untold.identity, "injector-2");
    assert!(!untold.is_given());
}

#[test]
fn the_version_is_a_sub_command_and_a_flag() {
    for argument in ["version", "-version", "--version"] {
        let stop = configured(&[argument], &[]).unwrap_err();
        assert!(
            stop.to_string().contains(env!("CARGO_PKG_VERSION")),
            "{argument}: {stop}"
        );
    }
}

/// The flags of the server, but for help and version.
fn flags() -> BTreeSet<String> {
    let command = Server::command();
    let flags = command.get_arguments().filter_map(clap::Arg::get_long);
    flags.map(ToOwned::to_owned).collect()
}

#[test]
fn every_flag_has_a_variable_and_a_check_and_the_other_way_round() {
    let all = serving::VARIABLES.iter().chain(&flags::VARIABLES);
    let with_variable: BTreeSet<_> = all.map(|(flag, _)| (*flag).to_owned()).collect();
    assert_eq!(flags(), with_variable);
    let checked: BTreeSet<_> = checks::CHECKS
        .iter()
        .map(|(flag, _)| (*flag).to_owned())
        .collect();
    assert_eq!(flags(), checked);
}

#[test]
fn the_parser_is_consistent() {
    server_command(&crate::commands::all()).debug_assert();
}
