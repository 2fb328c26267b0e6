//! All secrets that the templates ask for: one task a distinct request, however many templates use it.
//!
//! ```text
//! want(request) ─▶ task: fetch ─▶ changed? ─▶ event ─▶ slot ─▶ lookup(request)
//!                    ▲                │
//!                    └─ due, or the lease of an earlier token ends, or wait after a failure
//! ```
//!
//! The store itself is owned by one place (the renderer) and has no lock: tasks send what they find as
//! events, and only [`Store::changed`] puts them into the slots. A failing task keeps its slot's last
//! value, so files stay as they are while Vault is away.

mod answer;
mod certificate;
mod facts;
mod fetch;
mod file;
mod gate;
mod lease;
mod leases;
mod mounts;
mod refusal;
mod takeover;
mod task;
mod version;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use secret_files::Reader;
use templating::{Found, Request, Secrets};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use vault_wire::{JsonText, LeaseId, Response};
use zeroize::Zeroizing;

use crate::auth::{Logins, Principal, Suspicions};
use crate::config::RenderSettings;
use crate::connection::Connection;
use crate::state::{Kept, State};
use crate::status::SecretStatus;
use answer::Answer;
use gate::Gate;
use mounts::Mounts;
use task::Task;

pub use certificate::CertificateError;
pub use fetch::FetchError;
pub use leases::Leases;

/// What tasks need to do their work.
struct Source {
    connection: Connection,
    logins: Logins,
    suspicions: Suspicions,
    state: Arc<State>,
    principal: Principal,
    leases: Leases,
    mounts: Mounts,
    gate: Gate,
    settings: RenderSettings,
    reader: Reader,
    /// Keeps a start with a thousand secrets from being a thousand connections.
    turns: Semaphore,
}

/// The secrets that are wanted now, each with its latest value.
pub struct Store {
    source: Arc<Source>,
    slots: HashMap<Arc<Request>, Slot>,
    tasks: JoinSet<()>,
    events: (mpsc::Sender<Event>, mpsc::Receiver<Event>),
    last_task: u64,
}

struct Slot {
    /// What people call the request.
    name: Arc<str>,
    task: u64,
    handle: AbortHandle,
    users: usize,
    value: Option<Found>,
    lease: Option<LeaseId>,
    since: Option<Instant>,
    trouble: Option<Trouble>,
}

/// Why a secret is not there, or not fresh.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The last failure.
    pub reason: Arc<str>,
    /// All tries that the retry policy grants were made. The task goes on trying.
    pub exhausted: bool,
}

/// What a task found.
struct Event {
    task: u64,
    request: Arc<Request>,
    kind: EventKind,
}

enum EventKind {
    /// A new value.
    Fresh {
        found: Found,
        lease: Option<LeaseId>,
    },
    /// The old value is the new one, after trouble.
    Recovered,
    /// No value this time.
    Failed(Trouble),
}

impl Store {
    /// A store without secrets.
    pub fn new(
        connection: Connection,
        logins: Logins,
        suspicions: Suspicions,
        state: Arc<State>,
        principal: Principal,
        settings: RenderSettings,
        reader: Reader,
    ) -> Self {
        let source = Source {
            mounts: Mounts::default(),
            leases: Leases::default(),
            turns: Semaphore::new(settings.max_connections),
            gate: Gate::new(settings.retry),
            connection,
            logins,
            suspicions,
            state,
            principal,
            settings,
            reader,
        };
        Self {
            source: Arc::new(source),
            slots: HashMap::new(),
            tasks: JoinSet::new(),
            events: mpsc::channel(64),
            last_task: 0,
        }
    }

    /// The leases that are held, now and later.
    pub fn leases(&self) -> Leases {
        self.source.leases.clone()
    }

    /// One more template uses this: has a task work on it, which is called `name` in messages. What an
    /// earlier agent may have `left` counts as the answer if no state has one.
    pub fn want(&mut self, request: &Request, name: &str, left: Option<Kept>) {
        if let Some(slot) = self.slots.get_mut(request) {
            slot.users += 1;
            return;
        }
        self.last_task += 1;
        let (request, name) = (Arc::new(request.clone()), Arc::from(name));
        let task = Task::new(
            self.last_task,
            Arc::clone(&request),
            Arc::clone(&name),
            Arc::clone(&self.source),
            self.events.0.clone(),
            left,
        );
        let slot = Slot {
            name,
            task: self.last_task,
            handle: self.tasks.spawn(task.run()),
            users: 1,
            value: None,
            lease: None,
            since: None,
            trouble: None,
        };
        self.slots.insert(request, slot);
    }

    /// One template less uses this: the last one ends its task and drops its value.
    pub fn release(&mut self, request: &Request) {
        if let Some(slot) = self.slots.get_mut(request) {
            slot.users -= 1;
            if slot.users == 0 {
                slot.handle.abort();
                self.slots.remove(request);
                self.source.state.forget_secret(request);
            }
        }
    }

    /// The certificate for a request among PEM texts, and what templates get in a trial of it.
    pub fn left_in(request: &Request, texts: &[Zeroizing<String>]) -> Option<(Kept, Found)> {
        let Request::Pki { path, data } = request else {
            return None;
        };
        let left = takeover::find(texts, path, data, SystemTime::now())?;
        let response = Response::from_body(JsonText::new(left.trial.to_string())).ok()?;
        match answer::pki(&response, path, left.kept.since, false) {
            Ok(Answer::New(fetched)) => Some((left.kept, fetched.found)),
            _ => None,
        }
    }

    /// Waits until something is new, and takes in all that is: the requests whose value or trouble
    /// changed.
    pub async fn changed(&mut self) -> Vec<Arc<Request>> {
        let mut changed = Vec::new();
        while changed.is_empty() {
            // The store's own sender keeps the channel open.
            let event = self.events.1.recv().await;
            changed.extend(event.and_then(|event| self.take_in(event)));
            while let Ok(event) = self.events.1.try_recv() {
                changed.extend(self.take_in(event));
            }
        }
        // Tasks that ended or were aborted.
        while self.tasks.try_join_next().is_some() {}
        changed
    }

    /// Why a request has no fresh value.
    pub fn trouble(&self, request: &Request) -> Option<&Trouble> {
        self.slots.get(request)?.trouble.as_ref()
    }

    /// What there is to say about a request.
    pub fn status(&self, request: &Request) -> Option<SecretStatus> {
        let slot = self.slots.get(request)?;
        let now = Instant::now();
        let ends_at = slot
            .lease
            .as_ref()
            .and_then(|id| self.source.leases.ends_at(id));
        Some(SecretStatus {
            request: slot.name.to_string(),
            age_seconds: slot.since.map(|since| (now - since).as_secs()),
            lease_seconds: ends_at.map(|end| end.saturating_duration_since(now).as_secs()),
            error: slot
                .trouble
                .as_ref()
                .map(|trouble| trouble.reason.to_string()),
        })
    }

    /// The same for all requests, by path.
    pub fn statuses(&self) -> Vec<SecretStatus> {
        let mut all: Vec<SecretStatus> = self
            .slots
            .keys()
            .filter_map(|request| self.status(request))
            .collect();
        all.sort_by(|a, b| a.request.cmp(&b.request));
        all
    }

    fn take_in(&mut self, event: Event) -> Option<Arc<Request>> {
        let slot = self.slots.get_mut(&event.request)?;
        if slot.task != event.task {
            // From a task that was ended before its event was read.
            return None;
        }
        match event.kind {
            EventKind::Fresh { found, lease } => {
                slot.value = Some(found);
                slot.lease = lease;
                slot.since = Some(Instant::now());
                slot.trouble = None;
            }
            EventKind::Recovered => slot.trouble = None,
            EventKind::Failed(trouble) => slot.trouble = Some(trouble),
        }
        Some(event.request)
    }
}

impl Secrets for Store {
    fn lookup(&self, request: &Request) -> Option<Found> {
        self.slots.get(request)?.value.clone()
    }
}
