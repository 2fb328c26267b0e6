//! Why the process does not start, and how its user is told.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use contract::diagnostics::{Code, startup};
use thiserror::Error;

use super::ServingError;
use super::given::Wrong;
use super::usage::Usage;
use crate::log::UnknownLevel;

/// Exit code of arguments that cannot be read.
const USAGE: u8 = 64;
/// Exit code of a configuration that cannot work.
const CONFIGURATION: u8 = 78;

/// Why the process does not start.
#[derive(Debug, Error)]
pub enum Stop {
    /// Help, or the version.
    #[error("{0}")]
    Asked(String),
    /// Arguments that cannot be read.
    #[error(transparent)]
    Usage(Usage),
    /// Values that cannot work, in the order of the flags.
    #[error("{}", lines(.0))]
    Wrong(Vec<Wrong>),
    #[error("Error parsing environment variables: {0} is not UTF-8")]
    NotText(&'static str),
    #[error("Error setting log level: {0}")]
    LogLevel(#[from] UnknownLevel),
    #[error("-shutdown-delay: {0}")]
    ShutdownDelay(#[from] contract::duration::DurationError),
    #[error(transparent)]
    Serving(#[from] ServingError),
}

impl Stop {
    /// Tells the user, and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Asked(text) => {
                // Who reads no further has read what was wanted.
                let _ = io::stdout().write_all(text.as_bytes());
                ExitCode::SUCCESS
            }
            Self::Usage(usage) => {
                tell(&usage);
                ExitCode::from(USAGE)
            }
            stop => {
                match stop.code() {
                    Some(code) => tell(&format_args!("{stop} [{code}]")),
                    None => tell(&stop),
                }
                ExitCode::from(CONFIGURATION)
            }
        }
    }

    /// The code of a stop whose text does not show it yet.
    fn code(&self) -> Option<Code> {
        match self {
            Self::Asked(_) | Self::Usage(_) | Self::Wrong(_) => None,
            Self::NotText(_) => Some(startup::NOT_TEXT),
            Self::LogLevel(_) => Some(startup::WORD),
            Self::ShutdownDelay(_) => Some(startup::DURATION),
            Self::Serving(error) => Some(error.code()),
        }
    }
}

fn lines(wrong: &[Wrong]) -> String {
    let lines: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// One line on standard error. That nobody reads it is no reason to stop.
pub(crate) fn tell(text: &dyn Display) {
    let _ = writeln!(io::stderr(), "{text}");
}
