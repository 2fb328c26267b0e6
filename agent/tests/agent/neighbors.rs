//! What an application may do to the volume that it shares with the agent.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use vault_agent::status::client;

use crate::support::{Agent, DATABASE_TEMPLATE, KV_TEMPLATE, World};

fn make_pipe(world: &World, name: &str) {
    let made = Command::new("mkfifo").arg(world.path(name)).status();
    assert!(made.unwrap().success());
}

fn file_template(world: &World, name: &str, file: &str) -> serde_json::Value {
    let text = format!(r#"<{{{{ file "{}" }}}}>"#, world.path(file).display());
    world.template(name, &text)
}

/// An agent that goes on with what can be rendered.
fn start(world: &World, templates: &[serde_json::Value]) -> Agent {
    let mut config = world.config(templates);
    config["template_config"]["exit_on_retry_failure"] = json!(false);
    Agent::start(&config)
}

#[tokio::test]
async fn a_pipe_and_a_device_where_the_agent_reads_stop_nothing() {
    let world = World::new().await;
    make_pipe(&world, "in");
    make_pipe(&world, "pipe.ctmpl");
    symlink("/dev/zero", world.path("zero.ctmpl")).unwrap();
    let source = |name: &str| json!({"destination": world.path(&format!("{name}.out")), "source": world.path(name)});
    let agent = start(
        &world,
        &[
            file_template(&world, "out", "in"),
            source("pipe.ctmpl"),
            source("zero.ctmpl"),
            world.template("app", KV_TEMPLATE),
        ],
    );
    world.wait_for_text("app", "key=first").await;
    world
        .wait_for_log("it is a named pipe, not a regular file")
        .await;
    world
        .wait_for_log("it is a device, not a regular file")
        .await;
    fs::remove_file(world.path("in")).unwrap();
    world.write("in", "one");
    world.wait_for_text("out", "<one>").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn no_template_reads_a_token_and_what_lies_beside_it_is_read() {
    let world = World::new().await;
    world.write("namespace", "production");
    symlink("jwt", world.path("link")).unwrap();
    let mut token = file_template(&world, "out", "token");
    token["error_fatal"] = json!(false);
    let mut login = file_template(&world, "other", "link");
    login["error_fatal"] = json!(false);
    let beside = file_template(&world, "beside", "namespace");
    let agent = start(&world, &[token, login, beside]);
    world.wait_for_text("beside", "<production>").await;
    for name in ["token", "link"] {
        let path = world.path(name);
        let words = format!("'{}' cannot be read: it holds a token", path.display());
        world.wait_for_log(&words).await;
    }
    assert_eq!((world.read("out"), world.read("other")), (None, None));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_sparse_file_that_a_template_appends_to_holds_up_this_template_alone() {
    let world = World::new().await;
    world.write("journal", "");
    let journal = world.path("journal");
    let file = fs::File::options().write(true).open(&journal).unwrap();
    file.set_len(1 << 40).unwrap();
    let text = format!(
        r#"{{{{ "line" | writeToFile "{}" "" "" "0644" "append" }}}}done"#,
        journal.display()
    );
    let agent = start(
        &world,
        &[
            world.template("out", &text),
            world.template("app", KV_TEMPLATE),
        ],
    );
    world.wait_for_text("app", "key=first").await;
    world.wait_for_log("remove it or move it away").await;
    fs::remove_file(&journal).unwrap();
    world.wait_for_text("out", "done").await;
    assert_eq!(world.read("journal").as_deref(), Some("line"));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_removed_or_changed_comes_back_without_a_read_of_its_secret() {
    let world = World::new().await;
    let ran = world.path("ran");
    let mut template = world.template("user", DATABASE_TEMPLATE);
    template["command"] = json!(["sh", "-c", format!("echo ran >> {}", ran.display())]);
    let more = world.path("more");
    let text = format!(
        r#"{{{{ "one" | writeToFile "{}" "" "" "0600" }}}}two"#,
        more.display()
    );
    let agent = start(&world, &[template, world.template("out", &text)]);
    let user = world.wait_for("user", |text| !text.is_empty()).await;
    world.wait_for_text("out", "two").await;
    fs::remove_file(world.path("user")).unwrap();
    fs::remove_file(&more).unwrap();
    for path in [world.path("user"), more.clone()] {
        world
            .wait_for_log(&format!("{} (removed)", path.display()))
            .await;
    }
    world.wait_for_text("user", &user).await;
    world.wait_for_text("more", "one").await;
    world.write("user", "by hand");
    world.wait_for_text("user", &user).await;
    let changed = format!("{} (changed)", world.path("user").display());
    world.wait_for_log(&changed).await;
    world.wait_for_text("ran", "ran\nran\nran\n").await;
    assert_eq!(world.vault.count("GET", "database/creds/"), 1);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_mode_that_was_changed_by_hand_comes_back_if_the_configuration_gives_one() {
    let world = World::new().await;
    let mut given = world.template("given", "one");
    given["perms"] = json!("0640");
    given["command"] = json!([
        "sh",
        "-c",
        format!("echo >> {}", world.path("ran").display())
    ]);
    let agent = start(&world, &[world.template("free", "one"), given]);
    world.wait_until_ready().await;
    world.wait_for_text("ran", "\n").await;
    for name in ["free", "given"] {
        fs::set_permissions(world.path(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let mode = |name: &str| fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    let is_back = || (mode("given") == 0o640).then_some(());
    world.until("the mode", is_back).await;
    world.wait_until_ready().await;
    assert_eq!(mode("free"), 0o600);
    assert_eq!(
        world.read("ran").as_deref(),
        Some("\n"),
        "the content is the same"
    );
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn the_path_of_a_lost_file_that_is_made_of_a_secret_is_not_shown() {
    let world = World::new().await;
    world.set_key("c4nary");
    let text = format!(
        r#"{{{{ with secret "secret/production/api-service" }}}}{{{{ "x" | writeToFile (print "{}/" .Data.data.api_key) "" "" "0600" }}}}{{{{ end }}}}"#,
        world.dir.path().display()
    );
    let agent = start(&world, &[world.template("out", &text)]);
    world.wait_until_ready().await;
    fs::remove_file(world.path("c4nary")).unwrap();
    world
        .wait_for_log("rendered again: a file that is named by a value of the template (removed)")
        .await;
    world.wait_for_text("c4nary", "x").await;
    assert!(!world.logs().contains("c4nary"), "{}", world.logs());
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_agent_is_not_ready_while_a_file_is_gone() {
    let world = World::new().await;
    fs::create_dir(world.path("volume")).unwrap();
    let mut template = world.template("volume/app", KV_TEMPLATE);
    template["create_dest_dirs"] = json!(false);
    let agent = start(&world, &[template]);
    world.wait_until_ready().await;
    fs::rename(world.path("volume"), world.path("gone")).unwrap();
    let socket = world.path("status.sock");
    let snapshot = client::ask(&socket, client::PATIENCE).await.unwrap();
    assert!(!snapshot.ready && !snapshot.templates[0].rendered);
    let path = world.path("volume/app");
    let error = format!("{}: removed by somebody else", path.display());
    let shown = snapshot.templates[0].error.as_deref().unwrap();
    assert!(shown.starts_with(&error), "{shown}");
    world
        .until("no marker", || world.read(".ready").is_none().then_some(()))
        .await;
    fs::create_dir(world.path("volume")).unwrap();
    world.wait_for_text("volume/app", "key=first").await;
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_agent_stays_ready_while_its_files_are_touched() {
    let world = World::paused().await;
    let more = world.path("more");
    let text = format!(
        r#"{{{{ "one" | writeToFile "{}" "" "" "0600" }}}}two"#,
        more.display()
    );
    let agent = start(&world, &[world.template("app", &text)]);
    world.wait_until_ready().await;
    for file in [world.path("app"), more] {
        let file = fs::File::options().write(true).open(file).unwrap();
        file.set_modified(std::time::UNIX_EPOCH).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(world.read(".ready").is_some());
    assert!(!world.logs().contains("changed by somebody else"));
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_templates_of_one_file_do_not_take_it_for_changed_by_somebody_else() {
    let world = World::paused().await;
    let agent = start(
        &world,
        &[world.template("app", "one"), world.template("app", "two")],
    );
    world.wait_until_ready().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.read("app").as_deref(), Some("two"));
    assert!(!world.logs().contains("changed by somebody else"));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_secret_that_is_used_as_a_name_shows_neither_in_the_log_nor_in_the_status() {
    let world = World::new().await;
    world.set_key("c4nary");
    let with =
        r#"{{ with secret "secret/production/api-service" }}{{ $key := .Data.data.api_key }}"#;
    let dir = world.dir.path().display();
    let read = format!(r#"{with}{{{{ file (print "{dir}/" $key) }}}}{{{{ end }}}}"#);
    let write = format!(
        r#"{with}{{{{ "x" | writeToFile (print "{dir}/jwt/" $key) "" "" "0600" }}}}{{{{ end }}}}"#
    );
    symlink("/proc", world.path("link-c4nary")).unwrap();
    let everybody = fs::Permissions::from_mode(0o777);
    fs::set_permissions(world.dir.path(), everybody).unwrap();
    let link =
        format!(r#"{with}{{{{ file (print "{dir}/link-" $key "/version") }}}}{{{{ end }}}}"#);
    let user =
        format!(r#"{with}{{{{ "x" | writeToFile "{dir}/x" $key "" "0600" }}}}{{{{ end }}}}"#);
    let templates = [
        ("read", read),
        ("write", write),
        ("user", user),
        ("link", link),
    ];
    let templates = templates.map(|(name, text)| world.template(name, &text));
    let agent = start(&world, &templates);
    world
        .wait_for_log("file (its path is a value of the template): waiting")
        .await;
    world
        .wait_for_log("named by a value of the template: it has no such path")
        .await;
    world.wait_for_log("its user or group is unknown").await;
    world
        .wait_for_log("cannot be read: no template may read it")
        .await;
    let socket = world.path("status.sock");
    let snapshot = client::ask(&socket, client::PATIENCE).await.unwrap();
    let snapshot = format!("{snapshot:?}");
    assert!(!snapshot.contains("c4nary"), "{snapshot}");
    assert!(!world.logs().contains("c4nary"), "{}", world.logs());
    agent.stop().await.unwrap();
}
