//! One `template` block.

use std::time::Duration;

use contract::agent_config::{DurationText, Template as Written, Wait as WrittenWait};
use contract::duration::DurationError;

use templating::{Engine, UnknownEngine};

use super::ConfigError;
use crate::command::CommandSpec;
use crate::config::{DEFAULT_COMMAND_TIMEOUT, TemplateSettings, TemplateSource};
use crate::files::{Target, names};
use crate::schedule::Wait;

pub(super) fn settings(written: &Written, index: usize) -> Result<TemplateSettings, ConfigError> {
    let key = |name: &str| match written.destination.as_str() {
        "" => format!("template[{index}].{name}"),
        destination => format!("template[{index}] ({destination}).{name}"),
    };
    let source = match (written.source.as_str(), written.contents.as_str()) {
        (source, "") if !source.is_empty() => TemplateSource::File(source.into()),
        ("", contents) if !contents.is_empty() => TemplateSource::Contents(contents.to_owned()),
        _ => {
            return Err(ConfigError::rule(
                "template: must specify exactly one of 'source' or 'contents'",
            ));
        }
    };
    if written.destination.is_empty() {
        return Err(ConfigError::value(
            key("destination"),
            "a destination is required",
        ));
    }
    let command = written
        .command
        .as_ref()
        .map(|command| {
            let timeout = command_timeout(written)
                .map_err(|error| ConfigError::value(key("command_timeout"), error))?;
            CommandSpec::new(command, timeout)
                .map_err(|error| ConfigError::value(key("command"), error))
        })
        .transpose()?
        .flatten();
    let engine = match &written.engine {
        Some(name) => name
            .parse()
            .map_err(|error: UnknownEngine| ConfigError::value(key("engine"), error))?,
        None => Engine::default(),
    };
    Ok(TemplateSettings {
        source,
        engine,
        target: Target {
            path: written.destination.clone().into(),
            mode: written
                .perms
                .mode()
                .map_err(|error| ConfigError::value(key("perms"), error))?,
            uid: names::user(&written.user)
                .map_err(|error| ConfigError::value(key("user"), error))?,
            gid: names::group(&written.group)
                .map_err(|error| ConfigError::value(key("group"), error))?,
            create_directories: written.create_dest_dirs.is_none_or(|switch| switch.0),
        },
        left_delimiter: written.left_delimiter.clone(),
        right_delimiter: written.right_delimiter.clone(),
        error_on_missing_key: written.error_on_missing_key.0,
        error_fatal: written.error_fatal.is_none_or(|switch| switch.0),
        wait: written
            .wait
            .as_ref()
            .map(|wait| quiet_time(wait).map_err(|reason| ConfigError::value(key("wait"), reason)))
            .transpose()?
            .flatten(),
        command,
    })
}

/// `None` where it is switched off.
fn quiet_time(written: &WrittenWait) -> Result<Option<Wait>, String> {
    let read = |text: &DurationText| text.duration().map_err(|error| error.to_string());
    let (enabled, min, max) = match written {
        WrittenWait::Text(text) => {
            let (min, max) = text.split_once(':').unwrap_or((text, ""));
            let (min, max) = (DurationText::new(min.trim()), DurationText::new(max.trim()));
            (None, read(&min)?, read(&max)?)
        }
        WrittenWait::Block(block) => {
            let enabled = block.enabled.map(|switch| switch.0);
            (enabled, read(&block.min)?, read(&block.max)?)
        }
    };
    let min = min.unwrap_or_default();
    let max = max.unwrap_or(min * Wait::MAX_OF_MIN);
    if max < min {
        return Err(format!(
            "the longest wait, {max:?}, is shorter than the shortest, {min:?}"
        ));
    }
    Ok((enabled.unwrap_or(true) && !min.is_zero()).then_some(Wait { min, max }))
}

fn command_timeout(written: &Written) -> Result<Duration, DurationError> {
    let timeout = written.command_timeout.duration()?;
    Ok(timeout
        .filter(|timeout| !timeout.is_zero())
        .unwrap_or(DEFAULT_COMMAND_TIMEOUT))
}
