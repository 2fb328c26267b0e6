//! A file that goes with its maker, and with nobody else.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use rustix::fs::{CWD, Mode, OFlags};

/// A file that this process has made, known by device and inode.
#[derive(Debug)]
pub(crate) struct OwnFile {
    path: PathBuf,
    /// As long as it is open, no other file gets its inode.
    file: File,
}

impl OwnFile {
    /// The file that lies there now.
    pub(crate) fn at(path: PathBuf) -> io::Result<Self> {
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(CWD, &path, flags, Mode::empty())?;
        Ok(Self {
            path,
            file: file.into(),
        })
    }

    /// Removes it, unless another file has taken its place.
    pub(crate) fn remove(self) -> io::Result<()> {
        let own = self.file.metadata()?;
        match std::fs::symlink_metadata(&self.path) {
            Ok(now) if (now.dev(), now.ino()) == (own.dev(), own.ino()) => {
                std::fs::remove_file(&self.path)
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_removed_by_its_maker_and_another_in_its_place_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        drop(File::create(&path).unwrap());
        let own = OwnFile::at(path.clone()).unwrap();
        own.remove().unwrap();
        assert!(!path.exists());

        drop(File::create(&path).unwrap());
        let own = OwnFile::at(path.clone()).unwrap();
        let other = dir.path().join("other");
        drop(File::create(&other).unwrap());
        std::fs::rename(&other, &path).unwrap();
        own.remove().unwrap();
        assert!(path.exists());

        let own = OwnFile::at(path.clone()).unwrap();
        std::fs::remove_file(&path).unwrap();
        own.remove().unwrap();
    }
}
