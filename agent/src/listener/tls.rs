//! TLS of a listener: the certificate as it is on disk now, and what is offered to clients.
//!
//! ```text
//! handshake ─▶ have the files changed? ─┬─ no ─────────────────────▶ go on with what there is
//! SIGHUP ──────────────────────────────┴─ read them ─┬─ good ─▶ from now on this
//!                                                     └─ bad: one line in the log, the old one stays
//! ```
//!
//! A look at two files costs nothing beside a handshake, and an agent that nobody asks never looks.

use std::fmt;
use std::sync::{Arc, Mutex};

use rustls::ServerConfig;
use serve_tls::{
    AuthorityFile, CertificateFiles, CertificateStore, ClientAuthorities, FileError, Handshake,
    Policy, server_config,
};
use thiserror::Error;
use tracing::{info, warn};
use watched_files::Stamps;

/// TLS of a listener, as configured.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsSettings {
    /// The certificate with its chain, and its key.
    pub certificate: CertificateFiles,
    /// The authorities of client certificates. Where it is set, clients need one.
    pub client_ca: Option<AuthorityFile>,
    /// Versions and cipher suites.
    pub policy: Policy,
}

/// The files of a listener cannot be used. Permanent until they are put right.
#[derive(Debug, Error)]
pub enum TlsError {
    /// One of them is not what it should be.
    #[error(transparent)]
    File(#[from] FileError),
    /// They cannot be offered.
    #[error("certificate and key cannot be used: {0}")]
    Config(#[from] rustls::Error),
}

/// The TLS of one listener, kept at what its files hold.
pub(crate) struct Tls {
    settings: TlsSettings,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// When they were last read, good or bad.
    files: Stamps,
}

impl Tls {
    pub(super) fn load(settings: &TlsSettings) -> Result<Self, TlsError> {
        let left_out = settings.policy.left_out();
        if !left_out.is_empty() {
            warn!(
                target: "agent",
                "tls_cipher_suites: left out, because they have no forward secrecy or are broken: {}",
                left_out.join(", ")
            );
        }
        let files = settings.stamps();
        let config = settings.load()?;
        let current = Current { config, files };
        Ok(Self {
            settings: settings.clone(),
            current: Mutex::new(current),
        })
    }

    /// Reads the files, changed or not.
    pub(crate) fn reload(&self) {
        self.look(true);
    }

    fn look(&self, always: bool) -> Arc<ServerConfig> {
        let mut current = self.current.lock().expect("the lock must not be poisoned");
        // Before they are read: what changes in between is seen at the next look.
        let files = self.settings.stamps();
        if !always && files == current.files {
            return Arc::clone(&current.config);
        }
        current.files = files;
        let path = self.settings.certificate.paths()[0].display();
        match self.settings.load() {
            Ok(config) => {
                info!(target: "agent", "certificate of a listener read again: {path}");
                current.config = config;
            }
            // Half a rotation: the next look sees the other half.
            Err(error) => {
                warn!(target: "agent", %error, "new certificate of a listener not used, the old one is kept");
            }
        }
        Arc::clone(&current.config)
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tls").field(&self.settings).finish()
    }
}

impl Handshake for Tls {
    fn config(self: Arc<Self>) -> Arc<ServerConfig> {
        self.look(false)
    }
}

impl TlsSettings {
    fn stamps(&self) -> Stamps {
        let files = self.certificate.paths().into_iter();
        let files = files.chain(self.client_ca.as_ref().map(AuthorityFile::path));
        Stamps::of(files)
    }

    fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let store = CertificateStore::new(self.certificate.load()?);
        let authorities = self.client_ca.clone();
        let authorities = authorities.map(ClientAuthorities::load_mandatory);
        let config = server_config(store, &self.policy, authorities.transpose()?, &["http/1.1"]);
        Ok(config?)
    }
}
