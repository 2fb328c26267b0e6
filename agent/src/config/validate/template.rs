//! One `template` block.

use contract::GoDuration;
use contract::agent_config::{DurationText, ExecEnv, Template as Written, Wait as WrittenWait};
use templating::{Engine, UnknownEngine};

use super::ConfigError;
use crate::command::{CommandSpec, NoVariable, Variables, parse_custom};
use crate::config::{DEFAULT_COMMAND_TIMEOUT, Output, TemplateSettings, TemplateSource};
use crate::exec::SignalName;
use crate::files::names::UnknownName;
use crate::files::{Target, names};
use crate::schedule::Wait;

pub(super) fn settings(written: &Written, index: usize) -> Result<TemplateSettings, ConfigError> {
    let place = || match written.destination.as_str() {
        "" => format!("template[{index}]"),
        destination => format!("template[{index}] ({destination})"),
    };
    let key = |name: &str| format!("{}.{name}", place());
    let source = source(&written.source, &written.contents).ok_or_else(|| {
        let words = "template: must specify exactly one of 'source' or 'contents'";
        ConfigError::rule(format!("{words}, in {}", place()))
    })?;
    if written.destination.is_empty() {
        return Err(ConfigError::value(
            key("destination"),
            "a destination is required",
        ));
    }
    let command = command(written, &key)?;
    let engine = engine(written.engine.as_deref())
        .map_err(|error| ConfigError::value(key("engine"), error))?;
    Ok(TemplateSettings {
        source,
        engine,
        output: Output::File(Target {
            path: written.destination.clone().into(),
            mode: written
                .perms
                .mode()
                .map_err(|error| ConfigError::value(key("perms"), error))?,
            uid: owner(
                "user",
                &written.user,
                "uid",
                &written.uid,
                names::user,
                &key,
            )?,
            gid: owner(
                "group",
                &written.group,
                "gid",
                &written.gid,
                names::group,
                &key,
            )?,
            backup: written.backup.0,
            create_directories: written.create_dest_dirs.is_none_or(|switch| switch.0),
        }),
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
        sandbox: (!written.sandbox_path.is_empty()).then(|| written.sandbox_path.clone().into()),
        function_denylist: denylist(&written.function_denylist, &written.function_blacklist),
    })
}

/// Exactly one of the two.
pub(super) fn source(source: &str, contents: &str) -> Option<TemplateSource> {
    match (source, contents) {
        ("", "") => None,
        (source, "") => Some(TemplateSource::File(source.into())),
        ("", contents) => Some(TemplateSource::Contents(contents.to_owned())),
        _ => None,
    }
}

pub(super) fn engine(name: Option<&str>) -> Result<Engine, UnknownEngine> {
    name.map_or(Ok(Engine::default()), str::parse)
}

/// Both names of the list count.
pub(super) fn denylist(list: &[String], old_name: &[String]) -> Vec<String> {
    [list, old_name].concat()
}

/// A user or group under either of its keys. -1 is how token sinks write "leave it".
fn owner(
    name: &str,
    value: &str,
    other_name: &str,
    other_value: &str,
    find: fn(&str) -> Result<Option<u32>, UnknownName>,
    key: &dyn Fn(&str) -> String,
) -> Result<Option<u32>, ConfigError> {
    let (name, value) = if value.is_empty() {
        (other_name, other_value)
    } else {
        (name, value)
    };
    match value {
        "-1" => Ok(None),
        value => find(value).map_err(|error| ConfigError::value(key(name), error)),
    }
}

/// The `exec` block, or the older `command` where that says nothing; each fills in for the other.
fn command(
    written: &Written,
    key: &dyn Fn(&str) -> String,
) -> Result<Option<CommandSpec>, ConfigError> {
    let block = written.exec.clone().unwrap_or_default();
    let duration = |name: &str, text: &DurationText| {
        text.duration()
            .map_err(|error| ConfigError::value(key(name), error))
    };
    let limit = match duration("exec.timeout", &block.timeout)? {
        Some(limit) => Some(limit),
        None => duration("command_timeout", &written.command_timeout)?,
    };
    // They have no effect here, but a mistake in them is one all the same.
    duration("exec.kill_timeout", &block.kill_timeout)?;
    duration("exec.splay", &block.splay)?;
    for (name, signal) in [
        ("exec.kill_signal", &block.kill_signal),
        ("exec.reload_signal", &block.reload_signal),
    ] {
        if !signal.is_empty() {
            let parsed: Result<SignalName, _> = signal.parse();
            parsed.map_err(|error| ConfigError::value(key(name), error))?;
        }
    }
    let (name, line) = match (&block.command, &written.command) {
        (Some(command), _) => ("exec.command", command),
        (None, Some(command)) => ("command", command),
        (None, None) => return Ok(None),
    };
    let spec = CommandSpec::new(line, limit.unwrap_or(DEFAULT_COMMAND_TIMEOUT))
        .map_err(|error| ConfigError::value(key(name), error))?;
    let variables = variables(&block.env.unwrap_or_default())
        .map_err(|error| ConfigError::value(key("exec.env.custom"), error))?;
    let is_on = block.enabled.is_none_or(|switch| switch.0);
    Ok(spec
        .filter(|_| is_on)
        .map(|spec| spec.with_variables(variables)))
}

fn variables(written: &ExecEnv) -> Result<Variables, NoVariable> {
    Ok(Variables {
        pristine: written.pristine.0,
        allowlist: [&written.allowlist[..], &written.whitelist[..]].concat(),
        denylist: [&written.denylist[..], &written.blacklist[..]].concat(),
        custom: parse_custom(&written.custom)?,
    })
}

/// `None` where it is switched off.
fn quiet_time(written: &WrittenWait) -> Result<Option<Wait>, String> {
    let read = |text: &DurationText| text.duration().map_err(|error| error.to_string());
    // The reader has seen to the units of a block.
    let with_unit = |text: &str| match text.trim() {
        "" => Ok(None),
        text => {
            let unit: Result<GoDuration, _> = text.parse();
            unit.map_err(|error| error.to_string())?;
            read(&DurationText::new(text))
        }
    };
    let (enabled, min, max) = match written {
        WrittenWait::Text(text) => {
            let (min, max) = text.split_once(':').unwrap_or((text, ""));
            (None, with_unit(min)?, with_unit(max)?)
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
