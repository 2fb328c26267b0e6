//! The certificate that clients see, and its replacement while the server runs.
//!
//! Invariant: what is in a [`CertificateStore`] was read, parsed and matched with its key before
//! it got there. A pair that does not pass is reported and the one in use stays.

mod authority;
mod certificate;
mod options;
mod self_signed;
mod watch;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use prometheus_client::metrics::gauge::Gauge;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

pub use authority::{Authority, AuthorityError, LEAF_LIFETIME, LEAF_RESERVE, Leaf};
pub use certificate::{Certificate, NoCertificate};
pub use options::{CipherError, Options, Version, VersionError};
pub use self_signed::SelfSigned;
pub use watch::{Generation, Watcher};

/// A certificate that cannot be served. All of these end when the files are put right.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("cannot read {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} holds no PEM certificate", path = path.display())]
    NoCertificate { path: PathBuf },
    #[error("{path} holds no PEM private key", path = path.display())]
    NoKey { path: PathBuf },
    #[error("{path} is no PEM: {source}", path = path.display())]
    Pem { path: PathBuf, source: pem::Error },
    #[error("certificate and key do not go together: {0}")]
    Pair(#[source] rustls::Error),
}

/// The certificate in use. Connections take it at their handshake.
#[derive(Debug)]
pub struct CertificateStore {
    current: ArcSwap<CertifiedKey>,
    expiry: Gauge,
}

impl CertificateStore {
    /// A store that starts with `pair`.
    pub fn new(pair: CertifiedKey) -> Arc<Self> {
        let expiry = Gauge::default();
        expiry.set(end(&pair));
        Arc::new(Self {
            current: ArcSwap::from_pointee(pair),
            expiry,
        })
    }

    /// Serves `pair` to connections from here on.
    pub fn replace(&self, pair: CertifiedKey) {
        self.expiry.set(end(&pair));
        self.current.store(Arc::new(pair));
    }

    /// When the certificate in use ends, in seconds since 1970; follows each replacement.
    pub fn expiry(&self) -> Gauge {
        self.expiry.clone()
    }
}

impl ResolvesServerCert for CertificateStore {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn end(pair: &CertifiedKey) -> i64 {
    pair.end_entity_cert()
        .ok()
        .and_then(|der| Certificate::from_der(der.clone().into_owned()).ok())
        .map_or(0, |certificate| certificate.not_after().as_second())
}

/// The server's TLS configuration: what `options` allow, the certificate from `store`.
pub fn server_config(
    store: Arc<CertificateStore>,
    options: &Options,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(options.provider()))
        .with_protocol_versions(options.versions())?
        .with_no_client_auth()
        .with_cert_resolver(store);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A certificate file with its chain, and the file of its key.
#[derive(Clone, Debug)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
}

/// What the files held at one moment. Not yet known to be a valid pair.
struct Contents {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Contents {
    fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(
            u64::try_from(self.certificate.len())
                .unwrap_or(u64::MAX)
                .to_be_bytes(),
        );
        hash.update(&self.certificate);
        hash.update(&*self.key);
        hash.finalize().into()
    }
}

impl CertificateFiles {
    /// Names the files; nothing is read yet.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
        }
    }

    /// Reads and checks the pair.
    pub fn load(&self) -> Result<CertifiedKey, TlsError> {
        self.parse(&self.read()?)
    }

    fn read(&self) -> Result<Contents, TlsError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|source| TlsError::Read {
                path: path.to_owned(),
                source,
            })
        };
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: Zeroizing::new(read(&self.key)?),
        })
    }

    fn parse(&self, contents: &Contents) -> Result<CertifiedKey, TlsError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&contents.certificate)
            .map(|item| item.map(CertificateDer::into_owned))
            .collect::<Result<_, _>>()
            .map_err(|source| TlsError::Pem {
                path: self.certificate.clone(),
                source,
            })?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate {
                path: self.certificate.clone(),
            });
        }
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(|error| match error {
            pem::Error::NoItemsFound => TlsError::NoKey {
                path: self.key.clone(),
            },
            source => TlsError::Pem {
                path: self.key.clone(),
                source,
            },
        })?;
        CertifiedKey::from_der(chain, key, &default_provider()).map_err(TlsError::Pair)
    }

    /// The directories whose change may mean new contents.
    fn directories(&self) -> Vec<PathBuf> {
        let files = [&self.certificate, &self.key];
        let mut directories = files.map(|file| file_watch::directory(file)).to_vec();
        directories.dedup();
        directories
    }
}

#[cfg(test)]
mod tests;
