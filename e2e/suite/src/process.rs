//! A child process with its output in lines. It never outlives the value that owns it.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

use crate::story::DEADLINE;

/// How long an ended process is waited for before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running child and the lines that it wrote so far, standard output and error together.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    lines: watch::Receiver<Vec<String>>,
    farewell: Signal,
}

impl Process {
    /// Starts `command`. `farewell` is the signal that ends it in good order when the value is dropped.
    pub fn start(name: &str, command: &mut Command, farewell: Signal) -> Result<Self> {
        let mut child = command
            // A group of its own: Ctrl-C at a terminal is for us, who then end it in good order.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name}: cannot start {}", command.get_program().display()))?;
        let (sender, lines) = watch::channel(Vec::new());
        let sender = Arc::new(sender);
        pump(child.stdout.take(), Arc::clone(&sender));
        pump(child.stderr.take(), sender);
        Ok(Self {
            name: name.to_owned(),
            child,
            lines,
            farewell,
        })
    }

    /// Waits for a line that holds `text`, now or later.
    pub async fn line(&self, text: &str) -> Result<String> {
        self.nth_line(1, text).await
    }

    /// Waits until `text` was in `count` lines and returns the last of them.
    pub async fn nth_line(&self, count: usize, text: &str) -> Result<String> {
        let mut lines = self.lines.clone();
        let found = tokio::time::timeout(
            DEADLINE,
            lines
                .wait_for(|lines| lines.iter().filter(|line| line.contains(text)).count() >= count),
        )
        .await;
        // The channel closes when the process closed its output, which is its end.
        let why = match found {
            Ok(Ok(lines)) => {
                let line = lines
                    .iter()
                    .filter(|line| line.contains(text))
                    .nth(count - 1);
                return line
                    .cloned()
                    .context("the line that was just seen must be there");
            }
            Ok(Err(_)) => "it ended",
            Err(_) => "the deadline passed",
        };
        bail!(
            "{}: no {count}. line with {text:?}: {why}. Its output:\n{}",
            self.name,
            self.output()
        )
    }

    /// How many lines hold `text` so far.
    pub fn count(&self, text: &str) -> usize {
        self.lines
            .borrow()
            .iter()
            .filter(|line| line.contains(text))
            .count()
    }

    /// Everything that the process wrote so far.
    pub fn output(&self) -> String {
        self.lines.borrow().join("\n")
    }

    /// Sends a signal to this process alone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(Pid::from_child(&self.child), signal)
            .with_context(|| format!("{}: cannot send {signal:?}", self.name))
    }

    /// Waits until the process has ended by itself and all its output is read.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let closed = async { while self.lines.changed().await.is_ok() {} };
        if tokio::time::timeout(DEADLINE, closed).await.is_err() {
            bail!(
                "{}: still running after {DEADLINE:?}. Its output:\n{}",
                self.name,
                self.output()
            );
        }
        Ok(self.child.wait()?)
    }

    /// Ends the process with its farewell signal, or kills it where that does not help.
    fn end(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        let deadline = Instant::now() + PATIENCE;
        if self.signal(self.farewell).is_ok() {
            while Instant::now() < deadline {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                thread::park_timeout(Duration::from_millis(5));
            }
        }
        // An error here means that the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        if thread::panicking() {
            eprintln!("---- output of {}\n{}\n----", self.name, self.output());
        }
    }
}

fn pump(stream: Option<impl Read + Send + 'static>, lines: Arc<watch::Sender<Vec<String>>>) {
    let stream = stream.expect("the child's output must be piped");
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n') {
            let Ok(line) = line else { break };
            let line = String::from_utf8_lossy(&line).into_owned();
            lines.send_modify(|all| all.push(line));
        }
    });
}

/// A port of loopback that was free a moment ago. Callers try another one where somebody was faster.
pub fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_shell(script: &str) -> Process {
        let mut command = Command::new("/bin/sh");
        Process::start("shell", command.args(["-c", script]), Signal::TERM)
            .expect("a shell must start")
    }

    #[tokio::test]
    async fn lines_are_found_whether_they_came_before_or_come_later() {
        let shell = mk_shell("echo one; echo two >&2; echo one more; exec cat /dev/zero");
        assert_eq!(shell.line("two").await.unwrap(), "two");
        assert_eq!(shell.nth_line(2, "one").await.unwrap(), "one more");
        assert_eq!(shell.count("one"), 2);
    }

    #[tokio::test]
    async fn a_line_that_never_comes_ends_with_the_output_of_the_process() {
        let mut shell = mk_shell("echo no such role; exit 3");
        let error = shell.line("welcome").await.unwrap_err().to_string();
        assert!(
            error.contains("it ended") && error.contains("no such role"),
            "{error}"
        );
        assert_eq!(shell.ended().await.unwrap().code(), Some(3));
    }

    #[tokio::test]
    async fn a_dropped_process_is_gone() {
        let shell = mk_shell("echo here; exec cat /dev/zero");
        let pid = Pid::from_child(&shell.child);
        drop(shell);
        assert!(rustix::process::test_kill_process(pid).is_err());
    }
}
