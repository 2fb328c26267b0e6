use std::fs::{self, Permissions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::fs::CWD;
use tempfile::TempDir;

use super::*;
use crate::Target;

/// A volume that an application can write in.
fn mk_shared() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o777)).unwrap();
    dir
}

fn put(path: &Path, text: &str) {
    Target::new(path).write(text.as_bytes()).unwrap();
}

fn text_at(path: &Path) -> Result<String, String> {
    match read_text(path, 1000) {
        Ok(text) => Ok(text.to_string()),
        Err(error) => Err(error.to_string()),
    }
}

/// A file that is on another mount than all others here.
const ELSEWHERE: &str = "/proc/version";

#[test]
fn what_is_no_regular_file_is_told_apart_without_waiting_for_it() {
    let dir = mk_shared();
    let pipe = dir.path().join("pipe");
    let kind = FileType::Fifo;
    rustix::fs::mknodat(CWD, &pipe, kind, Mode::from_raw_mode(0o666), 0).unwrap();
    let socket = dir.path().join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, kind) in [
        (pipe.as_path(), "named pipe"),
        (&socket, "socket"),
        (dir.path(), "directory"),
        (Path::new("/dev/zero"), "device"),
    ] {
        let error = text_at(path).unwrap_err();
        assert_eq!(error, format!("it is a {kind}, not a regular file"));
    }
    // As if it had been swapped in after the walk.
    let opened = rustix::fs::openat(CWD, &pipe, FLAGS, Mode::empty()).unwrap();
    assert!(Opened::new(opened).is_err());
}

#[test]
fn a_file_has_as_many_bytes_as_allowed_and_no_more() {
    let dir = mk_shared();
    let path = dir.path().join("file");
    put(&path, "12345");
    assert_eq!(**read(&path, 5).unwrap(), *b"12345");
    let error = read(&path, 4).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { limit: 4 }), "{error}");
    // One that tells no size: the limit holds for what comes.
    assert!(read(Path::new(ELSEWHERE), 1 << 20).is_ok());
    let error = read(Path::new(ELSEWHERE), 4).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { limit: 4 }), "{error}");
}

#[test]
fn a_sparse_file_of_a_tebibyte_takes_no_memory() {
    let dir = mk_shared();
    let path = dir.path().join("sparse");
    put(&path, "");
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = read(&path, 1 << 20).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
}

#[test]
fn a_descriptor_is_read_to_its_end_and_up_to_the_limit() {
    let descriptor_of = |text: &str| {
        let (reader, mut writer) = io::pipe().unwrap();
        writer.write_all(text.as_bytes()).unwrap();
        let name = format!("/dev/fd/{}", reader.as_fd().as_raw_fd());
        (reader, PathBuf::from(name))
    };
    let (_open, path) = descriptor_of("12345");
    assert_eq!(**read_descriptor(&path, 5).unwrap().unwrap(), *"12345");
    let (_open, path) = descriptor_of("12345");
    let error = read_descriptor(&path, 4).unwrap().unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { limit: 4 }), "{error}");
    assert!(read_descriptor(Path::new(ELSEWHERE), 5).is_none());
}

#[test]
fn text_is_utf_8() {
    let dir = mk_shared();
    let path = dir.path().join("file");
    Target::new(&path).write(b"\xff").unwrap();
    assert_eq!(text_at(&path).unwrap_err(), "it is not UTF-8 text");
}

#[test]
fn the_links_of_a_volume_of_kubernetes_are_followed() {
    let dir = mk_shared();
    put(&dir.path().join("..2026_01/key"), "one");
    symlink("..2026_01", dir.path().join("..data")).unwrap();
    symlink("..data/key", dir.path().join("key")).unwrap();
    assert_eq!(text_at(&dir.path().join("key")).unwrap(), "one");
    // As git-sync has made them.
    symlink(dir.path().join("..2026_01"), dir.path().join("current")).unwrap();
    assert_eq!(text_at(&dir.path().join("current/key")).unwrap(), "one");
    assert_eq!(
        text_at(&dir.path().join("current/../key")).unwrap(),
        "one",
        "the parent is that of the directory, not that of the link"
    );
}

#[test]
fn no_link_leads_out_of_a_volume_that_others_can_write() {
    let dir = mk_shared();
    let link = dir.path().join("link");
    symlink(ELSEWHERE, &link).unwrap();
    let error = text_at(&link).unwrap_err();
    assert!(error.contains("leads to another volume"), "{error}");
    assert!(error.contains("mount the volume read-only"), "{error}");
    let directory = dir.path().join("directory");
    symlink("/proc", &directory).unwrap();
    assert!(text_at(&directory.join("version")).is_err());
    symlink("directory", dir.path().join("twice")).unwrap();
    assert!(text_at(&dir.path().join("twice/version")).is_err());
    fs::set_permissions(dir.path(), Permissions::from_mode(0o775)).unwrap();
    assert!(text_at(&link).is_err(), "the group might have");
}

#[test]
fn links_in_a_circle_come_to_an_end() {
    let dir = mk_shared();
    let link = dir.path().join("link");
    symlink("link", &link).unwrap();
    let error = read(&link, 1).unwrap_err();
    let ReadError::System(error) = error else {
        panic!("{error}")
    };
    assert_eq!(Errno::from_io_error(&error), Some(Errno::LOOP));
}

/// Reads with the kernel's help, and as on a system that has no `openat2`.
fn below(sandbox: &Path, path: &Path) -> Result<String, String> {
    let identity = Identity::of(&rustix::fs::stat(sandbox).unwrap());
    let [with, without] = [
        Reader::default().open(path, Some(sandbox)),
        walk_to(path, Some(identity)),
    ]
    .map(|opened| match opened.and_then(|opened| opened.read(1000)) {
        Ok(content) => Ok(String::from_utf8(content.to_vec()).unwrap()),
        Err(error) => Err(error.to_string()),
    });
    assert_eq!(with, without, "{}", path.display());
    with
}

#[test]
fn a_sandbox_is_left_by_no_path_and_no_link() {
    let dir = mk_shared();
    let sandbox = dir.path().join("in");
    put(&dir.path().join("out"), "outside");
    put(&sandbox.join("a/file"), "inside");
    for (link, target) in [
        ("beside", "a/file"),
        ("absolute", sandbox.join("a/file").to_str().unwrap()),
        ("up", "../in/a/file"),
        ("out", "../out"),
        ("farther", ELSEWHERE),
        ("directory", ".."),
        ("nowhere", "../nowhere"),
    ] {
        symlink(target, sandbox.join(link)).unwrap();
    }
    for inside in ["a/file", "a/../a/file", "beside", "absolute", "up"] {
        let text = below(&sandbox, &sandbox.join(inside));
        assert_eq!(text.as_deref(), Ok("inside"), "{inside}");
    }
    let alias = dir.path().join("alias");
    symlink("in", &alias).unwrap();
    assert_eq!(below(&sandbox, &alias.join("a/file")).unwrap(), "inside");
    for outside in [
        "../out",
        "out",
        "farther",
        "directory/out",
        "nowhere",
        "../x",
    ] {
        let error = below(&sandbox, &sandbox.join(outside)).unwrap_err();
        assert!(error.contains("outside of sandbox"), "{outside}: {error}");
    }
    assert!(below(&sandbox, Path::new(ELSEWHERE)).is_err());
    let missing = below(&sandbox, &sandbox.join("missing")).unwrap_err();
    assert!(missing.contains("No such file"), "{missing}");
}

#[test]
fn our_own_secrets_are_known_by_any_name_and_what_lies_beside_them_is_read() {
    let dir = mk_shared();
    let path = |name: &str| dir.path().join(name);
    put(&path("..data/token"), "t0ken");
    put(&path("..data/namespace"), "team");
    put(&path("state/entry"), "s3cret");
    symlink("..data/token", path("token")).unwrap();
    symlink("..data/namespace", path("namespace")).unwrap();
    symlink("token", path("link")).unwrap();
    fs::hard_link(path("..data/token"), path("copy")).unwrap();
    fs::hard_link(path("state/entry"), path("kept")).unwrap();
    let reader = Reader::except(vec![path("token"), path("missing")], vec![path("state")]);
    for name in [
        "token",
        "..data/token",
        "link",
        "copy",
        "kept",
        "state/entry",
    ] {
        for sandbox in [None, Some(dir.path())] {
            let error = reader.open(&path(name), sandbox).unwrap_err();
            assert!(matches!(error, ReadError::OwnSecret), "{name}: {error}");
            assert!(error.is_refusal());
        }
    }
    assert_eq!(*reader.read_text(&path("namespace"), 9).unwrap(), "team");
    // Another file of this name, after a rotation.
    put(&path("..data/token"), "t0ken2");
    assert!(reader.open(&path("link"), None).is_err());
    assert!(
        reader.open(&path("copy"), None).is_ok(),
        "it is ours no more"
    );
}

#[test]
fn a_stamp_is_the_same_until_the_file_changes() {
    let dir = mk_shared();
    let path = dir.path().join("file");
    put(&path, "one");
    let stamp = || Reader::default().open(&path, None).unwrap().stamp();
    let first = stamp();
    assert_eq!(first, Stamp::of(&path).unwrap());
    assert_eq!(first, stamp());
    // With its length and its time as before. The system's own clock of files moves every few
    // milliseconds.
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let rewrite = || {
        let mut file = fs::File::options().write(true).open(&path).unwrap();
        file.write_all(b"two").unwrap();
        file.set_modified(time).unwrap();
    };
    assert!((0..1_000_000).any(|_| {
        rewrite();
        stamp() != first
    }));
    put(&path, "another");
    assert_ne!(first, stamp());
}
