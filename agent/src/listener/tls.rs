//! TLS of a listener: the certificate as it is on disk now, and what is offered to clients.
//!
//! ```text
//! handshake ─▶ have the files changed? ─┬─ no ─────────────────────▶ go on with what there is
//! SIGHUP ──────────────────────────────┴─ read them ─┬─ good ─▶ from now on this
//!                                                     └─ bad: one line in the log, the old one stays
//! ```
//!
//! A look at two files costs nothing beside a handshake, and an agent that nobody asks never looks.

mod offer;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::{RootCertStore, ServerConfig};
use thiserror::Error;
use tokio_rustls::TlsAcceptor;
use tracing::{info, warn};
use zeroize::Zeroizing;

pub use offer::{Offer, OfferError, Version, VersionError};

use secret_files::{Stamp, limit};

/// TLS of a listener, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsSettings {
    /// PEM file of the certificate and its chain.
    pub certificate: PathBuf,
    /// PEM file of its key.
    pub key: PathBuf,
    /// PEM file of the authorities of client certificates. Where it is set, clients need one.
    pub client_ca: Option<PathBuf>,
    /// Versions and cipher suites.
    pub offer: Offer,
}

/// The files of a listener cannot be used. Permanent until they are put right.
#[derive(Debug, Error)]
pub enum TlsError {
    /// No file, or no rights to it.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{path} holds no PEM {what}", path = path.display())]
    Missing {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
    },
    /// The file is broken.
    #[error("{path} is no PEM: {source}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        source: pem::Error,
    },
    /// Certificate and key do not go together, or are of a kind that is not offered.
    #[error("certificate and key cannot be used: {0}")]
    Pair(#[source] rustls::Error),
    /// An authority cannot be used.
    #[error("{path} cannot be used for client certificates: {source}", path = path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        source: VerifierBuilderError,
    },
}

/// The TLS of one listener, kept at what its files hold.
pub(crate) struct Tls {
    settings: TlsSettings,
    current: Mutex<Current>,
}

struct Current {
    config: Arc<ServerConfig>,
    /// When they were last read, good or bad.
    files: Vec<Option<Stamp>>,
}

impl Tls {
    pub(super) fn load(settings: &TlsSettings) -> Result<Self, TlsError> {
        let left_out = settings.offer.left_out();
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

    /// For the next handshake.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.look(false).into()
    }

    /// Reads the files, changed or not.
    pub(crate) fn reload(&self) {
        self.look(true);
    }

    fn look(&self, always: bool) -> Arc<ServerConfig> {
        // Whole after each change, so a panic elsewhere does no harm to it.
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: what changes in between is seen at the next look.
        let files = self.settings.stamps();
        if !always && files == current.files {
            return Arc::clone(&current.config);
        }
        current.files = files;
        let path = self.settings.certificate.display();
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

impl TlsSettings {
    fn stamps(&self) -> Vec<Option<Stamp>> {
        let files = [
            Some(&self.certificate),
            Some(&self.key),
            self.client_ca.as_ref(),
        ];
        let files = files.into_iter().flatten();
        files.map(|path| Stamp::of(path).ok()).collect()
    }

    fn load(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = Arc::new(self.offer.provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&self.offer.versions())
            .map_err(TlsError::Pair)?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(TlsError::Pair)?;
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                let verifier = verifier.build().map_err(|source| TlsError::Authority {
                    path: path.clone(),
                    source,
                })?;
                builder.with_client_cert_verifier(verifier)
            }
        };
        let chain = certificates(&self.certificate)?;
        let config = builder.with_single_cert(chain, key(&self.key)?);
        let mut config = config.map_err(TlsError::Pair)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let found = CertificateDer::pem_slice_iter(&text)
        .map(|item| item.map(CertificateDer::into_owned))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| TlsError::Pem {
            path: path.to_owned(),
            source,
        })?;
    if found.is_empty() {
        return Err(TlsError::Missing {
            path: path.to_owned(),
            what: "certificate",
        });
    }
    Ok(found)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::Missing {
            path: path.to_owned(),
            what: "private key without a passphrase",
        },
        source => TlsError::Pem {
            path: path.to_owned(),
            source,
        },
    })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    secret_files::read(path, limit::DOCUMENT).map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source: source.into(),
    })
}
