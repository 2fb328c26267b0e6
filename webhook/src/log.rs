//! The process's own log: one line an event on stderr, as text or JSON. Values of pods are never
//! in it.

use std::str::FromStr;

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;

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
    /// Only the word `json` switches, in any case.
    pub fn new(text: &str) -> Self {
        if text.eq_ignore_ascii_case("json") {
            Self::Json
        } else {
            Self::Text
        }
    }

    /// Whether a text is the name of a format, in any case.
    pub(crate) fn is_known(text: &str) -> bool {
        ["standard", "json"]
            .iter()
            .any(|known| text.eq_ignore_ascii_case(known))
    }
}

/// Starts logging; a second call in one process changes nothing.
pub fn init(level: Level, format: Format) {
    let builder = fmt()
        .with_max_level(level.0)
        .with_writer(std::io::stderr)
        .with_target(false);
    let targets = targets(level);
    let started = match format {
        Format::Text => set_global_default(builder.with_ansi(false).finish().with(targets)),
        Format::Json => {
            set_global_default(builder.json().flatten_event(true).finish().with(targets))
        }
    };
    if started.is_err() {
        tracing::debug!("Logging was started before");
    }
}

/// The client of the API server calls each failed request an error; those who asked for it say
/// better, and once, what did not work.
fn targets(level: Level) -> Targets {
    let client = if level.0 >= LevelFilter::DEBUG {
        level.0
    } else {
        LevelFilter::OFF
    };
    Targets::new()
        .with_default(level.0)
        .with_target("kube_client", client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clients_own_errors_are_shown_only_to_who_debugs() {
        let shows = |level: &str, target: &str| {
            targets(level.parse().unwrap()).would_enable(target, &tracing::Level::ERROR)
        };
        assert!(!shows("info", "kube_client::client::builder"));
        assert!(shows("debug", "kube_client::client::builder"));
        assert!(shows("error", "vault_injector::cluster"));
    }

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
