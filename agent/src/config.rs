//! The agent's settings: checked once, typed from here on.
//!
//! ```text
//! -config=PATH | VAULT_CONFIG ─▶ source ─▶ hcl ─▶ normal ─▶ merge ─▶ AgentConfig ─▶ validate ─▶ Settings
//!                                                   └─▶ keys that nobody knows        ▲
//!                                                                  flags, environment ┘
//! ```
//!
//! What is wrong is said with the key that it stands under; nothing is checked a second time later.
//! Reading and checking go on behind a problem: a start says the first one, `validate` all.

mod flags;
mod merge;
mod normal;
mod problems;
mod schema;
mod source;
mod validate;

use std::path::PathBuf;
use std::time::Duration;

use contract::agent_config::check::{Problem, Scope};
use templating::Engine;
use thiserror::Error;
use vault_client::ClientConfig;
use vault_engine::{Backoff, RefreshPolicy, RetryPolicy};
use vault_login::Method;

use crate::command::CommandSpec;
pub use crate::environment::{Environment, Variable};
use crate::exec::ExecSettings;
use crate::listener::ListenerSettings;
use crate::proxy::ProxySettings;
use crate::render::debounce::Wait;
use crate::sink::SinkSettings;
use secret_files::Target;

pub use flags::ClientFlags;
pub use normal::UnknownKey;
pub use problems::Problems;
pub use source::{Loaded, Source};
pub use validate::{Overrides, client_of_flags, server_address};

/// All that the agent is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server and how to reach it.
    pub vault: ClientConfig,
    /// The login; `None` for an agent that only passes on requests of applications.
    pub login: Option<LoginSettings>,
    /// Files that hold the token.
    pub sinks: Vec<SinkSettings>,
    /// Files to render, or the variables of the program in `exec`.
    pub templates: Vec<TemplateSettings>,
    /// The program that the agent runs with these variables.
    pub exec: Option<ExecSettings>,
    /// What holds for all secrets and templates.
    pub rendering: RenderSettings,
    /// End after the login and the first complete render: an init container.
    pub exit_after_auth: bool,
    /// File that holds the process id.
    pub pid_file: Option<PathBuf>,
    /// File that says that all is rendered.
    pub ready_marker: PathBuf,
    /// Socket of `vault-agent status`.
    pub status_socket: PathBuf,
    /// Listeners besides the status socket.
    pub listeners: Vec<ListenerSettings>,
    /// What becomes of their requests to Vault.
    pub proxy: ProxySettings,
    /// Directories for what outlives the process: the first one that is there.
    pub state: Vec<PathBuf>,
    /// Revoke everything when asked to end.
    pub revocation: Option<Revocation>,
    /// What templates see as environment.
    pub environment: Environment,
    /// Variables that commands get besides the agent's own.
    pub command_environment: Vec<(String, String)>,
}

/// How to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Time for the application, which is asked to end at the same moment.
    pub grace: Duration,
}

/// How to log in.
#[derive(Clone, Debug)]
pub struct LoginSettings {
    /// The method and what it needs.
    pub method: Method,
    /// The namespace of the method and its tokens, if it is not that of the secrets.
    pub namespace: Option<String>,
    /// Keep the connection of a login for the next request of its kind.
    pub keep_connections: bool,
    /// Waits between logins that fail.
    pub backoff: Backoff,
    /// End at the first login that fails.
    pub exit_on_err: bool,
    /// Log in again when the method's files have changed.
    pub reauth_on_new_credentials: bool,
    /// Life of the wrapping that the token stays in; `None` where the agent uses it itself.
    pub wrap_ttl: Option<Duration>,
}

/// One file to render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSettings {
    /// The template's text.
    pub source: TemplateSource,
    /// Its language.
    pub engine: Engine,
    /// Where the text goes.
    pub output: Output,
    /// Opens an action; `{{` where empty.
    pub left_delimiter: String,
    /// Closes an action; `}}` where empty.
    pub right_delimiter: String,
    /// A missing key is an error.
    pub error_on_missing_key: bool,
    /// A failing execution ends an agent that has not rendered all yet, as configured.
    pub error_fatal: bool,
    /// Quiet time before the file is written again.
    pub wait: Option<Wait>,
    /// Run after the file was replaced.
    pub command: Option<CommandSpec>,
    /// Directory that the function `file` may not leave.
    pub sandbox: Option<PathBuf>,
    /// Functions that are off, as names and globs.
    pub function_denylist: Vec<String>,
}

/// Where a rendered text goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Into a file.
    File(Target),
    /// Into a variable of the program that the agent runs.
    Variable(String),
    /// Into the files of `writeToFile` alone. The text is what log lines call the template.
    Elsewhere(String),
}

impl Output {
    /// What log lines call it.
    pub fn name(&self) -> String {
        match self {
            Self::File(target) => target.path.display().to_string(),
            Self::Variable(name) | Self::Elsewhere(name) => name.clone(),
        }
    }

    /// Why a text cannot be put there, whenever that is tried.
    pub fn misfit(&self, text: &[u8]) -> Option<String> {
        match self {
            Self::Variable(name) if text.contains(&0) => Some(format!(
                "env_template[{name}]: the value has a zero byte, which no variable can hold: render \
                 it as base64 (base64Encode), or into a file"
            )),
            Self::Elsewhere(name) if !text.trim_ascii().is_empty() => Some(format!(
                "{name}: there is text outside of writeToFile, and no destination for it: set \
                 destination"
            )),
            _ => None,
        }
    }

    /// The file.
    pub fn file(&self) -> Option<&Target> {
        match self {
            Self::File(target) => Some(target),
            Self::Variable(_) | Self::Elsewhere(_) => None,
        }
    }
}

/// Where a template's text comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateSource {
    /// It stands in the configuration.
    Contents(String),
    /// A file holds it.
    File(PathBuf),
}

impl TemplateSource {
    /// What log lines call it.
    pub fn name(&self) -> String {
        match self {
            Self::Contents(_) => "(dynamic)".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// What holds for all secrets and templates.
#[derive(Clone, Copy, Debug)]
pub struct RenderSettings {
    /// Before the first complete render: end when something cannot be had.
    pub exit_on_retry_failure: bool,
    /// When secrets are read again.
    pub refresh: RefreshPolicy,
    /// Waits between failing reads.
    pub retry: RetryPolicy,
    /// Most requests for secrets at one time.
    pub max_connections: usize,
}

/// Most requests at one time where nothing is said.
pub const DEFAULT_MAX_CONNECTIONS: usize = 10;
/// Longest run of a command where nothing is said.
pub const DEFAULT_COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// The configuration cannot be used. Permanent until it is corrected.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// There is none.
    #[error(
        "Must specify exactly at least one config path using -config: write -config=PATH with a file or \
         directory, set VAULT_AGENT_CONFIG_PATH to its path, or set {} to the base64 of a configuration",
        contract::names::CONFIG_VARIABLE
    )]
    Missing,
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A directory has no file of a configuration, and there is no other.
    #[error(
        "{path}: the directory has no configuration: put at least one file into it whose name ends in \
         .hcl or .json"
    )]
    EmptyDirectory {
        /// The directory.
        path: String,
    },
    /// A variable is not set.
    #[error("-config=env:{variable} is given, but the variable {variable} is not set")]
    NotSet {
        /// The variable.
        variable: String,
    },
    /// A part of a configuration in variables is there, and the one before it is not.
    #[error(
        "{present} is set, but {missing} is not: a configuration in several variables is numbered \
         without a gap; set {missing}, or remove {present} if it is not a part of the configuration"
    )]
    Gap {
        /// The variable that is missing.
        missing: String,
        /// The variable behind it.
        present: String,
    },
    /// A variable is not base64.
    #[error("{variable} is not base64: {source}")]
    Base64 {
        /// The variable.
        variable: String,
        /// Why.
        source: base64::DecodeError,
    },
    /// Neither HCL nor JSON.
    #[error("{origin}: {source}")]
    Syntax {
        /// The file or variable.
        origin: String,
        /// Where and what.
        source: hcl::ParseError,
    },
    /// Something that cannot stand where it stands.
    #[error("{origin}:{line}: {reason}")]
    Written {
        /// The file or variable.
        origin: String,
        /// Line in it.
        line: u32,
        /// The key with its place, as `template[0].perms`.
        key: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A value that cannot be used.
    #[error("{key}: {reason}")]
    Value {
        /// Key of the configuration, or the variable or flag.
        key: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A key that nobody knows, where that is an error.
    #[error("{0}")]
    Unknown(UnknownKey),
    /// Keys that do not go together. The text is upstream's.
    #[error("{text}")]
    Rule {
        /// Where they are.
        scope: Scope,
        /// What is wrong.
        text: String,
    },
    /// Something that this machine lacks, and another one may have: a user, credentials of a cloud.
    #[error("{0}")]
    Machine(Box<Self>),
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Value { key, reason } => Self::Value { key, reason },
            Problem::Method(ref error) => Self::value(problem.key().unwrap_or_default(), error),
            Problem::Backoff => {
                let scope = Scope::within("auto_auth.method.min_backoff");
                Self::rule(scope, problem.to_string())
            }
            Problem::Rule { scope, text } => Self::rule(scope, text),
        }
    }
}

impl ConfigError {
    /// A value that cannot be used, and why.
    pub fn value(key: impl Into<String>, reason: impl std::fmt::Display) -> Self {
        Self::Value {
            key: key.into(),
            reason: reason.to_string(),
        }
    }

    /// The same, said of this machine.
    fn of_machine(self) -> Self {
        Self::Machine(Box::new(self))
    }

    fn rule(scope: Scope, text: impl Into<String>) -> Self {
        Self::Rule {
            scope,
            text: text.into(),
        }
    }
}
