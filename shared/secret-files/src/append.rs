//! Files that grow line by line, such as logs.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::FileError;
use crate::descriptor;
use crate::directory::Parent;
use crate::walk::{MOST_LINKS, is_only_for, is_written_only_by, own_user};

/// A file that is open to write behind what it has.
#[derive(Debug)]
pub struct Appended {
    /// The file.
    pub file: File,
    /// Where it lies, links followed; `None` for an output of this process, which lies nowhere.
    pub path: Option<PathBuf>,
}

/// Opens a file to write behind what it has; one that is not there is made with mode 0600. The names
/// of this process's own outputs, such as `/dev/stdout`, stand for these.
///
/// # Errors
///
/// If there is something else than a regular file, or a file of somebody else in a directory in which
/// others can write; if it is a link, or a link leads to its directory, that root does not own or that
/// lies where others than root can write; or if the system refuses.
pub fn append_to(path: &Path) -> Result<Appended, FileError> {
    let mut place = path.to_owned();
    for _ in 0..MOST_LINKS {
        if let Some(number) = descriptor::number(&place) {
            let file = own_output(&place, number)?;
            return Ok(Appended { file, path: None });
        }
        match open(&place)? {
            Found::File(file) => {
                let path = Some(place);
                return Ok(Appended { file, path });
            }
            Found::Link(target) => place = place.with_file_name("").join(target),
        }
    }
    Err(FileError::io(path, "open it", Errno::LOOP))
}

fn own_output(path: &Path, number: u32) -> Result<File, FileError> {
    let output = match number {
        1 => io::stdout().as_fd().try_clone_to_owned(),
        2 => io::stderr().as_fd().try_clone_to_owned(),
        _ => return Err(not_a_file(path)),
    };
    let output = output.map_err(|error| FileError::io(path, "open it", error))?;
    Ok(output.into())
}

enum Found {
    File(File),
    /// A link that is followed, and where it leads to.
    Link(PathBuf),
}

fn open(path: &Path) -> Result<Found, FileError> {
    let parent = Parent::open(path, false)?;
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    let file = match rustix::fs::openat(&parent, &parent.name, flags, mode) {
        Err(Errno::LOOP) => return followed(path, &parent).map(Found::Link),
        // A directory, or a pipe or socket that nobody reads.
        Err(Errno::ISDIR | Errno::NXIO) => return Err(not_a_file(path)),
        file => file.map_err(|errno| FileError::io(path, "open it", errno))?,
    };
    let look = |errno| FileError::io(path, "look at it", errno);
    let stat = rustix::fs::fstat(&file).map_err(look)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_a_file(path));
    }
    let directory = rustix::fs::fstat(&parent).map_err(look)?;
    let own = own_user();
    if stat.st_uid != own && !is_written_only_by(&[0, own], &directory) {
        return Err(FileError::NotOurs {
            path: path.to_owned(),
        });
    }
    Ok(Found::File(file.into()))
}

/// Reads a link under the same rule as one on the way.
fn followed(path: &Path, parent: &Parent) -> Result<PathBuf, FileError> {
    let look = |errno| FileError::io(path, "look at it", errno);
    let link = rustix::fs::statat(parent, &parent.name, AtFlags::SYMLINK_NOFOLLOW).map_err(look)?;
    let directory = rustix::fs::fstat(parent).map_err(look)?;
    if !is_only_for(&[0], &link, &directory) {
        return Err(FileError::Link {
            path: path.to_owned(),
            link: path.to_owned(),
        });
    }
    let target = rustix::fs::readlinkat(parent, &parent.name, Vec::new()).map_err(look)?;
    Ok(OsStr::from_bytes(target.as_bytes()).into())
}

fn not_a_file(path: &Path) -> FileError {
    FileError::NotAFile {
        path: path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::io::Write;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use rustix::fs::CWD;

    use super::*;

    #[test]
    fn a_log_grows_and_nothing_that_was_planted_is_written_to() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
        let path = dir.path().join("log");
        for line in ["one\n", "two\n"] {
            let mut log = append_to(&path).unwrap();
            assert_eq!(log.path.as_ref(), Some(&path));
            log.file.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );

        let link = dir.path().join("link");
        symlink("elsewhere", &link).unwrap();
        let pipe = dir.path().join("pipe");
        let writable = Mode::from_raw_mode(0o666);
        rustix::fs::mknodat(CWD, &pipe, FileType::Fifo, writable, 0).unwrap();
        let reader = fs::File::options().read(true).write(true).open(&pipe);
        let error = append_to(&link).unwrap_err();
        assert!(matches!(error, FileError::Link { .. }), "{error}");
        for planted in [&pipe, &dir.path().to_owned()] {
            let error = append_to(planted).unwrap_err();
            assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
        }
        drop(reader);
        assert!(append_to(&pipe).is_err(), "nobody reads it");
        assert!(!dir.path().join("elsewhere").exists());
        if own_user() == 0 {
            chown(&path, Some(2000), None).unwrap();
            let error = append_to(&path).unwrap_err();
            assert!(matches!(error, FileError::NotOurs { .. }), "{error}");
        }
    }

    #[test]
    fn a_link_of_root_is_followed_to_a_log_and_to_no_device() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::create_dir(path("logs")).unwrap();
        symlink("logs/log", path("link")).unwrap();
        symlink("link", path("twice")).unwrap();
        symlink("circle", path("circle")).unwrap();
        symlink("/dev/null", path("device")).unwrap();
        let opened = append_to(&path("twice"));
        if own_user() != 0 {
            let error = opened.unwrap_err();
            assert!(matches!(error, FileError::Link { .. }), "{error}");
            return;
        }
        assert_eq!(opened.unwrap().path, Some(path("logs/log")));
        assert!(path("logs/log").is_file());
        assert!(append_to(&path("circle")).is_err());
        let error = append_to(&path("device")).unwrap_err();
        assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
        assert!(!error.to_string().contains("remove"), "{error}");
    }

    #[test]
    fn the_outputs_of_this_process_have_no_place_and_its_other_descriptors_take_no_log() {
        for output in ["/dev/stdout", "/dev/stderr", "/proc/self/fd/2"] {
            assert!(append_to(Path::new(output)).unwrap().path.is_none());
        }
        let error = append_to(Path::new("/dev/stdin")).unwrap_err();
        assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
    }
}
