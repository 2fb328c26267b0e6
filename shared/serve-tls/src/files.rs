//! PEM files of a listener: its certificate and key, and the authorities of its clients.

use std::io;
use std::path::{Path, PathBuf};

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::sign::CertifiedKey;
use secret_files::limit;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

/// Files that cannot be served. All of these end when the files are put right.
#[derive(Debug, Error)]
pub enum FileError {
    /// There is no such file, or it may not be read.
    #[error("cannot read {path}: {source}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system reports.
        source: io::Error,
    },
    /// The file has no certificate in it.
    #[error("{path} holds no PEM certificate", path = path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file has no private key in it, or one with a passphrase.
    #[error("{path} holds no PEM private key", path = path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The file is not PEM.
    #[error("{path} is not valid PEM: {source}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Where it breaks.
        source: pem::Error,
    },
    /// The key is not the certificate's, or of a kind that is not offered.
    #[error("certificate and key do not go together: {0}")]
    Pair(#[source] rustls::Error),
    /// A certificate of the file cannot be an authority.
    #[error("{path} holds a certificate that cannot be an authority: {source}", path = path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::Error,
    },
}

/// What files held at one moment; what is in it may be a key.
pub(crate) struct Contents(Vec<Zeroizing<Vec<u8>>>);

impl Contents {
    /// Reads all of these files.
    pub(crate) fn read<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<Self, FileError> {
        let read = |path: &Path| {
            secret_files::read(path, limit::DOCUMENT).map_err(|source| FileError::Read {
                path: path.to_owned(),
                source: source.into(),
            })
        };
        paths
            .into_iter()
            .map(read)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Tells these contents from others.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for file in &self.0 {
            hash.update(u64::try_from(file.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(&**file);
        }
        hash.finalize().into()
    }

    fn file(&self, index: usize) -> &[u8] {
        self.0.get(index).map_or(&[], |file| file)
    }
}

/// A certificate file with its chain, and the file of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    certificate: PathBuf,
    key: PathBuf,
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
    pub fn load(&self) -> Result<CertifiedKey, FileError> {
        self.parse(&Contents::read(self.paths())?)
    }

    /// The certificate's file and the key's.
    pub fn paths(&self) -> [&Path; 2] {
        [&self.certificate, &self.key]
    }

    pub(crate) fn parse(&self, contents: &Contents) -> Result<CertifiedKey, FileError> {
        let chain = certificates(&self.certificate, contents.file(0))?;
        let key = PrivateKeyDer::from_pem_slice(contents.file(1)).map_err(|error| match error {
            pem::Error::NoItemsFound => FileError::NoKey {
                path: self.key.clone(),
            },
            source => FileError::Pem {
                path: self.key.clone(),
                source,
            },
        })?;
        CertifiedKey::from_der(chain, key, &default_provider()).map_err(FileError::Pair)
    }
}

/// A file of the authorities that sign certificates of clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityFile(PathBuf);

impl AuthorityFile {
    /// Names the file; nothing is read yet.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn parse(
        &self,
        contents: &Contents,
    ) -> Result<Vec<CertificateDer<'static>>, FileError> {
        certificates(&self.0, contents.file(0))
    }
}

fn certificates(path: &Path, text: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let found = CertificateDer::pem_slice_iter(text)
        .map(|item| item.map(CertificateDer::into_owned))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| FileError::Pem {
            path: path.to_owned(),
            source,
        })?;
    if found.is_empty() {
        return Err(FileError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    fn mk_pair() -> (String, String) {
        let Made { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test's certificate is no secret"
    )]
    fn write(directory: &TempDir, certificate: &str, key: &str) -> CertificateFiles {
        let path = |name| directory.path().join(name);
        fs::write(path("tls.crt"), certificate).unwrap();
        fs::write(path("tls.key"), key).unwrap();
        CertificateFiles::new(path("tls.crt"), path("tls.key"))
    }

    #[test]
    fn a_pair_is_served_only_when_it_goes_together() {
        let directory = TempDir::new().unwrap();
        let ((certificate, key), (_, other_key)) = (mk_pair(), mk_pair());
        write(&directory, &certificate, &key).load().unwrap();
        for (certificate, key, problem) in [
            (
                certificate.as_str(),
                other_key.as_str(),
                "certificate and key do not go together",
            ),
            ("", key.as_str(), "holds no PEM certificate"),
            (certificate.as_str(), "", "holds no PEM private key"),
        ] {
            let files = write(&directory, certificate, key);
            let error = files.load().unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
            assert!(!error.contains("PRIVATE"), "{error}");
        }
        let missing = CertificateFiles::new("/nowhere/tls.crt", "/nowhere/tls.key");
        let error = missing.load().unwrap_err().to_string();
        assert!(error.starts_with("cannot read /nowhere/tls.crt"), "{error}");
    }
}
