//! The program of exec mode and its variables.

use std::time::Duration;

use contract::AgentConfig;
use contract::agent_config::check::{self, Scope};
use contract::agent_config::{EnvTemplate, Exec};
use rustix::process::Signal;

use super::{ConfigError, template};
use crate::command::CommandSpec;
use crate::config::{Output, TemplateSettings};
use crate::exec::{ExecSettings, Restart, SignalName};

/// `None` where the agent keeps files.
pub(super) fn settings(config: &AgentConfig) -> Result<Option<ExecSettings>, ConfigError> {
    check::exec_rules(config)?.map(program).transpose()
}

fn program(written: &Exec) -> Result<ExecSettings, ConfigError> {
    let command = written
        .command
        .as_ref()
        .map(|command| CommandSpec::new(command, Duration::ZERO))
        .transpose()
        .map_err(|error| ConfigError::value("exec.command", error))?
        .flatten();
    let restart = match written.restart_on_secret_changes.as_str() {
        "" | "always" => Restart::Always,
        "never" => Restart::Never,
        other => {
            return Err(ConfigError::rule(
                Scope::within("exec.restart_on_secret_changes"),
                format!(
                    "'exec.restart_on_secret_changes' unexpected value: {other:?}: use always or never"
                ),
            ));
        }
    };
    let stop_signal = match written.restart_stop_signal.as_str() {
        "" => SignalName(Signal::TERM),
        name => name
            .parse()
            .map_err(|error| ConfigError::value("exec.restart_stop_signal", error))?,
    };
    Ok(ExecSettings {
        command: command.ok_or_else(|| {
            ConfigError::rule(
                Scope::within("exec"),
                "'exec' requires a non-empty 'command' field",
            )
        })?,
        restart,
        stop_signal,
    })
}

/// One `env_template` block.
pub(super) fn variable(written: &EnvTemplate) -> Result<TemplateSettings, ConfigError> {
    let name = written.name.as_str();
    if name.is_empty() {
        let reason = "a variable needs a name: env_template \"NAME\" { … }";
        return Err(ConfigError::value("env_template", reason));
    }
    let place = format!("env_template[{name}]");
    if name.contains(['=', '\0']) {
        let reason = "the name of a variable holds no \"=\"";
        return Err(ConfigError::value(place, reason));
    }
    let source = check::source(&written.source, &written.contents).ok_or_else(|| {
        ConfigError::rule(
            Scope::within(&place),
            format!("{place}: must specify exactly one of 'source' or 'contents'"),
        )
    })?;
    let engine = template::engine(written.engine.as_deref())
        .map_err(|error| ConfigError::value(format!("{place}.engine"), error))?;
    Ok(TemplateSettings {
        source: template::source(source),
        engine,
        output: Output::Variable(name.to_owned()),
        left_delimiter: written.left_delimiter.clone(),
        right_delimiter: written.right_delimiter.clone(),
        error_on_missing_key: written.error_on_missing_key.0,
        error_fatal: written.error_fatal.is_none_or(|switch| switch.0),
        wait: None,
        command: None,
        sandbox: None,
        function_denylist: template::denylist(
            &written.function_denylist,
            &written.function_blacklist,
        ),
    })
}
