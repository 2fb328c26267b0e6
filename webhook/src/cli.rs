//! Flags and environment variables.
//!
//! Flags are written with one dash or two. Each has a variable `AGENT_INJECT_…` that wins over it
//! where it is not empty: the variables are appended to the arguments as flags, so one parser
//! reads both. What is left over on the line (`2>&1`, as the established chart writes it) is
//! ignored.

mod flags;
mod keyboard;
mod serving;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;
use contract::GoDuration;
use contract::duration::DurationError;
use thiserror::Error;

use crate::cluster::Access;
use crate::log::{Format, Level, UnknownLevel};
use injection::kubernetes::Kubernetes;
use injection::settings::{ResourceDefaults, Settings};

pub use serving::{Certificate, RegisteredAuthority, Serving, ServingError};

pub(crate) use flags::Flags;
pub(crate) use keyboard::as_flags;

use flags::VARIABLES;

/// Exit code of arguments that cannot be read.
const USAGE: u8 = 64;
/// Exit code of a configuration that cannot work.
const CONFIGURATION: u8 = 78;

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
}

/// Why the process does not start.
#[derive(Debug, Error)]
pub enum Stop {
    /// Help, version, or an argument that cannot be read.
    #[error("{0}")]
    Usage(clap::Error),
    /// The cause follows; values of variables are not repeated by us, only by the parser.
    #[error("Error parsing environment variables: {0}")]
    Variables(clap::Error),
    #[error("Error parsing environment variables: {0} is not UTF-8")]
    NotText(&'static str),
    #[error("No Vault service configured: give -vault-address or AGENT_INJECT_VAULT_ADDR")]
    NoVault,
    #[error("Error setting log level: {0}")]
    LogLevel(#[from] UnknownLevel),
    #[error("Error parsing {limit} backoff as duration: {source}")]
    Backoff {
        limit: &'static str,
        source: DurationError,
    },
    #[error("Error parsing shutdown delay: {0}")]
    ShutdownDelay(DurationError),
    #[error(transparent)]
    Serving(#[from] ServingError),
    #[error("-telemetry-path has to start with a slash")]
    TelemetryPath,
}

impl Stop {
    /// Tells the user, and gives the exit code.
    #[expect(clippy::print_stdout, reason = "help belongs on stdout")]
    pub fn report(self) -> ExitCode {
        match self {
            Self::Usage(error) if !error.use_stderr() => {
                print!("{error}");
                ExitCode::SUCCESS
            }
            Self::Usage(error) => {
                eprint!("{error}");
                ExitCode::from(USAGE)
            }
            stop => {
                eprintln!("{}", stop.to_string().trim_end());
                ExitCode::from(CONFIGURATION)
            }
        }
    }
}

/// Reads the process's arguments and environment.
pub fn configure(
    arguments: impl IntoIterator<Item = OsString>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Configuration, Stop> {
    let mut arguments = normalised(arguments);
    Flags::try_parse_from(&arguments).map_err(Stop::Usage)?;
    let variables: Vec<_> = variables.into_iter().collect();
    let given = |name: &str| {
        variables
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_os_str())
    };
    let set = |name: &str| given(name).filter(|value| !value.is_empty());
    for (flag, name) in serving::VARIABLES.into_iter().chain(VARIABLES) {
        // A variable that is there and empty is set, but to nothing.
        let fallback = || serving::unprefixed(name).filter(|_| given(name).is_none());
        let Some(value) = set(name).or_else(|| set(fallback()?)) else {
            continue;
        };
        let value = value.to_str().ok_or(Stop::NotText(name))?;
        arguments.push(format!("--{flag}={value}").into());
    }
    let flags = Flags::try_parse_from(&arguments).map_err(Stop::Variables)?;
    flags.configuration(serving::access(set))
}

/// The arguments with two dashes in front of each flag and without the sub-commands of the
/// established program.
pub(crate) fn normalised(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
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
    #[expect(clippy::too_many_lines, reason = "one line a flag, twice")]
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
            cpu_request,
            cpu_limit,
            memory_request,
            memory_limit,
            ephemeral_storage_request,
            ephemeral_storage_limit,
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
            ignored: _,
        } = self;
        if vault_address.is_empty() {
            return Err(Stop::NoVault);
        }
        for (limit, text) in [("min", &auth_min_backoff), ("max", &auth_max_backoff)] {
            if !text.is_empty() {
                text.parse::<GoDuration>()
                    .map_err(|source| Stop::Backoff { limit, source })?;
            }
        }
        if !telemetry_path.is_empty() && !telemetry_path.starts_with('/') {
            return Err(Stop::TelemetryPath);
        }
        Ok(Configuration {
            listen,
            serving: serving.serving()?,
            access,
            telemetry_path,
            shutdown_delay: delay(&shutdown_delay).map_err(Stop::ShutdownDelay)?,
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
                resources: ResourceDefaults {
                    limits_cpu: cpu_limit,
                    limits_memory: memory_limit,
                    limits_ephemeral: ephemeral_storage_limit,
                    requests_cpu: cpu_request,
                    requests_memory: memory_request,
                    requests_ephemeral: ephemeral_storage_request,
                },
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
