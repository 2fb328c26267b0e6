//! The agent's own token: logging in, staying logged in, logging in again.
//!
//! ```text
//! log in ─▶ publish ─▶ keep alive (session) ─▶ due, expired or dead ─▶ log in ─▶ publish …
//!   └─ failed: wait, longer each time ─┘
//! ```
//!
//! The token is swapped in place: whoever uses it looks at the watch channel for each request, and
//! learns from [`Login::predecessor`] what becomes of leases that were obtained with an earlier one.

pub mod kubernetes;
mod session;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::{error, info};
use vault_api::{Auth, Client, Token};

use crate::config::LoginSettings;
use crate::schedule::Roll;
use kubernetes::Kubernetes;
use session::{Session, SessionEnd};

/// How often a first login may be refused before the agent ends: the answer will not change by
/// itself, and a process that ends with a reason is easier to find than one that waits.
const REFUSALS: u32 = 5;

/// A token that dies sooner was not revoked by hand: something takes tokens away.
const SHORT_LIFE: Duration = Duration::from_secs(10);

/// A login that worked.
#[derive(Clone, Debug)]
pub struct Login {
    /// Counts logins: the first is 1.
    pub generation: u64,
    /// The token.
    pub token: Token,
    /// What becomes of leases that belong to the login before.
    pub predecessor: Predecessor,
}

/// The fate of the token before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Predecessor {
    /// There was none.
    None,
    /// It ends at this time, and its leases with it.
    EndsAt(Instant),
    /// It has ended.
    Dead,
}

/// The latest login; `None` before the first.
pub type Logins = watch::Receiver<Option<Arc<Login>>>;

/// Where requests that were denied report the generation of their token, so that it is looked at.
pub type Suspicions = mpsc::Sender<u64>;

/// An auth method and its settings.
#[derive(Clone, Debug)]
pub enum Method {
    /// The pod's service account.
    Kubernetes(Kubernetes),
}

impl Method {
    /// The names of all methods.
    pub const KNOWN: &[&str] = &["kubernetes"];

    async fn login(&self, client: &Client) -> Result<Auth, LoginError> {
        match self {
            Self::Kubernetes(method) => method.login(client).await,
        }
    }
}

/// A login failed.
#[derive(Debug, Error)]
pub enum LoginError {
    /// The service-account token cannot be read. May pass.
    #[error("cannot read the service-account token {path}: {source}")]
    TokenFile {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The service-account token is empty. May pass.
    #[error("the service-account token {path} is empty")]
    TokenEmpty {
        /// The file.
        path: String,
    },
    /// Vault did not log us in; see [`vault_api::Error`].
    #[error(transparent)]
    Vault(#[from] vault_api::Error),
}

impl LoginError {
    /// Vault understood and said no: role, audience, namespace or account do not fit.
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Vault(error) if matches!(error.status(), Some(400 | 403)))
    }
}

/// The agent cannot go on without a token.
#[derive(Debug, Error)]
pub enum AuthError {
    /// The first failure is the last, as configured.
    #[error("login failed and exit_on_err is set: {0}")]
    ExitOnError(#[source] LoginError),
    /// Vault keeps refusing.
    #[error("Vault refuses the login, {tries} times now: {source}")]
    Refused {
        /// How often.
        tries: u32,
        /// The last refusal.
        source: LoginError,
    },
}

/// Logs in and publishes the token.
pub struct Authenticator {
    client: Client,
    settings: LoginSettings,
    publish: watch::Sender<Option<Arc<Login>>>,
    suspicions: mpsc::Receiver<u64>,
}

impl Authenticator {
    /// An authenticator with the channels to it.
    pub fn new(client: Client, settings: LoginSettings) -> (Self, Logins, Suspicions) {
        let (publish, logins) = watch::channel(None);
        // One slot: a second suspicion says nothing new.
        let (suspicion, suspicions) = mpsc::channel(1);
        let authenticator = Self {
            client,
            settings,
            publish,
            suspicions,
        };
        (authenticator, logins, suspicion)
    }

    /// Keeps a token published. Ends only where the agent has to end.
    pub async fn run(mut self) -> AuthError {
        let mut predecessor = Predecessor::None;
        let mut short_lived = self.settings.backoff.reset();
        let mut generation = 0;
        loop {
            generation += 1;
            let auth = match self.log_in(generation == 1).await {
                Ok(auth) => auth,
                Err(error) => return error,
            };
            info!(target: "agent.auth.handler", "authentication successful, sending token to sinks");
            let login = Login {
                generation,
                token: auth.client_token.clone(),
                predecessor,
            };
            self.publish.send_replace(Some(Arc::new(login)));
            let since = Instant::now();
            let session = Session::new(&self.client, &auth, generation);
            predecessor = match session.keep(&mut self.suspicions).await {
                SessionEnd::Due(ends_at) => Predecessor::EndsAt(ends_at),
                SessionEnd::Dead if since.elapsed() < SHORT_LIFE => {
                    // Tokens that die as soon as they are made must not become a flood of logins.
                    tokio::time::sleep(short_lived.pause()).await;
                    short_lived = short_lived.next(Roll::dice());
                    Predecessor::Dead
                }
                SessionEnd::Dead => {
                    short_lived = short_lived.reset();
                    Predecessor::Dead
                }
            };
        }
    }

    async fn log_in(&mut self, first: bool) -> Result<Auth, AuthError> {
        let mut backoff = self.settings.backoff.reset();
        let mut refusals = 0;
        loop {
            info!(target: "agent.auth.handler", "authenticating");
            let error = match self.settings.method.login(&self.client).await {
                Ok(auth) => return Ok(auth),
                Err(error) => error,
            };
            let pause = backoff.pause();
            error!(target: "agent.auth.handler", %error, backoff = ?pause, "error authenticating");
            if self.settings.exit_on_err {
                return Err(AuthError::ExitOnError(error));
            }
            refusals = if error.is_refusal() { refusals + 1 } else { 0 };
            if first && refusals == REFUSALS {
                return Err(AuthError::Refused {
                    tries: refusals,
                    source: error,
                });
            }
            tokio::time::sleep(pause).await;
            backoff = backoff.next(Roll::dice());
        }
    }
}
