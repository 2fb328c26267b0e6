//! Runs a container of the patched pod as a local process that sees its volumes at their mount
//! paths: in a mount namespace of its own, whose root holds the host's libraries, the agent and the
//! volumes. Where the machine allows no such namespace, the paths in the agent's configuration are
//! rewritten to the volumes' directories instead.
//!
//! ```text
//! demo ── unshare --mount [--user] ──► demo run-container FILE ── mount, chroot, exec ──► /vault-agent
//! ```

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::mount::{MountFlags, mount, mount_bind_recursive};
use serde::{Deserialize, Serialize};

/// How containers are kept apart from the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isolation {
    /// A mount namespace, made as root.
    Root,
    /// A mount namespace inside a user namespace.
    UserNamespace,
    /// None: paths are rewritten.
    RewrittenPaths,
}

impl Isolation {
    /// Finds out what this machine allows.
    pub(crate) fn detect() -> Self {
        [Self::Root, Self::UserNamespace]
            .into_iter()
            .find(|isolation| {
                let probe = isolation
                    .unshare()
                    .arg("true")
                    .stderr(Stdio::null())
                    .status();
                probe.is_ok_and(|status| status.success())
            })
            .unwrap_or(Self::RewrittenPaths)
    }

    /// What is said about it.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Root => "in a mount namespace of its own",
            Self::UserNamespace => "in a user and mount namespace of its own",
            Self::RewrittenPaths => {
                "as a plain process: this machine allows no mount namespace, so the paths are \
                 rewritten to the volumes' directories"
            }
        }
    }

    fn unshare(self) -> Command {
        let mut command = Command::new("unshare");
        if self == Self::UserNamespace {
            command.args(["--user", "--map-root-user"]);
        }
        command.arg("--mount");
        command
    }
}

/// A directory of the host that a container sees.
#[derive(Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(crate) host: PathBuf,
    pub(crate) mount_path: PathBuf,
}

/// One container to run.
#[derive(Serialize, Deserialize)]
pub(crate) struct Container {
    /// An empty directory that becomes its root.
    pub(crate) root: PathBuf,
    pub(crate) volumes: Vec<Volume>,
    /// The agent's binary on the host.
    pub(crate) binary: PathBuf,
    /// Path of the binary inside, and its arguments.
    pub(crate) command: Vec<String>,
    pub(crate) environment: Vec<(String, String)>,
}

impl Container {
    /// The command that runs it under `isolation`. Its description is kept in `file`.
    pub(crate) fn command(&self, isolation: Isolation, file: &Path) -> Result<Command> {
        if isolation == Isolation::RewrittenPaths {
            let mut command = Command::new(&self.binary);
            command
                .args(self.command.iter().skip(1))
                .env_clear()
                .envs(self.environment.clone());
            return Ok(command);
        }
        fs::create_dir_all(&self.root)?;
        crate::files::write(file, &serde_json::to_string(self)?)?;
        let mut command = isolation.unshare();
        command
            .arg(std::env::current_exe()?)
            .arg("run-container")
            .arg(file);
        Ok(command)
    }

    /// Inside the namespace: builds the root, enters it, and becomes the container's program. Only
    /// returns where that fails.
    pub(crate) fn enter(file: &Path) -> Result<()> {
        let container: Self = serde_json::from_slice(&fs::read(file)?)?;
        let root = &container.root;
        mount("tmpfs", root, "tmpfs", MountFlags::NOSUID, None).context("mount the root")?;
        for directory in ["usr", "lib", "lib64", "bin", "etc", "dev"] {
            show_host_directory(root, directory)?;
        }
        let [program, arguments @ ..] = container.command.as_slice() else {
            anyhow::bail!("the container has no command");
        };
        let inside = below(root, Path::new(program));
        fs::File::create(&inside)?;
        mount_bind_recursive(&container.binary, &inside).context("mount the agent")?;
        for volume in &container.volumes {
            let inside = below(root, &volume.mount_path);
            fs::create_dir_all(&inside)?;
            mount_bind_recursive(&volume.host, &inside)
                .with_context(|| format!("mount {}", volume.mount_path.display()))?;
        }
        rustix::process::chroot(root).context("enter the root")?;
        std::env::set_current_dir("/")?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .envs(container.environment);
        Err(command.exec()).context("start the agent")
    }
}

/// Makes a directory of the host's root visible: as the same link, or mounted.
fn show_host_directory(root: &Path, name: &str) -> Result<()> {
    let (host, inside) = (Path::new("/").join(name), root.join(name));
    let Ok(metadata) = fs::symlink_metadata(&host) else {
        return Ok(());
    };
    if metadata.is_symlink() {
        symlink(fs::read_link(&host)?, &inside)?;
    } else {
        fs::create_dir(&inside)?;
        mount_bind_recursive(&host, &inside).with_context(|| format!("mount /{name}"))?;
    }
    Ok(())
}

fn below(root: &Path, absolute: &Path) -> PathBuf {
    root.join(absolute.strip_prefix("/").unwrap_or(absolute))
}
