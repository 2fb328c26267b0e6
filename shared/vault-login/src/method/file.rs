//! A credential in a file, which somebody rotates, and which may be gone once it was read.

use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secret_files::{limit, read_text};
use tracing::warn;
use zeroize::Zeroizing;

use super::LoginError;

/// Reads a file that holds a credential and nothing else; blanks around it do not count.
pub(super) fn read(what: &'static str, path: &Path) -> Result<Zeroizing<String>, LoginError> {
    let shown = || path.display().to_string();
    let text = read_text(path, limit::CREDENTIAL).map_err(|source| LoginError::File {
        what,
        path: shown(),
        source: source.into(),
    })?;
    match text.trim() {
        "" => Err(LoginError::Empty {
            what,
            path: shown(),
        }),
        trimmed if trimmed.len() == text.len() => Ok(text),
        trimmed => Ok(Zeroizing::new(trimmed.to_owned())),
    }
}

/// What becomes of the file when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Afterwards {
    Keep,
    Remove,
    /// Remove what a symbolic link leads to, not the link.
    RemoveTarget,
}

/// A credential file and what it held when it was last there.
#[derive(Clone)]
pub(super) struct CredentialFile {
    what: &'static str,
    path: PathBuf,
    afterwards: Afterwards,
    latest: Option<Zeroizing<String>>,
}

/// Without the credential.
impl fmt::Debug for CredentialFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialFile")
            .field("path", &self.path)
            .field("afterwards", &self.afterwards)
            .finish_non_exhaustive()
    }
}

impl CredentialFile {
    pub(super) fn new(
        what: &'static str,
        path: impl Into<PathBuf>,
        afterwards: Afterwards,
    ) -> Self {
        Self {
            what,
            path: path.into(),
            afterwards,
            latest: None,
        }
    }

    /// Leaves the file where it is.
    pub(super) fn keep(&mut self) {
        self.afterwards = Afterwards::Keep;
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What the file holds now; where it is gone or empty, what it held before.
    pub(super) fn take(&mut self) -> Result<Zeroizing<String>, LoginError> {
        match (read(self.what, &self.path), &self.latest) {
            (Ok(text), _) => {
                self.latest = Some(text.clone());
                self.remove();
                Ok(text)
            }
            (Err(error), Some(latest)) if is_gone(&error) => Ok(latest.clone()),
            (Err(error), _) => Err(error),
        }
    }

    fn remove(&self) {
        let target = match self.afterwards {
            Afterwards::Keep => return,
            Afterwards::Remove => Ok(self.path.clone()),
            Afterwards::RemoveTarget => std::fs::canonicalize(&self.path),
        };
        if let Err(error) = target.and_then(std::fs::remove_file) {
            warn!(
                target: "agent.auth.handler", %error,
                "cannot remove the {} {} after reading it", self.what, self.path.display()
            );
        }
    }
}

fn is_gone(error: &LoginError) -> bool {
    match error {
        LoginError::File { source, .. } => source.kind() == ErrorKind::NotFound,
        LoginError::Empty { .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn put(path: &Path, text: &str) {
        let mut file = std::fs::File::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn a_credential_outlives_its_file_until_there_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt");
        let mut file = CredentialFile::new("JWT", &path, Afterwards::Remove);
        assert!(file.take().is_err(), "nothing was ever there");
        put(&path, "one\n");
        assert_eq!(*file.take().unwrap(), "one");
        assert!(!path.exists());
        assert_eq!(*file.take().unwrap(), "one");
        put(&path, "");
        assert_eq!(*file.take().unwrap(), "one");
        put(&path, "two");
        assert_eq!(*file.take().unwrap(), "two");
        assert!(!format!("{file:?}").contains("two"));
    }

    #[test]
    fn of_a_link_the_link_goes_or_what_it_leads_to() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        for (afterwards, target_stays) in [
            (Afterwards::Remove, true),
            (Afterwards::RemoveTarget, false),
        ] {
            put(&target, "jwt");
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(&target, &link).unwrap();
            CredentialFile::new("JWT", &link, afterwards)
                .take()
                .unwrap();
            assert_eq!(target.exists(), target_stays);
            assert_eq!(link.is_symlink(), !target_stays);
        }
    }

    #[test]
    fn a_file_that_is_kept_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("jwt");
        put(&path, "one");
        let mut file = CredentialFile::new("JWT", &path, Afterwards::Keep);
        file.take().unwrap();
        assert!(path.exists());
    }
}
