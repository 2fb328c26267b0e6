use std::collections::BTreeSet;

use clap::CommandFactory as _;

use super::*;
use crate::settings::{DefaultTemplate, FlavorSetting};

fn configured(arguments: &[&str], variables: &[(&str, &str)]) -> Result<Configuration, Stop> {
    let arguments = ["vault-injector"]
        .iter()
        .chain(arguments)
        .map(OsString::from);
    let variables = variables
        .iter()
        .map(|(key, value)| (key.into(), value.into()));
    configure(arguments.collect::<Vec<_>>(), variables.collect::<Vec<_>>())
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
    assert_eq!(settings("-run-as-user=-1").run_as_user, -1);
}

#[test]
fn what_is_wrong_is_said_in_the_established_words() {
    for (arguments, variables, start) in [
        (&[][..], &[][..], "No Vault service configured"),
        (
            &["-vault-address=v"][..],
            &[("AGENT_INJECT_RUN_AS_SAME_USER", "yes")][..],
            "Error parsing environment variables: ",
        ),
        (
            &["-vault-address=v", "-log-level=loud"],
            &[],
            "Error setting log level: unknown log level: loud",
        ),
        (
            &["-vault-address=v", "-tls-cert-file=a"],
            &[],
            "-tls-cert-file and -tls-key-file",
        ),
        (
            &["-vault-address=v", "-auth-min-backoff=10"],
            &[],
            "Error parsing min backoff as duration: time: missing unit",
        ),
        (
            &["-vault-address=v", "-telemetry-path=x"],
            &[],
            "-telemetry-path has to start",
        ),
        (
            &["-vault-address=v"],
            &[("AGENT_INJECT_TLS_AUTO", "cfg")],
            "AGENT_INJECT_TLS_AUTO is set",
        ),
    ] {
        let stop = configured(arguments, variables).unwrap_err();
        assert!(!matches!(stop, Stop::Usage(_)), "{stop}");
        assert!(
            stop.to_string().starts_with(start),
            "{stop}\nshould start with\n{start}"
        );
    }
    for argument in [
        "-use-leader-elector",
        "-run-as-user=root",
        "-default-template=MAP",
    ] {
        let stop = configured(&["-vault-address=v", argument], &[]).unwrap_err();
        assert!(matches!(stop, Stop::Usage(_)), "{argument}: {stop}");
    }
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

#[test]
fn every_flag_has_a_variable_and_the_other_way_round() {
    let command = Flags::command();
    let flags: BTreeSet<_> = command
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .collect();
    let with_variable: BTreeSet<_> = VARIABLES.iter().map(|(flag, _)| *flag).collect();
    assert_eq!(flags, with_variable);
}

#[test]
fn the_parser_is_consistent() {
    Flags::command().debug_assert();
}
