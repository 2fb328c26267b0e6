//! What the agent refuses of a configuration, as far as that depends on the configuration alone.
//!
//! ```text
//! AgentConfig ─┬─▶ agent: check ─▶ typed settings, with files, environment and machine
//!              └─▶ injector: check ─▶ what the agent would say, before there is a pod
//! ```
//!
//! Each part reads one block and gives what it says, borrowed; [`problems`] runs all of them. Nothing
//! here does input or output, and nothing is allocated for a configuration without problems. Users and
//! groups by name, template languages, cipher suites, commands and the credentials of clouds depend on
//! more than the configuration: the agent reads those itself.

mod blocks;
mod listener;
mod login;
mod method;
mod options;
mod process;
mod sink;
mod stock;
mod template;
mod warnings;

use std::fmt;
use std::time::Duration;

pub use blocks::{Reuse, UseToken, exec_rules, nothing_to_do, proxy_rules, reuse, without_login};
pub use listener::{
    ListenerKind, ListenerRole, host_and_port, listener_address, listener_kind, listener_role,
    not_an_address,
};
pub use login::{Backoff, BackoffError, Login, backoff, login};
pub use method::{
    AppRole, Aws, AwsKeys, Azure, Cert, Gcp, Jwt, Kubernetes, Method, TokenFile, aws_region,
};
pub use options::{MethodError, Options};
pub use process::{
    LogFormat, LogLevel, SCHEMES, UnknownFormat, UnknownLevel, address, client_timeout, max_retries,
};
pub use sink::{SealedSink, SinkFile, sealing, sink_file};
pub use stock::{STOCK_METHODS, stock_method};
pub use template::{QuietTime, Source, TemplateBlock, place, quiet_time, source, template};
pub use warnings::warnings;

use super::flexible::DurationText;
use super::{AgentConfig, AutoAuth};

/// Which agent reads a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The one of this project.
    OurAgent,
    /// Vault Agent of a stock image. It has other auth methods.
    StockAgent,
}

/// Something in a configuration that the agent refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A value that cannot be used.
    Value {
        /// Its key with its place, as `template[0] (/vault/secrets/db).perms`.
        key: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// The login's method or one of its settings.
    Method(MethodError),
    /// Pauses between logins that contradict each other.
    Backoff,
    /// Keys that do not go together. The text is that of Vault Agent.
    Rule {
        /// Where they are.
        scope: Scope,
        /// What is wrong.
        text: String,
    },
}

/// The part of a configuration that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The configuration as a whole: there is no single line to change.
    Whole,
    /// Several blocks, one of which has this key.
    Between(String),
    /// The block or setting with this key, whatever else the configuration has.
    Within(String),
}

impl Problem {
    /// The value under `key` cannot be used.
    pub fn value(key: impl Into<String>, reason: impl fmt::Display) -> Self {
        Self::Value {
            key: key.into(),
            reason: reason.to_string(),
        }
    }

    /// Keys do not go together.
    pub fn rule(scope: Scope, text: impl Into<String>) -> Self {
        Self::Rule {
            scope,
            text: text.into(),
        }
    }

    /// The key that it stands under, where it is about one.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::Value { key, .. } => Some(key),
            Self::Method(MethodError::Unknown { .. }) => Some("auto_auth.method"),
            Self::Method(_) => Some("auto_auth.method.config"),
            Self::Backoff | Self::Rule { .. } => None,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = self.key() {
            write!(f, "{key}: ")?;
        }
        match self {
            Self::Value { reason, .. } => f.write_str(reason),
            Self::Method(error) => error.fmt(f),
            Self::Backoff => BackoffError.fmt(f),
            Self::Rule { text, .. } => f.write_str(text),
        }
    }
}

impl std::error::Error for Problem {}

impl From<MethodError> for Problem {
    fn from(error: MethodError) -> Self {
        Self::Method(error)
    }
}

impl Scope {
    /// Several blocks, one of which has this key.
    pub fn between(key: impl Into<String>) -> Self {
        Self::Between(key.into())
    }

    /// The block or setting with this key.
    pub fn within(key: impl Into<String>) -> Self {
        Self::Within(key.into())
    }
}

/// All that is wrong with a configuration, in the order in which the agent says it. Of each block,
/// the first problem hides the others in it.
pub fn problems(config: &AgentConfig, reader: Reader) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut note = |result: Result<(), Problem>| found.extend(result.err());
    let auto_auth = config.auto_auth.as_ref();
    if auto_auth.is_none() {
        note(without_login(config));
    }
    note(
        reuse(
            &config.disable_idle_connections,
            &config.disable_keep_alives,
        )
        .map(drop),
    );
    if let Some(auto_auth) = auto_auth {
        note(match reader {
            Reader::OurAgent => login(auto_auth).map(drop),
            Reader::StockAgent => stock_login(auto_auth),
        });
        for (index, sink) in auto_auth.sink.iter().enumerate() {
            note(sink_file(sink, index).map(drop));
            note(sealing(sink, index).map(drop));
        }
    }
    note(exec_rules(config).map(drop));
    if let Some(vault) = &config.vault {
        note(address("vault.address", &vault.address));
    }
    note(proxy_rules(config).map(drop));
    note(nothing_to_do(config));
    for (index, block) in config.template.iter().enumerate() {
        note(template(block, index).map(drop));
    }
    if let Some(rendering) = &config.template_config {
        let key = "template_config.static_secret_render_interval";
        note(duration(key, &rendering.static_secret_render_interval).map(drop));
    }
    for (index, block) in config.listener.iter().enumerate() {
        let checked = listener_kind(block, index)
            .and_then(|_| listener_address(block, index))
            .and_then(|()| listener_role(block, index));
        note(checked.map(drop));
    }
    note(duration("revoke_grace", &config.revoke_grace).map(drop));
    found
}

fn stock_login(auto_auth: &AutoAuth) -> Result<(), Problem> {
    let Some(method) = &auto_auth.method else {
        return login(auto_auth).map(drop);
    };
    stock_method(&method.kind, &method.config)?;
    backoff(method).map(drop)
}

/// The duration under a key; `None` where nothing is written.
///
/// # Errors
///
/// The text is not a duration, or a negative one.
pub fn duration(key: &str, text: &DurationText) -> Result<Option<Duration>, Problem> {
    text.duration().map_err(|error| Problem::value(key, error))
}

/// The duration under a key that takes zero for "nothing said", too.
///
/// # Errors
///
/// As [`duration`].
pub fn chosen(key: &str, text: &DurationText) -> Result<Option<Duration>, Problem> {
    Ok(duration(key, text)?.filter(|chosen| !chosen.is_zero()))
}

#[cfg(test)]
mod tests;
