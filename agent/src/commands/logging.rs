//! The log as flags, variables and the configuration have it.

use std::io::{self, Write};

use contract::AgentConfig;
use contract::agent_config::DurationText;
use tracing::{Level, warn};
use tracing_subscriber::layer::SubscriberExt;

use crate::cli::{Cli, LogFlags};
use crate::config::Environment;
use crate::exit::Failure;
use crate::log::{self, LogError, LogFile, LogLayer, LogLevel, Rotation, Tee};

/// Flag before environment before file.
pub(super) fn pick(
    flag: Option<&str>,
    variable: &str,
    file: &str,
    environment: &Environment,
) -> String {
    let variable = environment.vault(variable).map(|variable| variable.value);
    flag.or(variable).unwrap_or(file).to_owned()
}

pub(super) fn level(cli: &Cli, environment: &Environment, file: &str) -> Result<Level, LogError> {
    let flag = cli.log.log_level.as_deref();
    log::parse_level(&pick(flag, "LOG_LEVEL", file, environment))
}

pub(super) fn format(
    cli: &Cli,
    environment: &Environment,
    file: &str,
) -> Result<log::Format, LogError> {
    let flag = cli.log.log_format.as_deref();
    let format = pick(flag, "LOG_FORMAT", file, environment);
    format.parse().map_err(LogError::Format)
}

pub(super) fn settings(
    cli: &Cli,
    environment: &Environment,
    file: &AgentConfig,
) -> Result<(Level, log::Format, Rotation), LogError> {
    Ok((
        level(cli, environment, &file.log_level)?,
        format(cli, environment, &file.log_format)?,
        rotation(&cli.log, file)?,
    ))
}

pub(super) fn start(
    cli: &Cli,
    environment: &Environment,
    file: &AgentConfig,
) -> Result<LogLevel, Failure> {
    let flags = &cli.log;
    let (level, format, rotation) = settings(cli, environment, file)?;
    let console: Box<dyn Write + Send> = if flags.combine_logs.unwrap_or_default() {
        Box::new(io::stdout())
    } else {
        Box::new(io::stderr())
    };
    let path = flags.log_file.as_deref().unwrap_or(&file.log_file);
    let log = (!path.is_empty()).then(|| LogFile::open(path, rotation));
    let (layer, planted) = match log {
        None => (LogLayer::new(level, format, console), None),
        Some(Ok(log)) => (LogLayer::new(level, format, Tee(console, log)), None),
        Some(Err(error)) if error.is_of_others() => {
            (LogLayer::new(level, format, console), Some(error))
        }
        Some(Err(error)) => return Err(LogError::File(error.to_string()).into()),
    };
    let level = layer.level();
    install(layer);
    if let Some(error) = planted {
        warn!(target: "agent", %error, "the log is not written to its file");
    }
    Ok(level)
}

/// Has all events go to this log, unless they go to another one already.
pub(super) fn install(layer: LogLayer) {
    let subscriber = tracing_subscriber::registry().with(layer);
    let _ = tracing::subscriber::set_global_default(subscriber);
}

fn rotation(flags: &LogFlags, file: &AgentConfig) -> Result<Rotation, LogError> {
    let age = match &flags.log_rotate_duration {
        Some(text) => DurationText::new(text),
        None => file.log_rotate_duration.clone(),
    };
    let default = Rotation::default();
    let age = age.duration().map_err(|error| LogError::Rotation {
        key: "log_rotate_duration",
        reason: error.to_string(),
    })?;
    let bytes = flags.log_rotate_bytes.or(file.log_rotate_bytes);
    let max_files = flags.log_rotate_max_files.or(file.log_rotate_max_files);
    Ok(Rotation {
        // Zero and less mean no limit.
        bytes: bytes.map_or(0, |bytes| u64::try_from(bytes).unwrap_or(0)),
        age: age.filter(|age| !age.is_zero()).unwrap_or(default.age),
        max_files: max_files.unwrap_or(default.max_files),
    })
}
