//! Signals by name.

use std::fmt;
use std::str::FromStr;

use rustix::process::Signal;
use thiserror::Error;

/// A signal, as people write it: `SIGTERM`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignalName(pub Signal);

/// A text that names no signal.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{given:?} is not a signal: give a name such as SIGTERM")]
pub struct UnknownSignal {
    given: String,
}

const NAMES: &[(&str, Signal)] = &[
    ("SIGABRT", Signal::ABORT),
    ("SIGALRM", Signal::ALARM),
    ("SIGBUS", Signal::BUS),
    ("SIGCHLD", Signal::CHILD),
    ("SIGCONT", Signal::CONT),
    ("SIGFPE", Signal::FPE),
    ("SIGHUP", Signal::HUP),
    ("SIGILL", Signal::ILL),
    ("SIGINT", Signal::INT),
    ("SIGIO", Signal::IO),
    ("SIGKILL", Signal::KILL),
    ("SIGPIPE", Signal::PIPE),
    ("SIGPROF", Signal::PROF),
    ("SIGQUIT", Signal::QUIT),
    ("SIGSEGV", Signal::SEGV),
    ("SIGSTOP", Signal::STOP),
    ("SIGSYS", Signal::SYS),
    ("SIGTERM", Signal::TERM),
    ("SIGTRAP", Signal::TRAP),
    ("SIGTSTP", Signal::TSTP),
    ("SIGTTIN", Signal::TTIN),
    ("SIGTTOU", Signal::TTOU),
    ("SIGURG", Signal::URG),
    ("SIGUSR1", Signal::USR1),
    ("SIGUSR2", Signal::USR2),
    ("SIGWINCH", Signal::WINCH),
    ("SIGXCPU", Signal::XCPU),
    ("SIGXFSZ", Signal::XFSZ),
];

impl FromStr for SignalName {
    type Err = UnknownSignal;

    /// With or without `SIG`, in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let upper = text.trim().to_ascii_uppercase();
        let short = upper.strip_prefix("SIG").unwrap_or(&upper);
        let found = NAMES.iter().find(|(name, _)| &name[3..] == short);
        found
            .map(|(_, signal)| Self(*signal))
            .ok_or_else(|| UnknownSignal {
                given: text.to_owned(),
            })
    }
}

impl fmt::Display for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.iter().find(|(_, signal)| *signal == self.0) {
            Some((name, _)) => f.write_str(name),
            None => write!(f, "signal {}", self.0.as_raw()),
        }
    }
}

impl fmt::Debug for SignalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_injector_knows_the_same_signals() {
        let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, contract::names::SIGNALS);
        for text in ["hup", "SIGUSR1", "1", "31", "0", "32", "app", ""] {
            let is_taken = crate::cli::signal::parse(text).is_ok();
            assert_eq!(is_taken, contract::names::is_signal(text), "{text}");
        }
    }

    #[test]
    fn signals_are_known_by_name_with_and_without_sig() {
        for text in ["SIGUSR1", "USR1", "sigusr1"] {
            assert_eq!(text.parse(), Ok(SignalName(Signal::USR1)), "{text}");
        }
        assert_eq!(SignalName(Signal::TERM).to_string(), "SIGTERM");
        let error = "SIGTREM".parse::<SignalName>().unwrap_err();
        assert!(error.to_string().contains("\"SIGTREM\" is not a signal"));
    }
}
