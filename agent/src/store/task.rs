//! The work on one secret.

mod handover;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use secret_files::ReadError;
use templating::{Found, Request};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tracing::{debug, warn};

use super::answer::{Answer, Fetched, Identity, Outlook};
use super::fetch::{FetchError, Known};
use super::{Event, EventKind, Source, Trouble, fetch, file, lease};
use crate::auth::{Login, Logins};
use crate::schedule::{Refresh, Roll, Rotated, Rotation};
use crate::state::Kept;
use handover::{current, lease_lost, newer};

/// Longer ones count as this much: ten years, which clocks can add without overflow.
const LONGEST_LEASE: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// One task of the store: alive as long as a template uses its request.
pub(super) struct Task {
    id: u64,
    request: Arc<Request>,
    /// What messages about a file call it: its path may be a secret.
    name: Arc<str>,
    source: Arc<Source>,
    events: mpsc::Sender<Event>,
    identity: Option<Identity>,
    failures: u32,
    /// The version that we have of a KV secret.
    version: Option<u64>,
    /// The login whose policies hide the metadata of this secret.
    hidden_from: u64,
    /// The rotation that brought the credential that we have.
    rotation: Option<Rotation>,
    /// Looks in a row that saw it past its time.
    late: u32,
    /// What an earlier agent left elsewhere than in the state.
    left: Option<Kept>,
}

impl Task {
    pub(super) fn new(
        id: u64,
        request: Arc<Request>,
        name: Arc<str>,
        source: Arc<Source>,
        events: mpsc::Sender<Event>,
        left: Option<Kept>,
    ) -> Self {
        Self {
            id,
            request,
            name,
            source,
            events,
            identity: None,
            failures: 0,
            version: None,
            hidden_from: 0,
            rotation: None,
            late: 0,
            left,
        }
    }

    /// Ends only by being aborted, with the store, or with an error that no retry changes.
    pub(super) async fn run(mut self) {
        if let Request::File { path, sandbox } = &*self.request {
            let (path, sandbox) = (PathBuf::from(path), sandbox.clone());
            self.watch_file(&path, sandbox.as_deref()).await;
            return;
        }
        let mut logins = self.source.logins.clone();
        let mut outlook = Outlook::default();
        if let Some(login) = current(&mut logins).await {
            match self.restore(&login).await {
                Ok(Some((found, age))) => {
                    outlook = found;
                    self.hold(&outlook, age, login.generation, &mut logins)
                        .await;
                }
                Ok(None) => {}
                Err(StoreGone) => return,
            }
        }
        while let Some(login) = current(&mut logins).await {
            // In a box: a task spends its life waiting, and then the state of a request in flight
            // should not take memory.
            let answer = Box::pin(self.fetch(&login)).await;
            let accepted = match answer {
                Ok(Answer::Same) => self.recover().await,
                Ok(Answer::New(fetched)) => {
                    let Fetched {
                        found,
                        identity,
                        outlook: new,
                        kept,
                    } = *fetched;
                    if let Some(kept) = kept {
                        self.source
                            .state
                            .keep_secret(&self.request, &login.token, kept);
                    }
                    outlook = new;
                    self.accept(found, identity, &outlook).await
                }
                Err(error) => {
                    let told = self.fail(&error, login.generation).await;
                    if told.is_err() || error.is_permanent() {
                        return;
                    }
                    let pause = self.pause(&error);
                    tokio::select! {
                        () = sleep(pause) => {}
                        // A new token may be what was missing.
                        _ = newer(&mut logins, login.generation) => {}
                    }
                    continue;
                }
            };
            if accepted.is_err() {
                return;
            }
            self.hold(&outlook, None, login.generation, &mut logins)
                .await;
        }
    }

    /// What an earlier process left, with its age.
    async fn restore(
        &mut self,
        login: &Login,
    ) -> Result<Option<(Outlook, Option<Duration>)>, StoreGone> {
        let left = self.left.take();
        let kept = self.source.state.secret(&self.request, &login.token);
        let Some(kept) = kept.or(left) else {
            return Ok(None);
        };
        let age = kept.since.elapsed().unwrap_or_default();
        let Some(fetched) = fetch::restore(&self.source, &self.request, kept) else {
            return Ok(None);
        };
        debug!(target: "agent", "(view) {}: going on with what the agent before had", self.request);
        self.accept(fetched.found, fetched.identity, &fetched.outlook)
            .await?;
        Ok(Some((fetched.outlook, Some(age))))
    }

    async fn fetch(&mut self, login: &Login) -> Result<Answer, FetchError> {
        let mut is_hidden = false;
        let known = self
            .version
            .filter(|_| self.hidden_from != login.generation)
            .map(|version| Known {
                version,
                is_hidden: &mut is_hidden,
            });
        let answer = fetch::fetch(&self.source, &self.request, login, known).await;
        if is_hidden {
            self.hidden_from = login.generation;
        }
        match answer {
            Ok(Answer::New(fetched)) => self.rotated(fetched),
            answer => answer,
        }
    }

    /// Tells a credential that Vault has rotated from the one before.
    fn rotated(&mut self, mut fetched: Box<Fetched>) -> Result<Answer, FetchError> {
        let Some(rotation) = fetched.outlook.facts.rotating() else {
            return Ok(Answer::New(fetched));
        };
        let is_same = self.identity.as_ref() == Some(&fetched.identity);
        match rotation.after(self.rotation, is_same) {
            Rotated::Yes => self.late = 0,
            Rotated::Rotating => return Err(FetchError::Rotating),
            Rotated::NotYet => {
                self.late = self.late.saturating_add(1);
                debug!(
                    target: "agent",
                    "(view) {}: not rotated yet, look {}", self.request, self.late
                );
                if is_same {
                    return Ok(Answer::Same);
                }
                // The next process is to look at once, too.
                fetched.kept = None;
            }
        }
        Ok(Answer::New(fetched))
    }

    /// Tells the store about a value, if it is a new one.
    async fn accept(
        &mut self,
        found: Found,
        identity: Identity,
        outlook: &Outlook,
    ) -> Result<(), StoreGone> {
        self.version = outlook.version;
        self.rotation = outlook.facts.rotating();
        let lease = outlook.lease.as_ref().map(|lease| lease.id.clone());
        if self.identity.as_ref() == Some(&identity) {
            return self.recover().await;
        }
        self.failures = 0;
        self.identity = Some(identity);
        self.send(EventKind::Fresh { found, lease }).await
    }

    /// The value that the store has is right.
    async fn recover(&mut self) -> Result<(), StoreGone> {
        if std::mem::take(&mut self.failures) > 0 {
            return self.send(EventKind::Recovered).await;
        }
        Ok(())
    }

    async fn fail(&mut self, error: &FetchError, generation: u64) -> Result<(), StoreGone> {
        self.failures = self.failures.saturating_add(1);
        if error.is_permission_denied() {
            // Full: another task already asked for the same.
            let _ = self.source.suspicions.try_send(generation);
        }
        if let FetchError::Away { .. } = error {
            // The request that found it out has said so.
            debug!(
                target: "agent",
                "(view) {}: waiting for Vault, retry attempt {}", self.request, self.failures
            );
        } else if error.is_permanent() {
            warn!(target: "agent", %error, "(view) {}: cannot be asked for", self.request);
        } else {
            let pause = match error {
                FetchError::Rotating => Rotation::look_again(self.failures, Roll::new(0.0)),
                _ => self.source.settings.retry.delay(self.failures),
            };
            warn!(
                target: "agent", %error,
                "(view) {}: retry attempt {} after at most {pause:?}", self.request, self.failures
            );
        }
        let trouble = Trouble {
            reason: format!("{}: {error}", self.request).into(),
            exhausted: error.is_permanent()
                || self.source.settings.retry.is_exhausted(self.failures),
        };
        self.send(EventKind::Failed(trouble)).await
    }

    fn pause(&self, error: &FetchError) -> Duration {
        if error.is_away() {
            // The gate has the time for all.
            return Duration::ZERO;
        }
        let roll = Roll::dice();
        let own = match error {
            FetchError::Rotating => Rotation::look_again(self.failures, roll),
            _ => self
                .source
                .settings
                .retry
                .jittered_delay(self.failures, roll),
        };
        error.retry_after().map_or(own, |asked| own.max(asked))
    }

    /// Keeps a value until it is to be read again. One from an earlier process has an `age`.
    async fn hold(
        &mut self,
        outlook: &Outlook,
        age: Option<Duration>,
        generation: u64,
        logins: &mut Logins,
    ) {
        let roll = Roll::dice();
        if self.late > 0 {
            sleep(Rotation::look_again(self.late, roll)).await;
            return;
        }
        let passed = age.unwrap_or_default();
        let _listed = outlook.lease.as_ref().map(|lease| {
            let left = lease.duration.saturating_sub(passed).min(LONGEST_LEASE);
            self.source.leases.list(&lease.id, Instant::now() + left)
        });
        match self.source.settings.refresh.refresh(&outlook.facts, roll) {
            Refresh::After(pause) if outlook.lease.is_none() => {
                sleep(pause.saturating_sub(passed)).await;
            }
            Refresh::After(pause) => {
                tokio::select! {
                    () = sleep(pause.saturating_sub(passed)) => {}
                    () = lease_lost(logins, generation) => {}
                }
            }
            Refresh::AtLeaseEnd => {
                let Some(held) = &outlook.lease else { return };
                tokio::select! {
                    () = lease::keep(&self.source, held, age) => {}
                    () = lease_lost(logins, generation) => {}
                }
            }
            Refresh::Never => std::future::pending().await,
        }
    }

    async fn watch_file(&mut self, path: &Path, sandbox: Option<&Path>) {
        let mut seen = None;
        loop {
            let reader = &self.source.reader;
            let kind = match file::read_if_changed(reader, path, sandbox, &mut seen) {
                Ok(found) => {
                    self.failures = 0;
                    let found = found.map(|found| self.without_path(found));
                    found.map(|found| EventKind::Fresh { found, lease: None })
                }
                // The file may come; its template waits.
                Err(error) => self.fail_file(&error),
            };
            if let Some(kind) = kind
                && self.send(kind).await.is_err()
            {
                return;
            }
            sleep(file::INTERVAL).await;
        }
    }

    /// A reason may name a part of the path.
    fn without_path(&self, found: Found) -> Found {
        let is_shown = *self.name == *self.request.to_string();
        match found {
            Found::Refused(_) if !is_shown => Found::Refused("no template may read it".into()),
            found => found,
        }
    }

    /// Says it once, and once more when the tries are used up: a missing file is no news every two
    /// seconds.
    fn fail_file(&mut self, error: &ReadError) -> Option<EventKind> {
        let was_exhausted = self.source.settings.retry.is_exhausted(self.failures);
        self.failures = self.failures.saturating_add(1);
        let exhausted = self.source.settings.retry.is_exhausted(self.failures);
        if self.failures > 1 && exhausted == was_exhausted {
            return None;
        }
        warn!(target: "agent", %error, "(view) {}: waiting for the file", self.name);
        Some(EventKind::Failed(Trouble {
            reason: format!("{}: {error}", self.name).into(),
            exhausted,
        }))
    }

    async fn send(&self, kind: EventKind) -> Result<(), StoreGone> {
        let event = Event {
            task: self.id,
            request: Arc::clone(&self.request),
            kind,
        };
        self.events.send(event).await.map_err(|_| StoreGone)
    }
}

/// Nobody wants the secret any more.
struct StoreGone;
