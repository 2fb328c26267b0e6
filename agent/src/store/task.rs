//! The work on one secret.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use templating::Request;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};
use tracing::warn;

use super::fetch::{FetchError, Fetched, Identity};
use super::{Event, EventKind, Source, Trouble, fetch, file, lease};
use crate::auth::{Login, Logins, Predecessor};
use crate::schedule::{Refresh, Roll};

/// Leases of a token that was replaced are re-read in the first part of the time that is left to
/// it, spread over that part.
const HANDOVER_PART: f64 = 0.5;

/// One task of the store: alive as long as a template uses its request.
pub(super) struct Task {
    id: u64,
    request: Arc<Request>,
    source: Arc<Source>,
    events: mpsc::Sender<Event>,
    identity: Option<Identity>,
    failures: u32,
}

impl Task {
    pub(super) fn new(
        id: u64,
        request: Arc<Request>,
        source: Arc<Source>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        Self {
            id,
            request,
            source,
            events,
            identity: None,
            failures: 0,
        }
    }

    /// Ends only by being aborted, or with the store.
    pub(super) async fn run(mut self) {
        if let Request::File { path } = &*self.request {
            let path = path.clone();
            self.watch_file(path.as_ref()).await;
            return;
        }
        let mut logins = self.source.logins.clone();
        while let Some(login) = current(&mut logins).await {
            // In a box: a task spends its life waiting, and then the state of a request in flight
            // should not take memory.
            let fetched = Box::pin(fetch::fetch(&self.source, &self.request, &login)).await;
            match fetched {
                Ok(fetched) => {
                    if self.accept(&fetched).await.is_err() {
                        return;
                    }
                    self.hold(fetched, login.generation, &mut logins).await;
                }
                Err(error) => {
                    if self.fail(&error, login.generation).await.is_err() {
                        return;
                    }
                    let pause = self.pause(&error);
                    tokio::select! {
                        () = sleep(pause) => {}
                        // A new token may be what was missing.
                        _ = newer(&mut logins, login.generation) => {}
                    }
                }
            }
        }
    }

    /// Tells the store about a value, if it is a new one.
    async fn accept(&mut self, fetched: &Fetched) -> Result<(), StoreGone> {
        let recovered = std::mem::take(&mut self.failures) > 0;
        if self.identity.as_ref() != Some(&fetched.identity) {
            self.identity = Some(fetched.identity.clone());
            return self.send(EventKind::Fresh(fetched.found.clone())).await;
        }
        if recovered {
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
        let pause = self.source.settings.retry.delay(self.failures);
        warn!(
            target: "agent", %error,
            "(view) {}: retry attempt {} after about {pause:?}", self.request, self.failures
        );
        let trouble = Trouble {
            reason: format!("{}: {error}", self.request).into(),
            exhausted: self.source.settings.retry.is_exhausted(self.failures),
        };
        self.send(EventKind::Failed(trouble)).await
    }

    fn pause(&self, error: &FetchError) -> Duration {
        let own = self
            .source
            .settings
            .retry
            .jittered_delay(self.failures, Roll::dice());
        error.retry_after().map_or(own, |asked| own.max(asked))
    }

    /// Keeps a value until it is to be read again.
    async fn hold(&mut self, fetched: Fetched, generation: u64, logins: &mut Logins) {
        let roll = Roll::dice();
        match self.source.settings.refresh.refresh(&fetched.facts, roll) {
            Refresh::After(pause) if fetched.lease.is_none() => sleep(pause).await,
            Refresh::After(pause) => {
                tokio::select! {
                    () = sleep(pause) => {}
                    () = lease_lost(logins, generation) => {}
                }
            }
            Refresh::AtLeaseEnd => {
                let Some(held) = &fetched.lease else { return };
                tokio::select! {
                    () = lease::keep(&self.source, held) => {}
                    () = lease_lost(logins, generation) => {}
                }
            }
            // The fetch has reported it as a failure already.
            Refresh::Rotating => {}
            Refresh::Never => std::future::pending().await,
        }
    }

    async fn watch_file(&mut self, path: &Path) {
        let mut seen = None;
        loop {
            let kind = match file::read_if_changed(path, &mut seen) {
                Ok(found) => {
                    self.failures = 0;
                    found.map(EventKind::Fresh)
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

    /// Says it once, and once more when the tries are used up: a missing file is no news every two
    /// seconds.
    fn fail_file(&mut self, error: &std::io::Error) -> Option<EventKind> {
        let was_exhausted = self.source.settings.retry.is_exhausted(self.failures);
        self.failures = self.failures.saturating_add(1);
        let exhausted = self.source.settings.retry.is_exhausted(self.failures);
        if self.failures > 1 && exhausted == was_exhausted {
            return None;
        }
        warn!(target: "agent", %error, "(view) {}: waiting for the file", self.request);
        Some(EventKind::Failed(Trouble {
            reason: format!("{}: {error}", self.request).into(),
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

/// The login to use now; `None` when there will be none.
async fn current(logins: &mut Logins) -> Option<Arc<Login>> {
    let login = logins.wait_for(Option::is_some).await.ok()?;
    login.clone()
}

/// The first login after `generation`; pending when there will be none.
async fn newer(logins: &mut Logins, generation: u64) -> Arc<Login> {
    let is_newer = |login: &Option<Arc<Login>>| {
        login
            .as_ref()
            .is_some_and(|login| login.generation > generation)
    };
    let found = match logins.wait_for(is_newer).await {
        Ok(login) => login.clone(),
        Err(_) => None,
    };
    match found {
        Some(login) => login,
        None => std::future::pending().await,
    }
}

/// Pending as long as the token that a lease was obtained with is the current one; then until it is
/// this lease's turn to be read again, before the old token takes it away.
async fn lease_lost(logins: &mut Logins, generation: u64) {
    let login = newer(logins, generation).await;
    if let (Predecessor::EndsAt(ends_at), true) =
        (login.predecessor, login.generation == generation + 1)
    {
        let left = ends_at.saturating_duration_since(Instant::now());
        let wait = left.mul_f64(Roll::dice().between(0.0, HANDOVER_PART));
        sleep_until(Instant::now() + wait).await;
    }
}
