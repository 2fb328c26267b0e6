//! Log lines in the form that people and log pipelines know.
//!
//! ```text
//! 2006-01-02T15:04:05.000Z [INFO]  agent.auth.handler: authentication successful: key=value
//! {"@level":"info","@message":"authentication successful","@module":"agent.auth.handler","@timestamp":"…","key":"value"}
//! ```
//!
//! The module is the event's target. Only the agent's own targets are logged: what libraries say at
//! debug level may hold headers and bodies, and so secrets.

mod file;
mod line;

use std::fmt;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use contract::agent_config::check::{self, UnknownFormat, UnknownLevel};
use jiff::Timestamp;
use thiserror::Error;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use line::Line;

/// Targets below which events are logged: the agent's own, and those of the project's libraries.
const OURS: [&str; 3] = ["agent.", "vault.", "serve_tls::"];

pub use file::{LogFile, Rotation, Tee};

pub use contract::agent_config::check::LogFormat as Format;

/// A level or format that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogError {
    /// Not a level.
    #[error(transparent)]
    Level(#[from] UnknownLevel),
    /// Not a rotation.
    #[error("{key}: {reason}")]
    Rotation {
        /// The setting.
        key: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// A file that cannot be opened.
    #[error("log file {0}")]
    File(String),
    /// Not a format.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
}

impl LogError {
    /// The key of the configuration that it is about.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Level(_) => "log_level",
            Self::Rotation { key, .. } => key,
            Self::File(_) => "log_file",
            Self::Format(_) => "log_format",
        }
    }
}

/// Reads a level by its name; empty means info.
pub fn parse_level(text: &str) -> Result<Level, LogError> {
    let level: check::LogLevel = text.parse()?;
    Ok(match level {
        check::LogLevel::Trace => Level::TRACE,
        check::LogLevel::Debug => Level::DEBUG,
        check::LogLevel::Info => Level::INFO,
        check::LogLevel::Warn => Level::WARN,
        check::LogLevel::Error => Level::ERROR,
    })
}

/// The level of a log that runs.
#[derive(Clone, Debug)]
pub struct LogLevel(Arc<AtomicUsize>);

const LEVELS: [Level; 5] = [
    Level::ERROR,
    Level::WARN,
    Level::INFO,
    Level::DEBUG,
    Level::TRACE,
];

impl LogLevel {
    fn new(level: Level) -> Self {
        let log = Self(Arc::default());
        log.set(level);
        log
    }

    /// Lines of `level` and above, from now on.
    pub fn set(&self, level: Level) {
        let index = LEVELS.iter().position(|known| *known == level);
        let before = self.0.swap(index.unwrap_or_default(), Ordering::Relaxed);
        if Some(before) != index {
            // Whether a line is of interest is asked once, and remembered where it is written.
            tracing::callsite::rebuild_interest_cache();
        }
    }

    fn get(&self) -> Level {
        LEVELS[self.0.load(Ordering::Relaxed)]
    }
}

/// Writes the agent's events as lines.
pub struct LogLayer {
    level: LogLevel,
    format: Format,
    output: Mutex<Box<dyn Write + Send>>,
}

impl LogLayer {
    /// Lines of `level` and above, to `output`.
    pub fn new(level: Level, format: Format, output: impl Write + Send + 'static) -> Self {
        Self {
            level: LogLevel::new(level),
            format,
            output: Mutex::new(Box::new(output)),
        }
    }

    /// Changes the level later.
    pub fn level(&self) -> LogLevel {
        self.level.clone()
    }
}

impl fmt::Debug for LogLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogLayer")
            .field("level", &self.level)
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let target = metadata.target();
        let is_ours = target == "agent" || OURS.iter().any(|ours| target.starts_with(ours));
        *metadata.level() <= self.level.get() && is_ours
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let line = Line::of(event);
        let text = match self.format {
            Format::Standard => line.standard(Timestamp::now()),
            Format::Json => line.json(Timestamp::now()),
        };
        // A log that cannot be written has nowhere to say so.
        if let Ok(mut output) = self.output.lock() {
            let _ = output.write_all(text.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn capture(level: Level, format: Format, log: impl FnOnce()) -> String {
        let captured = Captured::default();
        let layer = LogLayer::new(level, format, captured.clone());
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, log);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn only_the_agents_own_events_of_the_level_are_written() {
        let text = capture(Level::INFO, Format::Standard, || {
            tracing::info!(target: "agent.auth.handler", "authenticating");
            tracing::debug!(target: "agent", "too fine");
            tracing::info!(target: "vault.client", "reconnecting");
            tracing::error!(target: "hyper::proto", "token: canary");
            tracing::error!(target: "agentx", "canary");
        });
        assert!(
            text.contains(" [INFO]  agent.auth.handler: authenticating\n"),
            "{text}"
        );
        assert!(
            text.ends_with(" [INFO]  vault.client: reconnecting\n"),
            "{text}"
        );
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn a_text_of_any_length_gives_a_line_of_some() {
        for format in [Format::Standard, Format::Json] {
            let text = capture(Level::INFO, format, || {
                let (lease, odd) = ("x".repeat(1_000_000), "\u{1b}".repeat(1_000_000));
                tracing::info!(target: "agent", lease, ?odd, "{odd}");
            });
            assert!(text.len() < 1_000_000, "{}", text.len());
            assert!(text.contains("… (967232 more bytes)"));
        }
    }

    #[test]
    fn the_level_can_change_while_the_log_runs() {
        let captured = Captured::default();
        let layer = LogLayer::new(Level::INFO, Format::Standard, captured.clone());
        let level = layer.level();
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            for number in 1..=3 {
                tracing::debug!(target: "agent", number, "fine");
                level.set(if number == 1 {
                    Level::DEBUG
                } else {
                    Level::WARN
                });
            }
        });
        let text = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.ends_with("number=2\n"), "{text}");
    }

    #[test]
    fn json_lines_are_json() {
        let text = capture(Level::TRACE, Format::Json, || {
            tracing::warn!(target: "agent", count = 3, ok = true, why = "a  \"b\"", error = "line 1:\n  |  x\n", "Odd\n");
        });
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["@level"], "warn");
        assert_eq!(value["@module"], "agent");
        assert_eq!(value["@message"], "Odd");
        assert_eq!(value["error"], "line 1: | x");
        assert_eq!(value["count"], 3);
        assert_eq!(value["ok"], true);
        assert_eq!(value["why"], "a  \"b\"");
        let timestamp = value["@timestamp"].as_str().unwrap();
        assert!(timestamp.parse::<Timestamp>().is_ok(), "{timestamp}");
    }

    #[test]
    fn levels_and_formats_have_their_established_names() {
        assert_eq!(parse_level("NOTICE"), Ok(Level::INFO));
        assert_eq!(parse_level("err"), Ok(Level::ERROR));
        assert!(
            parse_level("loud")
                .unwrap_err()
                .to_string()
                .contains("trace, debug")
        );
        assert_eq!("JSON".parse(), Ok(Format::Json));
        assert_eq!("".parse(), Ok(Format::Standard));
        assert!("xml".parse::<Format>().is_err());
    }
}
