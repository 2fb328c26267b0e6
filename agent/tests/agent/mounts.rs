//! A destination that is a mount by itself, as with `subPath`: it cannot be replaced.

use std::os::unix::fs::MetadataExt;
use std::process::Stdio;

use crate::support::{KV_TEMPLATE, World};

/// Runs the rest of the line with a file mounted over itself, in a mount namespace of its own.
const MOUNTED: &str = r#"mount --bind "$1" "$1" && shift && exec "$@""#;

/// A command in that namespace; without the right to make one, in a user namespace as well.
fn in_namespace(is_user: bool) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("unshare");
    command.args(is_user.then_some("--map-root-user"));
    command.args(["--mount", "sh", "-c", MOUNTED, "sh"]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

#[tokio::test]
async fn a_file_that_is_mounted_by_itself_is_overwritten() {
    let world = World::new().await;
    world.write("app", "a longer text than the new one");
    let file = world.path("app");
    let mut is_user = None;
    for candidate in [false, true] {
        let tried = in_namespace(candidate).arg(&file).arg("true").output();
        if tried.await.is_ok_and(|output| output.status.success()) {
            is_user = Some(candidate);
            break;
        }
    }
    let Some(is_user) = is_user else {
        assert!(
            std::env::var_os("CI").is_none(),
            "mount namespaces must work here"
        );
        eprintln!("skipped: this machine makes no mount namespaces for us");
        return;
    };
    let mut template = world.template("app", KV_TEMPLATE);
    template["perms"] = "0600".into();
    let mut config = world.config(&[template]);
    config["exit_after_auth"] = true.into();
    world.write("config.json", &config.to_string());
    let before = std::fs::metadata(&file).unwrap().ino();
    let output = in_namespace(is_user)
        .arg(&file)
        .arg(env!("CARGO_BIN_EXE_vault-agent"))
        .arg(format!("-config={}", world.path("config.json").display()))
        .output()
        .await
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    assert_eq!(world.read("app").unwrap(), "key=first");
    let after = std::fs::metadata(&file).unwrap();
    assert_eq!(
        (after.ino(), after.mode() & 0o777),
        (before, 0o600),
        "the same file, which the other mounts of it see"
    );
    let names = std::fs::read_dir(world.path("app").parent().unwrap()).unwrap();
    let left = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".vault-agent-"));
    assert_eq!(left.count(), 0, "no temporary file is left");
}
