//! From what was written to [`Settings`]: precedence, defaults, and rules between keys.

mod exec;
mod listener;
mod login;
mod proxy;
mod reuse;
mod sink;
mod template;
mod texts;
mod vault;

use std::path::PathBuf;
use std::time::Duration;

use contract::AgentConfig;
use contract::agent_config::{DurationText, TemplateConfig, Vault, check};
use contract::names::STATE_PATH;
use vault_client::ClientConfig;

pub(super) use self::texts::texts;
pub use self::vault::{client_of_flags, server_address};
use super::problems::Found;
use super::{
    ConfigError, DEFAULT_MAX_CONNECTIONS, Environment, LoginSettings, Problems, RenderSettings,
    Revocation, Settings, TemplateSettings,
};
use crate::config::ClientFlags;
use crate::home;
use vault_engine::{RefreshPolicy, RetryPolicy};

/// Requests at one time where the configuration says "no limit": one process needs no more.
const UNLIMITED_CONNECTIONS: usize = 256;

/// What the command line says about the configuration. It wins over environment and file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// How to reach Vault.
    pub client: ClientFlags,
    /// `-exit-after-auth`; on where the flag or the file says so.
    pub exit_after_auth: bool,
}

impl Settings {
    /// Checks a configuration and makes it typed.
    ///
    /// # Errors
    ///
    /// All that is wrong with it, as far as one problem does not hide another.
    pub fn from_config(
        config: &AgentConfig,
        overrides: Overrides,
        environment: &Environment,
    ) -> Result<Self, Problems> {
        let Overrides {
            exit_after_auth,
            client: client_flags,
        } = overrides;
        let mut found = Found::default();
        let auto_auth = config.auto_auth.as_ref();
        if auto_auth.is_none() {
            found.take(check::without_login(config).map_err(ConfigError::from));
        }
        let reuse = found.take(reuse::reuse(config, environment));
        let login = auto_auth.map(|auto_auth| found.take(login::settings(auto_auth, environment)));
        let method = auto_auth.and_then(|auto_auth| auto_auth.method.as_ref());
        let written_sinks = auto_auth.map_or(&[][..], |auto_auth| &auto_auth.sink);
        let sinks = written_sinks.iter().enumerate();
        let sinks = found.all(sinks.map(|(index, sink)| sink::settings(sink, index, environment)));
        let exec = found.take(exec::settings(config));
        let written = config.vault.clone().unwrap_or_default();
        let namespace = method.map_or("", |method| &method.namespace);
        let client = vault::client_config(&written, namespace, &client_flags, environment);
        let client = found.take(client);
        if let Some(client) = &client {
            found.take(vault::check_address(client, &client_flags, environment));
        }
        let proxy = client.as_ref();
        let proxy =
            proxy.and_then(|client| found.take(proxy::settings(config, client, environment)));
        found.take(check::nothing_to_do(config).map_err(ConfigError::from));
        let templates = found.all(templates(config));
        let rendering = config.template_config.clone().unwrap_or_default();
        let rendering = render_settings(&rendering, method, attempts(Some(&written)));
        let rendering = found.take(rendering);
        let listeners = config.listener.iter().enumerate();
        let listeners = found.all(listeners.map(|(index, block)| listener::settings(block, index)));
        let revocation = found.take(revocation(config));
        let whole = || {
            let reuse = reuse?;
            let client = ClientConfig {
                keep_connections: reuse.of_others,
                ..client?
            };
            let login = match login {
                None => None,
                Some(login) => Some(LoginSettings {
                    keep_connections: reuse.of_logins,
                    ..login?
                }),
            };
            Some(Self {
                command_environment: vault::command_environment(&client),
                vault: client,
                rendering: rendering?,
                login,
                sinks,
                templates,
                exec: exec?,
                exit_after_auth: exit_after_auth || config.exit_after_auth.0,
                ready_marker: home::ready_marker(environment),
                status_socket: home::status_socket(environment),
                listeners,
                proxy: proxy?,
                state: state_directories(config, environment),
                revocation: revocation?,
                pid_file: (!config.pid_file.is_empty()).then(|| config.pid_file.clone().into()),
                environment: environment.clone(),
            })
        };
        found.done(whole())
    }
}

/// All templates: those of files, then those of variables.
fn templates(
    config: &AgentConfig,
) -> impl Iterator<Item = Result<TemplateSettings, ConfigError>> + '_ {
    let files = config.template.iter().enumerate();
    let files = files.map(|(index, block)| template::settings(block, index));
    files.chain(config.env_template.iter().map(exec::variable))
}

/// The `persist` stanza names a directory, and the webhook's volume is at a known place. The agent's
/// home outlives a restart, but ends between an init container and its sidecar.
fn state_directories(config: &AgentConfig, environment: &Environment) -> Vec<PathBuf> {
    let persist = config
        .cache
        .as_ref()
        .and_then(|cache| cache.persist.as_ref());
    match persist {
        Some(persist) if !persist.path.is_empty() => vec![persist.path.clone().into()],
        _ => vec![STATE_PATH.into(), home::directory(environment)],
    }
}

fn revocation(config: &AgentConfig) -> Result<Option<Revocation>, ConfigError> {
    let grace = duration("revoke_grace", &config.revoke_grace)?.unwrap_or_default();
    Ok(config.revoke_on_shutdown.0.then_some(Revocation { grace }))
}

/// Tries for a secret or an application's request: the usual number where nothing or zero is said,
/// one where retries are off.
fn attempts(vault: Option<&Vault>) -> u32 {
    let retry = vault.and_then(|vault| vault.retry.as_ref());
    match retry.and_then(|retry| retry.num_retries) {
        None | Some(0) => RetryPolicy::default().attempts,
        Some(count) => u32::try_from(count).unwrap_or(1),
    }
}

fn render_settings(
    written: &TemplateConfig,
    method: Option<&contract::agent_config::Method>,
    attempts: u32,
) -> Result<RenderSettings, ConfigError> {
    let interval = duration(
        "template_config.static_secret_render_interval",
        &written.static_secret_render_interval,
    )?;
    let default = RetryPolicy::default();
    let pause = |key: &str, written: Option<&DurationText>| {
        let found = written.map(|written| duration(key, written)).transpose()?;
        Ok::<_, ConfigError>(found.flatten().filter(|pause| !pause.is_zero()))
    };
    let base = pause(
        "auto_auth.method.min_backoff",
        method.map(|it| &it.min_backoff),
    )?;
    let max = pause(
        "auto_auth.method.max_backoff",
        method.map(|it| &it.max_backoff),
    )?;
    let max_connections = match written.max_connections_per_host {
        None => DEFAULT_MAX_CONNECTIONS,
        Some(count) => usize::try_from(count)
            .ok()
            .filter(|count| (1..UNLIMITED_CONNECTIONS).contains(count))
            .unwrap_or(UNLIMITED_CONNECTIONS),
    };
    Ok(RenderSettings {
        exit_on_retry_failure: written.exit_on_retry_failure.0,
        refresh: RefreshPolicy::new(interval, written.lease_renewal_threshold),
        retry: RetryPolicy::new(
            base.unwrap_or(default.backoff.base),
            max.unwrap_or(default.backoff.max),
            attempts,
        ),
        max_connections,
    })
}

fn duration(key: &str, text: &DurationText) -> Result<Option<Duration>, ConfigError> {
    Ok(check::duration(key, text)?)
}

#[cfg(test)]
mod tests;
