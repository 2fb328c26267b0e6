//! File sinks: the token as a file, for programs that talk to Vault themselves.
//!
//! ```text
//! token ─▶ wrap (sink.wrap_ttl) ─▶ JSON ─┬─▶ encrypt (dh_type) ─▶ JSON ─┬─▶ file
//! wrapping (method.wrap_ttl) ────▶ JSON ─┘            or as it is ──────┘
//! ```
//!
//! Each sink is written for each new token; an identical token is not written again. A file that
//! somebody else removes or changes is written again, unless it has a wrapping: that is for one use, and
//! its reader may remove it. A sink that cannot be written is tried again for ever and holds up
//! no other.

mod seal;

use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use thiserror::Error;
use tokio::task::JoinSet;
use tracing::{error, info, warn};
use vault_wire::{Token, WrapInfo};
use zeroize::Zeroizing;

use crate::auth::{Deliveries, Delivery};
use crate::placed::{Content, Loss, Placed, pace};
use crate::random;
use secret_files::{FileError, Target, Written};
use vault_client::Connection;

pub(crate) use seal::{SealError, Sealing};

/// One sink.
#[derive(Clone, Debug)]
pub struct SinkSettings {
    /// The file.
    pub target: Target,
    /// Life of the wrapping around the token; the token itself where `None`.
    pub wrap_ttl: Option<Duration>,
    /// For whom it is encrypted; for whoever can read the file where `None`.
    pub sealing: Option<Sealing>,
}

/// A sink that can never be written.
#[derive(Debug, Error)]
#[error("file sink is not writable: {0}")]
pub struct SinkError(#[from] FileError);

/// A sink that was not written now. May pass.
#[derive(Debug, Error)]
enum WriteError {
    #[error("cannot wrap the token: {0}")]
    Wrap(#[source] vault_wire::Error),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    File(#[from] FileError),
}

/// The sinks of an agent.
pub(crate) struct Sinks {
    all: Vec<Sink>,
    deliveries: Deliveries,
    upkeep: Upkeep,
}

/// What happens to a sink after it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Upkeep {
    /// The first token was all.
    Once,
    /// A file that somebody else removes or changes is back within this time.
    Within(Duration),
}

struct Sink {
    settings: SinkSettings,
    connection: Connection,
    /// Another sink has the same file, and would take this one's content for a change.
    is_shared: bool,
}

impl Sinks {
    /// Checks that all sinks can be written.
    pub(crate) fn new(
        settings: Vec<SinkSettings>,
        connection: &Connection,
        deliveries: Deliveries,
        upkeep: Upkeep,
    ) -> Result<Self, SinkError> {
        for sink in &settings {
            sink.target.check_writable()?;
        }
        let paths: Vec<PathBuf> = settings.iter().map(|it| it.target.path.clone()).collect();
        let is_shared = |path: &PathBuf| paths.iter().filter(|other| *other == path).count() > 1;
        let sinks = settings.into_iter().map(|settings| Sink {
            is_shared: is_shared(&settings.target.path),
            settings,
            connection: connection.clone(),
        });
        Ok(Self {
            all: sinks.collect(),
            deliveries,
            upkeep,
        })
    }

    /// Writes each token to all sinks. Ends after the first only where that is wanted.
    pub(crate) async fn run(self) {
        let mut tasks = JoinSet::new();
        for sink in self.all {
            tasks.spawn(sink.keep(self.deliveries.clone(), self.upkeep));
        }
        while tasks.join_next().await.is_some() {}
        if let Upkeep::Within(_) = self.upkeep {
            std::future::pending::<()>().await;
        }
    }
}

impl Sink {
    async fn keep(mut self, mut deliveries: Deliveries, upkeep: Upkeep) {
        deliveries.mark_changed();
        let mut placed = None;
        loop {
            tokio::select! {
                changed = deliveries.changed() => if changed.is_err() {
                    return;
                },
                loss = lost(placed.as_mut(), upkeep) => {
                    let path = self.settings.target.path.display();
                    warn!(target: "agent.sink.file", "{path} was {loss} by somebody else, and will be written again");
                }
            }
            placed = None;
            loop {
                let delivery = deliveries.borrow_and_update().clone();
                let Some(delivery) = delivery else { break };
                match self.write(&delivery).await {
                    Ok(_) if matches!(upkeep, Upkeep::Once) => return,
                    Ok(written) => {
                        placed = written;
                        break;
                    }
                    Err(error) => {
                        error!(target: "agent.sink.file", %error, "error returned by sink function, retrying");
                        let pause = Duration::from_secs_f64(random::jitter().between(1.0, 3.0));
                        tokio::time::sleep(pause).await;
                    }
                }
            }
        }
    }

    /// The file as it is then; `None` if it is not to be written again before the next token.
    async fn write(&mut self, delivery: &Delivery) -> Result<Option<Placed>, WriteError> {
        let (mut content, is_wrapped) = match (delivery, self.settings.wrap_ttl) {
            (Delivery::Wrapped(wrapping), _) => (as_json(wrapping), true),
            (Delivery::Token(token), None) => {
                (Zeroizing::new(token.expose().as_bytes().to_vec()), false)
            }
            (Delivery::Token(token), Some(ttl)) => (as_json(&self.wrap(token, ttl).await?), true),
        };
        if let Some(sealing) = &mut self.settings.sealing {
            content = sealing.seal(&content)?;
        }
        let target = &self.settings.target;
        if target.write(&content)? == Written::Replaced {
            info!(target: "agent.sink.file", path = %target.path.display(), "token written");
        }
        let is_kept_up = !is_wrapped && !self.is_shared;
        Ok(is_kept_up.then(|| Placed::whole(target, Content::of(&content))))
    }

    async fn wrap(&self, token: &Token, ttl: Duration) -> Result<WrapInfo, WriteError> {
        let client = self.connection.client();
        let wrapped = client.with_token(token).wrap_own_token(ttl).await;
        self.connection.note(&client, &wrapped);
        wrapped.map_err(WriteError::Wrap)
    }
}

/// Ends when somebody else has removed or changed the file; never without one.
async fn lost(placed: Option<&mut Placed>, upkeep: Upkeep) -> Loss {
    let (Some(placed), Upkeep::Within(interval)) = (placed, upkeep) else {
        return std::future::pending().await;
    };
    loop {
        tokio::time::sleep(pace(interval)).await;
        placed.recognize();
        if let Some(loss) = placed.loss() {
            return loss;
        }
    }
}

/// A wrapping as readers of the established agent's sinks know it.
fn as_json(wrapping: &WrapInfo) -> Zeroizing<Vec<u8>> {
    #[derive(Serialize)]
    struct Written<'a> {
        token: &'a str,
        accessor: &'a str,
        ttl: u64,
        creation_time: &'a str,
        creation_path: &'a str,
        wrapped_accessor: &'a str,
    }
    let written = Written {
        token: wrapping.token.expose(),
        accessor: &wrapping.accessor,
        ttl: wrapping.ttl.as_secs(),
        creation_time: &wrapping.creation_time,
        creation_path: &wrapping.creation_path,
        wrapped_accessor: &wrapping.wrapped_accessor,
    };
    Zeroizing::new(serde_json::to_vec(&written).expect("text and numbers must serialise to JSON"))
}
