//! Files that others have written: each is read in this one way.
//!
//! ```text
//! walk to it ─▶ a regular file? ─▶ one of our own secrets? ─▶ open without waiting ─▶ still the same?
//!                                                                  └─▶ read, up to the limit
//! ```

mod error;

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use zeroize::Zeroizing;

use crate::Stamp;
use crate::descriptor;
use crate::walk::{Identity, Rule, Walk};

pub use error::ReadError;

/// Reads a file that may have `limit` bytes.
///
/// # Errors
///
/// See [`ReadError`].
///
/// ```
/// use secret_files::{ReadError, read};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("token");
/// assert!(matches!(read(&path, 1024), Err(ReadError::System(_))));
/// secret_files::Target::new(&path).write(b"s3cr3t")?;
/// assert_eq!(**read(&path, 1024)?, *b"s3cr3t");
/// assert!(matches!(read(&path, 5), Err(ReadError::TooLarge { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    Reader::default().open(path, None)?.read(limit)
}

/// Reads a file of UTF-8 text that may have `limit` bytes.
///
/// # Errors
///
/// See [`ReadError`].
pub fn read_text(path: &Path, limit: u64) -> Result<Zeroizing<String>, ReadError> {
    text(read(path, limit)?)
}

/// Reads what a descriptor of this process gives, such as a pipe from another program, to its end: UTF-8
/// text that may have `limit` bytes. `None` unless `path` is a name of one: `/dev/stdin`, `/dev/fd/N` or
/// `/proc/self/fd/N`. A pipe gives its text only once.
///
/// # Errors
///
/// If it has more bytes, is not text, or the system refuses.
pub fn read_descriptor(path: &Path, limit: u64) -> Option<Result<Zeroizing<String>, ReadError>> {
    let file = match descriptor::number(path)? {
        0 => io::stdin().as_fd().try_clone_to_owned().map(File::from),
        _ => File::open(path),
    };
    let file = file.map_err(ReadError::System);
    Some(file.and_then(|file| text(read_all(&file, 0, limit)?)))
}

fn read_all(file: &File, capacity: usize, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
    let mut content = Zeroizing::new(Vec::with_capacity(capacity));
    file.take(limit.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(ReadError::System)?;
    if content.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok(content)
}

fn text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, ReadError> {
    String::from_utf8(std::mem::take(&mut *bytes))
        .map(Zeroizing::new)
        .map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            ReadError::NotText
        })
}

/// Opens files on behalf of others, such as the authors of templates, and keeps our own secrets out
/// of their hands.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Reader {
    /// One that opens neither these files, by whatever name and link, nor those in these directories.
    /// They need not be there.
    pub fn except(files: Vec<PathBuf>, directories: Vec<PathBuf>) -> Self {
        Self { files, directories }
    }

    /// Opens a file, which with `sandbox` has to lie below that directory.
    ///
    /// # Errors
    ///
    /// All but [`ReadError::TooLarge`] and [`ReadError::NotText`].
    pub fn open(&self, path: &Path, sandbox: Option<&Path>) -> Result<Opened, ReadError> {
        let found = match sandbox {
            Some(sandbox) => open_below(sandbox, path),
            None => walk_to(path, None),
        }?;
        if self.is_own(Identity::of(&found.stat)) {
            return Err(ReadError::OwnSecret);
        }
        Ok(found)
    }

    /// Reads a file of UTF-8 text that may have `limit` bytes.
    ///
    /// # Errors
    ///
    /// See [`ReadError`].
    pub fn read_text(&self, path: &Path, limit: u64) -> Result<Zeroizing<String>, ReadError> {
        text(self.open(path, None)?.read(limit)?)
    }

    fn is_own(&self, file: Identity) -> bool {
        let identity = |path: &Path| Some(Identity::of(&rustix::fs::stat(path).ok()?));
        let is_it = |path: &Path| identity(path) == Some(file);
        let holds_it = |directory: &PathBuf| {
            // Most files lie elsewhere, and are opened every few seconds.
            if !identity(directory).is_some_and(|it| it.shares_device_with(file)) {
                return false;
            }
            let entries = std::fs::read_dir(directory).into_iter().flatten();
            entries.flatten().any(|entry| is_it(&entry.path()))
        };
        self.files.iter().any(|path| is_it(path)) || self.directories.iter().any(holds_it)
    }
}

/// An open regular file.
#[derive(Debug)]
pub struct Opened {
    file: OwnedFd,
    stat: Stat,
}

impl Opened {
    /// By what a change is seen.
    pub fn stamp(&self) -> Stamp {
        Stamp::from(&self.stat)
    }

    /// Reads all of it.
    ///
    /// # Errors
    ///
    /// If it has more than `limit` bytes, or the system refuses.
    pub fn read(self, limit: u64) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        let size = u64::try_from(self.stat.st_size).unwrap_or(0);
        if size > limit {
            return Err(ReadError::TooLarge { limit });
        }
        // One byte more, so that reading to the end needs no larger buffer, which would leave a copy.
        let capacity = usize::try_from(size).unwrap_or(0).saturating_add(1);
        read_all(&File::from(self.file), capacity, limit)
    }

    fn new(file: OwnedFd) -> Result<Self, ReadError> {
        let stat = rustix::fs::fstat(&file)?;
        check_kind(&stat)?;
        Ok(Self { file, stat })
    }
}

const FLAGS: OFlags = OFlags::RDONLY
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// Below a directory, the kernel looks first, in one call (openat2(2)). It leaves to the walk what
/// passes from one mount to another or leaves the directory, and all on systems without this call.
fn open_below(sandbox: &Path, path: &Path) -> Result<Opened, ReadError> {
    let mut walk = Walk::new(Rule::Source)?;
    if walk.go(sandbox, false)?.is_some() {
        return Err(ReadError::OutsideOfSandbox);
    }
    if let Ok(relative) = path.strip_prefix(sandbox) {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;
        let opened = rustix::fs::openat2(walk.directory(), relative, FLAGS, Mode::empty(), resolve);
        if let Ok(file) = opened {
            return Opened::new(file);
        }
    }
    let sandbox = rustix::fs::fstat(walk.directory())?;
    walk_to(path, Some(Identity::of(&sandbox)))
}

fn walk_to(path: &Path, sandbox: Option<Identity>) -> Result<Opened, ReadError> {
    let mut walk = Walk::new(Rule::Source)?;
    let node = walk.go(path, false);
    // Of what is not there, the way to it counts.
    if sandbox.is_some_and(|sandbox| !walk.is_below(sandbox)) {
        return Err(ReadError::OutsideOfSandbox);
    }
    let node = node?.ok_or(ReadError::NotAFile { kind: "directory" })?;
    check_kind(&node.stat)?;
    let flags = FLAGS | OFlags::NOFOLLOW;
    let file = rustix::fs::openat(walk.directory(), &node.name, flags, Mode::empty())?;
    let opened = Opened::new(file)?;
    if Identity::of(&opened.stat) != Identity::of(&node.stat) {
        // Another file has taken its place, and its mount was not checked.
        return Err(Errno::AGAIN.into());
    }
    Ok(opened)
}

fn check_kind(stat: &Stat) -> Result<(), ReadError> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Directory => "directory",
        FileType::Fifo => "named pipe",
        FileType::Socket => "socket",
        FileType::CharacterDevice | FileType::BlockDevice => "device",
        FileType::Symlink | FileType::Unknown => "file of another kind",
    };
    Err(ReadError::NotAFile { kind })
}

#[cfg(test)]
mod tests;
