//! What an application may do to the volume that it shares with the agent.

use std::os::unix::fs::symlink;
use std::process::Command;

use serde_json::json;

use crate::support::{Agent, KV_TEMPLATE, World};

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
    std::fs::remove_file(world.path("in")).unwrap();
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
    let file = std::fs::File::options().write(true).open(&journal).unwrap();
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
    std::fs::remove_file(&journal).unwrap();
    world.wait_for_text("out", "done").await;
    assert_eq!(world.read("journal").as_deref(), Some("line"));
    agent.stop().await.unwrap();
}
