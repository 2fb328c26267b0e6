//! Signals to the agent and to its program, and what the program leaves behind.

use std::fs;
use std::time::Duration;

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::json;

use crate::support::{World, until};

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
