//! The program as a process, and everything that it leaves behind.
//!
//! What the program starts and does not wait for becomes a child of this process, as it would of PID 1
//! anyway. So one place waits for all children, whoever made them; nothing else of the agent starts
//! processes in exec mode.

use std::io::{self, IsTerminal};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::process::{
    self, Pid, Signal, WaitOptions, WaitStatus, getpid, kill_process, kill_process_group,
};
use tracing::debug;

use super::ExecError;
use super::values::Values;
use crate::command::{CommandSpec, Shell};

/// A program that was started.
pub(super) struct Child {
    pid: Pid,
    /// It leads a process group, which has its own name.
    leads_group: bool,
    /// Signals go to all of the group: a shell passes none on.
    is_shell_line: bool,
    status: Option<WaitStatus>,
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Code(u8),
    Signal(u8),
}

/// Takes over what the program leaves behind, also where this is not the first process.
pub(super) fn adopt_orphans() -> io::Result<()> {
    Ok(process::set_child_subreaper(Some(getpid()))?)
}

impl Child {
    /// Starts the program with the agent's environment and these values.
    pub(super) fn start(spec: &CommandSpec, values: &Values) -> Result<Self, ExecError> {
        let words = spec.prepare(Shell::find())?;
        let (program, arguments) = words
            .split_first()
            .ok_or(crate::command::CommandError::Empty)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(values.pairs())
            .stdin(Stdio::inherit());
        // At a terminal, another group would not be allowed to read.
        let leads_group = !io::stdin().is_terminal();
        if leads_group {
            command.process_group(0);
        }
        let child = command.spawn().map_err(|source| ExecError::Start {
            program: program.clone(),
            source,
        })?;
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        Ok(Self {
            pid: id.expect("a process that was started must have an id"),
            leads_group,
            is_shell_line: spec.is_shell_line(),
            status: None,
        })
    }

    pub(super) fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Sends a signal to the program.
    pub(super) fn signal(&self, signal: Signal) {
        self.send(signal, self.is_shell_line);
    }

    /// Kills what the program has left behind, as the end of a container's first process does. What
    /// a shell started got the signal itself and has its time.
    pub(super) fn end_rest(&self) {
        if !self.is_shell_line && !self.is_gone() {
            self.kill();
        }
    }

    /// Kills it with all of its group.
    pub(super) fn kill(&self) {
        self.send(Signal::KILL, true);
    }

    fn send(&self, signal: Signal, to_group: bool) {
        // Whoever is gone already needs no signal. The id is ours until we have waited for it.
        let _ = if to_group && self.leads_group {
            kill_process_group(self.pid, signal)
        } else if self.status.is_none() {
            kill_process(self.pid, signal)
        } else {
            Ok(())
        };
    }

    /// Waits for all processes that have ended, without blocking.
    pub(super) fn reap(child: &mut Option<Self>) {
        loop {
            match process::wait(WaitOptions::NOHANG) {
                Ok(Some((pid, status))) => match child {
                    Some(child) if child.pid == pid => child.status = Some(status),
                    _ => {
                        let pid = pid.as_raw_nonzero();
                        debug!(target: "agent.exec.server", pid, "an orphan ended");
                    }
                },
                Err(Errno::INTR) => {}
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// How the program itself ended.
    pub(super) fn exit(&self) -> Option<Exit> {
        let status = self.status?;
        let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        Some(match (status.exit_status(), status.terminating_signal()) {
            (Some(code), _) => Exit::Code(byte(code)),
            (None, signal) => Exit::Signal(byte(signal.unwrap_or_default())),
        })
    }

    /// Whether the program and all of its group are gone.
    pub(super) fn is_gone(&self) -> bool {
        self.status.is_some()
            && (!self.leads_group || process::test_kill_process_group(self.pid) == Err(Errno::SRCH))
    }
}

impl Exit {
    /// As shells write it.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Code(code) => code,
            Self::Signal(signal) => signal.saturating_add(128),
        }
    }
}
