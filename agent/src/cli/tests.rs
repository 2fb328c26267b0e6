use std::path::Path;

use super::*;

fn mk_cli(line: &str) -> Result<Cli, clap::Error> {
    parse(line.split(' ').map(OsString::from))
}

#[test]
fn one_dash_and_two_mean_the_same_with_equals_or_a_blank() {
    for line in [
        "vault-agent -config=/c.json -log-level=debug",
        "vault-agent --config=/c.json --log-level=debug",
        "vault-agent -config /c.json -log-level debug",
        "vault agent -config=/c.json -log-level=debug",
        "/bin/bao agent -config=/c.json -log-level=debug",
        "vault-agent agent --config /c.json --log-level debug",
    ] {
        let cli = mk_cli(line).unwrap();
        assert_eq!(cli.files.config, ["/c.json"], "{line}");
        assert_eq!(cli.log.log_level.as_deref(), Some("debug"), "{line}");
    }
}

#[test]
fn every_flag_of_the_established_agent_is_taken() {
    let line = "vault agent -config=/a -config /b -exit-after-auth -address=a -agent-address=b \
                -ca-cert=c -ca-path=d -client-cert=e -client-key=f -tls-server-name=g \
                -tls-skip-verify -ns=h -header=X-A=b=c -header X-D=e -disable-redirects=true \
                -log-format=json -log-file=/l -log-rotate-bytes=9 -log-rotate-duration=1h \
                -log-rotate-max-files=-1 -combine-logs -test-verify-only";
    let cli = mk_cli(line).unwrap();
    assert_eq!(cli.files.config, ["/a", "/b"]);
    let text = |text: &str| Some(text.to_owned());
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        cli.client,
        ClientFlags {
            address: text("a"),
            agent_address: text("b"),
            ca_cert: text("c"),
            ca_path: text("d"),
            client_cert: text("e"),
            client_key: text("f"),
            tls_server_name: text("g"),
            tls_skip_verify: Some(true),
            namespace: text("h"),
            header: vec![header("X-A", "b=c"), header("X-D", "e")],
            disable_redirects: Some(true),
        }
    );
    assert_eq!(cli.log.log_file, text("/l"));
    assert_eq!(
        (cli.log.log_rotate_bytes, cli.log.log_rotate_max_files),
        (Some(9), Some(-1))
    );
    assert_eq!(cli.test_verify_only, Some(true));
}

#[test]
fn a_header_without_its_value_is_refused_and_not_repeated() {
    let error = mk_cli("vault-agent -header=canary").unwrap_err();
    assert!(error.to_string().contains("NAME=VALUE"), "{error}");
}

#[test]
fn ready_looks_at_the_known_marker_unless_told_otherwise() {
    let asked = |line| match mk_cli(line).unwrap().query {
        Some(Query::Ready { marker, wait, .. }) => (marker, wait),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        asked("vault-agent ready"),
        (
            home::ready_marker(&Environment::of_process()),
            Duration::ZERO
        )
    );
    assert_eq!(
        asked("vault agent ready -marker=/m -wait=1500ms"),
        (PathBuf::from("/m"), Duration::from_millis(1500))
    );
    for wait in ["4", "soon", "-1s"] {
        assert!(
            mk_cli(&format!("vault-agent ready -wait={wait}")).is_err(),
            "{wait}"
        );
    }
    assert!(mk_cli("vault-agent -config=/c.json ready").is_err());
}

#[test]
fn the_flags_of_a_configuration_stand_on_either_side_of_validate() {
    for line in [
        "vault-agent validate -strict -config=/c.json",
        "vault-agent -strict validate -config=/c.json",
        "vault-agent -strict=true -config /c.json validate",
        "vault agent -config=/c.json --strict validate",
    ] {
        let files = match mk_cli(line).unwrap().query {
            Some(Query::Validate(files)) => files,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(
            (files.strict, &*files.config),
            (Some(true), &["/c.json".to_owned()][..])
        );
    }
    // A file may be called so.
    let cli = mk_cli("vault-agent -config validate").unwrap();
    assert_eq!(cli.files.config, ["validate"]);
}

#[test]
fn switches_take_gos_booleans_or_nothing() {
    let switch = |line| mk_cli(line).map(|cli| cli.exit_after_auth);
    assert_eq!(switch("vault-agent").unwrap(), None);
    assert_eq!(switch("vault-agent -exit-after-auth").unwrap(), Some(true));
    assert_eq!(
        switch("vault-agent -exit-after-auth=F").unwrap(),
        Some(false)
    );
    assert!(switch("vault-agent -exit-after-auth=maybe").is_err());
}

#[test]
fn what_is_not_known_is_an_error() {
    assert!(mk_cli("vault-agent -confg=/c.json").is_err());
    assert!(mk_cli("vault-agent server").is_err());
    for line in ["vault status", "bao kv get x", "vault -config=/c.json"] {
        let error = mk_cli(line).unwrap_err().to_string();
        assert!(error.contains("is not part of this program"), "{error}");
    }
}

#[test]
fn a_configuration_is_generated_of_one_type_for_a_program_and_its_secrets() {
    let line = "vault agent generate-config -type=env-template -path=secret/a -path secret/b/*";
    for (more, exec, file) in [
        ("", "env", "agent.hcl"),
        (" -exec=./app out.hcl", "./app", "out.hcl"),
    ] {
        let line = format!("{line}{more}");
        match mk_cli(&line).unwrap().query {
            Some(Query::GenerateConfig(flags)) => {
                assert_eq!(flags.path, ["secret/a", "secret/b/*"]);
                assert_eq!(
                    (flags.exec.as_str(), flags.file.as_path()),
                    (exec, Path::new(file))
                );
            }
            other => panic!("{other:?}"),
        }
    }
    for (line, words) in [
        ("generate-config -exec=a -path=b", "--type <TYPE>"),
        (
            "generate-config -type=x -exec=a -path=b",
            "possible values: env-template",
        ),
        (
            "generate-config -type=env-template -exec=a",
            "--path <PATH>",
        ),
    ] {
        let error = mk_cli(&format!("vault-agent {line}"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn the_recorded_hook_is_understood() {
    for line in [
        "/bin/vault token revoke -address=http://v:8200 -self",
        "bao token revoke -self -address http://v:8200",
    ] {
        match mk_cli(line).unwrap().query {
            Some(Query::Token {
                action: TokenAction::Revoke { own, client },
            }) => {
                assert_eq!(own, Some(true));
                assert_eq!(client.address.as_deref(), Some("http://v:8200"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn help_and_version_are_there_in_both_spellings() {
    use clap::error::ErrorKind;
    for line in ["vault-agent -h", "vault-agent -help", "vault-agent --help"] {
        assert_eq!(
            mk_cli(line).unwrap_err().kind(),
            ErrorKind::DisplayHelp,
            "{line}"
        );
    }
    for line in [
        "vault-agent -version",
        "vault-agent -V",
        "vault version",
        "vault -v",
    ] {
        assert_eq!(
            mk_cli(line).unwrap_err().kind(),
            ErrorKind::DisplayVersion,
            "{line}"
        );
    }
}

#[test]
fn the_injector_knows_every_command() {
    let cli = <Cli as clap::CommandFactory>::command();
    let commands: Vec<_> = cli.get_subcommands().map(clap::Command::get_name).collect();
    assert_eq!(commands, contract::names::AGENT_COMMANDS);
}
