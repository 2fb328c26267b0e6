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
use tokio::time::Instant;

use super::{PERIOD, SETTLE, Watch, directory, is_change};

/// Whether a change is seen before the look without a hint. The clock stands still but for this, so
/// that a hint has as long to come as a slow machine takes.
async fn is_told(watch: &Watch, change: impl FnOnce()) -> bool {
    let start = Instant::now();
    let mut looks = 0;
    let mut told = Box::pin(watch.until(|| {
        looks += 1;
        looks == 2
    }));
    // Polled once, it has made its first look.
    tokio::select! {
        biased;
        () = &mut told => return false,
        () = std::future::ready(()) => {}
    }
    change();
    while start.elapsed() + SETTLE < PERIOD {
        let step = async {
            std::thread::sleep(Duration::from_millis(5));
            tokio::time::advance(Duration::from_millis(5)).await;
        };
        tokio::select! {
            biased;
            () = &mut told => return true,
            () = step => {}
        }
    }
    false
}

#[tokio::test(start_paused = true)]
async fn a_changed_file_and_a_swapped_link_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::over([folder.path()]);
    assert!(watch.problem().is_none());
    let write = || fs::write(folder.path().join("a"), "one").unwrap();
    assert!(is_told(&watch, write).await);

    let watch = Watch::over([folder.path()]);
    let swap = || {
        let (new, link) = (
            folder.path().join("..data_tmp"),
            folder.path().join("..data"),
        );
        symlink("second", &new).unwrap();
        fs::rename(new, link).unwrap();
    };
    assert!(is_told(&watch, swap).await);
}

#[tokio::test(start_paused = true)]
async fn without_hints_there_is_a_look_each_period() {
    let watch = Watch::over([Path::new("/nowhere")]);
    let start = Instant::now();
    let mut looks = Vec::new();
    let four_looks = watch.until(|| {
        looks.push(start.elapsed());
        looks.len() == 4
    });
    four_looks.await;
    assert_eq!(looks, [0, 1, 2, 3].map(|number| PERIOD * number));
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

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_missing_keeps_no_hints_of_others_back() {
    let folder = tempfile::tempdir().unwrap();
    let watch = Watch::over([&folder.path().join("missing"), folder.path()]);
    assert!(watch.problem().is_some());
    let write = || fs::write(folder.path().join("a"), "one").unwrap();
    assert!(is_told(&watch, write).await);
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
