//! How the agent ends: the one reason, and the code that goes with it.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use thiserror::Error;

use crate::auth::AuthError;
use crate::config::{ConfigError, Problems};
use crate::exec::ExecError;
use crate::listener::ListenError;
use crate::log::LogError;
use crate::render::RenderError;
use crate::sink::SinkError;
use secret_files::FileError;

/// Why the agent ended other than by request.
#[derive(Debug, Error)]
pub enum Failure {
    /// The configuration cannot be used.
    #[error("configuration: {0}")]
    Config(#[from] ConfigError),
    /// The same, with all that is wrong.
    #[error("configuration: {0}")]
    Problems(#[from] Problems),
    /// The log settings cannot be used.
    #[error("configuration: {0}")]
    Log(#[from] LogError),
    /// The server's address or certificates cannot be used.
    #[error("configuration: {0}")]
    Client(#[from] vault_client::ConfigError),
    /// No token.
    #[error("{0}")]
    Auth(#[from] AuthError),
    /// No place for the token.
    #[error("{0}")]
    Sink(#[from] SinkError),
    /// Not all files.
    #[error("{0}")]
    Render(#[from] RenderError),
    /// No listener.
    #[error("{0}")]
    Listen(#[from] ListenError),
    /// No pid file.
    #[error("pid file {0}")]
    PidFile(FileError),
    /// No program.
    #[error("{0}")]
    Exec(#[from] ExecError),
    /// The program in `exec` ended with this code.
    #[error("process exited with {0}")]
    Exited(u8),
    /// A dry run left something behind.
    #[error(
        "not everything that the dry run obtained from Vault was revoked: the log names it, and it \
         ends with its TTL"
    )]
    NotRevoked,
    /// Asked to end twice.
    #[error("second signal: exiting immediately")]
    SecondSignal,
    /// The runtime or its signals.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl Failure {
    /// The exit code, as in `sysexits.h` where the caller is at fault: 64 is for a wrong command
    /// line, 78 for a wrong configuration, 1 for all that happens later. In exec mode the program has
    /// its own.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Config(ConfigError::Missing) => USAGE,
            Self::Exited(code) => *code,
            Self::Config(_) | Self::Problems(_) | Self::Log(_) | Self::Client(_) => 78,
            Self::Auth(_)
            | Self::Sink(_)
            | Self::Render(_)
            | Self::Listen(_)
            | Self::PidFile(_)
            | Self::Exec(_)
            | Self::NotRevoked
            | Self::SecondSignal
            | Self::System(_) => 1,
        }
    }

    /// The reason in one line, for a termination message.
    pub fn one_line(&self) -> String {
        one_line(&self.to_string())
    }

    /// The same with a line for each problem of a configuration, or each template.
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Problems(problems) => problems
                .iter()
                .map(|problem| one_line(&format!("configuration: {problem}")))
                .collect(),
            Self::Render(RenderError::Templates(reasons)) => reasons
                .iter()
                .map(|reason| one_line(&format!("not rendered: {reason}")))
                .collect(),
            other => vec![other.one_line()],
        }
    }
}

/// A text of several lines in one.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where kubelet reads the reason of an end; there in every container, and nowhere else.
const TERMINATION_LOG: &str = "/dev/termination-log";

/// Most that Kubernetes takes of such a line.
const LONGEST_MESSAGE: usize = 4096;

/// Leaves a line for whoever asks Kubernetes why the container ended.
pub fn leave_message(line: &str) {
    leave_message_in(Path::new(TERMINATION_LOG), line);
}

fn leave_message_in(file: &Path, line: &str) {
    // The file is never made: outside of a container, /dev is not ours.
    let options = OpenOptions::new().write(true).truncate(true).open(file);
    if let Ok(mut file) = options {
        let bytes = line.as_bytes();
        // The reason stands in the log too, for whom this cannot be written.
        let _ = file.write_all(&bytes[..bytes.len().min(LONGEST_MESSAGE)]);
    }
}

/// Exit code of a wrong command line.
pub const USAGE: u8 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_takes_the_place_of_an_earlier_one_and_makes_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("termination-log");
        leave_message_in(&path, "nobody asks");
        assert!(!path.exists());
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(b"a longer earlier message").unwrap();
        leave_message_in(&path, "new");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        leave_message_in(&path, &"x".repeat(10_000));
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 4096);
    }

    #[test]
    fn codes_tell_usage_configuration_and_the_rest_apart() {
        assert_eq!(Failure::from(ConfigError::Missing).exit_code(), 64);
        let odd = ConfigError::value("key", "odd");
        assert_eq!(Failure::from(odd).exit_code(), 78);
        assert_eq!(
            Failure::from(LogError::Rotation {
                key: "x",
                reason: String::new()
            })
            .exit_code(),
            78
        );
        let reasons = vec!["a:\n\n* b".to_owned(), "c".to_owned()];
        let failure = Failure::from(RenderError::Templates(reasons));
        assert_eq!(failure.exit_code(), 1);
        assert_eq!(failure.one_line(), "not rendered: a: * b; c");
        let lines = ["not rendered: a: * b", "not rendered: c"];
        assert_eq!(failure.lines(), lines);
    }
}
