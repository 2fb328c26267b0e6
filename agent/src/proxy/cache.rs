//! Answers that are kept for applications: credentials that can be renewed, and are.
//!
//! ```text
//! request ─▶ kept? ─┬─ yes ─▶ the answer of then, with its age
//!                   ├─ being asked ─▶ wait for that answer
//!                   └─ no ─▶ Vault ─▶ a renewable lease or token of ours? ─▶ keep it, renew it
//! revocation, end of a renewal, end of a token, cache-clear ─▶ gone, with all that depends on it
//! ```
//!
//! Invariants: nothing is kept that nobody renews, and nothing whose token is not looked after here.
//! An answer that goes is not revoked: whoever has it may use it to its end.

mod ask;
mod eviction;
mod flight;
mod grant;
mod shelf;
mod watch;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use hyper::body::Bytes;
use hyper::{HeaderMap, StatusCode};
use tokio::time::Instant;
use tracing::debug;
use vault_client::{Connection, Forward};

pub(crate) use eviction::Clear;

use crate::auth::Login;
use ask::{Ask, TokenId};
use eviction::Eviction;
pub(super) use flight::Flight;
use flight::Flights;
use grant::{Credential, Grant};
use shelf::{Entry, Holds, Kept, Shelf, Watch};
use watch::Renewal;

pub(in crate::proxy) use ask::may_revoke;

/// Answers of one agent.
pub(super) struct Cache {
    connection: Connection,
    shelf: Mutex<Shelf>,
    flights: Flights,
    agent: Mutex<AgentTokens>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The agent's own tokens that live.
#[derive(Default)]
struct AgentTokens {
    generation: u64,
    tokens: Vec<TokenId>,
}

/// What becomes of a request.
pub(super) enum Turn {
    /// It is answered.
    Hit(Hit),
    /// It is to be sent. Others may wait for its answer.
    Send(Question),
}

/// An answer that was kept.
pub(super) struct Hit {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// In seconds.
    pub(super) age: u64,
}

/// A request on its way.
pub(super) struct Question {
    ask: Option<Ask>,
    flight: Option<Flight>,
}

impl Cache {
    pub(super) fn new(connection: Connection) -> Arc<Self> {
        Arc::new(Self {
            connection,
            shelf: Mutex::default(),
            flights: Flights::default(),
            agent: Mutex::default(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        })
    }

    /// Requests that were answered from here, and those that were not.
    pub(super) fn counts(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.hits), load(&self.misses))
    }

    /// Looks a request up, and waits for the answer to the same one if that is on its way.
    pub(super) async fn turn(&self, request: &Forward, login: Option<&Login>) -> Turn {
        if let Some(login) = login {
            self.note_login(login);
        }
        let mut question = Question {
            ask: Ask::of(request),
            flight: None,
        };
        if let Some(ask) = &question.ask
            && ask.may_be_kept()
            && (ask.may_log_in() || self.looks_after(ask.token_id()))
        {
            loop {
                if let Some(kept) = self.shelf().find(&ask.key) {
                    self.hits.fetch_add(1, Ordering::Relaxed);
                    return Turn::Hit(Hit::of(kept));
                }
                match self.flights.join(ask.key).await {
                    flight::Joined::First(flight) => question.flight = Some(flight),
                    // It is not one that is kept, or it would be here.
                    flight::Joined::Answered if self.shelf().find(&ask.key).is_none() => {}
                    flight::Joined::Answered | flight::Joined::GivenUp => continue,
                }
                break;
            }
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        Turn::Send(question)
    }

    /// Takes note of an answer, whose whole body is known where it is small enough.
    pub(super) fn take(
        self: &Arc<Self>,
        question: Question,
        status: StatusCode,
        headers: &HeaderMap,
        body: Option<&Bytes>,
    ) {
        let Question { ask, flight } = question;
        if let Some(ask) = &ask
            && status.is_success()
        {
            if let Some(ends) = &ask.ends {
                self.evict(ends);
            } else if let Some(body) = body {
                self.keep(ask, status, headers, body);
            }
        }
        // Only now, so that who waits finds it.
        if let Some(flight) = flight {
            flight.answered();
        }
    }

    /// Removes what `cache-clear` names.
    pub(super) fn clear(&self, clear: &Clear) {
        self.evict(&clear.0);
    }

    fn keep(self: &Arc<Self>, ask: &Ask, status: StatusCode, headers: &HeaderMap, body: &Bytes) {
        let Some(grant) = Grant::of(body) else {
            return;
        };
        let asked_with = ask.token_id();
        let is_ours = self.looks_after(asked_with);
        let (holds, token, lease) = match grant.credential {
            Credential::Lease(lease) => {
                let Some(token) = ask.token.clone().filter(|_| is_ours) else {
                    return;
                };
                let name = lease.as_str().to_owned();
                (Holds::Lease(lease), token, Some(name))
            }
            Credential::Token {
                token,
                accessor,
                is_orphan,
            } => {
                if !is_orphan && !is_ours {
                    return;
                }
                let holds = Holds::Token {
                    id: TokenId::of(token.expose()),
                    accessor,
                    parent: asked_with.filter(|_| !is_orphan),
                };
                (holds, token, None)
            }
        };
        let renewal = Renewal {
            connection: self.connection.clone(),
            token,
            namespace: ask.namespace.clone(),
            lease,
            path: ask.path.clone(),
        };
        let (cache, key, lasts) = (Arc::downgrade(self), ask.key, grant.lasts);
        let watch = tokio::spawn(async move {
            renewal.keep_up(lasts).await;
            let Some(cache) = cache.upgrade() else {
                return;
            };
            // The last act: with its entry, this task ends.
            cache.end_of(&key);
        });
        debug!(target: "agent.cache.leasecache", path = ask.path, "answer kept");
        let entry = Entry {
            answer: Kept {
                status,
                headers: headers.clone(),
                body: body.clone(),
                since: Instant::now(),
            },
            path: ask.path.clone(),
            namespace: ask.namespace_text().to_owned(),
            token: asked_with,
            holds,
            _watch: Some(Watch(watch.abort_handle())),
            used: 0,
        };
        self.shelf().insert(ask.key, entry);
    }

    /// A credential has ended: a lease alone, a token with all that depends on it.
    fn end_of(&self, key: &ask::Key) {
        let mut entries = self.shelf();
        let token = entries.token_in(key);
        entries.remove(key);
        if let Some(token) = token {
            entries.evict(&Eviction::Token(token));
        }
    }

    fn evict(&self, eviction: &Eviction) {
        let count = self.shelf().evict(eviction);
        if count > 0 {
            debug!(target: "agent.cache.leasecache", count, "answers evicted");
        }
    }

    /// Whether this token is the agent's, or one that was got through it.
    fn looks_after(&self, token: Option<TokenId>) -> bool {
        let Some(token) = token else {
            return false;
        };
        self.agent().tokens.contains(&token) || self.shelf().has_token(token)
    }

    /// What a token of the agent's was used for ends with it.
    fn note_login(&self, login: &Login) {
        let mut agent = self.agent();
        if agent.generation == login.generation {
            return;
        }
        agent.generation = login.generation;
        let earlier = login.earlier.iter().map(|(token, _)| token);
        let living = earlier.chain([&login.token]);
        let living: Vec<TokenId> = living.map(|token| TokenId::of(token.expose())).collect();
        let known = std::mem::replace(&mut agent.tokens, living.clone());
        drop(agent);
        for token in known.iter().filter(|token| !living.contains(token)) {
            self.evict(&Eviction::Token(*token));
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("the lock must not be poisoned")
    }

    fn agent(&self) -> MutexGuard<'_, AgentTokens> {
        self.agent.lock().expect("the lock must not be poisoned")
    }
}

impl Question {
    /// Whether its answer is worth a look.
    pub(super) fn may_be_kept(&self) -> bool {
        self.ask.as_ref().is_some_and(Ask::may_be_kept)
    }

    /// There will be no answer.
    pub(super) fn failed(self) {
        if let Some(flight) = self.flight {
            flight.answered();
        }
    }
}

impl Hit {
    fn of(kept: Kept) -> Self {
        Self {
            status: kept.status,
            headers: kept.headers,
            body: kept.body,
            age: kept.since.elapsed().as_secs(),
        }
    }
}
