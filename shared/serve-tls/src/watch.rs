//! Looks after certificate files: a change in their directory is a hint to read them again, and a
//! slow poll stands in where hints do not come.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use file_watch::Watch;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tracing::{info, warn};

use crate::clients::ClientAuthorities;
use crate::files::{CertificateFiles, Contents, FileError};
use crate::store::CertificateStore;

/// How often the files are read without a hint.
const POLL: Duration = Duration::from_secs(10);

/// How many times the contents of the files were taken over since the start.
pub type Generation = u64;

/// Takes over what certificate files hold, whenever they change.
#[derive(Debug)]
pub struct Watcher {
    watched: Watched,
    generation: watch::Sender<Generation>,
}

#[derive(Debug)]
enum Watched {
    Certificate(CertificateFiles, Arc<CertificateStore>),
    Clients(Arc<ClientAuthorities>),
}

impl Watched {
    fn paths(&self) -> Vec<&Path> {
        match self {
            Self::Certificate(files, _) => files.paths().to_vec(),
            Self::Clients(authorities) => vec![authorities.file().path()],
        }
    }

    fn take(&self, contents: &Contents) -> Result<(), FileError> {
        match self {
            Self::Certificate(files, store) => {
                files.parse(contents).map(|pair| store.replace(pair))
            }
            Self::Clients(authorities) => authorities.replace(contents),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Certificate(..) => "certificate",
            Self::Clients(_) => "client authorities",
        }
    }
}

impl Watcher {
    /// Prepares to keep `store` at what is in `files`.
    pub fn new(files: CertificateFiles, store: Arc<CertificateStore>) -> Self {
        Self::of(Watched::Certificate(files, store))
    }

    /// Prepares to keep the authorities of clients at what is in their file.
    pub fn of_clients(authorities: Arc<ClientAuthorities>) -> Self {
        Self::of(Watched::Clients(authorities))
    }

    fn of(watched: Watched) -> Self {
        Self {
            watched,
            generation: watch::Sender::new(0),
        }
    }

    /// Changes with each time that the files are taken over.
    pub fn generation(&self) -> watch::Receiver<Generation> {
        self.generation.subscribe()
    }

    /// Watches until it is dropped.
    pub async fn run(self) {
        let paths = self.watched.paths();
        let mut directories: Vec<_> = paths.into_iter().map(file_watch::directory).collect();
        directories.dedup();
        let watch = Watch::over(directories);
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
        let file = self.watched.name();
        let contents = match Contents::read(self.watched.paths()) {
            Ok(contents) => contents,
            Err(error) => return seen.report(file, &error.to_string()),
        };
        let hash = contents.hash();
        if seen.hash == Some(hash) {
            return;
        }
        match self.watched.take(&contents) {
            Ok(()) => {
                // The first look finds what was loaded at the start, or what came just after.
                if seen.hash.replace(hash).is_some() {
                    info!(file, "Certificate replaced");
                }
                seen.problem = None;
                self.generation.send_modify(|generation| *generation += 1);
            }
            Err(error) => seen.report(file, &error.to_string()),
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
    fn report(&mut self, file: &str, problem: &str) {
        if self.problem.as_deref() != Some(problem) {
            warn!(
                file,
                problem, "New certificate not used: the one before stays"
            );
            self.problem = Some(problem.to_owned());
        }
    }
}
