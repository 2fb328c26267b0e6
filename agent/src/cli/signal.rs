//! `vault-agent signal HUP nginx`: has the application read its files again, without a shell.
//!
//! Containers that share the process namespace of their pod see each other's processes. The first of
//! that namespace keeps it alive, and is never signaled; neither is an agent, nor a process of a
//! namespace below, which another container may have made on a node whose processes the pod sees.

mod processes;

use std::path::Path;

use rustix::io::Errno;
use rustix::process::{
    PidfdFlags, Signal, getpid, getuid, kill_process, pidfd_open, pidfd_send_signal,
};
use thiserror::Error;

use crate::exec::SignalName;
use processes::{Process, Processes};

/// More processes are counted, not named.
const NAMED: usize = 20;

/// Why no process got the signal, or not each one.
#[derive(Debug, Error)]
pub(crate) enum SignalError {
    /// `/proc` cannot be read.
    #[error("cannot list processes: {0}")]
    Proc(#[from] std::io::Error),
    /// The pod has processes, and none is called so.
    #[error("no process is called {wanted:?}; running: {running}")]
    NotFound {
        /// The name that was asked for.
        wanted: String,
        /// What runs instead.
        running: String,
    },
    /// The agent is alone in its namespace.
    #[error(
        "no process is called {wanted:?}: the agent sees no processes but its own; set the annotation \
         agent-share-process-namespace to true"
    )]
    NotShared {
        /// The name that was asked for.
        wanted: String,
    },
    /// The kernel refuses.
    #[error("cannot signal {process}: {source}{}", hint(*source, *user))]
    Refused {
        /// Its name and id.
        process: String,
        /// Its user.
        user: u32,
        /// Why.
        source: Errno,
    },
}

fn hint(error: Errno, user: u32) -> String {
    if error != Errno::PERM {
        return String::new();
    }
    format!(
        ": it runs as user {user} and the agent as user {}; run both as one (annotation \
         agent-run-as-same-user)",
        getuid().as_raw()
    )
}

/// Signals each process of this name, or path; of a process and its children of the same name, the
/// parent alone. A pod whose application has not started yet has nothing to signal, which is no
/// error; with `if_running`, neither is any other absence.
pub(crate) fn send(signal: SignalName, wanted: &str, if_running: bool) -> Result<(), SignalError> {
    let proc = Path::new("/proc");
    let processes = Processes::read(proc, getpid())?;
    let found = processes.called(wanted);
    if found.is_empty() && !if_running {
        return absent(wanted, &processes);
    }
    let mut refused = None;
    for process in found {
        match deliver(proc, process, wanted, signal.0) {
            // It has ended since it was listed.
            Ok(()) | Err(Errno::SRCH) => {}
            Err(source) => refused = Some(refusal(process, source)),
        }
    }
    refused.map_or(Ok(()), Err)
}

/// Signals a process through a descriptor of it, so that the signal never reaches another one which has
/// got its id since. While the process lives its id is its own: if the id still has the name once the
/// descriptor is open, the descriptor is that of a process of the name, or of one that has ended.
fn deliver(proc: &Path, process: &Process, wanted: &str, signal: Signal) -> Result<(), Errno> {
    let descriptor = match pidfd_open(process.id, PidfdFlags::empty()) {
        Ok(descriptor) => Some(descriptor),
        // Linux before 5.3, or a seccomp profile that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => None,
        Err(error) => return Err(error),
    };
    if !process.is_still_called(wanted, proc) {
        return Err(Errno::SRCH);
    }
    match descriptor {
        Some(descriptor) => pidfd_send_signal(&descriptor, signal),
        None => kill_process(process.id, signal),
    }
}

fn refusal(process: &Process, source: Errno) -> SignalError {
    SignalError::Refused {
        process: process.to_string(),
        user: process.user,
        source,
    }
}

fn absent(wanted: &str, processes: &Processes) -> Result<(), SignalError> {
    let wanted = wanted.to_owned();
    let others = processes.others();
    if !others.is_empty() {
        let more = others.len().saturating_sub(NAMED);
        let named = others.iter().take(NAMED).map(ToString::to_string);
        let mut named: Vec<String> = named.collect();
        if more > 0 {
            named.push(format!("{more} more"));
        }
        let running = named.join(", ");
        return Err(SignalError::NotFound { wanted, running });
    }
    if processes.is_shared() {
        return Ok(());
    }
    Err(SignalError::NotShared { wanted })
}

/// A signal by its name, with or without `SIG`, or by its number.
pub(crate) fn parse(text: &str) -> Result<SignalName, String> {
    let by_number = text
        .parse()
        .ok()
        .and_then(rustix::process::Signal::from_named_raw);
    match by_number {
        Some(signal) => Ok(SignalName(signal)),
        None => text
            .parse()
            .map_err(|error: crate::exec::UnknownSignal| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_that_has_got_the_id_of_another_one_is_not_signaled() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let id = i32::try_from(child.id()).unwrap();
        let proc = Path::new("/proc");
        let processes = Processes::read(proc, getpid()).unwrap();
        let of_child = |process: &&&Process| process.id.as_raw_nonzero().get() == id;
        let others = processes.others();
        let process = others.iter().find(of_child).unwrap();
        // As if the id had been that of the application when it was listed.
        let missed = deliver(proc, process, "application", Signal::KILL);
        assert_eq!(missed, Err(Errno::SRCH));
        assert_eq!(deliver(proc, process, "cat", Signal::HUP), Ok(()));
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(Signal::HUP.as_raw()));
    }
}
