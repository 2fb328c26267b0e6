//! One token from its login to the moment when another is needed.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{debug, info, warn};
use vault_wire::{Auth, Token};

use super::{AuthStatus, Credentials};
use crate::connection::Connection;
use crate::schedule::{Effect, Event, Lifetime, Roll, Tolerance};

/// Looking at a token once is enough for so long: requests that are denied by policy come in crowds.
const LOOKUP_PAUSE: Duration = Duration::from_secs(10);

/// When a token without an end counts as ended once it was replaced.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// Why another login is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionEnd {
    /// The token ends at this time.
    Due(Instant),
    /// The token has ended: revoked, expired, or unknown to Vault.
    Dead,
}

/// How a token came to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From a login just now.
    Login,
    /// From an earlier process. Its role's policies may have changed since.
    Kept,
}

pub(super) struct Session<'a> {
    connection: &'a Connection,
    status: &'a AuthStatus,
    token: &'a Token,
    granted: Duration,
    renewable: bool,
    generation: u64,
    origin: Origin,
    looked_at: Option<Instant>,
}

/// What a look at the token shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Alive,
    Dead,
}

impl<'a> Session<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        status: &'a AuthStatus,
        auth: &'a Auth,
        generation: u64,
        origin: Origin,
    ) -> Self {
        Self {
            connection,
            status,
            token: &auth.client_token,
            granted: auth.lease_duration,
            renewable: auth.renewable,
            generation,
            origin,
            looked_at: None,
        }
    }

    /// Renews the token as long as that works.
    pub(super) async fn keep(
        mut self,
        suspicions: &mut mpsc::Receiver<u64>,
        credentials: &mut Credentials,
    ) -> SessionEnd {
        if self.granted.is_zero() {
            info!(
                target: "agent.auth.handler",
                "not starting token renewal process, as token has unlimited TTL"
            );
            self.status.lives_until(None);
            return self.until_dead(suspicions, credentials).await;
        }
        info!(target: "agent.auth.handler", "starting renewal process");
        // Vault has just said how long it lives: there is nothing to renew yet.
        let (mut lifetime, mut effect) = Lifetime::granted(
            Tolerance::Any,
            self.granted,
            self.renewable,
            Instant::now(),
            Roll::dice(),
        );
        loop {
            self.status.lives_until(Some(lifetime.ends_at()));
            let event = match effect {
                Effect::End(why) => {
                    info!(
                        target: "agent.auth.handler", reason = ?why,
                        "lifetime watcher done channel triggered, re-authenticating"
                    );
                    return SessionEnd::Due(lifetime.ends_at());
                }
                Effect::Sleep(pause) => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => Event::Woke,
                        end = self.until_dead(suspicions, credentials) => return match end {
                            // Alive, but to be replaced.
                            SessionEnd::Due(_) => SessionEnd::Due(lifetime.ends_at()),
                            SessionEnd::Dead => SessionEnd::Dead,
                        },
                    }
                }
                Effect::Renew => match self.renew().await {
                    Ok(event) => event,
                    Err(Health::Dead) => return SessionEnd::Dead,
                    Err(Health::Alive) => Event::Failed { transient: false },
                },
            };
            (lifetime, effect) = lifetime.step(event, Instant::now(), Roll::dice());
        }
    }

    async fn renew(&mut self) -> Result<Event, Health> {
        let client = self.connection.client();
        let renewed = client
            .with_token(self.token)
            .renew_self(Duration::ZERO)
            .await;
        self.connection.note(&client, &renewed);
        match renewed {
            Ok(auth) => {
                info!(target: "agent.auth.handler", "renewed auth token");
                Ok(Event::Renewed {
                    granted: auth.lease_duration,
                    renewable: auth.renewable,
                })
            }
            Err(error) => {
                warn!(target: "agent.auth.handler", %error, "error renewing token");
                if error.is_permission_denied() && self.look().await == Health::Dead {
                    return Err(Health::Dead);
                }
                Ok(Event::Failed {
                    transient: error.is_retryable(),
                })
            }
        }
    }

    /// Pending while the token is of use, as far as anybody doubts it, and the credentials are those
    /// that it was given for.
    async fn until_dead(
        &mut self,
        suspicions: &mut mpsc::Receiver<u64>,
        credentials: &mut Credentials,
    ) -> SessionEnd {
        loop {
            let generation = tokio::select! {
                () = credentials.changed() => {
                    info!(target: "agent.auth.handler", "new credentials, re-authenticating");
                    return self.replaced();
                }
                // Where nobody is left who could doubt it, only credentials remain.
                Some(generation) = suspicions.recv() => generation,
            };
            let looked = self.looked_at.is_some_and(|at| at.elapsed() < LOOKUP_PAUSE);
            if generation != self.generation || looked {
                continue;
            }
            match self.look().await {
                Health::Dead => return SessionEnd::Dead,
                Health::Alive if self.origin == Origin::Kept => {
                    // A new login has the policies that the role has now.
                    return self.replaced();
                }
                Health::Alive => {}
            }
        }
    }

    /// The token lives on, without anybody who renews it.
    fn replaced(&self) -> SessionEnd {
        let left = Some(self.granted).filter(|granted| !granted.is_zero());
        SessionEnd::Due(Instant::now() + left.unwrap_or(FOREVER))
    }

    /// Asks Vault about the token. An answer that says nothing counts as alive: the next denial asks
    /// again.
    async fn look(&mut self) -> Health {
        self.looked_at = Some(Instant::now());
        let client = self.connection.client();
        let looked_up = client.with_token(self.token).lookup_self().await;
        self.connection.note(&client, &looked_up);
        match looked_up {
            Err(error) if error.is_permission_denied() => {
                warn!(
                    target: "agent.auth.handler",
                    "the token is no longer valid, re-authenticating"
                );
                Health::Dead
            }
            Err(error) => {
                debug!(target: "agent.auth.handler", %error, "cannot look up the token");
                Health::Alive
            }
            Ok(_) => {
                debug!(target: "agent.auth.handler", "the token is valid: a policy denied the request");
                Health::Alive
            }
        }
    }
}
