//! `api-server`: the stand-in as a process.
#![allow(clippy::print_stdout, reason = "the banner is the program's output")]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use api_server::ApiServer;
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

/// A stand-in for a Kubernetes API server, for demos and tests. Not for production.
#[derive(Debug, Parser)]
#[command(name = "api-server", version)]
struct Args {
    /// Where to listen; with port 0, a free one is taken
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Write a kubeconfig to this file
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Write the PEM public key of service account tokens to this file
    #[arg(long, value_name = "FILE")]
    service_account_key: Option<PathBuf>,
    /// Create the objects of this YAML file at the start: definitions of kinds, most of all
    #[arg(long, value_name = "FILE")]
    definitions: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args {
        listen,
        kubeconfig,
        service_account_key,
        definitions,
    } = Args::parse();
    let mut terminate = signal(SignalKind::terminate()).context("handle SIGTERM")?;
    let api = ApiServer::start(listen).await?;
    if let Some(path) = &definitions {
        let text = std::fs::read_to_string(path);
        let text = text.with_context(|| format!("read {}", path.display()))?;
        api.define(&text)
            .with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &service_account_key {
        write(path, &api.public_key_pem())?;
    }
    if let Some(path) = &kubeconfig {
        write(path, &api.kubeconfig())?;
    }
    println!("{}", banner(&api, kubeconfig.as_deref()));
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("handle SIGINT")?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("write {}", path.display()))?;
    file.write_all(text.as_bytes())?;
    Ok(())
}

fn banner(api: &ApiServer, kubeconfig: Option<&Path>) -> String {
    let use_it = kubeconfig.map_or_else(
        || format!("kubectl --server {} get namespaces", api.url()),
        |path| format!("export KUBECONFIG={}", path.display()),
    );
    format!(
        "\
==> api-server: a stand-in for a Kubernetes API server at {}

    *** NOT FOR PRODUCTION ***
    Everything is kept in memory. There is no RBAC, and no credentials are
    checked: every program on this machine can read and change all of it.

    {use_it}
",
        api.url()
    )
}
