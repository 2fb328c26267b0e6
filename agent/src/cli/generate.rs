//! `generate-config -type=env-template`: a configuration of exec mode from what lies in KV.
//!
//! ```text
//! -path ─▶ its mount (KV 1 or 2) ─▶ the secrets at and below it ─▶ their keys ─▶ text ─▶ FILE
//! ```
//!
//! Only the names of keys are kept of what is read: no value reaches the file or a message.

mod kv;
mod text;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use thiserror::Error;
use vault_client::Client;
use vault_wire::JsonError;

use super::token::{OwnTokenError, home, own_token};
use crate::config::{self, ClientFlags, ConfigError, Environment};
use kv::Kv;
use secret_files::{FileError, Target, Written};
use text::Configuration;

/// What to generate, and where to.
#[derive(Clone, Debug, Args)]
pub(crate) struct GenerateFlags {
    /// Kind of the configuration.
    #[arg(long = "type", value_name = "TYPE", value_enum)]
    pub kind: ConfigType,

    /// Command line of the program that gets the variables.
    #[arg(long, value_name = "COMMAND", default_value = "env")]
    pub exec: String,

    /// A secret of KV, or a folder of them with all below it, as secret/app/*; may be repeated.
    #[arg(long, value_name = "PATH", required = true)]
    pub path: Vec<String>,

    /// The file to write. What stands there is kept as FILE.bak.
    #[arg(value_name = "FILE", default_value = "agent.hcl")]
    pub file: PathBuf,

    /// How to reach Vault.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// Kind of a generated configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ConfigType {
    /// A program with a variable for each key of the secrets.
    EnvTemplate,
}

/// Why no configuration was written.
#[derive(Debug, Error)]
pub(crate) enum GenerateError {
    /// The command line is no command line.
    #[error("-exec: {0}")]
    Exec(&'static str),
    /// A path that cannot be one.
    #[error("-path={path}: {reason}")]
    Path {
        /// As given.
        path: String,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// Vault's answer for a path.
    #[error("-path={path}: {source}")]
    Vault {
        /// As given.
        path: String,
        /// The answer.
        source: vault_wire::Error,
    },
    /// An answer that KV does not give.
    #[error("-path={path}: {source}")]
    Answer {
        /// As given.
        path: String,
        /// Where it is odd.
        source: JsonError,
    },
    /// Two keys for one variable.
    #[error("{first} and {second} both become the variable {name}: leave one out of -path")]
    Same {
        /// One key and its secret.
        first: String,
        /// The other.
        second: String,
        /// The variable.
        name: String,
    },
    /// No token.
    #[error(transparent)]
    Token(#[from] OwnTokenError),
    /// The address or the certificates.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The same, said by the client.
    #[error(transparent)]
    Client(#[from] vault_client::ConfigError),
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Writes the configuration; the answer says what was written and where.
pub(crate) async fn generate(
    flags: &GenerateFlags,
    environment: &Environment,
) -> Result<String, GenerateError> {
    let ConfigType::EnvTemplate = flags.kind;
    let command = shell_words::split(&flags.exec)
        .map_err(|_| GenerateError::Exec("a quote is not closed"))?;
    if command.iter().all(String::is_empty) {
        return Err(GenerateError::Exec("give the program to run"));
    }
    let settings = config::client_of_flags(&flags.client, environment)?;
    let client = Client::new(&settings)?;
    let token = own_token(environment)?;
    let mut kv = Kv::new(client.with_token(&token), client.namespace());
    for path in &flags.path {
        kv.take(path).await?;
    }
    let token_file = home(environment).join(".vault-token");
    let configuration = Configuration {
        token_file: token_file.display().to_string(),
        address: config::server_address(&flags.client, environment)?,
        namespace: client.namespace().to_owned(),
        variables: text::variables(&kv.secrets)?,
        command,
    };
    let was_there = flags.file.exists();
    let target = Target {
        backup: true,
        create_directories: false,
        ..Target::new(real_path(&flags.file))
    };
    let written = target.write(configuration.to_string().as_bytes())?;
    let file = flags.file.display();
    let kept = if was_there && written == Written::Replaced {
        format!("What stood there is kept as {file}.bak.\n")
    } else {
        String::new()
    };
    Ok(format!(
        "Wrote {file} with {} variables.\n{kept}Warning: it logs in with the token in {}, which is \
         for trying out: give it another auth method before others use it.\n",
        configuration.variables.len(),
        configuration.token_file,
    ))
}

/// With the links of its directory followed: the path is the caller's own.
fn real_path(path: &Path) -> PathBuf {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match (std::fs::canonicalize(parent), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}
