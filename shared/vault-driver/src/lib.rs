//! Drives the engine over HTTP.
//!
//! ```text
//! host ─ want, release, leave ─▶ ┌────────┐ ─ spawns calls ─▶ connection ─▶ Vault
//!                                │ Driver │ ◀─ answers ──────────────────────┘
//! host ◀─ next() ─────────────── └────────┘
//! ```
//!
//! A [`Driver`] owns the engine, the clock, the method of the logins and their credentials. It decides
//! nothing: that is the engine's. What the engine reports, and what only its host can know, goes on
//! to the host.

mod calls;
mod clock;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use vault_client::Connection;
use vault_engine::{
    Answer, Call, CallId, Engine, Login, Output, Recalled, SecretId, Settings, Want,
};
use vault_login::{Authenticate, Credentials, LoginError};
use vault_wire::Token;

use calls::Done;
pub use clock::Clock;

/// How the tokens come about.
pub struct Logins {
    /// What is shown to Vault.
    pub method: Box<dyn Authenticate>,
    /// The token is asked for in a wrapping that lives so long.
    pub wrap_ttl: Option<Duration>,
    /// A login follows when one of these files has changed.
    pub credentials: Credentials,
    /// The way to Vault for what concerns tokens: they may be of another namespace than the secrets,
    /// and of another certificate.
    pub connection: Connection,
}

/// See the crate.
///
/// Outputs of the engine come from [`next`](Self::next), which also waits for time and for Vault: a
/// host calls it again and again, beside its own work.
///
/// ```no_run
/// use vault_client::{ClientConfig, Connection};
/// use vault_driver::{Driver, Logins};
/// use vault_engine::{Output, Settings, Want};
///
/// # async fn show(logins: Logins) -> Result<(), Box<dyn std::error::Error>> {
/// let connection = Connection::new(&ClientConfig::new("https://vault:8200"))?;
/// let mut driver = Driver::new(Settings::default(), 7, connection, Some(logins));
/// driver.start(None);
/// let secret = driver.want(Want::Read { path: "secret/data/app".into() });
/// loop {
///     match driver.next().await {
///         Output::Reading(id, reading) if id == secret => println!("read at {:?}", reading.since),
///         Output::Failed(_, failure) => println!("{:?}", failure.kind),
///         _ => {}
///     }
/// }
/// # }
/// ```
pub struct Driver {
    engine: Engine,
    clock: Clock,
    connection: Connection,
    for_logins: Connection,
    method: Option<Box<dyn Authenticate>>,
    has_logins: bool,
    wrap_ttl: Option<Duration>,
    credentials: Credentials,
    calls: JoinSet<(CallId, Done)>,
    login_error: Option<LoginError>,
}

impl Driver {
    /// A driver whose engine knows no secret yet. The seed spreads the work of many drivers.
    pub fn new(
        settings: Settings,
        seed: u64,
        connection: Connection,
        logins: Option<Logins>,
    ) -> Self {
        let for_logins = logins
            .as_ref()
            .map_or_else(|| connection.clone(), |logins| logins.connection.clone());
        let has_logins = logins.is_some();
        let wrap_ttl = logins.as_ref().and_then(|logins| logins.wrap_ttl);
        let (method, credentials) = logins.map_or_else(
            || (None, Credentials::none()),
            |logins| (Some(logins.method), logins.credentials),
        );
        Self {
            engine: Engine::new(settings, seed),
            clock: Clock::start(),
            connection,
            for_logins,
            has_logins,
            wrap_ttl,
            method,
            credentials,
            calls: JoinSet::new(),
            login_error: None,
        }
    }

    /// Begins to log in, with the token that an earlier process kept, if there is one. Without
    /// [`Logins`] nothing happens.
    pub fn start(&mut self, kept: Option<Token>) {
        if self.has_logins {
            // What there is now is not new to a token that was kept.
            self.credentials.mark();
            self.engine.start(kept);
        }
    }

    /// Another secret is wanted; see [`Engine::want`].
    pub fn want(&mut self, want: Want) -> SecretId {
        self.engine.want(self.clock.now(), want)
    }

    /// A secret is not wanted any more; see [`Engine::release`].
    pub fn release(&mut self, id: SecretId) {
        self.engine.release(self.clock.now(), id);
    }

    /// The host cannot use the value that it just got; see [`Engine::reject`].
    pub fn reject(&mut self, id: SecretId, reason: Arc<str>) {
        self.engine.reject(self.clock.now(), id, reason);
    }

    /// What an earlier process left for the secret of a [`Call::Recall`].
    pub fn recalled(&mut self, call: CallId, recalled: Option<Recalled>) {
        let answer = Answer::Recalled(recalled);
        self.engine.answer(self.clock.now(), call, answer);
    }

    /// A request of the host's was denied; see [`Engine::suspect_token`].
    pub fn suspect_token(&mut self, generation: u64) {
        self.engine.suspect_token(self.clock.now(), generation);
    }

    /// Revokes what is held; [`Output::Left`] ends it. See [`Engine::leave`].
    pub fn leave(&mut self, with_token: bool) {
        self.engine.leave(self.clock.now(), with_token);
    }

    /// The login in use.
    pub fn login(&self) -> Option<&Arc<Login>> {
        self.engine.login()
    }

    /// Leases that are held.
    pub fn held_leases(&self) -> usize {
        self.engine.held_leases().count()
    }

    /// When the lease of a secret ends; `None` without one.
    pub fn lease_end(&self, id: SecretId) -> Option<Instant> {
        let ends_at = self.engine.lease_end(id)?;
        Some(self.clock.at(ends_at))
    }

    /// A moment of the engine's on the runtime's clock.
    pub fn at(&self, instant: vault_engine::Instant) -> Instant {
        self.clock.at(instant)
    }

    /// Why the last login failed; `None` after one that worked.
    pub fn login_error(&self) -> Option<&LoginError> {
        self.login_error.as_ref()
    }

    /// The same, to keep.
    pub fn take_login_error(&mut self) -> Option<LoginError> {
        self.login_error.take()
    }

    /// Works until the engine has something for its host. Of its calls only [`Call::Recall`] is for
    /// the host, which answers with [`recalled`](Self::recalled). Nothing is lost when this future is
    /// dropped and asked for again.
    pub async fn next(&mut self) -> Output {
        loop {
            while let Some(output) = self.engine.poll_output() {
                match output {
                    Output::Call(id, call) if !matches!(call, Call::Recall { .. }) => {
                        self.call(id, call);
                    }
                    Output::LoginFailed { error, pause } => {
                        if self.login_error.is_none() {
                            // The look-up of a token that was kept.
                            self.login_error = error.clone().map(LoginError::Vault);
                        }
                        return Output::LoginFailed { error, pause };
                    }
                    output => return output,
                }
            }
            self.progress().await;
        }
    }

    /// Waits for whatever comes first, and tells the engine.
    async fn progress(&mut self) {
        let wake = self.engine.poll_timeout().map(|at| self.clock.at(at));
        let sleep = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(done) = self.calls.join_next() => self.finish(done),
            () = self.credentials.changed() => self.engine.credentials_changed(self.clock.now()),
            () = sleep => self.engine.wake(self.clock.now()),
        }
    }
}
