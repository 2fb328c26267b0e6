//! `validate`: which problems it reports, and where.

use std::io::Write;
use std::process::{Command, Stdio};

use super::{mk_command, run};

#[test]
fn validate_says_what_is_wrong_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.hcl");
    let argument = format!("-config={}", dir.path().display());
    let mut text = "auto_auth {\n  method \"kubernetes\" {\n    config { role = \"r\" }\n  }\n  \
                    sink \"file\" { config { path = \"/t\" } }\n}\n"
        .to_owned();
    std::fs::write(&file, &text).unwrap();
    let (code, stdout, stderr) = run(&["validate", &argument]);
    assert_eq!(
        (code, stdout.as_str(), stderr.as_str()),
        (0, "The configuration is valid.\n", "")
    );
    text += "pidfile = \"/p\"\n";
    std::fs::write(&file, &text).unwrap();
    let expected = format!(
        "{}:7: unknown key \"pidfile\", did you mean \"pid_file\"?",
        file.display()
    );
    let (code, stdout, _) = run(&["validate", &argument]);
    assert!(code == 0 && stdout.starts_with(&expected), "{stdout}");
    let (code, _, stderr) = run(&["validate", "-strict", &argument]);
    assert!(code == 78 && stderr.contains(&expected), "{stderr}");
    let odd = "vault { address = 1 }\nlistener \"tcp\" { tls_disable = \"maybe\" }\n";
    std::fs::write(&file, text.clone() + odd).unwrap();
    let (code, _, stderr) = run(&["validate", &argument]);
    let lines: Vec<_> = stderr.lines().collect();
    let start = |line: u32| format!("vault-agent: configuration: {}:{line}: ", file.display());
    assert_eq!((code, lines.len()), (78, 2), "{stderr}");
    assert!(
        lines[0].starts_with(&start(8)) && lines[1].starts_with(&start(9)),
        "{stderr}"
    );
    let (code, _, stderr) = run(&[&argument]);
    assert_eq!((code, stderr.lines().count()), (78, 1), "{stderr}");
    let odd = "vault { address = \"vault:8200\" }\nlog_level = \"loud\"\n";
    std::fs::write(&file, text.clone() + odd).unwrap();
    let (code, _, stderr) = run(&["validate", &argument]);
    assert!(
        code == 78 && stderr.contains(&format!("{}unknown log level \"loud\"", start(9))),
        "{stderr}"
    );
    assert!(stderr.contains(&start(8)), "{stderr}");
    let output = mk_command(&["validate", &argument])
        .env("VAULT_LOG_LEVEL", "high")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("configuration: unknown log level \"high\""),
        "{stderr}"
    );
    std::fs::write(&file, text + "vault {").unwrap();
    let (code, _, stderr) = run(&["validate", &argument]);
    assert!(
        code == 78 && stderr.contains("agent.hcl: line 8"),
        "{stderr}"
    );
}

#[test]
fn a_configuration_comes_through_a_pipe() {
    let text = "vault { address = \"http://127.0.0.1:1\" }\ncache {}\n\
                listener \"unix\" { address = \"/tmp/s\" }\ntypo = 1\n";
    for name in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        let of_flag = mk_command(&["validate", &format!("-config={name}")]);
        let mut of_variable = mk_command(&["validate"]);
        of_variable.env("VAULT_AGENT_CONFIG_PATH", name);
        for mut command in [of_flag, of_variable] {
            let (from, mut to) = std::io::pipe().unwrap();
            to.write_all(text.as_bytes()).unwrap();
            drop(to);
            let output = command.stdin(from).output().unwrap();
            let stdout = String::from_utf8(output.stdout).unwrap();
            let expected = format!("{name}:4: unknown key \"typo\"");
            assert!(output.status.success(), "{stdout}");
            assert!(stdout.starts_with(&expected), "{stdout}");
        }
    }
    let script = r#""$1" validate -config=<(echo "$2")"#;
    let program = env!("CARGO_BIN_EXE_vault-agent");
    let shell = Command::new("bash")
        .args(["-c", script, "bash", program, text])
        .output();
    match shell {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(error) => eprintln!("skipped: there is no bash: {error}"),
    }
    let mut command = mk_command(&["validate", "-config=/dev/stdin"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = child.stdin.take().unwrap();
    // It stops to read at the limit.
    let _ = to.write_all(&vec![b'#'; 5 << 20]);
    drop(to);
    let output = child.wait_with_output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78), "{stderr}");
    assert!(
        stderr.contains("/dev/stdin") && stderr.contains("4194304 bytes"),
        "{stderr}"
    );
}

/// A configuration that is good but for what the test adds to it.
fn mk_file(dir: &std::path::Path, more: &str) -> String {
    let file = dir.join("agent.hcl");
    let text = "auto_auth {\n  method \"kubernetes\" { config { role = \"r\" } }\n}\n";
    std::fs::write(&file, format!("{text}{more}")).unwrap();
    format!("-config={}", file.display())
}

#[test]
fn validate_parses_templates_in_files_and_in_variables() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("a.tmpl");
    std::fs::write(&source, "a\n{{ if }}").unwrap();
    let template = format!(
        "template {{\n  destination = \"/a\"\n  source = {source:?}\n  user = \"nobody-here\"\n}}\n"
    );
    let (code, stdout, stderr) = run(&["validate", &mk_file(dir.path(), &template)]);
    assert_eq!(code, 78, "{stderr}");
    let at = format!(
        ":6: template[0] (/a).source: {}: line 2, column ",
        source.display()
    );
    assert!(stderr.contains(&at), "{stderr}");
    assert!(
        stdout.starts_with("on this machine: ") && stdout.contains("unknown user \"nobody-here\""),
        "{stdout}"
    );

    // What is not there may be there elsewhere.
    std::fs::remove_file(&source).unwrap();
    let (code, stdout, stderr) = run(&["validate", &mk_file(dir.path(), &template)]);
    assert_eq!(code, 0, "{stderr}");
    let words = format!("{} is not there, and was not checked", source.display());
    assert!(stdout.contains(&words), "{stdout}");

    let variable = "exec { command = \"/app\" }\nenv_template \"KEY\" {\n  contents = \"{{ service \\\"x\\\" }}\"\n}\n";
    let (code, _, stderr) = run(&["validate", &mk_file(dir.path(), variable)]);
    let words = ":6: env_template[KEY].contents: line 1, column 4: function \"service\" is not \
                 defined (it reads from Consul";
    assert!(code == 78 && stderr.contains(words), "{stderr}");
}

#[test]
fn validate_does_not_ask_for_the_credentials_of_a_cloud() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("agent.hcl");
    let argument = format!("-config={}", file.display());
    for (kind, settings) in [
        ("aws", "type = \"iam\"\n role = \"r\""),
        ("gcp", "type = \"gce\"\n role = \"r\""),
        ("azure", "role = \"r\"\n resource = \"x\""),
    ] {
        let text = format!(
            "auto_auth {{\n  method {kind:?} {{\n    config {{ {settings} }}\n  }}\n  \
             sink \"file\" {{ config {{ path = \"/t\" }} }}\n}}\n"
        );
        std::fs::write(&file, text).unwrap();
        let (code, stdout, stderr) = run(&["-strict", "validate", &argument]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{kind}: {stdout}");
        let tells = stdout.contains(":3: auto_auth.method.config: ")
            && stdout.contains("there are no credentials of AWS");
        assert_eq!(tells, kind == "aws", "{stdout}");
    }
    // A start needs them.
    std::fs::write(&file, "auto_auth {\n  method \"aws\" {\n    config { type = \"iam\"\n role = \"r\" }\n  }\n  sink \"file\" { config { path = \"/t\" } }\n}\n").unwrap();
    let (code, _, stderr) = run(&[&argument]);
    assert!(
        code == 78 && stderr.contains("there are no credentials of AWS"),
        "{stderr}"
    );
}

#[test]
fn validate_refuses_paths_and_arguments_that_fail_at_every_render() {
    let dir = tempfile::tempdir().unwrap();
    let template = "template {\n  destination = \"/a\"\n  contents = <<EOT\n\
                    {{ with secret \":=x\" }}{{ end }}\n\
                    {{ with secret \"secret/%!d(string=x)\" }}{{ end }}\n\
                    {{ with secret \"/\" }}{{ end }}\n\
                    {{ with secret \"a/b\" \"ttl\" }}{{ end }}\n\
                    EOT\n}\n";
    let (code, _, stderr) = run(&["validate", &mk_file(dir.path(), template)]);
    assert_eq!((code, stderr.lines().count()), (78, 4), "{stderr}");
    for text in [
        "agent.hcl:6: template[0] (/a).contents: line 1, column 16: secret refuses the path \":=x\": \
         missing protocol scheme: write one such as \"secret/data/app\"",
        "line 2, column 16: secret refuses the path \"secret/%!d(string=x)\": invalid URL escape \
         \"%!d\", which printf writes if its arguments do not fit: correct the format",
        "line 3, column 16: secret refuses the path \"/\": it is empty: write one such as",
        "line 4, column 22: the argument \"ttl\" has no value: write \"ttl=VALUE\"",
    ] {
        assert!(stderr.contains(text), "{stderr} lacks {text}");
    }
}
