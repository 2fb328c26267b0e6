//! What files held at one look.

use std::path::{Path, PathBuf};

use secret_files::limit;
use sha2::{Digest, Sha256};

/// Files with what they held. Another list of files is a change, too: one that came, or one that went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents(Vec<(PathBuf, Option<[u8; 32]>)>);

impl Contents {
    /// Reads these files, of [`limit::DOCUMENT`] at most. One that cannot be read holds nothing:
    /// those who use it report why.
    pub fn of<P: Into<PathBuf>>(files: impl IntoIterator<Item = P>) -> Self {
        let hashed = files.into_iter().map(|file| {
            let file = file.into();
            let hash = hash(&file);
            (file, hash)
        });
        Self(hashed.collect())
    }

    /// The files.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(file, _)| file.as_path())
    }

    /// Whether each of the files holds what it held.
    pub fn are_still_so(&self) -> bool {
        self.0.iter().all(|(file, seen)| hash(file) == *seen)
    }
}

fn hash(file: &Path) -> Option<[u8; 32]> {
    let contents = secret_files::read(file, limit::DOCUMENT).ok()?;
    Some(Sha256::digest(&*contents).into())
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "files of these tests hold no secrets"
)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_that_was_only_touched_is_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "one").unwrap();
        let seen = Contents::of([&file]);
        fs::write(&file, "one").unwrap();
        assert!(seen.are_still_so());
        assert_eq!(Contents::of([&file]), seen);
        assert_ne!(Contents::of([&file, &folder.path().join("b")]), seen);
        fs::write(&file, "two").unwrap();
        assert!(!seen.are_still_so());
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("a");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert!(Contents::of([&pipe]).are_still_so());
    }
}
