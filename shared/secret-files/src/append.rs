//! Files that grow line by line, such as logs.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use crate::FileError;
use crate::directory::Parent;
use crate::walk::{is_written_only_by, own_user};

/// Opens a file to write behind what it has; one that is not there is made with mode 0600.
///
/// # Errors
///
/// If there is something else than a regular file, a link among them, or a file of somebody else in a
/// directory in which others can write; if a link leads to its directory that is not root's; or if
/// the system refuses.
pub fn append_to(path: &Path) -> Result<File, FileError> {
    let parent = Parent::open(path, false)?;
    let flags = OFlags::WRONLY
        | OFlags::APPEND
        | OFlags::CREATE
        | OFlags::NOFOLLOW
        | OFlags::NONBLOCK
        | OFlags::NOCTTY
        | OFlags::CLOEXEC;
    let not_a_file = || FileError::NotAFile {
        path: path.to_owned(),
    };
    let mode = Mode::RUSR | Mode::WUSR;
    let file = match rustix::fs::openat(&parent, &parent.name, flags, mode) {
        // A link, a directory, or a pipe or socket that nobody reads.
        Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Err(not_a_file()),
        file => file.map_err(|errno| FileError::io(path, "open it", errno))?,
    };
    let look = |errno| FileError::io(path, "look at it", errno);
    let stat = rustix::fs::fstat(&file).map_err(look)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(not_a_file());
    }
    let directory = rustix::fs::fstat(&parent).map_err(look)?;
    let own = own_user();
    if stat.st_uid != own && !is_written_only_by(&[0, own], &directory) {
        return Err(FileError::NotOurs {
            path: path.to_owned(),
        });
    }
    Ok(file.into())
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
            append_to(&path)
                .unwrap()
                .write_all(line.as_bytes())
                .unwrap();
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
        for planted in [&link, &pipe, &dir.path().to_owned()] {
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
}
