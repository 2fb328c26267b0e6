//! A private PostgreSQL cluster: own directory, loopback only, gone when dropped.

use std::net::Ipv4Addr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

use crate::process::{Process, free_port};

/// The account that the guide's `database/config/postgres` logs in with.
const ADMIN_USER: &str = "vault_admin";
/// Its password in the guide.
const ADMIN_PASSWORD: &str = "admin_password";
/// The guide's database.
const DATABASE: &str = "app";

/// Debian keeps the binaries of each version apart and out of the path.
const DEBIAN_ROOT: &str = "/usr/lib/postgresql";

/// Attempts to find a port that nobody takes between the choice and the start.
const PORT_ATTEMPTS: usize = 5;

/// The cluster, with database `app`, its owner `vault_admin` and a table `orders`.
#[derive(Debug)]
pub struct Postgres {
    // Stopped before its directory goes.
    _server: Process,
    port: u16,
    _directory: TempDir,
}

impl Postgres {
    pub async fn start() -> Result<Self> {
        let binaries = binaries()?;
        let owner = Owner::find()?;
        let directory = tempfile::Builder::new().prefix("e2e-postgres-").tempdir()?;
        owner.give(directory.path())?;
        init(&binaries, owner, directory.path())?;

        for _ in 0..PORT_ATTEMPTS {
            let port = free_port()?;
            let mut command = owner.command(&binaries.join("postgres"), directory.path());
            command
                .arg("-D")
                .arg(directory.path().join("data"))
                .args(["-p", &port.to_string()]);
            for setting in [
                "listen_addresses=127.0.0.1",
                "unix_socket_directories=",
                "fsync=off",
                "shared_buffers=16MB",
                "log_connections=on",
            ] {
                command.args(["-c", setting]);
            }
            // QUIT ends open sessions at once; nothing in this cluster is worth a checkpoint.
            let server = Process::start("postgres", &mut command, Signal::QUIT)?;
            match server
                .line("database system is ready to accept connections")
                .await
            {
                Ok(_) => {
                    let this = Self {
                        _server: server,
                        port,
                        _directory: directory,
                    };
                    this.furnish().await?;
                    return Ok(this);
                }
                Err(_) if server.count("Address already in use") > 0 => {}
                Err(error) => return Err(error),
            }
        }
        bail!("no free port for postgres in {PORT_ATTEMPTS} attempts")
    }

    /// The guide's `connection_url`, with this cluster's address.
    pub fn connection_url(&self) -> String {
        format!(
            "postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{}/{DATABASE}?sslmode=disable",
            self.port
        )
    }

    /// Opens a session as the administrator.
    pub async fn admin(&self) -> Result<Client> {
        self.connect(ADMIN_USER, ADMIN_PASSWORD).await
    }

    /// Opens a session. It ends when the client is dropped.
    pub async fn connect(&self, user: &str, password: &str) -> Result<Client> {
        self.session(user, password, DATABASE)
            .await
            .with_context(|| format!("connect as {user}"))
    }

    /// Whether a role of this name exists.
    pub async fn has_role(&self, name: &str) -> Result<bool> {
        let rows = self
            .admin()
            .await?
            .query("SELECT 1 FROM pg_roles WHERE rolname = $1", &[&name])
            .await?;
        Ok(!rows.is_empty())
    }

    async fn session(&self, user: &str, password: &str, database: &str) -> Result<Client> {
        let mut config = Config::new();
        config.hostaddr(Ipv4Addr::LOCALHOST.into()).port(self.port);
        config.user(user).password(password).dbname(database);
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// What the guide takes for granted: its administrator, its database, and a table to grant.
    async fn furnish(&self) -> Result<()> {
        let root = self
            .session(SUPERUSER, SUPERUSER_PASSWORD, "postgres")
            .await?;
        root.batch_execute(&format!(
            "CREATE ROLE {ADMIN_USER} WITH LOGIN CREATEROLE PASSWORD '{ADMIN_PASSWORD}'"
        ))
        .await?;
        root.batch_execute(&format!("CREATE DATABASE {DATABASE} OWNER {ADMIN_USER}"))
            .await?;
        self.admin()
            .await?
            .batch_execute("CREATE TABLE orders (item text NOT NULL, placed_by text NOT NULL)")
            .await?;
        Ok(())
    }
}

const SUPERUSER: &str = "root_of_test";
const SUPERUSER_PASSWORD: &str = "root_of_test";

/// Whom the cluster belongs to. PostgreSQL refuses to run as root.
#[derive(Clone, Copy, Debug)]
enum Owner {
    Myself,
    Account { uid: u32, gid: u32 },
}

impl Owner {
    fn find() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Myself);
        }
        let accounts = std::fs::read_to_string("/etc/passwd")?;
        let entry = accounts
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| fields.first() == Some(&"postgres"))
            .context("no account `postgres`: install the Debian package `postgresql`")?;
        ensure!(
            entry.len() > 3,
            "/etc/passwd: the entry of `postgres` is too short"
        );
        Ok(Self::Account {
            uid: entry[2].parse()?,
            gid: entry[3].parse()?,
        })
    }

    fn give(self, directory: &Path) -> Result<()> {
        if let Self::Account { uid, gid } = self {
            chown(directory, Some(uid), Some(gid))?;
        }
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))?;
        Ok(())
    }

    fn command(self, program: &Path, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(directory)
            .env_clear()
            .envs([("LC_ALL", "C"), ("TZ", "UTC")]);
        if let Self::Account { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }
}

/// The folder with `initdb` and `postgres`; the newest where there are several.
fn binaries() -> Result<PathBuf> {
    let newest = std::fs::read_dir(DEBIAN_ROOT)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|folder| folder.join("initdb").exists())
        .max_by_key(|folder| {
            let version = folder.parent().and_then(Path::file_name);
            version.and_then(|name| name.to_str()?.parse::<u32>().ok())
        });
    newest
        .context("no PostgreSQL under /usr/lib/postgresql: install the Debian package `postgresql`")
}

/// Makes the files of the cluster. Every session has to show a password, as in production.
fn init(binaries: &Path, owner: Owner, directory: &Path) -> Result<()> {
    let password_file = directory.join("superuser");
    let mut file = std::fs::File::create(&password_file)?;
    std::io::Write::write_all(&mut file, SUPERUSER_PASSWORD.as_bytes())?;
    let output = owner
        .command(&binaries.join("initdb"), directory)
        .args([
            "--no-sync",
            "--no-instructions",
            "--encoding=UTF8",
            "--auth=scram-sha-256",
        ])
        .args(["--username", SUPERUSER])
        .arg("--pwfile")
        .arg(&password_file)
        .arg("-D")
        .arg(directory.join("data"))
        .output()?;
    ensure!(
        output.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
