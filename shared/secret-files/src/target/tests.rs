use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use tempfile::TempDir;

use super::*;

fn mk_dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn mode_of(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names_in(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_new_file_gets_the_default_mode_and_leaves_nothing_beside_it() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    assert_eq!(target.write(b"one").unwrap(), Written::Replaced);
    assert_eq!(fs::read(&target.path).unwrap(), b"one");
    assert_eq!(mode_of(&target.path), 0o644);
    assert_eq!(names_in(dir.path()), ["app"]);
}

#[test]
fn the_same_content_is_not_touched() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    target.write(b"one").unwrap();
    let before = fs::metadata(&target.path).unwrap();
    assert_eq!(target.write(b"one").unwrap(), Written::Unchanged);
    let after = fs::metadata(&target.path).unwrap();
    assert_eq!(before.ino(), after.ino());
    assert_eq!(
        (before.mtime(), before.mtime_nsec()),
        (after.mtime(), after.mtime_nsec())
    );
    assert_eq!(
        (before.ctime(), before.ctime_nsec()),
        (after.ctime(), after.ctime_nsec())
    );
}

#[test]
fn a_backup_holds_what_was_there_before_and_nothing_else_is_left() {
    let dir = mk_dir();
    let target = Target {
        mode: Some(0o600),
        backup: true,
        ..Target::new(dir.path().join("app"))
    };
    let backup = dir.path().join("app.bak");
    target.write(b"one").unwrap();
    assert!(!backup.exists());
    for (new, old) in [(b"two", b"one"), (b"ten", b"two")] {
        target.write(new).unwrap();
        target.write(new).unwrap();
        assert_eq!(fs::read(&target.path).unwrap(), new);
        assert_eq!(fs::read(&backup).unwrap(), old);
    }
    assert_eq!(mode_of(&backup), 0o600);
    assert_eq!(names_in(dir.path()).len(), 2);
}

#[test]
fn appended_content_comes_once() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    assert_eq!(target.append(b"one\n").unwrap(), Written::Replaced);
    assert_eq!(target.append(b"two\n").unwrap(), Written::Replaced);
    assert_eq!(target.append(b"two\n").unwrap(), Written::Unchanged);
    assert_eq!(fs::read(&target.path).unwrap(), b"one\ntwo\n");
}

#[test]
fn an_append_stops_at_its_limit_and_looks_at_no_more_than_the_end() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    target.write(b"").unwrap();
    let file = || fs::OpenOptions::new().append(true).open(&target.path);
    file().unwrap().set_len(1 << 40).unwrap();
    let error = target.append(b"one").unwrap_err();
    assert!(matches!(error, FileError::TooLong { .. }), "{error}");
    assert!(error.to_string().contains("1099511627776 bytes"), "{error}");
    file().unwrap().write_all(b"one").unwrap();
    assert_eq!(target.append(b"one").unwrap(), Written::Unchanged);

    file().unwrap().set_len(LONGEST_APPENDED - 3).unwrap();
    assert_eq!(target.append(b"one").unwrap(), Written::Replaced);
    assert!(target.append(b"two").is_err());
    assert_eq!(names_in(dir.path()), ["app"]);
    let text = fs::read(&target.path).unwrap();
    assert_eq!(text.len() as u64, LONGEST_APPENDED);
    assert!(text.starts_with(b"\0\0") && text.ends_with(b"\0one"));
}

#[test]
fn content_of_the_same_length_is_told_apart() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    target.write(b"one").unwrap();
    assert_eq!(target.write(b"two").unwrap(), Written::Replaced);
    assert_eq!(fs::read(&target.path).unwrap(), b"two");
}

#[test]
fn empty_content_makes_an_empty_file() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    assert_eq!(target.write(b"").unwrap(), Written::Replaced);
    assert_eq!(fs::read(&target.path).unwrap(), b"");
    assert_eq!(target.write(b"").unwrap(), Written::Unchanged);
}

#[test]
fn an_existing_mode_is_kept_unless_another_is_asked_for() {
    let dir = mk_dir();
    let mut target = Target::new(dir.path().join("app"));
    target.write(b"one").unwrap();
    fs::set_permissions(&target.path, fs::Permissions::from_mode(0o600)).unwrap();
    target.write(b"two").unwrap();
    assert_eq!(mode_of(&target.path), 0o600);
    target.mode = Some(0o440);
    target.write(b"three").unwrap();
    assert_eq!(mode_of(&target.path), 0o440);
}

#[test]
fn a_mode_keeps_neither_set_id_bits_nor_the_writing_of_others() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    for (before, after) in [(0o6777, 0o755), (0o660, 0o640), (0o4700, 0o700)] {
        target.write(b"one").unwrap();
        fs::set_permissions(&target.path, fs::Permissions::from_mode(before)).unwrap();
        target.write(b"two").unwrap();
        assert_eq!(mode_of(&target.path), after, "{before:o}");
    }
}

#[test]
fn owner_and_mode_of_a_planted_file_are_not_taken_over() {
    if own_user() != 0 {
        // Nobody else can give files away.
        return;
    }
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    let plant = |text: &str| {
        let _ = fs::remove_file(&target.path);
        fs::File::create(&target.path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        std::os::unix::fs::chown(&target.path, Some(2000), Some(2000)).unwrap();
        fs::set_permissions(&target.path, fs::Permissions::from_mode(0o600)).unwrap();
    };
    for (directory_mode, owner, mode) in [(0o777, 0, 0o644), (0o755, 2000, 0o600)] {
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(directory_mode)).unwrap();
        for text in ["other", "secret"] {
            plant(text);
            target.write(b"secret").unwrap();
            let found = fs::metadata(&target.path).unwrap();
            assert_eq!(
                (found.uid(), mode_of(&target.path)),
                (owner, mode),
                "{text}"
            );
        }
    }
}

#[test]
fn unfinished_files_of_processes_that_are_gone_are_removed_and_no_others() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    let parent = Parent::open(&target.path, false).unwrap();
    let left = Parent::temporary_name();
    drop(parent.create(&left).unwrap());
    let working = Parent::temporary_name();
    let unfinished = parent.create(&working).unwrap();
    symlink("app", dir.path().join(Parent::temporary_name())).unwrap();
    target.write(b"one").unwrap();
    tidy(&target.path);
    let names = names_in(dir.path());
    assert!(!names.contains(&left), "{names:?}");
    assert!(names.contains(&working) && names.len() == 3, "{names:?}");
    drop(unfinished);
    tidy(&target.path);
    assert!(!names_in(dir.path()).contains(&working));
}

#[test]
fn a_change_of_mode_alone_is_applied_without_a_new_file() {
    let dir = mk_dir();
    let mut target = Target::new(dir.path().join("app"));
    target.write(b"one").unwrap();
    let before = fs::metadata(&target.path).unwrap().ino();
    target.mode = Some(0o640);
    assert_eq!(target.write(b"one").unwrap(), Written::Adjusted);
    assert_eq!(mode_of(&target.path), 0o640);
    assert_eq!(fs::metadata(&target.path).unwrap().ino(), before);
}

#[test]
fn a_link_in_the_place_of_the_file_is_replaced_and_its_target_left_alone() {
    let dir = mk_dir();
    let victim = dir.path().join("victim");
    Target::new(&victim).write(b"precious").unwrap();
    let target = Target::new(dir.path().join("app"));
    symlink(&victim, &target.path).unwrap();
    assert_eq!(target.write(b"secret").unwrap(), Written::Replaced);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert!(fs::symlink_metadata(&target.path).unwrap().is_file());
}

#[test]
fn a_link_with_the_same_content_behind_it_is_replaced_too() {
    let dir = mk_dir();
    let other = dir.path().join("other");
    Target::new(&other).write(b"secret").unwrap();
    let target = Target::new(dir.path().join("app"));
    symlink(&other, &target.path).unwrap();
    assert_eq!(target.write(b"secret").unwrap(), Written::Replaced);
    assert!(fs::symlink_metadata(&target.path).unwrap().is_file());
}

#[test]
fn a_link_to_something_else_than_a_file_is_an_error_and_stays() {
    let dir = mk_dir();
    let directory = dir.path().join("directory");
    fs::create_dir(&directory).unwrap();
    for leads_to in [Path::new("/dev/null"), &directory] {
        let target = Target::new(dir.path().join("app"));
        symlink(leads_to, &target.path).unwrap();
        for written in [target.write(b"secret"), target.append(b"secret")] {
            let error = written.unwrap_err();
            assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
        }
        assert_eq!(fs::read_link(&target.path).unwrap(), leads_to);
        fs::remove_file(&target.path).unwrap();
    }
    // As `/dev/stdout` is one, if a shell has sent it to a file.
    let file = fs::File::create(dir.path().join("output")).unwrap();
    let name = format!("/proc/self/fd/{}", file.as_raw_fd());
    let error = Target::new(name).write(b"secret").unwrap_err();
    assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
}

#[test]
fn a_directory_that_is_a_link_of_somebody_else_is_refused() {
    let dir = mk_dir();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let elsewhere = dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, dir.path().join("sub")).unwrap();
    let error = Target::new(dir.path().join("sub/app"))
        .write(b"secret")
        .unwrap_err();
    assert!(matches!(error, FileError::Link { .. }), "{error}");
    assert!(error.to_string().contains("use the path that it leads to"));
    assert!(names_in(&elsewhere).is_empty());
}

#[test]
fn missing_directories_are_made_only_where_wanted() {
    let dir = mk_dir();
    let mut target = Target::new(dir.path().join("a/b/app"));
    target.create_directories = false;
    let error = target.write(b"x").unwrap_err();
    assert!(error.to_string().ends_with("parent directory is missing"));
    target.create_directories = true;
    target.write(b"x").unwrap();
    assert_eq!(mode_of(&dir.path().join("a/b")) & 0o700, 0o700);
}

#[test]
fn a_directory_in_the_place_of_the_file_is_an_error() {
    let dir = mk_dir();
    let target = Target::new(dir.path().join("app"));
    fs::create_dir(&target.path).unwrap();
    let error = target.write(b"x").unwrap_err();
    assert!(matches!(error, FileError::NotAFile { .. }), "{error}");
    let root = Target::new("/").write(b"x").unwrap_err();
    assert!(matches!(root, FileError::NoName { .. }), "{root}");
}

#[test]
fn a_file_that_cannot_be_replaced_is_overwritten_in_place() {
    let dir = mk_dir();
    let mut target = Target::new(dir.path().join("app"));
    target.write(b"a longer text").unwrap();
    let before = fs::metadata(&target.path).unwrap().ino();
    target.mode = Some(0o600);
    // As after a rename that was refused because the file is mounted by itself.
    let parent = Parent::open(&target.path, false).unwrap();
    let temporary = parent.create("temporary").unwrap();
    fs::File::from(temporary).write_all(b"short").unwrap();
    target.overwrite(&parent, "temporary").unwrap();
    assert_eq!(fs::read(&target.path).unwrap(), b"short");
    assert_eq!(mode_of(&target.path), 0o600);
    assert_eq!(fs::metadata(&target.path).unwrap().ino(), before);
    assert_eq!(names_in(dir.path()), ["app"]);
}

#[test]
fn a_check_leaves_the_directory_as_it_was() {
    let dir = mk_dir();
    Target::new(dir.path().join("token"))
        .check_writable()
        .unwrap();
    assert!(names_in(dir.path()).is_empty());
    let mut missing = Target::new(dir.path().join("no/token"));
    missing.create_directories = false;
    assert!(missing.check_writable().is_err());
}

#[test]
fn removing_what_is_not_there_is_fine() {
    let dir = mk_dir();
    let path = dir.path().join("pid");
    remove(&path).unwrap();
    Target::new(&path).write(b"1").unwrap();
    remove(&path).unwrap();
    assert!(names_in(dir.path()).is_empty());
}
