//! The agent's own token: logging in, staying logged in, logging in again.
//!
//! ```text
//! kept token alive? ─┬─▶ publish ─▶ keep alive (session) ─▶ due, expired or dead ─▶ log in ─▶ publish …
//!   └─ no ─▶ log in ─┘
//!              └─ failed: wait, longer each time
//! ```
//!
//! The token is swapped in place: whoever uses it looks at the watch channel for each request, and
//! learns from [`Login::predecessor`] what becomes of leases that were obtained with an earlier one.

mod hint;
pub mod kubernetes;
mod session;
mod status;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::{error, info};
use vault_api::{Auth, Client, Token};

use crate::config::LoginSettings;
use crate::connection::Connection;
use crate::schedule::Roll;
use crate::state::State;
use kubernetes::Kubernetes;
pub use status::AuthStatus;

use session::{Origin, Session, SessionEnd};

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
    /// Tokens of logins before that have not ended yet, and when they do.
    pub earlier: Vec<(Token, Instant)>,
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

    /// Names method, mount and role: a token of another login is not ours.
    pub fn identity(&self) -> String {
        match self {
            Self::Kubernetes(method) => method.identity(),
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
    /// Vault understood and said no: role, audience, namespace or account do not fit.
    #[error("{source}; {hint}")]
    Refused {
        /// Vault's words.
        source: vault_api::Error,
        /// What to check.
        hint: String,
    },
    /// Vault did not log us in; see [`vault_api::Error`].
    #[error(transparent)]
    Vault(#[from] vault_api::Error),
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
    connection: Connection,
    settings: LoginSettings,
    state: Arc<State>,
    status: Arc<AuthStatus>,
    /// The token of an earlier process, until Vault has said what it thinks of it.
    kept: Option<Token>,
    publish: watch::Sender<Option<Arc<Login>>>,
    suspicions: mpsc::Receiver<u64>,
}

impl Authenticator {
    /// An authenticator with the channels to it. It goes on with the token in `state`, if that lives.
    pub fn new(
        connection: Connection,
        settings: LoginSettings,
        state: Arc<State>,
    ) -> (Self, Logins, Suspicions) {
        let (publish, logins) = watch::channel(None);
        // One slot: a second suspicion says nothing new.
        let (suspicion, suspicions) = mpsc::channel(1);
        let authenticator = Self {
            connection,
            settings,
            kept: state.token(),
            state,
            status: Arc::default(),
            publish,
            suspicions,
        };
        (authenticator, logins, suspicion)
    }

    /// What becomes of the logins, for whoever asks.
    pub fn status(&self) -> Arc<AuthStatus> {
        Arc::clone(&self.status)
    }

    /// Keeps a token published. Ends only where the agent has to end.
    pub async fn run(mut self) -> AuthError {
        let mut predecessor = Predecessor::None;
        let mut earlier = Vec::new();
        let mut short_lived = self.settings.backoff.reset();
        let mut generation = 0;
        loop {
            generation += 1;
            let (auth, origin) = match self.log_in(generation == 1).await {
                Ok(auth) => auth,
                Err(error) => return error,
            };
            let login = Login {
                generation,
                token: auth.client_token.clone(),
                predecessor,
                earlier: std::mem::take(&mut earlier),
            };
            let login = Arc::new(login);
            self.publish.send_replace(Some(Arc::clone(&login)));
            let since = Instant::now();
            let session = Session::new(&self.connection, &self.status, &auth, generation, origin);
            predecessor = match session.keep(&mut self.suspicions).await {
                SessionEnd::Due(ends_at) => {
                    let now = Instant::now();
                    earlier.clone_from(&login.earlier);
                    earlier.push((auth.client_token, ends_at));
                    earlier.retain(|(_, ends_at)| *ends_at > now);
                    Predecessor::EndsAt(ends_at)
                }
                SessionEnd::Dead if since.elapsed() < SHORT_LIFE => {
                    // Tokens that die as soon as they are made must not become a flood of logins.
                    tokio::time::sleep(short_lived.pause()).await;
                    short_lived = short_lived.next(Roll::dice());
                    Predecessor::Dead
                }
                SessionEnd::Dead => {
                    short_lived = short_lived.reset();
                    // Many agents lose their tokens at the same moment: a restored server, a sweep.
                    let spread = self
                        .settings
                        .backoff
                        .min()
                        .mul_f64(Roll::dice().between(0.0, 1.0));
                    tokio::time::sleep(spread).await;
                    Predecessor::Dead
                }
            };
            if predecessor == Predecessor::Dead {
                self.status.died();
            }
            self.state.forget_token();
        }
    }

    async fn log_in(&mut self, first: bool) -> Result<(Auth, Origin), AuthError> {
        let mut backoff = self.settings.backoff.reset();
        let mut refusals = 0;
        loop {
            let error = match self.try_once().await {
                Ok(found) => {
                    if found.1 == Origin::Login {
                        self.state.keep_token(&found.0.client_token);
                    }
                    self.status.logged_in(found.1 == Origin::Login);
                    return Ok(found);
                }
                Err(error) => error,
            };
            let pause = backoff.pause();
            self.status.failed(error.to_string());
            error!(target: "agent.auth.handler", %error, backoff = ?pause, "error authenticating");
            if self.settings.exit_on_err {
                return Err(AuthError::ExitOnError(error));
            }
            let is_refusal = matches!(error, LoginError::Refused { .. });
            refusals = if is_refusal { refusals + 1 } else { 0 };
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

    /// The kept token, as long as Vault has not said that it is dead; else a login.
    async fn try_once(&mut self) -> Result<(Auth, Origin), LoginError> {
        let client = self.connection.client();
        if let Some(token) = &self.kept {
            let looked_up = client.with_token(token).lookup_self().await;
            self.connection.note(&client, &looked_up);
            match looked_up {
                Ok(info) => {
                    info!(target: "agent.auth.handler", "going on with the token of the agent before");
                    let auth = Auth {
                        client_token: token.clone(),
                        accessor: info.accessor,
                        lease_duration: info.ttl,
                        renewable: info.renewable,
                        policies: info.policies,
                        metadata: std::collections::BTreeMap::new(),
                    };
                    self.kept = None;
                    return Ok((auth, Origin::Kept));
                }
                // Vault is away: the token may be good, and with it all leases.
                Err(error) if error.is_retryable() => return Err(error.into()),
                Err(error) => {
                    info!(target: "agent.auth.handler", %error, "the token of the agent before is of no use");
                    self.kept = None;
                    self.state.forget_token();
                }
            }
        }
        info!(target: "agent.auth.handler", "authenticating");
        let login = self.settings.method.login(&client).await;
        match &login {
            Ok(_) => self.connection.note(&client, &Ok(())),
            Err(LoginError::Vault(error) | LoginError::Refused { source: error, .. }) => {
                self.connection.note_failure(&client, error);
            }
            Err(_) => {}
        }
        let auth = login?;
        info!(target: "agent.auth.handler", "authentication successful, sending token to sinks");
        Ok((auth, Origin::Login))
    }
}
