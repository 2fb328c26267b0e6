//! What is refused with what was meant, and what help shows.

use std::io::Read as _;
use std::process::{Command, Stdio};

use super::{MANIFESTS, run, text};

#[test]
fn a_command_that_is_not_there_is_refused_with_the_nearest_one() {
    for (word, expected) in [
        (
            "lnit",
            "unknown command \"lnit\": did you mean lint? [VI-1604]",
        ),
        (
            "exlpain",
            "unknown command \"exlpain\": did you mean explain? [VI-1604]",
        ),
        ("foo", "unknown command \"foo\" [VI-1604]"),
    ] {
        for arguments in [&[word][..], &["help", word], &[word, "-f", "x"]] {
            let output = run(arguments, "");
            assert_eq!(output.status.code(), Some(64), "{arguments:?}");
            let message = text(&output.stderr);
            assert!(message.starts_with(expected), "{message}");
        }
    }
}

#[test]
fn help_names_the_program_whatever_its_file_is_called() {
    let directory = tempfile::tempdir().unwrap();
    let other = directory.path().join("vi");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_vault-injector"), &other).unwrap();
    for arguments in [&["lint", "--help"][..], &["help", "explain"], &["--help"]] {
        let output = Command::new(&other).args(arguments).output().unwrap();
        let printed = text(&output.stdout);
        assert!(printed.contains("Usage: vault-injector"), "{printed}");
    }
}

#[test]
fn recursive_is_taken_as_kubectl_does() {
    for arguments in [
        &["lint", "-R", "-f", "-"][..],
        &["inject", "-R", "-"],
        &["inject", "--recursive", "-f", "-"],
    ] {
        let output = run(arguments, MANIFESTS);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
}

#[test]
fn an_argument_that_cannot_be_read_is_named_with_what_to_write() {
    for (arguments, expected) in [
        (
            &["lint", "--diff"][..],
            "unknown flag --diff [VI-1605]\nvault-injector lint --help",
        ),
        (
            &["inject", "--dif"],
            "unknown flag --dif: did you mean --diff?",
        ),
        (
            &["inject", "-o", "yml"],
            "--output: \"yml\" is not one of yaml, json",
        ),
        (&["inject", "-o"], "--output needs one of yaml, json"),
        (
            &["inject", "--kube-version", "new"],
            "--kube-version: \"new\"",
        ),
        (&["completions"], "<SHELL> is missing"),
        (&["explain", "a", "b"], "unexpected argument \"b\""),
    ] {
        let output = run(arguments, "");
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        let message = text(&output.stderr);
        assert!(message.starts_with(expected), "{message}");
        assert!(!message.contains("tip:"), "{message}");
    }
}

#[test]
fn a_value_that_no_pod_could_use_stops_a_command_too() {
    for command in ["lint", "inject"] {
        let output = run(&[command, "-cpu-limit=abc", "-profile=x", "-"], MANIFESTS);
        assert_eq!(output.status.code(), Some(78));
        assert_eq!(
            text(&output.stderr),
            "-cpu-limit: \"abc\" is not a quantity (write 250m or 0.25) [VI-1609]\n\
             -profile: \"x\" is not one of vault, openbao [VI-1606]\n"
        );
    }
}

#[test]
fn what_is_typed_wins_over_a_variable_and_a_misspelt_variable_is_warned_of() {
    let output = Command::new(env!("CARGO_BIN_EXE_vault-injector"))
        .args(["inject", "-cpu-limit=250m", "-f", "/dev/null"])
        .env_clear()
        .env("AGENT_INJECT_CPU_LIMIT", "abc")
        .env("AGENT_INJECT_STRCT", "true")
        .output()
        .unwrap();
    assert_ne!(output.status.code(), Some(78), "{}", text(&output.stderr));
    assert!(
        text(&output.stderr).starts_with(
            "warning: AGENT_INJECT_STRCT is not a variable of the injector and is ignored: did you mean \
             AGENT_INJECT_STRICT? [VI-1603]\n"
        ),
        "{}",
        text(&output.stderr)
    );
}

#[test]
fn who_reads_no_further_ends_a_command_quietly() {
    for arguments in [&["explain"][..], &["completions", "bash"], &["help"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vault-injector"))
            .args(arguments)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Closed before anything can be written, or after: both end quietly.
        drop(child.stdout.take());
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(0),
            "{arguments:?}: {said}"
        );
        assert_eq!(said, "", "{arguments:?}");
    }
}
