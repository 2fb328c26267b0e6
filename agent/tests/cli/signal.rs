//! `signal`: which processes get it, and what it reports about the others.

use std::io::Read;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use super::{mk_command, run};

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
