//! Looks after certificate files, and takes over what they hold when it changes.

use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;
use tracing::{info, warn};
use watched_files::Watch;

use crate::clients::ClientAuthorities;
use crate::files::{CertificateFiles, Contents, FileError};
use crate::store::CertificateStore;

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

    /// The message of a change that is taken over.
    fn replaced(&self) -> &'static str {
        match self {
            Self::Certificate(..) => "Certificate replaced",
            Self::Clients(_) => "Client authorities replaced",
        }
    }

    /// The message of a change that is not.
    fn kept(&self) -> &'static str {
        match self {
            Self::Certificate(..) => "Cannot use the new certificate; keeping the current one",
            Self::Clients(_) => "Cannot use the new client authorities; keeping the current ones",
        }
    }

    /// The message of a directory that gives no hints.
    fn polled(&self) -> &'static str {
        match self {
            Self::Certificate(..) => "Cannot watch the certificate's directory: polling",
            Self::Clients(_) => "Cannot watch the directory of the client authorities: polling",
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
        let mut directories: Vec<_> = paths.into_iter().map(watched_files::directory).collect();
        directories.dedup();
        let watch = Watch::over(directories);
        if let Some(error) = watch.problem() {
            warn!(%error, "{}", self.watched.polled());
        }
        let mut seen = Seen::default();
        loop {
            watch.until(|| self.look(&mut seen)).await;
        }
    }

    /// Whether the files hold something new that can be used.
    fn look(&self, seen: &mut Seen) -> bool {
        let file = self.watched.name();
        let contents = match Contents::read(self.watched.paths()) {
            Ok(contents) => contents,
            Err(error) => {
                seen.report(&self.watched, &error);
                return false;
            }
        };
        let hash = contents.hash();
        if seen.hash == Some(hash) {
            return false;
        }
        match self.watched.take(&contents) {
            Ok(()) => {
                // The first look finds what was loaded at the start, or what came just after.
                if seen.hash.replace(hash).is_some() {
                    info!(file, "{}", self.watched.replaced());
                }
                seen.problem = None;
                self.generation.send_modify(|generation| *generation += 1);
                true
            }
            Err(error) => {
                seen.report(&self.watched, &error);
                false
            }
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
    fn report(&mut self, watched: &Watched, problem: &FileError) {
        let problem = problem.to_string();
        if self.problem.as_ref() != Some(&problem) {
            warn!(file = watched.name(), problem, "{}", watched.kept());
            self.problem = Some(problem);
        }
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "certificates are no secrets")]
mod tests {
    use std::io::{self, Write};
    use std::sync::Mutex;

    use tracing::subscriber::with_default;

    use super::*;
    use crate::files::AuthorityFile;

    /// What was logged.
    #[derive(Clone, Default)]
    struct Logged(Arc<Mutex<Vec<u8>>>);

    impl Write for Logged {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let mut all = self.0.lock().expect("the lock must not be poisoned");
            all.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_change_of_client_authorities_is_not_called_one_of_the_certificate() {
        let mk_pem = || {
            let names = vec!["authority".to_owned()];
            let mut parameters = rcgen::CertificateParams::new(names).unwrap();
            parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            let key = rcgen::KeyPair::generate().unwrap();
            parameters.self_signed(&key).unwrap().pem()
        };
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ca.crt");
        std::fs::write(&path, mk_pem()).unwrap();
        let authorities = ClientAuthorities::load(AuthorityFile::new(&path)).unwrap();
        let watcher = Watcher::of_clients(authorities);
        let logged = Logged::default();
        let writer = logged.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .with_ansi(false)
            .finish();
        with_default(subscriber, || {
            let mut seen = Seen::default();
            for text in [mk_pem(), mk_pem(), "nothing".to_owned()] {
                std::fs::write(&path, text).unwrap();
                watcher.look(&mut seen);
            }
        });
        let text = String::from_utf8(logged.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = text.lines().collect();
        let [replaced, kept] = lines[..] else {
            panic!("{text}");
        };
        assert!(replaced.contains("Client authorities replaced"), "{text}");
        assert!(
            kept.contains("Cannot use the new client authorities; keeping the current ones"),
            "{text}"
        );
    }
}
