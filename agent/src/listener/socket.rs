//! Sockets in the file system, also where an application may rename and link files at any time.
//!
//! ```text
//! bind, with no wider mode than asked for ─▶ mode and owner, by descriptor ─▶ listen
//! ```
//!
//! Before the last step, nobody can connect.

use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Uid};
use tokio::net::{UnixListener, UnixSocket};

use crate::home::OwnFile;

/// Clients that may wait for their turn, as in tokio's own listeners.
const BACKLOG: u32 = 1024;

/// A socket in the file system; removed with this value, unless another has taken its place.
pub(super) struct SocketFile(Option<OwnFile>);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // The directory may be gone already.
        let _ = self.0.take().map(OwnFile::remove);
    }
}

/// Who may connect.
#[derive(Clone, Copy, Debug)]
pub(super) struct Access {
    pub(super) mode: u32,
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
}

/// Listens at a path. A socket that was left there by a process that could not tidy up is replaced.
pub(super) fn listen(path: &Path, access: Access) -> io::Result<(UnixListener, SocketFile)> {
    // Of anything else, binding reports it.
    if std::fs::symlink_metadata(path).is_ok_and(|found| found.file_type().is_socket()) {
        std::fs::remove_file(path)?;
    }
    let socket = UnixSocket::new_stream()?;
    // The file gets this mode, less what the process masks.
    rustix::fs::fchmod(&socket, Mode::from_raw_mode(access.mode))?;
    socket.bind(path)?;
    let file = SocketFile(Some(OwnFile::at(path.to_owned())?));
    allow(path, access)?;
    Ok((socket.listen(BACKLOG)?, file))
}

/// Sets mode and owner of a socket of ours, and of nothing else that may lie there by now.
fn allow(path: &Path, access: Access) -> io::Result<()> {
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = rustix::fs::openat(CWD, path, flags, Mode::empty())?;
    let found = rustix::fs::fstat(&file)?;
    if FileType::from_raw_mode(found.st_mode) != FileType::Socket
        || found.st_uid != rustix::process::geteuid().as_raw()
    {
        return Err(io::Error::other(
            "another file has taken the place of the socket",
        ));
    }
    if Mode::from_raw_mode(found.st_mode) != Mode::from_raw_mode(access.mode) {
        let by_descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::chmod(by_descriptor, Mode::from_raw_mode(access.mode))?;
    }
    if access.uid.is_some() || access.gid.is_some() {
        let (uid, gid) = (access.uid.map(Uid::from_raw), access.gid.map(Gid::from_raw));
        rustix::fs::chownat(&file, "", uid, gid, AtFlags::EMPTY_PATH)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, symlink};

    use super::*;

    fn access(mode: u32) -> Access {
        let (uid, gid) = (None, None);
        Access { mode, uid, gid }
    }

    #[tokio::test]
    async fn a_socket_has_its_mode_whatever_the_process_masks_and_goes_with_its_listener() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sock");
        for mode in [0o600, 0o666, 0o660] {
            // The second one finds the socket of a process that was killed.
            let left = std::os::unix::net::UnixListener::bind(&path).unwrap();
            let (listener, file) = listen(&path, access(mode)).unwrap();
            drop(left);
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, mode);
            tokio::net::UnixStream::connect(&path).await.unwrap();
            drop((listener, file));
            assert!(!path.exists());
        }
    }

    #[tokio::test]
    async fn the_socket_of_a_later_listener_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sock");
        let earlier = listen(&path, access(0o600)).unwrap();
        let later = listen(&path, access(0o600)).unwrap();
        drop(earlier);
        tokio::net::UnixStream::connect(&path).await.unwrap();
        drop(later);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn what_has_taken_the_place_of_a_socket_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (victim, path) = (dir.path().join("victim"), dir.path().join("sock"));
        drop(std::fs::File::create(&victim).unwrap());
        let mode = || std::fs::metadata(&victim).unwrap().mode();
        let before = mode();
        symlink("victim", &path).unwrap();
        assert!(allow(&path, access(0o666)).is_err());
        std::fs::rename(&victim, &path).unwrap();
        assert!(allow(&path, access(0o666)).is_err());
        std::fs::rename(&path, &victim).unwrap();
        assert_eq!(mode(), before);
    }
}
