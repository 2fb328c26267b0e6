//! One `template` block.

use std::time::Duration;

use contract::agent_config::check::{QuietTime, Source};
use contract::agent_config::{ExecEnv, Template as Written, check};
use templating::{Engine, UnknownEngine};

use super::ConfigError;
use crate::command::{CommandSpec, NoVariable, Variables, parse_custom};
use crate::config::{DEFAULT_COMMAND_TIMEOUT, Output, TemplateSettings, TemplateSource};
use crate::exec::SignalName;
use crate::render::debounce::Wait;
use secret_files::names::UnknownName;
use secret_files::{Target, names};

pub(super) fn settings(written: &Written, index: usize) -> Result<TemplateSettings, ConfigError> {
    let checked = check::template(written, index)?;
    let key = |name: &str| format!("{}.{name}", check::place(written, index));
    let command = command(written, checked.command_timeout, &key)?;
    let engine = engine(written.engine.as_deref())
        .map_err(|error| ConfigError::value(key("engine"), error))?;
    Ok(TemplateSettings {
        source: source(checked.source),
        engine,
        output: output(written, checked.mode, index, &key)?,
        left_delimiter: written.left_delimiter.clone(),
        right_delimiter: written.right_delimiter.clone(),
        error_on_missing_key: written.error_on_missing_key.0,
        error_fatal: written.error_fatal.is_none_or(|switch| switch.0),
        wait: checked.wait.map(|QuietTime { min, max }| Wait { min, max }),
        command,
        sandbox: (!written.sandbox_path.is_empty()).then(|| written.sandbox_path.clone().into()),
        function_denylist: denylist(&written.function_denylist, &written.function_blacklist),
    })
}

/// The file, with its owner and mode.
fn output(
    written: &Written,
    mode: Option<u32>,
    index: usize,
    key: &dyn Fn(&str) -> String,
) -> Result<Output, ConfigError> {
    let (user, uid) = (&written.user, &written.uid);
    let (group, gid) = (&written.group, &written.gid);
    let target = Target {
        path: written.destination.clone().into(),
        mode,
        uid: owner("user", user, "uid", uid, names::user, key)?,
        gid: owner("group", group, "gid", gid, names::group, key)?,
        backup: written.backup.0,
        create_directories: written.create_dest_dirs.is_none_or(|switch| switch.0),
    };
    Ok(if written.destination.is_empty() {
        Output::Elsewhere(check::place(written, index))
    } else {
        Output::File(target)
    })
}

pub(super) fn source(checked: Source<'_>) -> TemplateSource {
    match checked {
        Source::File(path) => TemplateSource::File(path.into()),
        Source::Contents(text) => TemplateSource::Contents(text.to_owned()),
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
        value => find(value).map_err(|error| ConfigError::value(key(name), error).of_machine()),
    }
}

/// The `exec` block, or the older `command` where that says nothing; each fills in for the other.
fn command(
    written: &Written,
    limit: Option<Duration>,
    key: &dyn Fn(&str) -> String,
) -> Result<Option<CommandSpec>, ConfigError> {
    let block = written.exec.clone().unwrap_or_default();
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
