//! An authority on disk: whoever mounts the certificate also mounts its authority, and it is
//! registered as it stands in its file.

use std::path::PathBuf;
use std::{fs, io};

use thiserror::Error;

use super::bundle::Registration;
use super::pace::Task;
use super::registrar::Registrar;
use crate::tls::Certificate;
use kube_support::CallError;

/// Why a look has not come to its end.
#[derive(Debug, Error)]
pub enum CaFileError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("cannot read {path}: {source}", path = path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} holds no PEM certificate", path = path.display())]
    Empty { path: PathBuf },
    #[error("no webhook of configuration {0} calls a service, or one of -tls-auto-hosts")]
    NotRegistered(String),
}

/// Keeps `caBundle` at what is in a file.
#[derive(Debug)]
pub struct CaFile {
    path: PathBuf,
    registrar: Registrar,
}

impl CaFile {
    /// Registers what is in the file `path`, read anew at each look.
    pub fn new(path: PathBuf, registrar: Registrar) -> Self {
        Self { path, registrar }
    }

    fn read(&self) -> Result<Vec<u8>, CaFileError> {
        let pem = fs::read(&self.path).map_err(|source| CaFileError::Read {
            path: self.path.clone(),
            source,
        })?;
        if Certificate::all_from_pem(&pem).is_empty() {
            return Err(CaFileError::Empty {
                path: self.path.clone(),
            });
        }
        Ok(pem)
    }
}

impl Task for CaFile {
    type Error = CaFileError;

    async fn look(&mut self, leads: bool) -> Result<bool, Self::Error> {
        let pem = self.read()?;
        let registrations = self.registrar.read().await?;
        if registrations.is_empty() {
            let name = self.registrar.name().to_owned();
            return Err(CaFileError::NotRegistered(name));
        }
        let mut right = true;
        for registration in registrations {
            let registration = if leads {
                let wanted = |live: &[u8]| (live != pem).then(|| pem.clone());
                self.registrar.apply(registration, wanted).await?
            } else {
                registration
            };
            right &= is_right(&registration, &pem);
        }
        Ok(right)
    }
}

fn is_right(registration: &Registration, pem: &[u8]) -> bool {
    registration.hooks.iter().all(|hook| hook.bundle == pem)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;
    use crate::tls::Authority;
    use kube_support::fake::Fake;

    const PATH: &str = "mutatingwebhookconfigurations/cfg";

    #[expect(clippy::disallowed_methods, reason = "a certificate is no secret")]
    fn write(directory: &TempDir, text: &str) -> PathBuf {
        let path = directory.path().join("ca.crt");
        fs::write(&path, text).unwrap();
        path
    }

    #[tokio::test]
    async fn the_file_is_registered_as_it_stands_and_again_when_it_changes() {
        let directory = TempDir::new().unwrap();
        let mk_pem = || {
            Authority::generate(Timestamp::now())
                .unwrap()
                .certificate()
                .to_pem()
        };
        let fake = Fake::default();
        fake.put(
            PATH,
            json!({"metadata": {"name": "cfg"}, "webhooks": [
                {"name": "a", "clientConfig": {"service": {"name": "s", "namespace": "n"}}},
            ]}),
        );
        let path = write(&directory, "");
        let registrar = Registrar::new(fake.client(), "cfg", &[]);
        let mut task = CaFile::new(path, registrar);
        let error = task.look(true).await.unwrap_err();
        assert!(matches!(error, CaFileError::Empty { .. }), "{error}");
        for pem in [mk_pem(), mk_pem()] {
            write(&directory, &pem);
            assert!(!task.look(false).await.unwrap());
            assert!(task.look(true).await.unwrap());
            let hooks = Registration::new(
                super::super::bundle::Kind::Mutating,
                &fake.get(PATH).unwrap()["webhooks"],
                &[],
            );
            assert_eq!(hooks.hooks[0].bundle, pem.as_bytes());
        }
    }
}
