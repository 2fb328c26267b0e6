//! Looks after certificate files: a change in their directory is a hint to read them again, and a
//! slow poll stands in where hints do not come.

use std::sync::Arc;
use std::time::Duration;

use file_watch::Watch;
use tokio::sync::watch;
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
        let watch = Watch::over(self.files.directories());
        if let Some(error) = watch.problem() {
            warn!(%error, "Cannot watch the certificate's directory: polling");
        }
        let mut seen = Seen::default();
        let mut poll = interval(POLL);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = watch.hint() => {}
                _ = poll.tick() => {}
            }
            self.look(&mut seen);
        }
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
