//! The engine's host in the agent: its outputs become logins, values, state and log lines.
//!
//! ```text
//! store ─ Command ─▶ ┌────────┐ ─▶ vault-driver ─▶ Vault
//!                    │ Driver │ ◀─ outputs ─┘
//! store ◀─ Event ─── └────────┘ ─▶ logins, deliveries, status, state
//! ```
//!
//! One task owns it all. It decides nothing: that is the engine's.

mod log;
mod reading;
mod refusal;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use templating::{Found, Request};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tracing::{debug, info, warn};
use vault_client::Connection;
use vault_driver::Logins;
use vault_engine::{Call, Failure, GaveUp, Output, Reading, Recalled, SecretId, TokenLife};
use vault_login::{Credentials, Principal};
use vault_wire::Token;

use crate::auth::{AuthError, AuthStatus, Delivery, Ends};
use crate::config::Settings;
use crate::random;
use crate::state::{Kept, State};
pub(crate) use reading::of_response;

/// Kubernetes kills a container 30 s after it asked it to end, and the grace period comes first.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a driver is asked to do. Keys are the store's.
enum Command {
    Want {
        key: u64,
        request: Arc<Request>,
        left: Option<Kept>,
    },
    Release {
        key: u64,
    },
    Leave {
        with_token: bool,
        done: oneshot::Sender<bool>,
    },
}

/// What became of a request.
pub(crate) struct Event {
    pub(crate) key: u64,
    pub(crate) kind: EventKind,
}

pub(crate) enum EventKind {
    /// A new value, and when its lease ends.
    Fresh {
        found: Found,
        lease_ends: Option<Instant>,
    },
    /// The lease of the value was renewed until then.
    Renewed(Instant),
    /// The old value is the new one, after trouble.
    Recovered,
    /// No value this time.
    Failed(Trouble),
}

/// Why a secret is not there, or not fresh.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    /// The last failure.
    pub(crate) reason: Arc<str>,
    /// All tries that the retry policy grants were made. The driver goes on trying.
    pub(crate) exhausted: bool,
}

/// The way to a driver. Clones lead to the same one.
#[derive(Clone)]
pub(crate) struct Control(mpsc::UnboundedSender<Command>);

/// What a driver reports to its store.
pub(crate) type Events = mpsc::UnboundedReceiver<Event>;

/// See the module.
pub(crate) struct Driver {
    vault: vault_driver::Driver,
    state: Arc<State>,
    status: Arc<AuthStatus>,
    principal: Principal,
    ends: Ends,
    commands: mpsc::UnboundedReceiver<Command>,
    events: mpsc::UnboundedSender<Event>,
    wanted: HashMap<SecretId, Wanted>,
    secrets: HashMap<u64, SecretId>,
    leaving: Option<oneshot::Sender<bool>>,
}

/// A request of the store's.
struct Wanted {
    key: u64,
    request: Arc<Request>,
    /// What an earlier agent left elsewhere than in the state.
    left: Option<Kept>,
}

impl Control {
    pub(crate) fn want(&self, key: u64, request: Arc<Request>, left: Option<Kept>) {
        self.send(Command::Want { key, request, left });
    }

    pub(crate) fn release(&self, key: u64) {
        self.send(Command::Release { key });
    }

    /// Revokes the leases that are held, and with `with_token` the tokens, as far as that works in
    /// time; `true` if nothing is left.
    pub(crate) async fn leave(&self, with_token: bool) -> bool {
        let (done, all) = oneshot::channel();
        self.send(Command::Leave { with_token, done });
        if let Ok(all) = tokio::time::timeout(DEADLINE, all).await {
            return all.unwrap_or(true);
        }
        warn!(target: "agent", "not all was revoked in {DEADLINE:?}: the rest ends with its TTL");
        false
    }

    fn send(&self, command: Command) {
        // Without a driver, as in a test of the renderer alone, nobody answers.
        let _ = self.0.send(command);
    }
}

impl Driver {
    /// A driver for `settings`, the way to it, and what it reports. It goes on with what is in `state`.
    pub(crate) fn new(
        settings: &Settings,
        connection: Connection,
        for_logins: Connection,
        state: Arc<State>,
        ends: Ends,
    ) -> (Self, Control, Events) {
        let (control, commands) = mpsc::unbounded_channel();
        let (events, reported) = mpsc::unbounded_channel();
        let login = settings.login.as_ref();
        let driver = Self {
            vault: vault_driver::Driver::new(
                engine_settings(settings, &connection),
                random::seed(),
                connection,
                login.map(|login| Logins {
                    method: Box::new(login.method.clone()),
                    wrap_ttl: login.wrap_ttl,
                    credentials: if login.reauth_on_new_credentials {
                        Credentials::of_method(&login.method)
                    } else {
                        Credentials::none()
                    },
                    connection: for_logins,
                }),
            ),
            state,
            status: Arc::default(),
            principal: login
                .and_then(|login| login.method.principal())
                .unwrap_or_else(refusal::of_own_token),
            ends,
            commands,
            events,
            wanted: HashMap::new(),
            secrets: HashMap::new(),
            leaving: None,
        };
        (driver, Control(control), reported)
    }

    /// The status of the logins.
    pub(crate) fn status(&self) -> Arc<AuthStatus> {
        Arc::clone(&self.status)
    }

    /// Works until the agent has to end.
    pub(crate) async fn run(mut self) -> AuthError {
        self.vault.start(self.state.token());
        loop {
            tokio::select! {
                output = self.vault.next() => {
                    if let Some(end) = self.take(output) {
                        return end;
                    }
                }
                Some(command) = self.commands.recv() => self.obey(command),
                Some(generation) = self.ends.suspicions.recv() => {
                    self.vault.suspect_token(generation);
                }
            }
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Want { key, request, left } => {
                let Some(want) = reading::want(&request) else {
                    return;
                };
                let id = self.vault.want(want);
                self.secrets.insert(key, id);
                let wanted = Wanted { key, request, left };
                self.wanted.insert(id, wanted);
            }
            Command::Release { key } => {
                let Some(id) = self.secrets.remove(&key) else {
                    return;
                };
                self.vault.release(id);
                if let Some(wanted) = self.wanted.remove(&id) {
                    self.state.forget_secret(&wanted.request);
                }
            }
            Command::Leave { with_token, done } => {
                let leases = self.vault.held_leases();
                if with_token && self.vault.login().is_some() {
                    info!(target: "agent", leases, "revoking token and leases");
                }
                self.leaving = Some(done);
                self.vault.leave(with_token);
            }
        }
    }

    /// Does what the engine wants; an error if that is to end.
    fn take(&mut self, output: Output) -> Option<AuthError> {
        match output {
            // All other calls are the driver's.
            Output::Call(id, call) => {
                if let Call::Recall { secret, token } = call {
                    let recalled = self.recall(secret, &token);
                    self.vault.recalled(id, recalled);
                }
            }
            Output::Reading(id, reading) => self.take_reading(id, &reading),
            Output::Unchanged(id, reading) => self.keep(id, &reading),
            Output::Forget(id) => {
                if let Some(wanted) = self.wanted.get(&id) {
                    self.state.forget_secret(&wanted.request);
                }
            }
            Output::Recovered(id) => self.tell(id, EventKind::Recovered),
            Output::Failed(id, failure) => self.take_failure(id, &failure),
            Output::LoggedIn(login) => {
                self.status.logged_in(login.is_fresh);
                let token = login.token.clone();
                self.ends.publish.send_replace(Some(login));
                let delivery = Some(Delivery::Token(token));
                self.ends.deliver.send_replace(delivery);
            }
            Output::Wrapped(wrapping) => {
                self.status.logged_in(true);
                let delivery = Some(Delivery::Wrapped(Arc::new(*wrapping)));
                self.ends.deliver.send_replace(delivery);
            }
            Output::LoginFailed { pause, .. } => self.login_failed(pause),
            Output::GaveUp(why) => return self.give_up(why),
            Output::TokenLife(life) => match life {
                TokenLife::Dead => self.status.died(),
                TokenLife::Endless => self.status.lives_until(None),
                TokenLife::Until(at) => self.status.lives_until(Some(self.vault.at(at))),
            },
            Output::KeepToken(token) => self.state.keep_token(&token),
            Output::ForgetToken => self.state.forget_token(),
            Output::Left { all } => {
                if let Some(done) = self.leaving.take() {
                    // The caller may have stopped waiting.
                    let _ = done.send(all);
                }
            }
            Output::Note(note) => self.note(&note),
        }
        None
    }

    fn give_up(&mut self, why: GaveUp) -> Option<AuthError> {
        let error = self.vault.take_login_error()?;
        Some(match why {
            GaveUp::ExitOnError => AuthError::ExitOnError(error),
            GaveUp::Refused { tries } => AuthError::Refused {
                tries,
                source: error,
            },
        })
    }

    fn take_reading(&mut self, id: SecretId, reading: &Reading) {
        let Some(wanted) = self.wanted.get(&id) else {
            return;
        };
        let found = match reading::found(&wanted.request, reading) {
            Ok(found) => found,
            Err(error) => {
                let reason = error.to_string().into();
                self.vault.reject(id, reason);
                return;
            }
        };
        self.keep(id, reading);
        let lease_ends = self.vault.lease_end(id);
        self.tell(id, EventKind::Fresh { found, lease_ends });
    }

    /// Keeps an answer for the next process. One that Vault is about to replace it reads again.
    fn keep(&self, id: SecretId, reading: &Reading) {
        if !self.state.is_kept() || reading.is_recalled || reading.is_past_its_time {
            return;
        }
        if let (Some(wanted), Some(kept)) = (self.wanted.get(&id), reading::kept(reading)) {
            self.state
                .keep_secret(&wanted.request, &reading.token, kept);
        }
    }

    /// What an earlier process left, if templates can use it.
    fn recall(&mut self, secret: SecretId, token: &Token) -> Option<Recalled> {
        let wanted = self.wanted.get_mut(&secret)?;
        let left = wanted.left.take();
        let kept = self.state.secret(&wanted.request, token).or(left)?;
        let recalled = reading::recalled(&wanted.request, kept)?;
        debug!(target: "agent", "(view) {}: going on with what the agent before had", wanted.request);
        Some(recalled)
    }

    fn take_failure(&mut self, id: SecretId, failure: &Failure) {
        let Some(wanted) = self.wanted.get(&id) else {
            return;
        };
        let reason = refusal::explained(&wanted.request, failure, &self.principal);
        log::failure(&wanted.request, failure, &reason);
        let trouble = Trouble {
            reason: format!("{}: {reason}", wanted.request).into(),
            exhausted: failure.is_exhausted,
        };
        self.tell(id, EventKind::Failed(trouble));
    }

    fn tell(&self, id: SecretId, kind: EventKind) {
        if let Some(wanted) = self.wanted.get(&id) {
            let key = wanted.key;
            // The store ends first when the agent leaves.
            let _ = self.events.send(Event { key, kind });
        }
    }
}

fn engine_settings(settings: &Settings, connection: &Connection) -> vault_engine::Settings {
    let login = settings.login.as_ref();
    let default = vault_engine::LoginPolicy::default();
    vault_engine::Settings {
        namespace: connection.client().namespace().to_owned(),
        refresh: settings.rendering.refresh,
        retry: settings.rendering.retry,
        most_reads: settings.rendering.max_connections,
        login: login.map_or(default, |login| vault_engine::LoginPolicy {
            backoff: login.backoff,
            exit_on_error: login.exit_on_err,
            is_wrapped: login.wrap_ttl.is_some(),
        }),
    }
}
