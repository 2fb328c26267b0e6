//! Agents that run: how they end, where they log, and what they keep in their home.

use std::fs::Permissions;
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::{mk_command, run};

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
    let pid = first.id();
    let words = format!("another agent (pid {pid}) uses {}: ", home.path().display());
    assert!(log.contains(&words), "{log}");
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
