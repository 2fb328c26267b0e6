//! All secrets that the templates ask for: one a distinct request, however many templates use it.
//!
//! ```text
//! want(request) ─▶ driver (of the engine), or a watch of a local file ─▶ event ─▶ slot ─▶ lookup(request)
//! ```
//!
//! The store itself is owned by one place (the renderer) and has no lock: what is found comes as events,
//! and only [`Store::changed`] puts them into the slots. A failure keeps the slot's last value, so files
//! stay as they are while Vault is away.

pub(crate) mod certificate;
mod file;
mod takeover;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use secret_files::Reader;
use templating::{Found, Request, Secrets};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;
use vault_engine::RetryPolicy;
use vault_wire::{JsonText, Response};
use zeroize::Zeroizing;

use crate::driver::{Control, Event, EventKind, Events, Trouble, of_response};
use crate::state::Kept;
use crate::status::SecretStatus;
use file::Watch;

/// The secrets that are wanted now, each with its latest value.
pub(crate) struct Store {
    driver: Control,
    events: Events,
    reader: Reader,
    retry: RetryPolicy,
    slots: HashMap<Arc<Request>, Slot>,
    requests: HashMap<u64, Arc<Request>>,
    files: JoinSet<()>,
    found: (mpsc::UnboundedSender<Event>, mpsc::UnboundedReceiver<Event>),
    last_key: u64,
}

struct Slot {
    /// What people call the request.
    name: Arc<str>,
    key: u64,
    /// What watches a local file.
    watch: Option<AbortHandle>,
    users: usize,
    value: Option<Found>,
    lease_ends: Option<Instant>,
    since: Option<Instant>,
    trouble: Option<Trouble>,
}

impl Store {
    /// A store without secrets. What is not a local file, `driver` gets from Vault and reports as
    /// `events`.
    pub(crate) fn new(driver: Control, events: Events, retry: RetryPolicy, reader: Reader) -> Self {
        Self {
            driver,
            events,
            reader,
            retry,
            slots: HashMap::new(),
            requests: HashMap::new(),
            files: JoinSet::new(),
            found: mpsc::unbounded_channel(),
            last_key: 0,
        }
    }

    /// One more template uses this, which is called `name` in messages. What an earlier agent may have
    /// `left` counts as the answer if no state has one.
    pub(crate) fn want(&mut self, request: &Request, name: &str, left: Option<Kept>) {
        if let Some(slot) = self.slots.get_mut(request) {
            slot.users += 1;
            return;
        }
        self.last_key += 1;
        let (key, name) = (self.last_key, Arc::<str>::from(name));
        let request = Arc::new(request.clone());
        let watch = if let Request::File { .. } = &*request {
            let (name, events) = (Arc::clone(&name), self.found.0.clone());
            let watch = Watch::new(key, name, self.reader.clone(), self.retry, events);
            Some(self.files.spawn(watch.run(Arc::clone(&request))))
        } else {
            self.driver.want(key, Arc::clone(&request), left);
            None
        };
        let slot = Slot {
            name,
            key,
            watch,
            users: 1,
            value: None,
            lease_ends: None,
            since: None,
            trouble: None,
        };
        self.requests.insert(key, Arc::clone(&request));
        self.slots.insert(request, slot);
    }

    /// One template less uses this: the last one drops its value.
    pub(crate) fn release(&mut self, request: &Request) {
        let Some(slot) = self.slots.get_mut(request) else {
            return;
        };
        slot.users -= 1;
        if slot.users > 0 {
            return;
        }
        let key = slot.key;
        match slot.watch.take() {
            Some(watch) => watch.abort(),
            None => self.driver.release(key),
        }
        self.slots.remove(request);
        self.requests.remove(&key);
    }

    /// The certificate for a request among PEM texts, and what templates get in a trial of it.
    pub(crate) fn left_in(request: &Request, texts: &[Zeroizing<String>]) -> Option<(Kept, Found)> {
        let Request::Pki { path, data } = request else {
            return None;
        };
        let left = takeover::find(texts, path, data, SystemTime::now())?;
        let response = Response::from_body(JsonText::new(left.trial.to_string())).ok()?;
        let found = of_response(request, Some(&response)).ok()?;
        Some((left.kept, found))
    }

    /// Waits until something is new, and takes in all that is: the requests whose value or trouble
    /// changed.
    pub(crate) async fn changed(&mut self) -> Vec<Arc<Request>> {
        let mut changed = Vec::new();
        while changed.is_empty() {
            let event = tokio::select! {
                Some(event) = self.events.recv() => event,
                Some(event) = self.found.1.recv() => event,
            };
            changed.extend(self.take_in(event));
            while let Ok(event) = self.events.try_recv().or_else(|_| self.found.1.try_recv()) {
                changed.extend(self.take_in(event));
            }
        }
        // Watches that were aborted.
        while self.files.try_join_next().is_some() {}
        changed
    }

    /// Why a request has no fresh value.
    pub(crate) fn trouble(&self, request: &Request) -> Option<&Trouble> {
        self.slots.get(request)?.trouble.as_ref()
    }

    /// What there is to say about a request.
    pub(crate) fn status(&self, request: &Request) -> Option<SecretStatus> {
        let slot = self.slots.get(request)?;
        let now = Instant::now();
        let ends_at = slot.lease_ends;
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
    pub(crate) fn statuses(&self) -> Vec<SecretStatus> {
        let mut all: Vec<SecretStatus> = self
            .slots
            .keys()
            .filter_map(|request| self.status(request))
            .collect();
        all.sort_by(|a, b| a.request.cmp(&b.request));
        all
    }

    /// The request whose value or trouble an event changed; `None` if it is not wanted any more, or
    /// nothing changed for templates.
    fn take_in(&mut self, event: Event) -> Option<Arc<Request>> {
        let request = self.requests.get(&event.key)?;
        let slot = self.slots.get_mut(request)?;
        match event.kind {
            EventKind::Fresh { found, lease_ends } => {
                slot.value = Some(found);
                slot.lease_ends = lease_ends;
                slot.since = Some(Instant::now());
                slot.trouble = None;
            }
            EventKind::Renewed(until) => {
                slot.lease_ends = Some(until);
                return None;
            }
            EventKind::Recovered => slot.trouble = None,
            EventKind::Failed(trouble) => slot.trouble = Some(trouble),
        }
        Some(Arc::clone(request))
    }
}

impl Secrets for Store {
    fn lookup(&self, request: &Request) -> Option<Found> {
        self.slots.get(request)?.value.clone()
    }
}
