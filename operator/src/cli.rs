//! The command line: upstream's commands and flags.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::error;
use tracing::level_filters::LevelFilter;

use crate::accepted;
use crate::commands::{self, Files};
use crate::flags::Flags;
use crate::{cert_controller, crds, log, run as process, webhook};

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
    /// Serve admission over HTTPS, with the certificate of a directory
    Webhook(webhook::Flags),
    /// Do nothing until SIGTERM: for manifests that start External Secrets Operator's third process
    Certcontroller(cert_controller::Flags),
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
        Some(Command::Lint(files)) => commands::lint(files),
        Some(Command::Policy(files)) => commands::policy(files),
        Some(Command::Crds) => print_crds(),
        Some(Command::Webhook(flags)) => {
            start(flags.clone().check(), &without_effect, webhook::run)
        }
        Some(Command::Certcontroller(flags)) => {
            start(flags.clone().check(), &without_effect, |flags| {
                cert_controller::run(&flags)
            })
        }
        None => start(cli.flags.check(), &without_effect, |settings| {
            let kubeconfig = std::env::var_os("KUBECONFIG").map(PathBuf::from);
            process::run(&cli.flags, settings, kubeconfig)
        }),
    }
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

/// Runs one of the processes with flags that were checked.
fn start<T>(
    checked: anyhow::Result<(LevelFilter, T)>,
    without_effect: &[String],
    run: impl FnOnce(T) -> anyhow::Result<()>,
) -> ExitCode {
    let (level, settings) = match checked {
        Ok(checked) => checked,
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
    match run(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error = format!("{error:#}"), "cannot go on");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstreams_manifests_start_each_process() {
        for line in [
            "webhook --port=10250 --dns-name=external-secrets-webhook.eso.svc --cert-dir=/tmp/certs \
             --check-interval=5m --metrics-addr=:8080 --healthz-addr=:8081 --loglevel=info \
             --zap-time-encoding=epoch --lookahead-interval=2160h --tls-ciphers= \
             --tls-min-version=1.2",
            "certcontroller --crd-requeue-interval=5m --service-name=external-secrets-webhook \
             --service-namespace=eso --secret-name=external-secrets-webhook \
             --secret-namespace=eso --metrics-addr=:8080 --healthz-addr=:8081 --loglevel=info \
             --zap-time-encoding=epoch --enable-partial-cache=true --enable-leader-election=true",
        ] {
            let arguments = std::iter::once("secrets-operator").chain(line.split_whitespace());
            let cli = Cli::try_parse_from(arguments).unwrap();
            match cli.command {
                Some(Command::Webhook(flags)) => drop(flags.check().unwrap()),
                Some(Command::Certcontroller(flags)) => drop(flags.check().unwrap()),
                other => panic!("{other:?}"),
            }
        }
    }
}
