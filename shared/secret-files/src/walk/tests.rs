use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn arrival(path: &Path) -> Result<Identity, Stop> {
    let mut walk = Walk::new(Rule::Destination)?;
    assert!(walk.go(path, false)?.is_none());
    Ok(Identity::of(&rustix::fs::fstat(walk.directory())?))
}

fn mk_stat(uid: u32, mode: u32) -> Stat {
    let mut stat = rustix::fs::stat("/").unwrap();
    (stat.st_uid, stat.st_mode) = (uid, mode);
    stat
}

#[test]
fn only_what_the_users_alone_can_write_is_theirs() {
    let link = mk_stat(0, 0o777);
    for (uid, mode, expected) in [
        (0, 0o755, true),
        (0, 0o1777, false),
        (0, 0o775, false),
        (100, 0o755, false),
    ] {
        let directory = mk_stat(uid, mode);
        assert_eq!(
            is_only_for(&[0], &link, &directory),
            expected,
            "{uid} {mode:o}"
        );
    }
    assert!(!is_only_for(&[0], &mk_stat(100, 0o777), &mk_stat(0, 0o755)));
    assert!(is_only_for(&[0, 100], &link, &mk_stat(100, 0o700)));
}

/// Where `/proc/version` is read through a link of ours, in a directory of ours, in this one.
fn leads_out(parent: &Path) -> bool {
    let dir = tempfile::tempdir_in(parent).unwrap();
    fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
    let link = dir.path().join("link");
    symlink("/proc/version", &link).unwrap();
    match Walk::new(Rule::Source).unwrap().go(&link, false) {
        Ok(found) => found.is_some(),
        Err(Stop::Link(refused)) => {
            assert_eq!(refused, link);
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn mount_of(path: &Path) -> MountId {
    MountId::of(&fs::File::open(path).unwrap().into()).unwrap()
}

#[test]
fn a_link_of_our_own_leads_out_of_no_mount_that_others_can_write() {
    let [root, temporary, shared] = ["/", "/tmp", "/dev/shm"].map(Path::new);
    if mount_of(temporary) == mount_of(root) {
        assert!(leads_out(temporary));
    }
    let is_volume = shared.is_dir()
        && mount_of(shared) != mount_of(root)
        && fs::metadata(shared).unwrap().permissions().mode() & 0o022 != 0;
    if is_volume {
        assert!(!leads_out(shared));
    } else {
        eprintln!("skipped: /dev/shm is not a mount that all can write");
    }
}

#[test]
fn a_link_of_the_system_is_followed_to_a_destination() {
    let run = Path::new("/var/run");
    if run.is_symlink() {
        let there = Identity::of(&rustix::fs::stat("/var/run").unwrap());
        assert_eq!(arrival(run).unwrap(), there);
    }
}

#[test]
fn a_link_to_a_destination_has_to_be_of_root_and_where_only_root_can_write() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink("real", &link).unwrap();
    let is_root = own_user() == 0;
    for (mode, expected) in [(0o755, is_root), (0o777, false), (0o775, false)] {
        fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
        match arrival(&link) {
            Ok(_) => assert!(expected, "{mode:o}"),
            Err(Stop::Link(refused)) => assert!(!expected && refused == link, "{mode:o}"),
            Err(other) => panic!("{mode:o}: {other:?}"),
        }
    }
    assert!(arrival(&real).is_ok());
}
