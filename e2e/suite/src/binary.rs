//! A server from its binary: Vault, or OpenBao's `bao`. File storage, TLS of its own authority,
//! initialised and unsealed over HTTP, so that it can be sealed and unsealed by a scenario too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::Admin;
use crate::files::{self, Certificates};
use crate::process::{Process, free_port};

/// The variable that names the binary.
const VARIABLE: &str = "E2E_VAULT_BIN";

/// Attempts to find a port that nobody takes between the choice and the start.
const PORT_ATTEMPTS: usize = 5;

/// A running, unsealed server.
pub(crate) struct Binary {
    // Stopped before its directory goes.
    _server: Process,
    _directory: TempDir,
    address: String,
    /// With the root token.
    admin: Admin,
    unseal_key: String,
}

impl Binary {
    pub(crate) async fn start(certificates: &Certificates) -> Result<Self> {
        let program = std::env::var_os(VARIABLE)
            .map(PathBuf::from)
            .with_context(|| format!("{VARIABLE} has to name a server's binary; see `make e2e`"))?;
        let directory = tempfile::Builder::new().prefix("e2e-vault-").tempdir()?;
        files::write_private(&directory.path().join("server.pem"), &certificates.server)?;
        files::write_private(
            &directory.path().join("server-key.pem"),
            &certificates.server_key,
        )?;

        let (server, address) = launch(&program, directory.path()).await?;
        let anyone = Admin::new(&address, &certificates.authority)?;
        let shares = json!({ "secret_shares": 1, "secret_threshold": 1 });
        let secrets = anyone.write("sys/init", &shares).await?.body;
        let this = Self {
            _server: server,
            _directory: directory,
            address,
            admin: anyone.with_token(text(&secrets["root_token"])?),
            unseal_key: text(&secrets["keys"][0])?.to_owned(),
        };
        this.unseal().await?;
        Ok(this)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn admin(&self) -> &Admin {
        &self.admin
    }

    pub(crate) async fn seal(&self) -> Result<()> {
        self.admin.write("sys/seal", &json!({})).await.map(drop)
    }

    pub(crate) async fn unseal(&self) -> Result<()> {
        let key = json!({ "key": self.unseal_key });
        let answer = self.admin.write("sys/unseal", &key).await?;
        ensure!(answer.body["sealed"] == false, "unseal: {}", answer.body);
        Ok(())
    }

    /// What the server says of itself.
    pub(crate) async fn version(&self) -> Result<String> {
        let health = self.admin.send(Method::GET, "sys/health", None).await?;
        Ok(text(&health.body["version"])?.to_owned())
    }
}

async fn launch(program: &Path, directory: &Path) -> Result<(Process, String)> {
    fs::create_dir_all(directory.join("data"))?;
    for _ in 0..PORT_ATTEMPTS {
        let port = free_port()?;
        let listen = format!("127.0.0.1:{port}");
        let address = format!("https://{listen}");
        let config = json!({
            "storage": { "file": { "path": directory.join("data") } },
            "listener": [{ "tcp": {
                "address": listen,
                "tls_cert_file": directory.join("server.pem"),
                "tls_key_file": directory.join("server-key.pem"),
            } }],
            "api_addr": address,
            "disable_clustering": true,
            "disable_mlock": true,
        });
        let config_file = directory.join("server.json");
        files::write_private(&config_file, &config.to_string())?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", directory)
            .env("PATH", "/usr/bin:/bin");
        command
            .arg("server")
            .arg(format!("-config={}", config_file.display()));
        let server = Process::start("vault", &mut command, Signal::KILL)?;
        match server
            .line("server started! Log data will stream in below")
            .await
        {
            Ok(_) => return Ok((server, address)),
            Err(_) if server.count("address already in use") > 0 => {}
            Err(error) => return Err(error),
        }
    }
    bail!("no free port for the server in {PORT_ATTEMPTS} attempts")
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("the server's answer lacks a text")
}
