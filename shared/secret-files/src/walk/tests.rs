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
