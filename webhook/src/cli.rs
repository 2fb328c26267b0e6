//! Flags and environment variables.
//!
//! Flags are written with one dash or two. Each has a variable `AGENT_INJECT_…` that wins over it
//! where it is not empty: the variables are appended to the arguments as flags, so one parser
//! reads both.
//!
//! ```text
//! arguments, variables ─► Given (text) ─► checks ─► Flags (values) ─► Configuration
//!                                           └─► Stop: every value that cannot work, by its name
//! ```

mod checks;
mod flags;
mod given;
mod keyboard;
mod resources;
mod serving;
mod stop;
mod usage;
mod variables;

use std::ffi::OsString;
use std::time::Duration;

use clap::{Command, CommandFactory as _, FromArgMatches as _};
use contract::GoDuration;
use contract::duration::DurationError;

use crate::log::{Format, Level};
use injection::kubernetes::Kubernetes;
use injection::settings::Settings;
use kube_support::Access;

pub use given::Wrong;
pub use serving::{Certificate, RegisteredAuthority, Serving, ServingError};
pub use stop::Stop;
pub use usage::Usage;
pub use variables::UnknownVariable;

pub(crate) use checks::is_flag;
pub(crate) use flags::Flags;
pub(crate) use keyboard::with_variables;
pub(crate) use stop::tell;
pub(crate) use usage::stop as usage_stop;
pub(crate) use variables::Variables;

use flags::Server;
use given::{Given, unread};

/// Words that upstream's chart passes besides flags.
const PASSED: [&str; 2] = ["agent-inject", "2>&1"];

/// Everything that the process is started with.
#[derive(Debug)]
pub struct Configuration {
    pub listen: String,
    pub serving: Serving,
    pub access: Access,
    pub telemetry_path: String,
    pub shutdown_delay: Duration,
    pub log_level: Level,
    pub log_format: Format,
    pub settings: Settings,
    /// Values that are taken in another way than their writer may expect.
    pub warnings: Vec<Wrong>,
    /// Variables that are probably misspelt.
    pub unknown_variables: Vec<UnknownVariable>,
}

/// The commands beside the server, as far as its own help names them.
#[derive(Clone, Debug, Default)]
pub struct Commands {
    pub names: Vec<String>,
    /// A line each.
    pub overview: String,
}

/// Reads the process's arguments and environment.
pub fn configure(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    commands: &Commands,
) -> Result<Configuration, Stop> {
    let mut arguments = normalized(arguments);
    let variables = Variables::new(variables);
    let command = server_command(commands);
    let refused = |error: &clap::Error| usage::stop(error, &command, "");
    let matches = unread(command.clone())
        .try_get_matches_from(&arguments)
        .map_err(|error| refused(&error))?;
    let mut words = matches.get_many::<String>("words").into_iter().flatten();
    if let Some(word) = words.find(|word| !PASSED.contains(&word.as_str())) {
        return Err(Stop::Usage(Usage::word(word, &commands.names)));
    }
    let mut given = Given::typed(&matches);
    for (flag, variable, value) in variables.of_server()? {
        given.set(flag, variable, value);
        arguments.push(format!("--{flag}={value}").into());
    }
    given.check_server()?;
    let flags = command
        .clone()
        .try_get_matches_from(&arguments)
        .and_then(|matches| Flags::from_arg_matches(&matches))
        .map_err(|error| refused(&error))?;
    let access = serving::access(|name| variables.get(name));
    Ok(Configuration {
        warnings: given.warnings(),
        unknown_variables: variables.unknown(),
        ..flags.configuration(access)?
    })
}

/// The command that serves.
pub(crate) fn server_command(commands: &Commands) -> Command {
    tidy(Server::command()).after_help(commands.overview.clone())
}

/// The help of the server, as a stop.
pub(crate) fn help(commands: &Commands) -> Stop {
    Stop::Asked(server_command(commands).render_long_help().to_string())
}

/// The commands of a program without defaults that say nothing.
pub(crate) fn tidy_all(program: Command) -> Command {
    program.mut_subcommands(tidy)
}

/// The command without defaults that say nothing.
fn tidy(command: Command) -> Command {
    command.mut_args(|argument| {
        let takes_values = argument.get_action().takes_values();
        let is_empty = argument.get_default_values().iter().all(|it| it.is_empty());
        if takes_values && is_empty {
            argument.hide_default_value(true)
        } else {
            argument
        }
    })
}

/// The arguments with two dashes in front of each flag and without the sub-commands of the
/// established program.
pub(crate) fn normalized(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<_> = arguments
        .into_iter()
        .map(|argument| match argument.to_str() {
            Some(text) if is_single_dash(text) => format!("-{text}").into(),
            _ => argument,
        })
        .collect();
    match arguments.get(1).and_then(|argument| argument.to_str()) {
        Some("agent-inject") => {
            arguments.remove(1);
        }
        Some("version") => arguments[1] = "--version".into(),
        Some("--help-all") => arguments[1] = "--help".into(),
        _ => {}
    }
    arguments
}

/// A flag with one dash, and not one letter such as `-h`.
fn is_single_dash(text: &str) -> bool {
    let Some(name) = text.strip_prefix('-') else {
        return false;
    };
    name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

impl Flags {
    /// Checks the flags against each other. Taken apart whole, so that a flag nobody uses does not
    /// compile.
    fn configuration(self, access: Access) -> Result<Configuration, Stop> {
        let Self {
            listen,
            log_level,
            log_format,
            serving,
            telemetry_path,
            shutdown_delay,
            vault_address,
            vault_image,
            agent_flavor,
            vault_auth_type,
            vault_auth_path,
            vault_namespace,
            vault_cacert_bytes,
            proxy_address,
            revoke_on_shutdown,
            run_as_user,
            run_as_group,
            run_as_same_user,
            set_security_context,
            default_template,
            resources,
            template_config_exit_on_retry_failure,
            template_static_secret_render_interval,
            template_max_connections_per_host,
            template_lease_renewal_threshold,
            auth_min_backoff,
            auth_max_backoff,
            disable_idle_connections,
            disable_keep_alives,
            agent_native_sidecar,
            template_engine,
            profile,
            rewrite_vault_annotations,
            strict,
        } = self;
        Ok(Configuration {
            listen,
            serving: serving.serving()?,
            access,
            telemetry_path,
            shutdown_delay: delay(&shutdown_delay)?,
            log_level: log_level.parse()?,
            log_format: Format::new(&log_format),
            settings: Settings {
                vault_address,
                image: vault_image,
                flavor: agent_flavor,
                auth_type: vault_auth_type,
                auth_path: vault_auth_path,
                auth_min_backoff,
                auth_max_backoff,
                vault_namespace,
                proxy_address,
                vault_ca_cert_bytes: vault_cacert_bytes,
                revoke_on_shutdown,
                run_as_user,
                run_as_group,
                run_as_same_user,
                set_security_context,
                default_template,
                resources: resources.defaults(),
                exit_on_retry_failure: template_config_exit_on_retry_failure,
                static_secret_render_interval: template_static_secret_render_interval,
                max_connections_per_host: template_max_connections_per_host,
                lease_renewal_threshold: template_lease_renewal_threshold,
                disable_idle_connections,
                disable_keep_alives,
                native_sidecar: agent_native_sidecar,
                template_engine,
                profile,
                rewrite_vault_annotations,
                strict,
                kubernetes: Kubernetes::default(),
            },
            warnings: Vec::new(),
            unknown_variables: Vec::new(),
        })
    }
}

fn delay(text: &str) -> Result<Duration, DurationError> {
    let delay = GoDuration::parse_seconds(text)?;
    delay
        .to_std()
        .ok_or_else(|| DurationError::Negative(text.to_owned()))
}

#[cfg(test)]
mod tests;
