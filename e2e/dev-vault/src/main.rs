//! `dev-vault`: the stand-in as a process.
#![allow(clippy::print_stdout, reason = "the banner is the program's output")]

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Parser, ValueEnum};
use dev_vault::{ClientCertificates, Config, DevVault, Product, TlsPair};
use tokio::signal::unix::{SignalKind, signal};

/// A stand-in for a Vault server, for demos and tests. Not for production.
#[derive(Debug, Parser)]
#[command(name = "dev-vault", version)]
struct Args {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8200")]
    listen: SocketAddr,
    /// The root token; a random one when absent
    #[arg(long, env = "VAULT_DEV_ROOT_TOKEN_ID", hide_env_values = true)]
    root_token: Option<String>,
    /// PEM public key of a cluster's service accounts; may be given several times
    #[arg(long, value_name = "FILE")]
    jwt_public_key: Vec<PathBuf>,
    /// The server to stand in for; `openbao` has namespaces
    #[arg(long, value_enum, default_value_t = ProductName::Vault)]
    product: ProductName,
    /// PEM certificate chain: serve HTTPS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// PEM private key of the certificate
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ProductName {
    Vault,
    #[value(name = "openbao")]
    OpenBao,
}

impl From<ProductName> for Product {
    fn from(name: ProductName) -> Self {
        match name {
            ProductName::Vault => Self::Vault,
            ProductName::OpenBao => Self::OpenBao,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args {
        listen,
        root_token,
        jwt_public_key,
        product,
        tls_cert,
        tls_key,
    } = Args::parse_from(std::env::args().map(double_dash));
    let tls = match (tls_cert, tls_key) {
        (Some(cert), Some(key)) => Some(TlsPair {
            cert_pem: read(&cert)?,
            key_pem: read(&key)?,
        }),
        _ => None,
    };
    let jwt_public_keys = jwt_public_key
        .iter()
        .map(read)
        .collect::<anyhow::Result<_>>()?;
    let mut terminate = signal(SignalKind::terminate()).context("handle SIGTERM")?;
    let vault = DevVault::start(Config {
        listen,
        root_token,
        tls,
        client_certificates: ClientCertificates::Ignored,
        jwt_public_keys,
        product: product.into(),
    })
    .await?;
    println!("{}", banner(&vault));
    tokio::select! {
        result = tokio::signal::ctrl_c() => result.context("handle SIGINT")?,
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// Vault's own flags have one dash; both are taken.
fn double_dash(argument: String) -> String {
    match argument.strip_prefix('-') {
        Some(name) if name.len() > 1 && !name.starts_with('-') => format!("-{argument}"),
        _ => argument,
    }
}

fn read(path: &PathBuf) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

fn banner(vault: &DevVault) -> String {
    format!(
        "\
==> dev-vault: a stand-in for a Vault server

    *** NOT FOR PRODUCTION ***
    Everything is kept in memory, nothing is encrypted, and whoever
    reaches this port can read all of it, move its clock and seal it.

    export VAULT_ADDR={}
    export VAULT_TOKEN={}

    Switches for tests: {}/dev/
",
        vault.address(),
        vault.root_token(),
        vault.address()
    )
}
