//! The process's own log: one line an event on stderr, as text or JSON. Values of pods are never
//! in it.

use std::str::FromStr;

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt;

/// Which events are logged, by the established words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(LevelFilter);

/// A word that is no level.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown log level: {0} (known: trace, debug, info, notice, warn, warning, error, err)")]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(match text.trim().to_lowercase().as_str() {
            "trace" => LevelFilter::TRACE,
            "debug" => LevelFilter::DEBUG,
            "" | "info" | "notice" => LevelFilter::INFO,
            "warn" | "warning" => LevelFilter::WARN,
            "error" | "err" => LevelFilter::ERROR,
            _ => return Err(UnknownLevel(text.to_owned())),
        }))
    }
}

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Text,
    Json,
}

impl Format {
    /// Only the exact word `json` switches.
    pub fn new(text: &str) -> Self {
        if text == "json" {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// Starts logging; a second call in one process changes nothing.
pub fn init(level: Level, format: Format) {
    let builder = fmt()
        .with_max_level(level.0)
        .with_writer(std::io::stderr)
        .with_target(false);
    let started = match format {
        Format::Text => tracing::subscriber::set_global_default(builder.with_ansi(false).finish()),
        Format::Json => {
            tracing::subscriber::set_global_default(builder.json().flatten_event(true).finish())
        }
    };
    if started.is_err() {
        tracing::debug!("Logging was started before");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_read_by_the_established_words() {
        for (text, level) in [
            ("", LevelFilter::INFO),
            (" Notice ", LevelFilter::INFO),
            ("WARNING", LevelFilter::WARN),
            ("err", LevelFilter::ERROR),
            ("trace", LevelFilter::TRACE),
        ] {
            assert_eq!(text.parse(), Ok(Level(level)), "{text}");
        }
        let error = "loud".parse::<Level>().unwrap_err().to_string();
        assert!(error.starts_with("unknown log level: loud"), "{error}");
    }
}
