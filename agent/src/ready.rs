//! The marker that says "all files are rendered and the agent is logged in".
//!
//! Probes look at it with `vault-agent ready`: no listener, no configuration, no Vault. Without it,
//! they ask the agent over its socket what it waits for, and print that. A marker of an
//! earlier process says nothing, so it is removed at the start. After that it stays while the files
//! are as they were written, also while Vault is away, because they stay good.

use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use secret_files::{FileError, Target};

use crate::home::OwnFile;
use crate::status::client::{self, StatusError};
use crate::status::waits_for;

/// Time between looks at the marker: an application starts this much later, at most.
const LOOK: Duration = Duration::from_millis(100);
/// How long the agent has to answer what it waits for. Probes have time limits of their own, so the
/// command ends at most half a second after its wait, also beside an agent that hangs.
const PATIENCE: Duration = Duration::from_millis(400);

/// The marker of this process; removed with this value.
#[derive(Debug)]
pub struct Marker {
    /// `None` beside another agent, which has the marker of this home.
    path: Option<PathBuf>,
    is_set: bool,
    file: Option<OwnFile>,
}

/// The agent is not ready.
#[derive(Debug, Error)]
pub enum NotReady {
    /// No marker.
    #[error(
        "not ready: {} is not there, so the agent has not rendered all files yet or is not running; \
         its log says what it waits for",
        path.display()
    )]
    NoMarker {
        /// Where it would be.
        path: PathBuf,
    },
    /// The agent runs.
    #[error("not ready: {what}")]
    Waiting {
        /// What it waits for.
        what: String,
    },
    /// The agent runs, and does not answer.
    #[error(
        "not ready: the agent at {} is running but does not answer; its log may show why",
        socket.display()
    )]
    Silent {
        /// Where it was asked.
        socket: PathBuf,
    },
    /// Nobody knows.
    #[error("not ready: cannot look at {}: {source}", path.display())]
    Unknown {
        /// Where it would be.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
}

/// What `vault-agent ready` does: returns at once when the marker is there, and after `wait` says what
/// the agent behind `socket` waits for.
pub async fn wait(marker: &Path, socket: &Path, wait: Duration) -> Result<(), NotReady> {
    let end = Instant::now() + wait;
    loop {
        let Err(not_ready) = check(marker) else {
            return Ok(());
        };
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return explain(not_ready, socket).await;
        }
        sleep(left.min(LOOK)).await;
    }
}

async fn explain(not_ready: NotReady, socket: &Path) -> Result<(), NotReady> {
    match client::ask(socket, PATIENCE).await {
        Ok(snapshot) if snapshot.ready => Ok(()),
        Ok(snapshot) => Err(NotReady::Waiting {
            what: waits_for(&snapshot),
        }),
        Err(StatusError::Silent { path }) => Err(NotReady::Silent { socket: path }),
        Err(_) => Err(not_ready),
    }
}

fn check(path: &Path) -> Result<(), NotReady> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(NotReady::NoMarker {
            path: path.to_owned(),
        }),
        Err(source) => Err(NotReady::Unknown {
            path: path.to_owned(),
            source,
        }),
    }
}

impl Marker {
    /// Takes away what an earlier process left.
    pub fn new(path: PathBuf) -> Self {
        if let Err(error) = secret_files::remove(&path) {
            cannot_remove(&error);
        }
        let mut marker = Self::none();
        marker.path = Some(path);
        marker
    }

    /// For an agent in whose home another one runs.
    pub fn none() -> Self {
        Self {
            path: None,
            is_set: false,
            file: None,
        }
    }

    /// The agent is ready.
    pub fn set(&mut self) {
        if self.is_set {
            return;
        }
        self.is_set = true;
        let Some(path) = &self.path else {
            return;
        };
        let target = Target {
            create_directories: false,
            ..Target::new(path)
        };
        match target.write(b"") {
            Ok(_) => {
                // One that is gone already needs no removal.
                self.file = OwnFile::at(path.clone()).ok();
                debug!(target: "agent", "ready");
            }
            // Outside of a pod there is no such directory, and nobody who looks there.
            Err(FileError::ParentMissing { .. }) => {}
            Err(error) => {
                warn!(target: "agent", %error, "cannot write the marker that probes look for");
            }
        }
    }

    /// The agent is ready no more.
    pub fn clear(&mut self) {
        self.is_set = false;
        if let Some(Err(error)) = self.file.take().map(OwnFile::remove) {
            cannot_remove(&error);
        }
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        self.clear();
    }
}

fn cannot_remove(error: &dyn std::fmt::Display) {
    warn!(target: "agent", %error, "cannot remove the marker that probes look for");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_there_from_ready_to_the_end_and_none_is_inherited() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".ready");
        drop(std::fs::File::create(&path).unwrap());
        let mut marker = Marker::new(path.clone());
        let error = check(&path).unwrap_err().to_string();
        assert!(
            error.contains("not ready") && error.contains("log"),
            "{error}"
        );
        marker.set();
        assert!(check(&path).is_ok());
        marker.clear();
        assert!(check(&path).is_err());
        marker.set();
        assert!(check(&path).is_ok());
        drop(marker);
        assert!(check(&path).is_err());
    }

    #[test]
    fn the_marker_of_another_agent_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(".ready");
        let mut earlier = Marker::new(path.clone());
        earlier.set();
        let mut marker = Marker::new(path.clone());
        marker.set();
        drop(earlier);
        assert!(check(&path).is_ok());
        let mut beside = Marker::none();
        beside.set();
        beside.clear();
        drop(beside);
        assert!(check(&path).is_ok());
    }

    #[test]
    fn a_missing_home_is_no_trouble() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("nowhere/.ready");
        Marker::new(path.clone()).set();
        assert!(matches!(check(&path), Err(NotReady::NoMarker { .. })));
    }
}
