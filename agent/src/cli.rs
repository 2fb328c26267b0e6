//! The command line.
//!
//! Flags may have one dash or two, as people type them for the established agent, and the word
//! `agent` may stand first. A binary that is called `vault` or `bao` takes what stock commands and
//! hooks say to the program of that name as far as it concerns an agent: `vault agent …`,
//! `vault token revoke -self`, `vault version`.

mod flags;
pub(crate) mod generate;
mod program;
pub(crate) mod signal;
pub(crate) mod token;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand, ValueEnum};
use contract::duration::{DurationError, GoDuration};
use contract::values;

use crate::config::{ClientFlags, Environment};
use crate::exec::SignalName;
use crate::home;
pub(crate) use flags::LogFlags;
pub(crate) use generate::GenerateFlags;

/// Keeps Vault secrets in files: logs in, renders templates, renews and refreshes.
///
/// Flags take one dash or two. Without -config, the variable `VAULT_AGENT_CONFIG_PATH` names the
/// file, or `VAULT_CONFIG` holds the base64 of one.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "vault-agent",
    version,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Cli {
    /// Something else than running as an agent.
    #[command(subcommand)]
    pub query: Option<Query>,

    /// The configuration.
    #[command(flatten)]
    pub files: ConfigFlags,

    /// End after the login and the first complete render, as an init container does.
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub exit_after_auth: Option<bool>,

    /// How to reach Vault.
    #[command(flatten)]
    pub client: ClientFlags,

    /// What is logged, and where.
    #[command(flatten)]
    pub log: LogFlags,

    /// Check the configuration and end.
    #[arg(
        long, hide = true, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub test_verify_only: Option<bool>,
}

/// Where the configuration is, and how it is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct ConfigFlags {
    /// A file with HCL or JSON, a directory of *.hcl and *.json, or env:VARIABLE for the base64 of
    /// either in a variable; may be repeated.
    #[arg(long, value_name = "PATH")]
    pub config: Vec<String>,

    /// A key that nobody knows is an error instead of a warning.
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub strict: Option<bool>,
}

/// What the program does besides running as an agent.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Query {
    /// Exit 0 if the agent has rendered all files and is logged in, else 1 with what it waits for: for
    /// probes.
    Ready {
        /// How long to wait for that.
        #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
        wait: Duration,
        /// The file that says so.
        #[arg(long, value_name = "FILE", default_value_os_t = home::ready_marker(&Environment::of_process()))]
        marker: PathBuf,
        /// The agent's socket.
        #[arg(long, value_name = "FILE", default_value_os_t = home::status_socket(&Environment::of_process()))]
        socket: PathBuf,
    },
    /// Templates, secrets by path, remaining leases, commands and last errors; exit 0 if the agent is
    /// ready, else 1.
    Status {
        /// The agent's socket.
        #[arg(long, value_name = "FILE", default_value_os_t = home::status_socket(&Environment::of_process()))]
        socket: PathBuf,
        /// The form: a table for people, or JSON.
        #[arg(short, long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
    /// Check a configuration: end with 0 where it is good, else with 78 and what is wrong.
    Validate(ConfigFlags),
    /// Log in, read the real secrets, print what an agent would write, and revoke what that took.
    /// No file is written and no command runs; what a template writes to Vault is written.
    Render(RenderFlags),
    /// Write a configuration with a variable for each key of secrets in KV, to begin with.
    GenerateConfig(GenerateFlags),
    /// Tokens: revoke the own one.
    Token {
        /// What to do.
        #[command(subcommand)]
        action: TokenAction,
    },
    /// Signal a process of the pod, so that it reads its files again. Needs a shared process namespace
    /// and the process's user.
    Signal {
        /// Exit 0 if no such process runs.
        #[arg(long)]
        if_running: bool,
        /// Such as HUP, SIGHUP or 1.
        #[arg(value_parser = signal::parse)]
        signal: SignalName,
        /// Name or path of its program.
        process: String,
    },
}

/// What to render, and how to show it.
#[derive(Clone, Debug, Args)]
pub(crate) struct RenderFlags {
    /// Print instead of writing; required.
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub dry_run: Option<bool>,
    /// Print the values of secrets, too, instead of asterisks.
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub show_secrets: Option<bool>,
    /// The configuration.
    #[command(flatten)]
    pub files: ConfigFlags,
    /// How to reach Vault.
    #[command(flatten)]
    pub client: ClientFlags,
}

/// What to do with a token.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TokenAction {
    /// Revoke the token in `VAULT_TOKEN`, else in ~/.vault-token, with all its leases.
    Revoke {
        /// The token itself; required.
        #[arg(
            long = "self", value_name = "BOOL", num_args = 0..=1, require_equals = true,
            default_missing_value = "true", value_parser = values::parse_bool
        )]
        own: Option<bool>,
        /// How to reach Vault.
        #[command(flatten)]
        client: ClientFlags,
    },
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration: GoDuration = text
        .parse()
        .map_err(|error: DurationError| error.to_string())?;
    let duration = duration.to_std();
    duration.ok_or_else(|| DurationError::Negative(text.to_owned()).to_string())
}

/// Reads the arguments of the process, the program's name first.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_else(|| "vault-agent".into());
    let arguments = program::own_arguments(&program, arguments.collect())?;
    let arguments = arguments.into_iter().map(with_two_dashes);
    let arguments = with_command_first(arguments.collect());
    let cli = Cli::try_parse_from(std::iter::once(program).chain(arguments))?;
    match &cli.query {
        Some(Query::Render(flags)) if flags.dry_run != Some(true) => Err(only_dry()),
        _ => Ok(cli),
    }
}

/// `render` without `--dry-run`, which people may type to have files written.
fn only_dry() -> clap::Error {
    let text = "render needs --dry-run: it only prints what an agent would write, and revokes what \
                that took. To write files, run vault-agent with -exit-after-auth and the same \
                configuration\n";
    clap::Error::raw(ErrorKind::MissingRequiredArgument, text)
}

/// `--strict validate` as `validate --strict`: the flags of a configuration may stand before a command
/// that reads one, too.
fn with_command_first(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let mut at = 0;
    while let Some(flag) = arguments.get(at).and_then(|word| word.to_str()) {
        at += match flag.split_once('=').map_or(flag, |(name, _)| name) {
            "--config" if flag.contains('=') => 1,
            "--config" => 2,
            "--strict" => 1,
            _ => break,
        };
    }
    if arguments
        .get(at)
        .is_some_and(|word| word == "validate" || word == "render")
    {
        arguments[..=at].rotate_right(1);
    }
    arguments
}

/// `-config=x` as `--config=x`; `-h` and all else stay.
fn with_two_dashes(argument: OsString) -> OsString {
    let bytes = argument.as_encoded_bytes();
    if bytes.len() > 2 && bytes[0] == b'-' && bytes[1].is_ascii_alphabetic() {
        let mut long = OsString::from("-");
        long.push(OsStr::new(&argument));
        return long;
    }
    argument
}

#[cfg(test)]
mod tests;
