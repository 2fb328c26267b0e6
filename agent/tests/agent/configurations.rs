//! Configurations that other agents take and this one once did not, each held to its first line.
//!
//! They lie outside of the project: in the directory that `FAULTS_DIR` names, else in
//! `../shared/faults` beside the project. Without them the tests are skipped, except in CI.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use vault_agent::config::{Environment, Loaded, Overrides, Settings, Source};

use crate::support::{Agent, World};

/// Writes a configuration into the world's directory, with the world's Vault and files in place of
/// those in the text.
fn mk_file(world: &World, name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("FAULTS_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/faults"),
        PathBuf::from,
    );
    let path = directory.join("agent").join(name);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "{}: {error}", path.display());
            eprintln!("skipped: {}: {error}", path.display());
            return None;
        }
    };
    let text = text
        .replace("http://127.0.0.1:8200", &world.vault.address())
        .replace("127.0.0.1:8100", "127.0.0.1:0")
        .replace("/tmp/", &format!("{}/", world.dir.path().display()));
    world.write(name, &text);
    world.write("token", world.vault.root_token());
    Some(world.path(name))
}

fn mk_settings(world: &World, file: &Path, exit_after_auth: bool) -> Settings {
    let environment = Environment::default();
    let loaded = Loaded::of(&[Source::Path(file.to_owned())], &environment, true);
    let overrides = Overrides {
        exit_after_auth,
        ..Overrides::default()
    };
    let mut settings = loaded.settings(overrides, &environment).unwrap();
    settings.ready_marker = world.path(".ready");
    settings.status_socket = world.path("status.sock");
    settings.state.clear();
    settings
}

/// The exit code of `vault-agent validate`, and what it prints.
fn validate(file: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vault-agent"))
        .args(["validate", "-config"])
        .arg(file)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code(), text)
}

#[tokio::test]
async fn consistency_of_other_editions_stops_no_agent() {
    let world = World::new().await;
    let Some(file) = mk_file(&world, "enforce-consistency.hcl") else {
        return;
    };
    let (code, text) = validate(&file);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(":6: api_proxy.enforce_consistency"), "{text}");
    let agent = Agent::start_with(mk_settings(&world, &file, false));
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_login_and_the_secrets_have_namespaces_of_their_own() {
    let world = World::new().await;
    let Some(file) = mk_file(&world, "namespace-of-login.hcl") else {
        return;
    };
    world.put("sys/auth/approle", &json!({"type": "approle"}));
    let policy = r#"path "secret/data/app" { capabilities = ["read"] }"#;
    world.put("sys/policies/acl/app", &json!({"policy": policy}));
    world.put("auth/approle/role/app", &json!({"token_policies": "app"}));
    let role_id = world.vault.read("auth/approle/role/app/role-id").unwrap();
    world.write("role_id", role_id["data"]["role_id"].as_str().unwrap());
    let secret_id = world
        .vault
        .write("auth/approle/role/app/secret-id", &json!({}));
    let secret_id = secret_id.unwrap();
    world.write(
        "secret_id",
        secret_id["data"]["secret_id"].as_str().unwrap(),
    );
    world.put("secret/data/app", &json!({"data": {"user": "u"}}));
    world.vault.clear_requests();
    let agent = Agent::start_with(mk_settings(&world, &file, false));
    world.wait_for_text("out", "u").await;
    agent.stop().await.unwrap();
    for request in world.vault.requests() {
        let wanted = if request.path.starts_with("auth/") {
            "team-auth"
        } else {
            "team-data"
        };
        assert_eq!(request.namespace.as_deref(), Some(wanted), "{request:?}");
    }
    assert_eq!(world.vault.count("PUT", "auth/approle/login"), 1);
    assert!(world.vault.count("GET", "secret/data/app") > 0);
}

#[tokio::test]
async fn an_agent_that_ends_after_its_login_does_not_end_before() {
    let world = World::new().await;
    let Some(file) = mk_file(&world, "exit-after-auth-without-login.hcl") else {
        return;
    };
    let agent = Agent::start_with(mk_settings(&world, &file, true));
    world.wait_for_text("out", "static").await;
    let failures = || world.logs().matches("error authenticating").count();
    world
        .until("two logins in vain", || (failures() >= 2).then_some(()))
        .await;
    assert!(!agent.has_ended(), "{}", world.logs());
    agent.stop().await.unwrap();

    let text = std::fs::read_to_string(&file).unwrap();
    world.write(
        "there.hcl",
        &text.replace("http://127.0.0.1:1", &world.vault.address()),
    );
    let agent = Agent::start_with(mk_settings(&world, &world.path("there.hcl"), true));
    agent.end().await.unwrap();
    assert_eq!(world.vault.count("GET", "auth/token/lookup-self"), 1);
}

#[tokio::test]
async fn two_templates_of_one_file_are_reported() {
    let world = World::new().await;
    let Some(file) = mk_file(&world, "same-destination-twice.hcl") else {
        return;
    };
    let (code, text) = validate(&file);
    assert_eq!(code, Some(0), "{text}");
    let out = world.path("out");
    let words = format!(
        "{}:10: template[1] ({}).destination: template[0] writes the same file",
        file.display(),
        out.display()
    );
    assert!(text.starts_with(&words), "{text}");
}

#[tokio::test]
async fn templates_that_do_not_parse_are_no_valid_configuration() {
    let world = World::new().await;
    let Some(file) = mk_file(&world, "templates-that-do-not-parse.hcl") else {
        return;
    };
    let (code, text) = validate(&file);
    assert_eq!(code, Some(78), "{text}");
    let lines: Vec<_> = text.lines().collect();
    let wanted = [
        (5, 'a', "line 1, column 52: unexpected \"}\" in operand"),
        (
            9,
            'b',
            "line 1, column 4: function \"key\" is not defined (it reads from Consul",
        ),
        (
            13,
            'c',
            "line 1, column 4: function \"upper\" is not defined (did you mean",
        ),
    ];
    assert_eq!(lines.len(), wanted.len(), "{text}");
    for (index, (line, name, words)) in wanted.into_iter().enumerate() {
        let start = format!(
            "vault-agent: configuration: {}:{line}: template[{index}] ({}).contents: {words}",
            file.display(),
            world.path(&name.to_string()).display()
        );
        assert!(lines[index].starts_with(&start), "{text}\n{start}");
    }
}
