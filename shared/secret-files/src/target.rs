//! Files that are kept up to date.

mod error;

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Stat, Uid};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::descriptor;
use crate::directory::Parent;
use crate::walk::{is_written_only_by, own_user};

pub use error::FileError;

/// Mode of a file that nobody asked another mode for.
const DEFAULT_MODE: u32 = 0o644;
/// What a file may keep of the mode of the one before: no set-id bits, and nobody else's writing.
const KEPT_MODE: u32 = 0o755;
/// Most bytes of a file that is appended to; a template makes no more at once either.
const LONGEST_APPENDED: u64 = 16 * 1024 * 1024;

/// A file to be kept up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it lies.
    pub path: PathBuf,
    /// Its mode. Where `None`, that of the file before, without set-id bits and the writing of
    /// others, if that was not planted by somebody else; else 0644.
    pub mode: Option<u32>,
    /// Its owner. Where `None`, the owner of the file before, if that was not planted; else we.
    pub uid: Option<u32>,
    /// Its group, as its owner.
    pub gid: Option<u32>,
    /// Make the directories above it.
    pub create_directories: bool,
    /// Keep the file that was there before as `NAME.bak`.
    pub backup: bool,
}

/// What a write came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The content is new.
    Replaced,
    /// The content was the same; mode or owner were put right.
    Adjusted,
    /// All was as it should be; the file was not touched.
    Unchanged,
}

/// The file before a write.
struct Existing {
    file: File,
    stat: Stat,
    /// We have written it, or nobody but root and we can have put it there. Owner and mode of any
    /// other file are those of whoever planted it.
    is_credible: bool,
}

impl Target {
    /// A file with the default mode and owner, whose directories are made.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            mode: None,
            uid: None,
            gid: None,
            create_directories: true,
            backup: false,
        }
    }

    /// Makes the file hold `content`.
    pub fn write(&self, content: &[u8]) -> Result<Written, FileError> {
        let parent = Parent::open(&self.path, self.create_directories)?;
        let existing = self.existing(&parent)?;
        if let Some(Existing { file, stat, .. }) = existing.as_ref().filter(|file| file.is_credible)
            && u64::try_from(stat.st_size) == Ok(content.len() as u64)
            && holds(file, 0, content)
        {
            return self.adjust(file, stat);
        }
        self.replace(&parent, existing.as_ref(), |file| file.write_all(content))?;
        Ok(Written::Replaced)
    }

    /// Makes the file end in `content`, behind what it has. A file that ends so already is left alone,
    /// so that the same content comes once. One that would have more than 16 MiB is an error.
    pub fn append(&self, content: &[u8]) -> Result<Written, FileError> {
        let parent = Parent::open(&self.path, self.create_directories)?;
        let Some(existing) = self.existing(&parent)? else {
            self.replace(&parent, None, |file| file.write_all(content))?;
            return Ok(Written::Replaced);
        };
        let mut file = &existing.file;
        let size = u64::try_from(existing.stat.st_size).unwrap_or(0);
        if existing.is_credible && ends_with(file, size, content) {
            return self.adjust(file, &existing.stat);
        }
        if size.saturating_add(content.len() as u64) > LONGEST_APPENDED {
            return Err(FileError::TooLong {
                path: self.path.clone(),
                size,
            });
        }
        self.replace(&parent, Some(&existing), |new| {
            file.seek(SeekFrom::Start(0))?;
            std::io::copy(&mut file.take(size), new)?;
            new.write_all(content)
        })?;
        Ok(Written::Replaced)
    }

    /// Whether files can be made beside the target; tried out, because rights alone do not tell.
    pub fn check_writable(&self) -> Result<(), FileError> {
        let parent = Parent::open(&self.path, self.create_directories)?;
        let temporary = Parent::temporary_name();
        let created = parent.create(&temporary).map(drop);
        created.map_err(|source| FileError::io(&self.path, "write to its directory", source))?;
        parent
            .remove(&temporary)
            .map_err(|source| FileError::io(&self.path, "clean its directory", source))
    }

    /// The file as it is, if it is there and can be read. A symbolic link to a file or to nothing
    /// counts as not there: it will be replaced, not followed.
    fn existing(&self, parent: &Parent) -> Result<Option<Existing>, FileError> {
        let stat = match rustix::fs::statat(parent, &parent.name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(source) => return Err(FileError::io(&self.path, "look at it", source)),
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {}
            FileType::Symlink if !self.is_for_another_purpose(parent) => return Ok(None),
            _ => {
                return Err(FileError::NotAFile {
                    path: self.path.clone(),
                });
            }
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        // A file that we may not read is replaced like one with other content. A file that is no
        // longer what it was a moment ago is replaced too.
        let Ok(file) = rustix::fs::openat(parent, &parent.name, flags, Mode::empty()) else {
            return Ok(None);
        };
        let look = |source| FileError::io(&self.path, "look at it", source);
        let stat = rustix::fs::fstat(&file).map_err(look)?;
        let directory = rustix::fs::fstat(parent).map_err(look)?;
        let own = own_user();
        let is_credible = [Some(own), self.uid].contains(&Some(stat.st_uid))
            || is_written_only_by(&[0, own], &directory);
        Ok(Some(Existing {
            file: file.into(),
            stat,
            is_credible,
        }))
    }

    /// Whether the link in the place of the file leads to something else than a file, such as a device,
    /// or is a name of one of our descriptors: others depend on such a link.
    fn is_for_another_purpose(&self, parent: &Parent) -> bool {
        let target = rustix::fs::statat(parent, &parent.name, AtFlags::empty());
        let is_file = |stat: Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        descriptor::number(&self.path).is_some() || target.is_ok_and(|stat| !is_file(stat))
    }

    fn adjust(&self, file: &File, stat: &Stat) -> Result<Written, FileError> {
        let mut written = Written::Unchanged;
        if self.uid.is_some_and(|uid| uid != stat.st_uid)
            || self.gid.is_some_and(|gid| gid != stat.st_gid)
        {
            rustix::fs::fchown(
                file,
                self.uid.map(Uid::from_raw),
                self.gid.map(Gid::from_raw),
            )
            .map_err(|source| FileError::io(&self.path, "change its owner", source))?;
            written = Written::Adjusted;
        }
        if let Some(mode) = self.mode
            && Mode::from_raw_mode(stat.st_mode) != Mode::from_raw_mode(mode)
        {
            rustix::fs::fchmod(file, Mode::from_raw_mode(mode))
                .map_err(|source| FileError::io(&self.path, "change its mode", source))?;
            written = Written::Adjusted;
        }
        Ok(written)
    }

    fn replace(
        &self,
        parent: &Parent,
        existing: Option<&Existing>,
        content: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<(), FileError> {
        let temporary = Parent::temporary_name();
        let file = parent
            .create(&temporary)
            .map_err(|source| FileError::io(&self.path, "make a temporary file", source))?;
        let result = self
            .fill(file.into(), existing, content)
            .and_then(|()| match existing {
                Some(_) if self.backup => self.keep_previous(parent),
                _ => Ok(()),
            })
            .and_then(|()| self.put_in_place(parent, &temporary));
        if result.is_err() {
            // The first error is the one to report.
            let _ = parent.remove(&temporary);
        }
        result
    }

    /// Content first, then owner and mode: nobody else can read an unfinished file.
    fn fill(
        &self,
        mut file: File,
        existing: Option<&Existing>,
        content: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<(), FileError> {
        content(&mut file).map_err(|source| FileError::io(&self.path, "write it", source))?;
        let kept = existing.filter(|file| file.is_credible);
        if let Some(Existing { stat, .. }) = kept {
            // As good as it goes: without the right to give files away, ours stays ours.
            let _ = rustix::fs::fchown(
                &file,
                Some(Uid::from_raw(stat.st_uid)),
                Some(Gid::from_raw(stat.st_gid)),
            );
        }
        if self.uid.is_some() || self.gid.is_some() {
            rustix::fs::fchown(
                &file,
                self.uid.map(Uid::from_raw),
                self.gid.map(Gid::from_raw),
            )
            .map_err(|source| FileError::io(&self.path, "change its owner", source))?;
        }
        // After the owner, because a change of owner clears set-id bits.
        let mode = self
            .mode
            .or(kept.map(|file| file.stat.st_mode & KEPT_MODE))
            .unwrap_or(DEFAULT_MODE);
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))
            .map_err(|source| FileError::io(&self.path, "change its mode", source))?;
        file.sync_all()
            .map_err(|source| FileError::io(&self.path, "write it", source))
    }

    /// Gives what is there a second name, which takes the place of an earlier backup at once.
    fn keep_previous(&self, parent: &Parent) -> Result<(), FileError> {
        let failed = |source| FileError::io(&self.path, "keep a backup of it", source);
        let mut backup = parent.name.clone();
        backup.push(".bak");
        let temporary = Parent::temporary_name();
        parent.link(&temporary).map_err(failed)?;
        rustix::fs::renameat(parent, &temporary, parent, &backup).map_err(|errno| {
            // The first error is the one to report.
            let _ = parent.remove(&temporary);
            failed(errno)
        })
    }

    fn put_in_place(&self, parent: &Parent, temporary: &str) -> Result<(), FileError> {
        match rustix::fs::renameat(parent, temporary, parent, &parent.name) {
            Ok(()) => parent
                .sync()
                .map_err(|source| FileError::io(&self.path, "write its directory", source)),
            // A file that is mounted by itself (subPath) cannot be replaced, only overwritten.
            Err(Errno::BUSY | Errno::XDEV) => self.overwrite(parent, temporary),
            Err(source) => Err(FileError::io(&self.path, "put it in place", source)),
        }
    }

    fn overwrite(&self, parent: &Parent, temporary: &str) -> Result<(), FileError> {
        let failed = |source: std::io::Error| FileError::io(&self.path, "overwrite it", source);
        let open = |name: &OsStr, access| {
            let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = rustix::fs::openat(parent, name, flags, Mode::empty());
            file.map(File::from).map_err(|errno| failed(errno.into()))
        };
        let mut new = open(temporary.as_ref(), OFlags::RDONLY)?;
        let mut file = open(&parent.name, OFlags::WRONLY)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(FileError::NotAFile {
                path: self.path.clone(),
            });
        }
        file.set_len(0)
            .and_then(|()| std::io::copy(&mut new, &mut file))
            .and_then(|_| file.sync_all())
            .map_err(failed)?;
        if let Some(mode) = self.mode {
            rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))
                .map_err(|source| FileError::io(&self.path, "change its mode", source))?;
        }
        let _ = parent.remove(temporary);
        Ok(())
    }
}

/// Removes a file of ours; one that is not there is fine.
pub fn remove(path: &Path) -> Result<(), FileError> {
    let parent = match Parent::open(path, false) {
        Err(FileError::ParentMissing { .. }) => return Ok(()),
        parent => parent?,
    };
    match rustix::fs::unlinkat(&parent, &parent.name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(source) => Err(FileError::io(path, "remove it", source)),
    }
}

/// Removes what a process of ours has left unfinished beside this file when it was killed.
pub fn tidy(path: &Path) {
    if let Ok(parent) = Parent::open(path, false) {
        parent.tidy();
    }
}

/// Whether a file of this size ends in `content`.
fn ends_with(file: &File, size: u64, content: &[u8]) -> bool {
    let start = size.checked_sub(content.len() as u64);
    start.is_some_and(|start| holds(file, start, content))
}

/// Whether the file holds just this from `start` on. A file that cannot be read does not.
fn holds(mut file: &File, start: u64, content: &[u8]) -> bool {
    let mut current = Zeroizing::new(Vec::with_capacity(content.len() + 1));
    // One byte more, so that a file that grew meanwhile is seen as different.
    let limit = content.len() as u64 + 1;
    let read = file
        .seek(SeekFrom::Start(start))
        .and_then(|_| file.take(limit).read_to_end(&mut current));
    read.is_ok() && current.as_slice() == content
}

#[cfg(test)]
mod tests;
