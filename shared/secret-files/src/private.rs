//! A directory for this process and its successors alone.

use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::FileError;
use crate::directory::Parent;
use crate::walk::own_user;

/// Who else may do something in the directory.
const OTHERS: u32 = 0o077;

/// Makes a directory with mode 0700. One that is there already has to be ours, and gets this mode.
///
/// # Errors
///
/// If it belongs to somebody else, is a link or no directory, or the system refuses.
pub fn private_directory(path: &Path) -> Result<(), FileError> {
    let parent = Parent::open(path, false)?;
    let failed = |action| move |errno: Errno| FileError::io(path, action, errno);
    match rustix::fs::mkdirat(&parent, &parent.name, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(errno) => return Err(failed("make it")(errno)),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = match rustix::fs::openat(&parent, &parent.name, flags, Mode::empty()) {
        Err(Errno::LOOP | Errno::NOTDIR) => return Err(not_ours(path)),
        directory => directory.map_err(failed("open it"))?,
    };
    let stat = rustix::fs::fstat(directory.as_fd()).map_err(failed("look at it"))?;
    if stat.st_uid != own_user() {
        return Err(not_ours(path));
    }
    if stat.st_mode & OTHERS != 0 {
        rustix::fs::fchmod(&directory, Mode::RWXU).map_err(failed("change its mode"))?;
    }
    Ok(())
}

fn not_ours(path: &Path) -> FileError {
    FileError::NotOurs {
        path: path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    #[test]
    fn a_directory_is_ours_alone_and_none_of_somebody_else_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
        private_directory(&path).unwrap();
        assert_eq!(mode(), 0o700);
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        private_directory(&path).unwrap();
        assert_eq!(mode(), 0o700);

        let link = dir.path().join("link");
        symlink("state", &link).unwrap();
        let error = private_directory(&link).unwrap_err();
        assert!(matches!(error, FileError::NotOurs { .. }), "{error}");
        if own_user() == 0 {
            chown(&path, Some(2000), None).unwrap();
            let error = private_directory(&path).unwrap_err();
            assert!(matches!(error, FileError::NotOurs { .. }), "{error}");
        }
    }
}
