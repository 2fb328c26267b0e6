//! The command line.
//!
//! Flags may have one dash or two, as people type them for the established agent, and the word
//! `agent` may stand first, so that a binary called `vault` takes `vault agent -config=…`.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use contract::names::{READY_MARKER, STATUS_SOCKET};
use contract::values;

/// Keeps Vault secrets in files: logs in, renders templates, renews and refreshes.
///
/// Without -config, the variable `VAULT_CONFIG` is read: the base64 of a JSON configuration.
#[derive(Debug, Parser)]
#[command(
    name = "vault-agent",
    version,
    disable_help_subcommand = true,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// Something else than running as an agent.
    #[command(subcommand)]
    pub query: Option<Query>,

    /// The configuration: a JSON file, or env:VARIABLE for base64 of JSON in a variable.
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,

    /// End after the first complete render, as an init container does.
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = values::parse_bool
    )]
    pub exit_after_auth: Option<bool>,

    /// trace, debug, info, warn or error; wins over `VAULT_LOG_LEVEL`.
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// standard or json; wins over `VAULT_LOG_FORMAT`.
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,
}

/// Questions to the agent that runs beside.
#[derive(Debug, Subcommand)]
pub enum Query {
    /// End with 0 where the agent has rendered all files and is logged in, else with 1: for probes.
    Ready {
        /// The file that says so.
        #[arg(long, value_name = "FILE", default_value = READY_MARKER)]
        marker: PathBuf,
    },
    /// Templates, secrets by path, remaining leases and last errors.
    Status {
        /// The agent's socket.
        #[arg(long, value_name = "FILE", default_value = STATUS_SOCKET)]
        socket: PathBuf,
        /// The form: a table for people, or JSON.
        #[arg(short, long, value_enum, default_value_t = Output::Table)]
        output: Output,
    },
}

/// Form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// Reads the arguments of the process, the program's name first.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_else(|| "vault-agent".into());
    let mut arguments = arguments.peekable();
    arguments.next_if(|word| word == "agent");
    Cli::try_parse_from(std::iter::once(program).chain(arguments.map(with_two_dashes)))
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
mod tests {
    use super::*;

    fn mk_cli(line: &str) -> Result<Cli, clap::Error> {
        parse(line.split(' ').map(OsString::from))
    }

    #[test]
    fn one_dash_and_two_mean_the_same_with_equals_or_a_blank() {
        for line in [
            "vault-agent -config=/c.json -log-level=debug",
            "vault-agent --config=/c.json --log-level=debug",
            "vault-agent -config /c.json -log-level debug",
            "vault agent -config=/c.json -log-level=debug",
            "vault-agent agent --config /c.json --log-level debug",
        ] {
            let cli = mk_cli(line).unwrap();
            assert_eq!(cli.config.as_deref(), Some("/c.json"), "{line}");
            assert_eq!(cli.log_level.as_deref(), Some("debug"), "{line}");
        }
    }

    #[test]
    fn ready_looks_at_the_known_marker_unless_told_otherwise() {
        let marker = |line| match mk_cli(line).unwrap().query {
            Some(Query::Ready { marker }) => marker,
            other => panic!("{other:?}"),
        };
        assert_eq!(marker("vault-agent ready"), PathBuf::from(READY_MARKER));
        assert_eq!(marker("vault agent ready -marker=/m"), PathBuf::from("/m"));
        assert!(mk_cli("vault-agent -config=/c.json ready").is_err());
    }

    #[test]
    fn switches_take_gos_booleans_or_nothing() {
        let switch = |line| mk_cli(line).map(|cli| cli.exit_after_auth);
        assert_eq!(switch("vault-agent").unwrap(), None);
        assert_eq!(switch("vault-agent -exit-after-auth").unwrap(), Some(true));
        assert_eq!(
            switch("vault-agent -exit-after-auth=F").unwrap(),
            Some(false)
        );
        assert!(switch("vault-agent -exit-after-auth=maybe").is_err());
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        assert!(mk_cli("vault-agent -confg=/c.json").is_err());
        assert!(mk_cli("vault-agent server").is_err());
    }

    #[test]
    fn help_and_version_are_there_in_both_spellings() {
        use clap::error::ErrorKind;
        for line in ["vault-agent -h", "vault-agent -help", "vault-agent --help"] {
            assert_eq!(
                mk_cli(line).unwrap_err().kind(),
                ErrorKind::DisplayHelp,
                "{line}"
            );
        }
        for line in ["vault-agent -version", "vault-agent -V"] {
            assert_eq!(
                mk_cli(line).unwrap_err().kind(),
                ErrorKind::DisplayVersion,
                "{line}"
            );
        }
    }
}
