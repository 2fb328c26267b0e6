//! One identity at one server: its token, which is kept alive, and reads that are shared.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::sync::{OwnedMutexGuard, mpsc, watch};
use tokio::time::{Instant, timeout};
use vault_client::{Client, Connection};
use vault_driver::{Driver, Logins};
use vault_engine::{Login as LoggedIn, Output, Settings};
use vault_login::{Credentials, LoginError};
use vault_wire::{Error, Response, Token};

use super::login::{Exchange, Login};
use super::turns::Turns;
use crate::fault::Fault;
use crate::metrics::{Call, Metrics};

/// How long the first login is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long what was read is there for others who asked before.
const SHARED: Duration = Duration::from_secs(5);
/// How long a token may take to be revoked.
const LEAVING: Duration = Duration::from_secs(10);

/// What Vault answered, for all who asked.
type Answer = Result<Option<Response>, Arc<Error>>;

/// See the module. When the last use of it ends, its token is revoked.
pub(crate) struct Session {
    connection: Connection,
    metrics: Arc<Metrics>,
    tokens: Tokens,
    reads: Mutex<HashMap<String, Reading>>,
    turns: Turns,
    used: Mutex<Instant>,
}

/// The ways to one server.
pub(super) struct Ways {
    pub(super) connection: Connection,
    pub(super) for_logins: Connection,
    pub(super) metrics: Arc<Metrics>,
}

enum Tokens {
    None,
    Fixed(Token),
    Driven {
        state: watch::Receiver<State>,
        commands: mpsc::UnboundedSender<u64>,
    },
}

struct Reading {
    began: Instant,
    answer: Shared<BoxFuture<'static, Answer>>,
}

/// Where a login stands.
#[derive(Clone, Debug)]
enum State {
    Pending,
    In(Arc<LoggedIn>),
    Failed(Fault),
}

/// A token to use, and which of the session's it is.
struct Used {
    token: Option<Token>,
    generation: Option<u64>,
}

impl Session {
    /// A session that logs in as soon as it is made. `recovered` is called when a login works after
    /// others have failed.
    pub(super) fn new(
        ways: Ways,
        login: Login,
        seed: u64,
        recovered: impl Fn() + Send + 'static,
    ) -> Self {
        let tokens = match login {
            Login::None => Tokens::None,
            Login::Token(token) => Tokens::Fixed(token),
            Login::Exchange(exchange) => Tokens::drive(&ways, exchange, seed, recovered),
        };
        Self {
            connection: ways.connection,
            metrics: ways.metrics,
            tokens,
            reads: Mutex::default(),
            turns: Turns::default(),
            used: Mutex::new(Instant::now()),
        }
    }

    /// Whether the session will never log in again.
    pub(super) fn is_over(&self) -> bool {
        match &self.tokens {
            Tokens::Driven { commands, .. } => commands.is_closed(),
            Tokens::None | Tokens::Fixed(_) => false,
        }
    }

    /// For how long nobody has used it.
    pub(super) fn idle(&self) -> Duration {
        self.used
            .lock()
            .expect("nothing must panic with this lock")
            .elapsed()
    }

    /// Whether there is a token that Vault knows.
    pub(crate) async fn validate(&self) -> Result<(), Fault> {
        let used = self.token().await?;
        let client = self.connection.client();
        let looked_up = with(&client, used.token.as_ref()).lookup_self().await;
        self.connection.note(&client, &looked_up);
        self.metrics.called(Call::LookupSelf, looked_up.is_ok());
        match looked_up {
            Ok(_) => Ok(()),
            Err(error) => {
                self.suspect(&error, used.generation);
                Err(Fault::of_vault(&error).within("invalid vault credentials: "))
            }
        }
    }

    /// Waits for the first login.
    pub(crate) async fn ready(&self) -> Result<(), Fault> {
        self.token().await.map(drop)
    }

    async fn token(&self) -> Result<Used, Fault> {
        *self.used.lock().expect("nothing must panic with this lock") = Instant::now();
        let mut state = match &self.tokens {
            Tokens::None => {
                return Ok(Used {
                    token: None,
                    generation: None,
                });
            }
            Tokens::Fixed(token) => {
                return Ok(Used {
                    token: Some(token.clone()),
                    generation: None,
                });
            }
            Tokens::Driven { state, .. } => state.clone(),
        };
        let settled = timeout(
            PATIENCE,
            state.wait_for(|state| !matches!(state, State::Pending)),
        );
        let state = match settled.await {
            Ok(Ok(state)) => state.clone(),
            Ok(Err(_)) => return Err(Fault::new("the login to Vault was given up")),
            Err(_) => {
                return Err(Fault::new(format!(
                    "Vault has not answered a login within {} s",
                    PATIENCE.as_secs()
                )));
            }
        };
        match state {
            State::In(login) => Ok(Used {
                token: Some(login.token.clone()),
                generation: Some(login.generation),
            }),
            State::Failed(fault) => Err(fault),
            State::Pending => Err(Fault::new("the login to Vault is under way")),
        }
    }

    /// `GET {path}`. An answer to somebody else that was asked for at `since` or later is taken.
    pub(crate) async fn read(
        &self,
        path: &str,
        since: Instant,
    ) -> Result<Result<Option<Response>, Arc<Error>>, Fault> {
        let used = self.token().await?;
        let answer = {
            let mut reads = self
                .reads
                .lock()
                .expect("nothing must panic with this lock");
            reads.retain(|_, reading| reading.began.elapsed() < SHARED);
            match reads.get(path) {
                Some(reading) if reading.began >= since => reading.answer.clone(),
                _ => {
                    let began = Instant::now();
                    let metrics = Arc::clone(&self.metrics);
                    let answer = read(
                        self.connection.clone(),
                        metrics,
                        used.token,
                        path.to_owned(),
                    );
                    let answer = answer.boxed().shared();
                    let reading = Reading {
                        began,
                        answer: answer.clone(),
                    };
                    reads.insert(path.to_owned(), reading);
                    answer
                }
            }
        };
        let answer = answer.await;
        if let Err(error) = &answer {
            self.suspect(error, used.generation);
        }
        Ok(answer)
    }

    /// Waits until no one else changes what is at a path, until the result is dropped.
    pub(super) async fn turn(&self, path: &str) -> OwnedMutexGuard<()> {
        self.turns.take(path).await
    }

    /// Makes a request of its own, which nobody shares.
    pub(crate) async fn request<T>(
        &self,
        call: Call,
        request: impl AsyncFnOnce(vault_client::Session<'_>) -> Result<T, Error>,
    ) -> Result<Result<T, Error>, Fault> {
        let used = self.token().await?;
        let client = self.connection.client();
        let outcome = request(with(&client, used.token.as_ref())).await;
        self.metrics.called(call, outcome.is_ok());
        self.connection.note(&client, &outcome);
        if let Err(error) = &outcome {
            self.suspect(error, used.generation);
        }
        Ok(outcome)
    }

    /// The driver finds out whether a token that was refused is still alive.
    fn suspect(&self, error: &Error, generation: Option<u64>) {
        if let (Tokens::Driven { commands, .. }, Some(generation)) = (&self.tokens, generation)
            && error.is_permission_denied()
        {
            // A driver that has ended is replaced with its session.
            let _ = commands.send(generation);
        }
    }
}

fn with<'a>(client: &'a Client, token: Option<&'a Token>) -> vault_client::Session<'a> {
    match token {
        Some(token) => client.with_token(token),
        None => client.without_token(),
    }
}

async fn read(
    connection: Connection,
    metrics: Arc<Metrics>,
    token: Option<Token>,
    path: String,
) -> Answer {
    let client = connection.client();
    let outcome = with(&client, token.as_ref()).read(&path).await;
    let call = if path.ends_with("?list=true") {
        Call::ListSecrets
    } else {
        Call::ReadSecretData
    };
    metrics.called(call, outcome.is_ok());
    connection.note(&client, &outcome);
    outcome.map_err(Arc::new)
}

impl Tokens {
    fn drive(
        ways: &Ways,
        exchange: Box<Exchange>,
        seed: u64,
        recovered: impl Fn() + Send + 'static,
    ) -> Self {
        let words = exchange.words;
        let logins = Logins {
            method: exchange,
            wrap_ttl: None,
            credentials: Credentials::none(),
            connection: ways.for_logins.clone(),
        };
        let driver = Driver::new(
            Settings::default(),
            seed,
            ways.connection.clone(),
            Some(logins),
        );
        let (report, state) = watch::channel(State::Pending);
        let (commands, received) = mpsc::unbounded_channel();
        let metrics = Arc::clone(&ways.metrics);
        tokio::spawn(drive(driver, words, report, received, metrics, recovered));
        Self::Driven { state, commands }
    }
}

/// Keeps a token alive until nobody needs it any more, and then revokes it.
async fn drive(
    mut driver: Driver,
    words: &'static str,
    report: watch::Sender<State>,
    mut suspicions: mpsc::UnboundedReceiver<u64>,
    metrics: Arc<Metrics>,
    recovered: impl Fn(),
) {
    driver.start(None);
    loop {
        tokio::select! {
            output = driver.next() => match output {
                Output::LoggedIn(login) => {
                    metrics.called(Call::Login, true);
                    let before = report.send_replace(State::In(login));
                    if matches!(before, State::Failed(_)) {
                        recovered();
                    }
                }
                Output::LoginFailed { .. } => {
                    metrics.called(Call::Login, false);
                    let fault = driver.login_error().map_or_else(
                        || Fault::new("the login failed"),
                        |error| fault(error, words),
                    );
                    report.send_replace(State::Failed(fault));
                }
                Output::GaveUp(_) => return,
                _ => {}
            },
            suspicion = suspicions.recv() => match suspicion {
                Some(generation) => driver.suspect_token(generation),
                None => break,
            },
        }
    }
    driver.leave(true);
    let left = async { while !matches!(driver.next().await, Output::Left { .. }) {} };
    if timeout(LEAVING, left).await.is_err() {
        tracing::warn!("a token was not revoked in time: it ends by itself");
    }
}

fn fault(error: &LoginError, words: &str) -> Fault {
    match error {
        LoginError::Vault(source) | LoginError::Refused { source, .. } => {
            Fault::of_vault(source).within(words)
        }
        LoginError::Platform { reason, .. } => Fault::new(reason),
        error => Fault::new(error),
    }
}
