//! The binary: exit codes and signals.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStderr, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

const BINARY: &str = env!("CARGO_BIN_EXE_vault-injector");

/// The binary, outside of any cluster.
fn binary() -> Command {
    let mut command = Command::new(BINARY);
    command
        .env_remove("KUBECONFIG")
        .env_remove("KUBERNETES_SERVICE_HOST");
    command
}

fn start(arguments: &[&str]) -> Child {
    binary()
        .args(["-vault-address=http://vault:8200", "-listen=127.0.0.1:0"])
        .args(arguments)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads the log until a line has `words` in it, and gives that line.
fn wait_for(log: &mut BufReader<ChildStderr>, words: &str) -> String {
    let mut line = String::new();
    while !line.contains(words) {
        line.clear();
        assert_ne!(
            log.read_line(&mut line).unwrap(),
            0,
            "the log ended before {words:?}"
        );
    }
    line
}

fn terminate(child: &Child) {
    let pid = Pid::from_child(child);
    kill_process(pid, Signal::TERM).unwrap();
}

fn exit_code(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = binary()
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn a_signal_ends_the_process_in_order() {
    let mut child = start(&["-shutdown-delay=0s"]);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut log, "Serving address=127.0.0.1:");
    terminate(&child);
    wait_for(&mut log, "Reporting not ready");
    wait_for(&mut log, "Draining");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn numbers_of_a_log_in_json_are_numbers() {
    let mut child = start(&["-shutdown-delay=1ms", "-log-format=json"]);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut log, "\"Serving\"");
    terminate(&child);
    let line = wait_for(&mut log, "Reporting not ready");
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["delay_ms"], 1, "{line}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let mut child = start(&["-shutdown-delay=1h"]);
    let mut log = BufReader::new(child.stderr.take().unwrap());
    wait_for(&mut log, "Serving address=127.0.0.1:");
    terminate(&child);
    wait_for(&mut log, "Reporting not ready");
    terminate(&child);
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn exit_codes_tell_usage_from_configuration() {
    let (code, text) = exit_code(&["-no-such-flag"], &[]);
    assert_eq!(code, Some(64), "{text}");
    assert!(text.contains("--no-such-flag"), "{text}");
    let (code, text) = exit_code(&[], &[]);
    assert_eq!(code, Some(78), "{text}");
    assert!(text.starts_with("No Vault service configured"), "{text}");
    let (code, text) = exit_code(
        &[
            "-vault-address=http://v",
            "-tls-cert-file=/nowhere/a",
            "-tls-key-file=/nowhere/b",
        ],
        &[],
    );
    assert_eq!(code, Some(78), "{text}");
    assert!(text.contains("/nowhere/a"), "{text}");
}

#[test]
fn automatic_mode_needs_a_cluster() {
    let automatic = [
        "-vault-address=http://v",
        "-listen=127.0.0.1:0",
        "-tls-auto=cfg",
        "-tls-auto-hosts=localhost",
    ];
    let (code, text) = exit_code(&automatic, &[]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("Error loading in-cluster K8S config"),
        "{text}"
    );
    let (code, text) = exit_code(&automatic, &[("KUBECONFIG", "/nowhere/config")]);
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("cannot use the kubeconfig /nowhere/config"),
        "{text}"
    );
}

#[test]
fn what_tls_cannot_offer_is_refused_at_start() {
    let (code, text) = exit_code(
        &["-vault-address=http://v"],
        &[("AGENT_INJECT_TLS_MIN_VERSION", "tls10")],
    );
    assert_eq!(code, Some(78), "{text}");
    assert!(
        text.starts_with(
            "Failed to configure TLS: AGENT_INJECT_TLS_MIN_VERSION (-tls-min-version): invalid or \
             unsupported TLS version \"tls10\""
        ),
        "{text}"
    );
}
