//! The binary: exit codes and signals.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "all of this is test code, its helpers too"
)]

use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

fn mk_command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vault-agent"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = mk_command(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

#[test]
fn help_and_version_succeed_on_stdout() {
    let (code, stdout, _) = run(&["-help"]);
    assert!(code == 0 && stdout.contains("--config"), "{stdout}");
    let (code, stdout, _) = run(&["agent", "-version"]);
    assert!(code == 0 && stdout.starts_with("vault-agent "), "{stdout}");
}

#[test]
fn a_wrong_command_line_is_64_and_a_wrong_configuration_78() {
    let (code, _, stderr) = run(&["-confg=x"]);
    assert!(code == 64 && stderr.contains("confg"), "{stderr}");
    let (code, _, stderr) = run(&[]);
    assert!(code == 64 && stderr.contains("using -config"), "{stderr}");
    let (code, _, stderr) = run(&["-config=/nowhere.json"]);
    assert!(code == 78 && stderr.contains("/nowhere.json"), "{stderr}");
    let (code, _, stderr) = run(&["-log-level=loud", "-config=/nowhere.json"]);
    assert!(
        code == 78 && stderr.contains("unknown log level"),
        "{stderr}"
    );
    let output = mk_command(&[])
        .env("VAULT_CONFIG", "e30=")
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(
        stderr.lines().last(),
        Some("vault-agent: configuration: no auto_auth, cache, or listener block found in config")
    );
}

/// The messages of a log of which each line is JSON.
fn messages(log: &str) -> Vec<String> {
    let lines = log.lines().map(|line| -> String {
        let line: serde_json::Value = serde_json::from_str(line).expect(line);
        line["@message"].as_str().unwrap().to_owned()
    });
    lines.collect()
}

#[test]
fn with_json_each_line_is_json_from_the_first_to_the_reason_of_the_end() {
    let (code, _, stderr) = run(&["-log-format=json", "-config=/nowhere.json"]);
    let said = messages(&stderr);
    assert!(
        code == 78 && said.len() == 1 && said[0].contains("/nowhere.json"),
        "{stderr}"
    );

    let dir = tempfile::tempdir().unwrap();
    let config = format!(
        r#"{{"auto_auth": {{"method": {{"type": "kubernetes", "config":
             {{"role": "r", "token_path": "/dev/null"}}}},
             "sink": [{{"type": "file", "config": {{"path": "{0}/token"}}}}]}},
             "vault": {{"address": "http://127.0.0.1:1"}}, "exit_after_auth": true,
             "template": [{{"destination": "{0}/x", "contents": "a\n  {{{{ no_function }}}}\n"}}],
             "log_format": "json"}}"#,
        dir.path().display()
    );
    let file = dir.path().join("agent.json");
    std::fs::write(&file, config).unwrap();
    let (code, stdout, stderr) = run(&[&format!("-config={}", file.display())]);
    let said = messages(&stderr);
    assert_eq!((code, &*stdout), (1, ""), "{stderr}");
    assert_eq!(said[0], "Vault Agent started");
    let last = said.last().unwrap();
    assert!(
        last.starts_with("not rendered: ") && last.contains("no_function"),
        "{last}"
    );
    assert!(!said.concat().contains('\n'), "{said:?}");
}

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
        code == 78 && stderr.contains("unknown log level \"loud\"") && stderr.contains(&start(8)),
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
        let (from, mut to) = std::io::pipe().unwrap();
        to.write_all(text.as_bytes()).unwrap();
        drop(to);
        let mut command = mk_command(&["validate", &format!("-config={name}")]);
        let output = command.stdin(from).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let said = format!("{name}:4: unknown key \"typo\"");
        assert!(output.status.success(), "{stdout}");
        assert!(stdout.starts_with(&said), "{stdout}");
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
fn the_hook_of_a_stock_image_revokes_the_token_that_the_sink_wrote() {
    let home = tempfile::tempdir().unwrap();
    let mut command = mk_command(&["token", "revoke", "-address=http://127.0.0.1:1", "-self"]);
    let output = command.env("HOME", home.path()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(".vault-token cannot be read"), "{stderr}");
    assert_eq!(output.status.code(), Some(1));
    std::fs::write(home.path().join(".vault-token"), "hvs.canary\n").unwrap();
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("Error revoking token"), "{stderr}");
    assert!(!stderr.contains("canary"), "{stderr}");
}

#[test]
fn ready_answers_by_the_marker_alone() {
    let dir = tempfile::tempdir().unwrap();
    let marker = dir.path().join(".ready");
    let argument = format!("-marker={}", marker.display());
    let (code, _, stderr) = run(&["ready", &argument]);
    assert!(code == 1 && stderr.contains("not ready"), "{stderr}");
    drop(std::fs::File::create(&marker).unwrap());
    let (code, stdout, stderr) = run(&["ready", &argument]);
    assert_eq!((code, stdout.as_str(), stderr.as_str()), (0, "", ""));
}

#[test]
fn status_says_where_it_has_asked_in_vain() {
    let dir = tempfile::tempdir().unwrap();
    let argument = format!("-socket={}", dir.path().join("none").display());
    let (code, stdout, stderr) = run(&["status", &argument]);
    assert!(code == 1 && stdout.is_empty(), "{stdout}");
    assert!(stderr.contains("cannot ask the agent at"), "{stderr}");
    assert!(
        stderr.contains("it listens there while it runs"),
        "{stderr}"
    );
}

/// A script that runs until it is told something, under this name.
fn mk_process(dir: &tempfile::TempDir, name: &str) -> Child {
    let path = dir.path().join(name);
    std::fs::write(&path, "#!/bin/sh\necho started\nread line\n").unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, executable).unwrap();
    let mut child = Command::new(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // Then it has its name.
    let mut started = [0; 7];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut started)
        .unwrap();
    child
}

#[test]
fn signal_reaches_the_process_of_a_name_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let (mut told, mut other) = (mk_process(&dir, "told"), mk_process(&dir, "untold"));
    for (arguments, word) in [
        (
            ["signal", "HUP", "no-such-process"],
            "no process is called \"no-such-process\"; running: ",
        ),
        (["signal", "HUPP", "told"], "\"HUPP\" is not a signal"),
    ] {
        let (code, _, stderr) = run(&arguments);
        assert!(code != 0 && stderr.contains(word), "{stderr}");
    }
    let (code, _, stderr) = run(&["signal", "-if-running", "1", "no-such-process"]);
    assert_eq!((code, &*stderr), (0, ""));
    let (code, stdout, stderr) = run(&["signal", "SIGUSR1", "told"]);
    assert_eq!((code, &*stdout, &*stderr), (0, "", ""));
    let status = told.wait().unwrap();
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    assert_eq!(signal, Some(Signal::USR1.as_raw()));
    assert_eq!(other.try_wait().unwrap(), None);
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_process_of_another_user_is_named_with_what_to_do() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = mk_process(&dir, "of-root");
    let mut command = mk_command(&["signal", "HUP", "of-root"]);
    let output = std::os::unix::process::CommandExt::uid(&mut command, 65534)
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("it runs as user 0 and the agent as user 65534")
            && stderr.contains("agent-run-as-same-user"),
        "{stderr}"
    );
    assert_eq!(
        (output.status.code(), child.try_wait().unwrap()),
        (Some(1), None)
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

fn wait(child: &mut Child, what: &str, mut done: impl FnMut(&mut Child) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done(child) {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

#[test]
fn sigterm_and_sigint_end_it_with_success_and_without_its_pid_file() {
    for signal in [Signal::TERM, Signal::INT] {
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("pid");
        // Nothing listens there: the agent waits and tries again, which a signal has to interrupt.
        let config = format!(
            r#"{{"auto_auth": {{"method": {{"type": "kubernetes", "min_backoff": "1m", "config":
                 {{"role": "r", "token_path": "/dev/null"}}}},
                 "sink": [{{"type": "file", "config": {{"path": "{0}/token"}}}}]}},
                 "vault": {{"address": "http://127.0.0.1:1"}}, "pid_file": "{0}/pid", "typo": 1}}"#,
            dir.path().display()
        );
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(config.as_bytes()).unwrap();
        let argument = format!("-config={}", file.path().display());
        let log = format!("-log-file={}/", dir.path().display());
        let mut child = mk_command(&[&argument, &log])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        wait(&mut child, "the pid file", |_| pid_file.exists());
        let pid = i32::try_from(child.id())
            .ok()
            .and_then(Pid::from_raw)
            .unwrap();
        kill_process(pid, signal).unwrap();
        wait(&mut child, "the end", |child| {
            child.try_wait().unwrap().is_some()
        });
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(!pid_file.exists());
        assert!(stderr.contains("unknown key \"typo\""), "{stderr}");
        let log = std::fs::read_to_string(dir.path().join("agent.log")).unwrap();
        assert_eq!(log, stderr);
        let stdout = String::from_utf8(output.stdout).unwrap();
        assert!(stdout.starts_with("==> Vault Agent started! Log data will stream in below:"));
    }
}

#[test]
fn what_was_planted_where_the_log_goes_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    let pipe = dir.path().join("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let link = dir.path().join("link");
    std::os::unix::fs::symlink("elsewhere", &link).unwrap();
    let config = dir.path().join("config.json");
    // Nothing listens there: the login fails, which is later than the log starts.
    let text = r#"{"vault": {"address": "http://127.0.0.1:1"}, "auto_auth": {
        "method": {"type": "kubernetes", "exit_on_err": true,
            "config": {"role": "r", "token_path": "/dev/null"}},
        "sink": [{"type": "file", "config": {"path": "/dev/shm/no-token"}}]}}"#;
    std::fs::write(&config, text).unwrap();
    for planted in [&pipe, &link] {
        let config = format!("-config={}", config.display());
        let log = format!("-log-file={}", planted.display());
        let (code, _, stderr) = run(&[&config, &log]);
        assert_eq!(code, 1, "{stderr}");
        assert!(
            stderr.contains("the log is not written to its file"),
            "{stderr}"
        );
    }
    let missing = format!("-log-file={}/no/log", dir.path().display());
    let (code, _, stderr) = run(&[&format!("-config={}", config.display()), &missing]);
    assert_eq!(code, 78, "{stderr}");
    assert!(stderr.contains("parent directory is missing"), "{stderr}");
    assert!(!dir.path().join("elsewhere").exists());

    for output in ["/dev/stdout", "/dev/stderr"] {
        let config = format!("-config={}", config.display());
        let (code, stdout, stderr) = run(&[&config, &format!("-log-file={output}")]);
        assert_eq!(code, 1, "{stderr}");
        let lines = |text: &str| text.matches(": error authenticating").count();
        let expected = match output {
            "/dev/stdout" => (1, 1),
            _ => (0, 2),
        };
        assert_eq!((lines(&stdout), lines(&stderr)), expected, "{stderr}");
        assert!(!stderr.contains("is not written"), "{stderr}");
    }
}

#[test]
fn marker_socket_and_state_follow_the_home_of_the_user() {
    if std::path::Path::new(contract::names::AGENT_HOME).is_dir() {
        eprintln!("skipped: this machine has the home of a pod");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("agent.json");
    let config = format!(
        r#"{{"auto_auth": {{"method": {{"type": "token_file", "config": {{"token_file_path": "{0}/none"}}}}}},
             "vault": {{"address": "http://127.0.0.1:1"}},
             "template": [{{"contents": "x", "destination": "{0}/x"}}]}}"#,
        home.path().display()
    );
    std::fs::write(&file, config).unwrap();
    let argument = format!("-config={}", file.display());
    let mut command = mk_command(&[&argument]);
    command.env("HOME", home.path()).stdout(Stdio::null());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let has = |name: &str| home.path().join(name).exists();
    wait(&mut child, "the socket", |_| has(".status.sock"));
    wait(&mut child, "the state", |_| has(".vault-agent"));
    let ask = |words: &[&str]| {
        let output = mk_command(words).env("HOME", home.path()).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), text)
    };
    let (_, text) = ask(&["status"]);
    assert!(
        text.contains(&home.path().join("x").display().to_string()),
        "{text}"
    );
    let (code, text) = ask(&["ready"]);
    assert!(code == Some(1) && !text.contains("/home/vault"), "{text}");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn two_agents_of_one_home_leave_each_other_alone() {
    if std::path::Path::new(contract::names::AGENT_HOME).is_dir() {
        eprintln!("skipped: this machine has the home of a pod");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name);
    // A socket that nobody listens on any more is not an agent.
    drop(UnixListener::bind(path(".status.sock")).unwrap());
    let start = |name: &str| {
        let socket = path(&format!("{name}.sock"));
        let config = format!(
            r#"{{"vault": {{"address": "http://127.0.0.1:1"}},
                 "listener": [{{"type": "unix", "address": {socket:?}}}]}}"#
        );
        let file = path(&format!("{name}.json"));
        std::fs::write(&file, config).unwrap();
        let mut command = mk_command(&[&format!("-config={}", file.display())]);
        command.env("HOME", home.path()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        wait(&mut child, "the answer", |_| is_ready(&socket));
        child
    };
    let end = |child: Child| {
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let files = || {
        [".ready", ".status.sock"].map(|name| {
            let found = std::fs::metadata(path(name)).ok()?;
            Some((found.ino(), found.ctime(), found.ctime_nsec()))
        })
    };
    let mut first = start("first");
    wait(&mut first, "the marker", |_| path(".ready").exists());
    let of_first = files();
    let second = start("second");
    assert_eq!(files(), of_first);
    let log = end(second);
    assert!(log.contains("another agent listens at"), "{log}");
    assert_eq!(files(), of_first);
    for words in ["status", "ready"] {
        let output = mk_command(&[words]).env("HOME", home.path()).output();
        assert!(output.unwrap().status.success(), "{words}");
    }
    let log = end(first);
    assert!(!log.contains("another agent"), "{log}");
    assert_eq!(files(), [None, None]);
}

/// Asks an agent over a socket of its own.
fn is_ready(socket: &std::path::Path) -> bool {
    let exchange = || -> std::io::Result<String> {
        let mut stream = UnixStream::connect(socket)?;
        stream.write_all(b"GET /agent/v1/ready HTTP/1.0\r\nHost: agent\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    exchange().is_ok_and(|answer| answer.starts_with("HTTP/1.0 200"))
}

#[test]
fn render_says_without_dry_run_how_an_agent_renders_for_real() {
    let (code, stdout, stderr) = run(&["render", "-config=/x"]);
    assert_eq!((code, &*stdout), (64, ""));
    assert!(stderr.contains("run it with -exit-after-auth"), "{stderr}");
    let (code, _, stderr) = run(&["render", "--dry-run", "-config=/nonexistent"]);
    assert_eq!(code, 78, "{stderr}");
}
