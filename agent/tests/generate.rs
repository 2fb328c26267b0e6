//! `generate-config` against dev-vault: what it writes is accepted, and runs.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "all of this is test code, its helpers too"
)]

use std::process::{Command, Stdio};

use dev_vault::{Config, DevVault};
use serde_json::json;
use tempfile::TempDir;

struct World {
    vault: DevVault,
    home: TempDir,
}

impl World {
    async fn new() -> Self {
        let vault = DevVault::start(Config::default()).await.unwrap();
        let old = json!({"type": "kv", "options": {"version": "1"}});
        vault.write("sys/mounts/old", &old).unwrap();
        for (path, data) in [
            (
                "secret/data/foo",
                json!({"user": "app", "pass word": "canary $1"}),
            ),
            ("secret/data/team/a", json!({"key": "one"})),
            ("secret/data/team/deep/b", json!({"key": "two"})),
            ("secret/data/team/deep/a", json!({"key": "three"})),
        ] {
            vault.write(path, &json!({"data": data})).unwrap();
        }
        vault.write("old/bar", &json!({"user": "old"})).unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".vault-token"), vault.root_token()).unwrap();
        Self { vault, home }
    }

    /// Exit code, stdout and stderr of the program in its home.
    async fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vault-agent"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.home.path())
            .env("VAULT_ADDR", self.vault.address())
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        // dev-vault answers on this thread meanwhile.
        let output = tokio::task::spawn_blocking(move || command.output().unwrap());
        let output = output.await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    async fn generate(&self, paths: &[&str]) -> (i32, String, String) {
        let exec = "-exec=sh -c 'env > out'";
        let mut arguments = vec!["agent", "generate-config", "-type=env-template", exec];
        arguments.extend(paths);
        self.run(&arguments).await
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.home.path().join(name)).unwrap_or_default()
    }

    /// The names of the variables in the written file.
    fn names(&self) -> Vec<String> {
        let text = self.read("agent.hcl");
        let names = text.lines().filter_map(|line| {
            let name = line.strip_prefix("env_template \"")?;
            Some(name.strip_suffix("\" {")?.to_owned())
        });
        names.collect()
    }
}

#[tokio::test]
async fn what_is_written_is_accepted_and_runs_the_program_with_its_variables() {
    let world = World::new().await;
    let (code, stdout, stderr) = world.generate(&["-path=secret/foo", "-path=old/bar"]).await;
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stdout.starts_with("Wrote agent.hcl with 3 variables.\nWarning: "),
        "{stdout}"
    );
    let text = world.read("agent.hcl");
    assert!(!text.contains("canary"), "{text}");
    let first = r#"env_template "FOO_PASS_WORD" {
  contents             = "{{ with secret \"secret/data/foo\" }}{{ index .Data.data \"pass word\" }}{{ end }}"
  error_on_missing_key = true
}

env_template "FOO_USER" {
  contents             = "{{ with secret \"secret/data/foo\" }}{{ .Data.data.user }}{{ end }}"
  error_on_missing_key = true
}

env_template "BAR_USER" {
  contents             = "{{ with secret \"old/bar\" }}{{ .Data.user }}{{ end }}"
  error_on_missing_key = true
}

exec {
  command                   = ["sh", "-c", "env > out"]
  restart_on_secret_changes = "always"
  restart_stop_signal       = "SIGTERM"
}
"#;
    assert!(text.ends_with(first), "{text}");
    let (code, stdout, stderr) = world
        .run(&["validate", "-strict", "-config=agent.hcl"])
        .await;
    assert_eq!(
        (code, stdout.as_str()),
        (0, "The configuration is valid.\n"),
        "{stderr}"
    );
    let (code, _, stderr) = world.run(&["agent", "-config=agent.hcl"]).await;
    assert_eq!(code, 0, "{stderr}");
    let out = world.read("out");
    for line in ["FOO_PASS_WORD=canary $1", "FOO_USER=app", "BAR_USER=old"] {
        assert!(
            out.lines().any(|found| found == line),
            "{line} is not in {out}"
        );
    }
}

#[tokio::test]
async fn a_folder_stands_for_all_that_is_below_it() {
    let world = World::new().await;
    let team = ["A_KEY", "DEEP_A_KEY", "B_KEY"];
    for path in [
        "secret/team/*",
        "secret/data/team/*",
        "secret/metadata/team/*",
        "secret/team/",
        "secret/team",
    ] {
        let (code, _, stderr) = world.generate(&[&format!("-path={path}")]).await;
        assert_eq!(code, 0, "{path}: {stderr}");
        assert_eq!(world.names(), team, "{path}");
    }
    for (path, names) in [
        (
            "secret/*",
            &["FOO_PASS_WORD", "FOO_USER", "A_KEY", "DEEP_A_KEY", "B_KEY"][..],
        ),
        (
            "secret",
            &["FOO_PASS_WORD", "FOO_USER", "A_KEY", "DEEP_A_KEY", "B_KEY"],
        ),
        ("old/*", &["BAR_USER"]),
    ] {
        let (code, _, stderr) = world.generate(&[&format!("-path={path}")]).await;
        assert_eq!(code, 0, "{path}: {stderr}");
        assert_eq!(world.names(), names, "{path}");
    }
    // A secret that two paths name is one.
    let both = ["-path=secret/team/a", "-path=secret/team/*"];
    assert_eq!(world.generate(&both).await.0, 0);
    assert_eq!(world.names(), team);
}

#[tokio::test]
async fn a_file_that_is_there_is_kept_beside_the_new_one() {
    let world = World::new().await;
    std::fs::write(world.home.path().join("agent.hcl"), "mine").unwrap();
    let (code, stdout, stderr) = world.generate(&["-path=secret/foo"]).await;
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("agent.hcl.bak"), "{stdout}");
    assert_eq!(world.read("agent.hcl.bak"), "mine");
    assert!(world.read("agent.hcl").starts_with("auto_auth {"));
    let (_, stdout, _) = world.generate(&["-path=secret/foo"]).await;
    assert!(!stdout.contains("bak"), "{stdout}");
    assert_eq!(world.read("agent.hcl.bak"), "mine");
    let (code, stdout, stderr) = world.generate(&["-path=secret/foo", "other.hcl"]).await;
    assert!(code == 0 && !stdout.contains("bak"), "{stdout}{stderr}");
    assert_eq!(world.read("other.hcl"), world.read("agent.hcl"));
}

#[tokio::test]
async fn what_cannot_be_generated_writes_nothing_and_says_the_path() {
    let world = World::new().await;
    world
        .vault
        .write("sys/mounts/db", &json!({"type": "database"}))
        .unwrap();
    let odd = json!({"type": "kv", "options": {"version": "1"}});
    world.vault.write("sys/mounts/odd", &odd).unwrap();
    world.vault.write("odd/a%b", &json!({"key": "x"})).unwrap();
    for (path, words) in [
        ("secret/none", "-path=secret/none: there is no secret"),
        ("secret/none/*", "-path=secret/none/*: there is no secret"),
        ("secret/fo*", "with /* behind it"),
        ("db/creds/app", "of type database"),
        ("nowhere/app", "-path=nowhere/app: "),
        ("odd/*", "a template cannot ask for \"a%b\""),
    ] {
        let (code, stdout, stderr) = world.generate(&[&format!("-path={path}")]).await;
        assert_eq!((code, stdout.as_str()), (1, ""), "{path}");
        assert!(stderr.contains(words), "{path}: {stderr}");
        assert_eq!(world.read("agent.hcl"), "");
    }
    let (code, _, stderr) = world.run(&["generate-config", "-type=x"]).await;
    assert!(code == 64 && stderr.contains("env-template"), "{stderr}");
}
