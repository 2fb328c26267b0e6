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

mod credentials;
mod error;
mod hint;
mod method;
mod principal;
mod session;
mod status;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tracing::{error, info};
use vault_wire::{Token, WrapInfo};

use crate::config::LoginSettings;
use crate::connection::Connection;
use crate::schedule::Roll;
use crate::state::State;
use credentials::Credentials;
pub use error::{AuthError, LoginError};
use method::Granted;
pub use method::{Method, SetupError};
pub use principal::Principal;
use session::{Origin, Session, SessionEnd};
pub use status::AuthStatus;

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

/// What sinks get.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// The token.
    Token(Token),
    /// A wrapping around the token, which the agent itself does not see.
    Wrapped(Arc<WrapInfo>),
}

/// The latest delivery; `None` before the first login.
pub type Deliveries = watch::Receiver<Option<Delivery>>;

/// The ways to and from an authenticator.
pub struct Channels {
    /// The tokens that it gets.
    pub logins: Logins,
    /// What it has for the sinks.
    pub deliveries: Deliveries,
    /// Doubts about a token.
    pub suspicions: Suspicions,
}

/// Logs in and publishes the token.
pub struct Authenticator {
    connection: Connection,
    settings: LoginSettings,
    state: Arc<State>,
    status: Arc<AuthStatus>,
    /// The token of an earlier process, until Vault has said what it thinks of it.
    kept: Option<Token>,
    credentials: Credentials,
    publish: watch::Sender<Option<Arc<Login>>>,
    deliver: watch::Sender<Option<Delivery>>,
    suspicions: mpsc::Receiver<u64>,
}

/// The other ends of [`Channels`].
pub struct Ends {
    publish: watch::Sender<Option<Arc<Login>>>,
    deliver: watch::Sender<Option<Delivery>>,
    suspicions: mpsc::Receiver<u64>,
}

impl Channels {
    /// Channels on which nothing has been said.
    pub fn new() -> (Self, Ends) {
        let (publish, logins) = watch::channel(None);
        let (deliver, deliveries) = watch::channel(None);
        // One slot: a second suspicion says nothing new.
        let (suspicion, suspicions) = mpsc::channel(1);
        let channels = Self {
            logins,
            deliveries,
            suspicions: suspicion,
        };
        let ends = Ends {
            publish,
            deliver,
            suspicions,
        };
        (channels, ends)
    }
}

impl Authenticator {
    /// An authenticator that speaks on these channels. It goes on with the token in `state`, if that
    /// lives.
    pub fn new(
        connection: Connection,
        settings: LoginSettings,
        state: Arc<State>,
        ends: Ends,
    ) -> Self {
        let Ends {
            publish,
            deliver,
            suspicions,
        } = ends;
        Self {
            connection,
            credentials: Credentials::new(&settings),
            // Who wraps the token does not want it to lie about.
            kept: state.token().filter(|_| settings.wrap_ttl.is_none()),
            settings,
            state,
            status: Arc::default(),
            publish,
            deliver,
            suspicions,
        }
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
            let (granted, origin) = match self.log_in(generation == 1).await {
                Ok(granted) => granted,
                Err(error) => return error,
            };
            let auth = match granted {
                Granted::Token(auth) => auth,
                Granted::Wrapped(wrapping) => {
                    // Whoever unwraps the token looks after it.
                    self.deliver
                        .send_replace(Some(Delivery::Wrapped(Arc::new(wrapping))));
                    self.credentials.changed().await;
                    continue;
                }
            };
            let login = Login {
                generation,
                token: auth.client_token.clone(),
                predecessor,
                earlier: std::mem::take(&mut earlier),
            };
            let login = Arc::new(login);
            self.publish.send_replace(Some(Arc::clone(&login)));
            self.deliver
                .send_replace(Some(Delivery::Token(login.token.clone())));
            let since = Instant::now();
            let session = Session::new(&self.connection, &self.status, &auth, generation, origin);
            let end = session.keep(&mut self.suspicions, &mut self.credentials);
            predecessor = match end.await {
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

    async fn log_in(&mut self, first: bool) -> Result<(Granted, Origin), AuthError> {
        let mut backoff = self.settings.backoff.reset();
        let mut refusals = 0;
        loop {
            let error = match self.try_once().await {
                Ok(found) => {
                    if let (Granted::Token(auth), Origin::Login) = &found {
                        self.state.keep_token(&auth.client_token);
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
            tokio::select! {
                () = tokio::time::sleep(pause) => backoff = backoff.next(Roll::dice()),
                () = self.credentials.changed() => backoff = backoff.reset(),
            }
        }
    }

    /// The kept token, as long as Vault has not said that it is dead; else a login.
    async fn try_once(&mut self) -> Result<(Granted, Origin), LoginError> {
        // What there is now is not new, also to a token that was kept.
        self.credentials.mark();
        let client = self.connection.client();
        if let Some(token) = &self.kept {
            let looked_up = client.with_token(token).lookup_self().await;
            self.connection.note(&client, &looked_up);
            match looked_up {
                Ok(info) => {
                    info!(target: "agent.auth.handler", "going on with the token of the agent before");
                    let auth = method::auth_of(token.clone(), info);
                    self.kept = None;
                    return Ok((Granted::Token(auth), Origin::Kept));
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
        // A certificate that was just exchanged is the credential of some logins.
        let client = self.connection.fresh_client();
        let wrap_ttl = self.settings.wrap_ttl;
        let login = self.settings.method.login(&client, wrap_ttl).await;
        match &login {
            Ok(_) => self.connection.note(&client, &Ok(())),
            Err(LoginError::Vault(error) | LoginError::Refused { source: error, .. }) => {
                self.connection.note_failure(&client, error);
            }
            Err(_) => {}
        }
        let granted = login?;
        info!(target: "agent.auth.handler", "authentication successful, sending token to sinks");
        Ok((granted, Origin::Login))
    }
}
