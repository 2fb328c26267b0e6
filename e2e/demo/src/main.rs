//! The main job in one command: an annotated Deployment goes in, and its application reads a
//! rendered, renewed secret. Everything runs on this machine, on loopback, with the real webhook and
//! the real agent. The operator has a demo of its own: `demo operator`.

mod admission;
mod files;
mod operator;
mod patched;
mod pod;
mod programs;
mod sandbox;
mod server;
mod steps;
mod ui;
mod vault;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// From an annotated Deployment to a rendered, renewed secret.
#[derive(Parser)]
#[command(name = "demo", version)]
struct Arguments {
    /// Leave everything running at the end, and print how to play with it.
    #[arg(long)]
    keep: bool,
    /// Use a Vault server of your own on this machine, with the token in `VAULT_TOKEN`. It is set up
    /// by the guide's commands; what the demo made is removed again.
    #[arg(long, value_name = "ADDR")]
    vault: Option<String>,
    #[command(subcommand)]
    inner: Option<Inner>,
}

#[derive(Subcommand)]
enum Inner {
    /// From an `ExternalSecret` to a Secret that follows Vault, with the operator.
    Operator(operator::Flags),
    /// For the demo itself: become a container of the pod.
    #[command(hide = true)]
    RunContainer { file: PathBuf },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // An error says that a provider is installed already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let result = match &arguments.inner {
        Some(Inner::RunContainer { file }) => sandbox::Container::enter(file),
        Some(Inner::Operator(flags)) => operator::run(flags).await,
        None => steps::run(arguments.keep, arguments.vault).await,
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nThe demo failed: {error:#}");
            ExitCode::FAILURE
        }
    }
}
