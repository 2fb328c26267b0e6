#![allow(
    clippy::disallowed_methods,
    reason = "configurations of tests hold no secrets"
)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;
use watched_files::PERIOD;

use super::*;

/// More than a hint needs to settle.
const SETTLE: Duration = Duration::from_millis(100);

fn none() -> Contents {
    Contents::of::<PathBuf>([])
}

fn source(path: &Path) -> Vec<Source> {
    vec![Source::Path(path.to_owned())]
}

/// Whether a change is seen before the look without a hint. The clock stands still but for this, so
/// that a hint has as long to come as a slow machine takes.
async fn is_told(sources: &[Source], templates: &[PathBuf], change: impl FnOnce()) -> bool {
    let seen = (configuration(sources), Contents::of(templates));
    let start = Instant::now();
    let mut changed = Box::pin(changed(sources, &seen));
    // Polled once, it watches.
    tokio::select! {
        biased;
        () = &mut changed => return false,
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
            () = &mut changed => return true,
            () = step => {}
        }
    }
    false
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_written_renamed_or_added_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (file, template) = (folder.path().join("a.hcl"), folder.path().join("t.tpl"));
    fs::write(&file, "one").unwrap();
    fs::write(&template, "one").unwrap();
    let templates = std::slice::from_ref(&template);
    let alone = source(&file);
    assert!(is_told(&alone, &[], || fs::write(&file, "two").unwrap()).await);
    let rename = || {
        fs::write(folder.path().join("new"), "three").unwrap();
        fs::rename(folder.path().join("new"), &file).unwrap();
    };
    assert!(is_told(&alone, &[], rename).await);
    assert!(is_told(&alone, templates, || fs::write(&template, "two").unwrap()).await);
    let all = source(folder.path());
    let added = folder.path().join("b.hcl");
    assert!(is_told(&all, &[], || fs::write(&added, "").unwrap()).await);
    assert!(is_told(&all, &[], || fs::remove_file(&added).unwrap()).await);
}

#[tokio::test(start_paused = true)]
async fn a_swapped_volume_is_told_at_once() {
    let volume = tempfile::tempdir().unwrap();
    let at = |name: &str| volume.path().join(name);
    for (name, text) in [("..1", "one"), ("..2", "two")] {
        fs::create_dir(at(name)).unwrap();
        fs::write(at(name).join("a.hcl"), text).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/a.hcl", at("a.hcl")).unwrap();
    let swap = || {
        symlink("..2", at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
    };
    assert!(is_told(&source(volume.path()), &[], swap).await);
}

#[tokio::test(start_paused = true)]
async fn a_change_before_the_first_look_and_one_in_a_busy_directory_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.hcl");
    fs::write(&file, "one").unwrap();
    let Watched { sources, seen } = Watched::new(source(&file));
    fs::write(&file, "two").unwrap();
    changed(&sources, &(seen, none())).await;
    let busy = || {
        for line in 0..100 {
            fs::write(folder.path().join("log"), line.to_string()).unwrap();
        }
        fs::write(&file, "three").unwrap();
    };
    assert!(is_told(&sources, &[], busy).await);
}

#[test]
fn files_that_hold_the_same_as_before_are_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.hcl");
    fs::write(&file, "one").unwrap();
    let sources = source(folder.path());
    let seen = (configuration(&sources), none());
    fs::write(&file, "one").unwrap();
    fs::write(folder.path().join("notes.txt"), "not read").unwrap();
    assert!(configuration(&sources) == seen.0 && seen.0.are_still_so());
    fs::write(&file, "two").unwrap();
    assert!(configuration(&sources) != seen.0 && !seen.0.are_still_so());
}

#[tokio::test(start_paused = true)]
async fn a_configuration_without_files_is_never_looked_at() {
    let sources = vec![Source::Variable("VAULT_CONFIG".to_owned())];
    let seen = (configuration(&sources), none());
    let changed = tokio::time::timeout(Duration::from_secs(3600), changed(&sources, &seen));
    assert!(changed.await.is_err());
}
