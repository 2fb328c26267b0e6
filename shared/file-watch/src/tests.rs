#![allow(
    clippy::disallowed_methods,
    reason = "files of these tests hold no secrets"
)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use notify::EventKind;
use notify::event::{AccessKind, AccessMode, ModifyKind, RemoveKind, RenameMode};
use tokio::time::timeout;

use super::{Watch, directory, is_change};

const SOON: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_changed_file_and_a_swapped_link_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::over([folder.path()]);
    assert!(watch.problem().is_none());
    fs::write(folder.path().join("a"), "one").unwrap();
    timeout(SOON, watch.hint()).await.unwrap();

    let watch = Watch::over([folder.path()]);
    symlink("second", folder.path().join("..data_tmp")).unwrap();
    fs::rename(
        folder.path().join("..data_tmp"),
        folder.path().join("..data"),
    )
    .unwrap();
    timeout(SOON, watch.hint()).await.unwrap();
}

#[test]
fn reading_is_no_change() {
    let read = [
        AccessKind::Open(AccessMode::Any),
        AccessKind::Read,
        AccessKind::Close(AccessMode::Read),
    ];
    for kind in read {
        assert!(!is_change(EventKind::Access(kind)), "{kind:?}");
    }
    let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
    let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
    for kind in [written, renamed, EventKind::Remove(RemoveKind::File)] {
        assert!(is_change(kind), "{kind:?}");
    }
}

#[tokio::test]
async fn a_directory_that_is_missing_keeps_no_hints_of_others_back() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::over([&folder.path().join("missing"), folder.path()]);
    assert!(watch.problem().is_some());
    fs::write(folder.path().join("a"), "one").unwrap();
    timeout(SOON, watch.hint()).await.unwrap();
}

#[test]
fn a_files_directory_is_where_it_is_looked_up() {
    let cases = [
        ("/a/b.hcl", "/a"),
        ("/b.hcl", "/"),
        ("b.hcl", "."),
        ("./b.hcl", "."),
    ];
    for (file, expected) in cases {
        assert_eq!(directory(Path::new(file)), Path::new(expected), "{file}");
    }
}
