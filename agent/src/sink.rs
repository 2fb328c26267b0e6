//! File sinks: the token as a file, for programs that talk to Vault themselves.
//!
//! Each sink is written for each new token; an identical token is not written again. A sink that
//! cannot be written is tried again for ever and holds up no other.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::task::JoinSet;
use tracing::{error, info};

use crate::auth::{Login, Logins};
use crate::files::{FileError, Target, Written};
use crate::schedule::Roll;

/// A sink that can never be written.
#[derive(Debug, Error)]
#[error("file sink is not writable: {0}")]
pub struct SinkError(#[from] FileError);

/// The sinks of an agent.
pub struct Sinks {
    targets: Vec<Target>,
    logins: Logins,
    once: bool,
}

impl Sinks {
    /// Checks that all sinks can be written. With `once`, they are done after the first token.
    pub fn new(targets: Vec<Target>, logins: Logins, once: bool) -> Result<Self, SinkError> {
        for target in &targets {
            target.check_writable()?;
        }
        Ok(Self {
            targets,
            logins,
            once,
        })
    }

    /// Writes each token to all sinks. Ends after the first only where that is wanted.
    pub async fn run(self) {
        let mut tasks = JoinSet::new();
        for target in self.targets {
            tasks.spawn(keep(target, self.logins.clone(), self.once));
        }
        while tasks.join_next().await.is_some() {}
        if !self.once {
            std::future::pending::<()>().await;
        }
    }
}

async fn keep(target: Target, mut logins: Logins, once: bool) {
    logins.mark_changed();
    while logins.changed().await.is_ok() {
        loop {
            let login = logins.borrow_and_update().clone();
            let Some(login) = login else { break };
            match write(&target, &login) {
                Ok(()) if once => return,
                Ok(()) => break,
                Err(error) => {
                    error!(target: "agent.sink.file", %error, "error returned by sink function, retrying");
                    let pause = Duration::from_secs_f64(Roll::dice().between(1.0, 3.0));
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

fn write(target: &Target, login: &Arc<Login>) -> Result<(), FileError> {
    if target.write(login.token.expose().as_bytes())? == Written::Replaced {
        info!(target: "agent.sink.file", path = %target.path.display(), "token written");
    }
    Ok(())
}
