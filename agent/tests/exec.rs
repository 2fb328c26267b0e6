//! Exec mode: the built program as the supervisor of real programs, against dev-vault.
//!
//! In a process of its own each, because a supervisor waits for all children of its process. Nothing
//! sleeps for a fixed time: each step waits for what it expects, with a deadline.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "all of this is test code, its helpers too"
)]

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dev_vault::{Config, DevVault};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(60);
const KV: &str = "secret/data/app";
const PASSWORD: &str = r#"{{ with secret "secret/app" }}{{ .Data.data.password }}{{ end }}"#;

struct World {
    vault: DevVault,
    dir: TempDir,
}

struct Agent {
    process: Child,
    log: PathBuf,
}

impl World {
    async fn new() -> Self {
        let vault = DevVault::start(Config::default()).await.unwrap();
        let world = Self {
            vault,
            dir: tempfile::tempdir().unwrap(),
        };
        world.put("sys/auth/kubernetes", &json!({"type": "kubernetes"}));
        let host = json!({"kubernetes_host": "https://k8s"});
        world.put("auth/kubernetes/config", &host);
        let role = json!({
            "bound_service_account_names": "app", "bound_service_account_namespaces": "prod",
            "policies": "app", "ttl": "1h",
        });
        world.put("auth/kubernetes/role/app", &role);
        let policy = r#"path "secret/data/app" { capabilities = ["read"] }"#;
        world.put("sys/policies/acl/app", &json!({"policy": policy}));
        world.set_password("first");
        let keys = world.vault.service_accounts();
        let jwt = keys.mint("prod", "app", &[], Duration::from_secs(3600));
        world.write("jwt", &jwt);
        world
    }

    fn put(&self, path: &str, body: &Value) {
        let written = self.vault.write(path, body);
        written.unwrap_or_else(|refusal| panic!("{path}: {refusal:?}"));
    }

    fn set_password(&self, password: &str) {
        self.put(KV, &json!({"data": {"password": password}}));
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        let mut file = fs::File::create(self.path(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// An agent that runs this script of a shell, in which `$DIR` is the test's directory.
    fn run(&self, script: &str, exec: &Value) -> Agent {
        self.run_with(script, exec, |_| ())
    }

    fn run_with(&self, script: &str, exec: &Value, change: impl FnOnce(&mut Value)) -> Agent {
        let mut config = json!({
            "auto_auth": {"method": {
                "type": "kubernetes", "config": {"role": "app", "token_path": self.path("jwt")},
            }},
            "vault": {"address": self.vault.address()},
            "cache": {"persist": {"type": "kubernetes", "path": self.path("")}},
            "template_config": {
                "exit_on_retry_failure": true, "static_secret_render_interval": "1s",
            },
            "exec": {"command": ["/bin/sh", "-c", script]},
            "env_template": [
                {"name": "PASSWORD", "contents": PASSWORD},
                {"name": "FIXED", "contents": "a b"},
            ],
        });
        let block = config["exec"].as_object_mut().unwrap();
        block.extend(exec.as_object().unwrap().clone());
        change(&mut config);
        self.write("config.json", &config.to_string());
        let log = self.dir.path().join("log");
        let process = Command::new(env!("CARGO_BIN_EXE_vault-agent"))
            .arg(format!("-config={}", self.path("config.json")))
            .arg("-log-level=trace")
            .env_clear()
            .env("DIR", self.dir.path())
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Agent { process, log }
    }

    async fn wait_for(&self, name: &str, agent: &Agent, wanted: impl Fn(&str) -> bool) -> String {
        let look = || Some(self.read(name)).filter(|text| wanted(text));
        match until(look).await {
            Some(text) => text,
            None => panic!("{name} is {:?}; log:\n{}", self.read(name), agent.log()),
        }
    }
}

/// Looks again and again, until the deadline.
async fn until<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let search = async {
        loop {
            if let Some(found) = look() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(DEADLINE, search).await.ok()
}

impl Agent {
    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().try_into().unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// The code that it ends with, and its log.
    async fn end(mut self) -> (i32, String) {
        let status = until(|| self.process.try_wait().unwrap()).await;
        let Some(status) = status else {
            panic!("the agent does not end; log:\n{}", self.log());
        };
        (status.code().unwrap(), self.log())
    }

    async fn wait_for_log(&self, words: &str) {
        let found = until(|| self.log().contains(words).then_some(())).await;
        assert!(found.is_some(), "no {words:?} in the log:\n{}", self.log());
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Where a test failed half-way.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn the_program_gets_its_variables_its_streams_and_gives_its_code() {
    let world = World::new().await;
    let script = r#"read line; echo "$line: $PASSWORD, $FIXED, $DIR"; exit 5"#;
    let mut agent = world.run(script, &json!({}));
    let mut stdin = agent.process.stdin.take().unwrap();
    stdin.write_all(b"typed\n").unwrap();
    let mut stdout = agent.process.stdout.take().unwrap();
    let (code, log) = agent.end().await;
    let mut text = String::new();
    stdout.read_to_string(&mut text).unwrap();
    let expected = format!("typed: first, a b, {}\n", world.dir.path().display());
    assert!(text.ends_with(&expected), "{text}");
    assert_eq!(code, 5);
    assert!(
        log.ends_with("vault-agent: process exited with 5\n"),
        "{log}"
    );
    assert!(!log.contains("first"), "{log}");
}

#[tokio::test]
async fn a_program_that_ends_well_ends_the_agent_well() {
    let world = World::new().await;
    let (code, log) = world.run("exit 0", &json!({})).end().await;
    assert_eq!(code, 0);
    assert!(
        log.contains("agent.exec.server: process exited with 0"),
        "{log}"
    );
    let (code, _) = world.run("kill -9 $$", &json!({})).end().await;
    assert_eq!(code, 128 + 9);
}

#[tokio::test]
async fn a_changed_secret_restarts_the_program_with_the_new_value() {
    let world = World::new().await;
    let script = r#"echo "$PASSWORD" >> $DIR/out; trap 'echo asked >> $DIR/out; exit 3' USR1
        while :; do read never; done"#;
    // A pipe that nobody writes to, so that `read` waits; the trap ends it.
    let agent = world.run(script, &json!({"restart_stop_signal": "SIGUSR1"}));
    world
        .wait_for("out", &agent, |text| text == "first\n")
        .await;
    world.set_password("second");
    let wanted = "first\nasked\nsecond\n";
    world.wait_for("out", &agent, |text| text == wanted).await;
    // An order to leave asks with the same signal, and the program's code counts.
    agent.signal(Signal::TERM);
    let (code, log) = agent.end().await;
    assert_eq!(code, 3, "{log}");
    assert_eq!(world.read("out"), "first\nasked\nsecond\nasked\n");
    assert!(!log.contains("second\n"), "{log}");
}

#[tokio::test]
async fn a_program_that_is_never_to_be_restarted_keeps_its_values() {
    let world = World::new().await;
    let script = "echo $PASSWORD >> $DIR/out; exec sleep 1000";
    let agent = world.run(script, &json!({"restart_on_secret_changes": "never"}));
    world
        .wait_for("out", &agent, |text| text == "first\n")
        .await;
    world.set_password("second");
    agent.wait_for_log("not restarted as configured").await;
    agent.signal(Signal::INT);
    let (code, _) = agent.end().await;
    assert_eq!(code, 0, "ended by the signal that it was sent");
    assert_eq!(world.read("out"), "first\n");
}

#[tokio::test]
async fn a_second_signal_ends_agent_and_program_at_once() {
    let world = World::new().await;
    let script = "trap 'echo asked >> $DIR/out' TERM; echo $$ >> $DIR/out
        while :; do read never; done";
    let agent = world.run(script, &json!({}));
    let program = world
        .wait_for("out", &agent, |text| text.ends_with('\n'))
        .await;
    agent.signal(Signal::TERM);
    world
        .wait_for("out", &agent, |text| text.ends_with("asked\n"))
        .await;
    agent.signal(Signal::TERM);
    let (code, log) = agent.end().await;
    assert_eq!(code, 1, "{log}");
    assert!(log.contains("second signal: exiting immediately"), "{log}");
    // One that has ended and waits to be collected has no command line.
    let line = format!("/proc/{}/cmdline", program.trim());
    let ended = until(|| fs::read(&line).unwrap_or_default().is_empty().then_some(())).await;
    assert!(ended.is_some(), "the program goes on");
}

#[tokio::test]
async fn a_shell_line_is_stopped_with_all_that_it_started() {
    let world = World::new().await;
    let line = "sleep 1000 & echo $! > $DIR/pid; wait";
    let agent = world.run("", &json!({"command": line}));
    let pid = world
        .wait_for("pid", &agent, |text| text.ends_with('\n'))
        .await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    assert!(test_kill_process(pid).is_err());
}

#[tokio::test]
async fn what_a_stopped_program_leaves_behind_ends_with_it() {
    let world = World::new().await;
    // The program ends at the signal, which its worker never gets.
    let script = "sleep 1000 & echo $! > $DIR/pid; trap 'exit 0' TERM; while :; do read n; done";
    let agent = world.run(script, &json!({}));
    let pid = world
        .wait_for("pid", &agent, |text| text.ends_with('\n'))
        .await;
    let since = std::time::Instant::now();
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
    let took = since.elapsed();
    assert!(
        took < Duration::from_secs(20),
        "not after the 30 s of a program that hangs: {took:?}"
    );
    let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
    assert!(test_kill_process(pid).is_err());
}

#[tokio::test]
async fn orphans_are_waited_for_and_signals_are_passed_on() {
    let world = World::new().await;
    // The inner shell ends at once and leaves its child to the agent.
    let script = r"trap 'echo passed on >> $DIR/out' USR2
        (sh -c 'echo $$ > $DIR/pid.new; mv $DIR/pid.new $DIR/pid; read wait < $DIR/fifo' &)
        while :; do read never; done";
    let fifo = world.dir.path().join("fifo");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let agent = world.run(script, &json!({}));
    let pid = world.wait_for("pid", &agent, |text| !text.is_empty()).await;
    // Its parent is the agent now.
    let parent = format!("PPid:\t{}\n", agent.process.id());
    let status = format!("/proc/{}/status", pid.trim());
    let adopted = || {
        fs::read_to_string(&status)
            .ok()
            .filter(|text| text.contains(&parent))
    };
    assert!(until(adopted).await.is_some());
    drop(fs::File::options().write(true).open(&fifo).unwrap());
    let gone = || fs::metadata(&status).is_err().then_some(());
    assert!(until(gone).await.is_some(), "a zombie is left");
    agent.signal(Signal::USR2);
    world
        .wait_for("out", &agent, |text| text == "passed on\n")
        .await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_a_failure_of_the_agent() {
    let world = World::new().await;
    let agent = world.run("", &json!({"command": "/no/such/program"}));
    let (code, log) = agent.end().await;
    assert_eq!(code, 1);
    assert!(
        log.contains("vault-agent: exec: cannot start \"/no/such/program\": "),
        "{log}"
    );
}

#[tokio::test]
async fn a_value_that_no_variable_can_hold_ends_the_agent_before_the_program() {
    let world = World::new().await;
    world.set_password("a\0b");
    let wait =
        |config: &mut Value| config["template_config"]["exit_on_retry_failure"] = json!(false);
    let agent = world.run_with("echo ran > $DIR/out", &json!({}), wait);
    let (code, log) = agent.end().await;
    assert_eq!(code, 1);
    let last = log.lines().last().unwrap();
    assert!(
        last.contains("env_template[PASSWORD]: the value has a zero byte"),
        "{last}"
    );
    assert_eq!(world.read("out"), "");
}

#[tokio::test]
async fn a_program_that_runs_goes_on_if_its_variable_cannot_be_set_any_more() {
    let world = World::new().await;
    let agent = world.run("echo $PASSWORD >> $DIR/out; exec sleep 1000", &json!({}));
    world
        .wait_for("out", &agent, |text| text == "first\n")
        .await;
    world.set_password("a\0b");
    agent
        .wait_for_log("env_template[PASSWORD]: the value has a zero byte")
        .await;
    world.set_password("second");
    let wanted = "first\nsecond\n";
    world.wait_for("out", &agent, |text| text == wanted).await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
}

#[tokio::test]
async fn an_agent_that_ends_after_its_first_render_runs_no_program() {
    let world = World::new().await;
    let once = |config: &mut Value| config["exit_after_auth"] = json!(true);
    let agent = world.run_with("echo ran > $DIR/out", &json!({}), once);
    assert_eq!(agent.end().await.0, 0);
    assert_eq!(world.read("out"), "");
}

#[tokio::test]
async fn no_program_runs_before_all_its_variables_are_there() {
    let world = World::new().await;
    let missing = |config: &mut Value| {
        let text = r#"{{ with secret "secret/app2" }}{{ .Data.data.x }}{{ end }}"#;
        config["env_template"][1]["contents"] = json!(text);
        config["template_config"]["exit_on_retry_failure"] = json!(false);
    };
    let agent = world.run_with("echo ran > $DIR/out", &json!({}), missing);
    agent.wait_for_log("permission denied").await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
    assert_eq!(world.read("out"), "");
}

#[tokio::test]
async fn a_hangup_brings_the_program_its_changed_variables() {
    let world = World::new().await;
    let script = "echo $PASSWORD $FIXED >> $DIR/out; exec sleep 1000";
    let agent = world.run(script, &json!({}));
    world
        .wait_for("out", &agent, |text| text == "first a b\n")
        .await;
    let mut config: Value = serde_json::from_str(&world.read("config.json")).unwrap();
    config["env_template"][1]["contents"] = json!("other");
    world.write("config.json", &config.to_string());
    agent.signal(Signal::HUP);
    let wanted = "first a b\nfirst other\n";
    world.wait_for("out", &agent, |text| text == wanted).await;
    agent.signal(Signal::TERM);
    assert_eq!(agent.end().await.0, 0);
}
