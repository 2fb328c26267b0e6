//! Looks after certificate files: a change in their directory is a hint to read them again, and a
//! slow poll stands in where hints do not come.
//!
//! A Secret volume changes by swapping the link `..data`, which touches no file that is open and
//! shows in the directory only; so directories are watched, and contents are compared.

use std::sync::Arc;
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use super::{CertificateFiles, CertificateStore};

/// How often the files are read without a hint.
const POLL: Duration = Duration::from_secs(10);

/// How many pairs have been served since the start; changes with each replacement.
pub type Generation = u64;

/// Replaces the certificate of a store when its files change.
#[derive(Debug)]
pub struct Watcher {
    files: CertificateFiles,
    store: Arc<CertificateStore>,
    generation: watch::Sender<Generation>,
}

impl Watcher {
    /// Prepares to keep `store` at what is in `files`.
    pub fn new(files: CertificateFiles, store: Arc<CertificateStore>) -> Self {
        Self {
            files,
            store,
            generation: watch::Sender::new(0),
        }
    }

    /// Tells of each replacement.
    pub fn generation(&self) -> watch::Receiver<Generation> {
        self.generation.subscribe()
    }

    /// Watches until it is dropped.
    pub async fn run(self) {
        let hint = Arc::new(Notify::new());
        // Kept alive: dropping it ends the hints.
        let _hints = self.hints(Arc::clone(&hint));
        let mut seen = Seen::default();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = hint.notified() => {}
                _ = poll.tick() => {}
            }
            self.look(&mut seen);
        }
    }

    fn hints(&self, hint: Arc<Notify>) -> Option<RecommendedWatcher> {
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| is_change(event.kind)) {
                hint.notify_one();
            }
        });
        let started = watcher.and_then(|mut watcher| {
            for directory in self.files.directories() {
                watcher.watch(&directory, RecursiveMode::NonRecursive)?;
            }
            Ok(watcher)
        });
        started
            .inspect_err(|error| warn!(%error, "Cannot watch the certificate's directory: polling"))
            .ok()
    }

    fn look(&self, seen: &mut Seen) {
        let contents = match self.files.read() {
            Ok(contents) => contents,
            Err(error) => return seen.report(&error.to_string()),
        };
        let hash = contents.hash();
        if seen.hash == Some(hash) {
            return;
        }
        match self.files.parse(&contents) {
            Ok(pair) => {
                // The first look finds what was loaded at the start, or what came just after.
                self.store.replace(pair);
                if seen.hash.replace(hash).is_some() {
                    info!("Certificate replaced");
                }
                seen.problem = None;
                self.generation.send_modify(|generation| *generation += 1);
            }
            Err(error) => seen.report(&error.to_string()),
        }
    }
}

/// Whether an event tells of new contents. Reading the files makes events of its own; taken for a
/// change, they would have the files read for ever.
fn is_change(kind: EventKind) -> bool {
    !kind.is_access() || kind == EventKind::Access(AccessKind::Close(AccessMode::Write))
}

/// What the last look found.
#[derive(Default)]
struct Seen {
    hash: Option<[u8; 32]>,
    problem: Option<String>,
}

impl Seen {
    /// Reports a problem once, not at each look. Between two files being written there is one for
    /// a moment.
    fn report(&mut self, problem: &str) {
        if self.problem.as_deref() != Some(problem) {
            warn!(problem, "New certificate not used: the one before stays");
            self.problem = Some(problem.to_owned());
        }
    }
}
