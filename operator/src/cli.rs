//! The command line: upstream's commands and flags.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::error;

use crate::accepted;
use crate::commands::{self, Files};
use crate::flags::Flags;
use crate::{crds, log, run as process};

/// Exit code of a configuration that cannot work.
const CONFIGURATION: u8 = 78;

/// Makes Kubernetes Secrets of what Vault or OpenBao holds.
#[derive(Debug, Parser)]
#[command(name = "secrets-operator", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    flags: Flags,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the definitions of all kinds as YAML, for kubectl apply --server-side
    Crds,
    /// Check manifests as admission does
    Lint(Files),
    /// Print the policies that manifests need in Vault
    Policy(Files),
}

/// Runs the program with these arguments.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let (arguments, without_effect) = accepted::take(arguments);
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help that was asked for goes to stdout; nobody reads a stream that is closed.
            let _ = error.print();
            return ExitCode::from(u8::from(error.use_stderr()) * 2);
        }
    };
    match &cli.command {
        Some(Command::Lint(files)) => return commands::lint(files),
        Some(Command::Policy(files)) => return commands::policy(files),
        Some(Command::Crds) => return print_crds(),
        None => {}
    }
    serve(&cli.flags, &without_effect)
}

fn print_crds() -> ExitCode {
    match crds::yaml() {
        Ok(text) => {
            // Nobody reads a stream that is closed.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("secrets-operator: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the controller.
fn serve(flags: &Flags, without_effect: &[String]) -> ExitCode {
    let (level, settings) = match flags
        .level()
        .and_then(|level| Ok((level, flags.settings()?)))
    {
        Ok(read) => read,
        Err(error) => {
            eprintln!("secrets-operator: {error:#}");
            return ExitCode::from(CONFIGURATION);
        }
    };
    log::init(level, false);
    for flag in without_effect {
        tracing::warn!("{flag}");
    }
    for error in ::process::protect_memory() {
        tracing::warn!(%error, "memory is not protected");
    }
    let kubeconfig = std::env::var_os("KUBECONFIG").map(PathBuf::from);
    match process::run(flags, settings, kubeconfig) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error = format!("{error:#}"), "cannot go on");
            ExitCode::FAILURE
        }
    }
}
