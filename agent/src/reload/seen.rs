//! What files held at one look.

use std::path::{Path, PathBuf};

use secret_files::limit;
use sha2::{Digest, Sha256};

/// Files with what they held. Another file is a change, too: one that came, or one that went.
#[derive(PartialEq, Eq)]
pub(super) struct Seen(Vec<(PathBuf, Option<[u8; 32]>)>);

impl Seen {
    pub(super) fn of(files: Vec<PathBuf>) -> Self {
        let hashed = files.into_iter().map(|file| {
            let hash = hash(&file);
            (file, hash)
        });
        Self(hashed.collect())
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.0.iter().map(|(file, _)| file.as_path())
    }

    pub(super) fn is_still_so(&self) -> bool {
        self.0.iter().all(|(file, seen)| hash(file) == *seen)
    }
}

/// None of what cannot be read: the reload says why.
fn hash(file: &Path) -> Option<[u8; 32]> {
    let contents = secret_files::read(file, limit::DOCUMENT).ok()?;
    Some(Sha256::digest(&*contents).into())
}
