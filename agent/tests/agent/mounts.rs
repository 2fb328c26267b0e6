//! A destination that is a mount by itself, as with `subPath`: it cannot be replaced.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::support::{KV_TEMPLATE, World};

/// Runs what follows `--` with each file of the pairs before it mounted over the other, in a mount
/// namespace of its own.
const MOUNTED: &str =
    r#"while [ "$1" != -- ]; do mount --bind "$1" "$2" && shift 2 || exit; done; shift; exec "$@""#;

/// A command in that namespace; without the right to make one, in a user namespace as well.
fn in_namespace(is_user: bool, mounts: &[(&Path, &Path)]) -> Command {
    let mut command = Command::new("unshare");
    command.args(is_user.then_some("--map-root-user"));
    command.args(["--mount", "sh", "-c", MOUNTED, "sh"]);
    command.args(mounts.iter().flat_map(|(from, to)| [from, to]));
    command.arg("--").stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// The agent where these files are mounted over the others; `None` where this machine makes no mount
/// namespaces for us.
pub(crate) async fn agent_with(mounts: &[(&Path, &Path)]) -> Option<Command> {
    for is_user in [false, true] {
        let tried = in_namespace(is_user, mounts).arg("true").output();
        if tried.await.is_ok_and(|output| output.status.success()) {
            let mut command = in_namespace(is_user, mounts);
            command.env_remove("HOME");
            command.arg(env!("CARGO_BIN_EXE_vault-agent"));
            return Some(command);
        }
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "mount namespaces must work here"
    );
    eprintln!("skipped: this machine makes no mount namespaces for us");
    None
}

#[tokio::test]
async fn a_file_that_is_mounted_by_itself_is_overwritten() {
    let world = World::new().await;
    world.write("app", "a longer text than the new one");
    let file = world.path("app");
    let Some(mut agent) = agent_with(&[(&file, &file)]).await else {
        return;
    };
    let mut template = world.template("app", KV_TEMPLATE);
    template["perms"] = "0600".into();
    let mut config = world.config(&[template]);
    config["exit_after_auth"] = true.into();
    world.write("config.json", &config.to_string());
    let before = std::fs::metadata(&file).unwrap().ino();
    let output = agent
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
