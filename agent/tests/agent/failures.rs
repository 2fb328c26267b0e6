//! What fails, fails alone; what has been rendered stays.

use std::time::Duration;

use dev_vault::Fault;
use serde_json::{Value, json};

use crate::support::{Agent, DATABASE_TEMPLATE, KV, KV_TEMPLATE, World};

fn with(mut config: Value, key: &str, value: bool) -> Value {
    config["template_config"][key] = value.into();
    config
}

#[tokio::test]
async fn a_broken_template_does_not_stop_another() {
    let world = World::new().await;
    let templates = [
        world.template("broken", "{{ nothing_known }}"),
        world.template("app", KV_TEMPLATE),
        world.template(
            "wrong",
            r#"{{ with secret "secret/production/api-service" }}{{ .Data.data.x.y }}{{ end }}"#,
        ),
    ];
    let agent = Agent::start(&with(
        world.config(&templates),
        "exit_on_retry_failure",
        false,
    ));
    world.wait_for_text("app", "key=first").await;
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    assert_eq!((world.read("broken"), world.read("wrong")), (None, None));
    assert!(world.logs().contains("nothing_known"));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_init_container_names_what_failed_once_the_others_are_done() {
    let world = World::new().await;
    let templates = [
        world.template("broken", "{{ nothing_known }}"),
        world.template("app", KV_TEMPLATE),
    ];
    for exit_on_retry_failure in [true, false] {
        let config = with(
            world.config(&templates),
            "exit_on_retry_failure",
            exit_on_retry_failure,
        );
        let failure = Agent::run_once(config).await.unwrap_err();
        assert_eq!(failure.exit_code(), 1);
        let line = failure.one_line();
        assert!(
            line.contains("broken") && line.contains("nothing_known"),
            "{line}"
        );
        assert_eq!(world.read("app").as_deref(), Some("key=first"));
    }
}

#[tokio::test]
async fn an_init_container_ends_for_a_template_that_fails_with_all_its_secrets() {
    let world = World::new().await;
    let of_secret = r#"{{ with secret "secret/production/api-service" }}{{ index .Data.data.api_key 99 }}{{ end }}"#;
    for (text, place) in [
        ("a\n{{ index 1 2 }}", "line 2, column 4"),
        ("{{ range loop 2000000 }}x{{ end }}", "line 1, column 10"),
        (of_secret, "line 1, column 53"),
    ] {
        let templates = [
            world.template("wrong", text),
            world.template("app", KV_TEMPLATE),
        ];
        let config = with(world.config(&templates), "exit_on_retry_failure", false);
        let failure = Agent::run_once(config).await.unwrap_err();
        let line = failure.one_line();
        assert!(line.contains("wrong") && line.contains(place), "{line}");
        assert_eq!(world.read("app").as_deref(), Some("key=first"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_init_container_ends_for_a_broken_template_while_vault_is_away_and_for_nothing_else() {
    let world = World::paused().await;
    let app = world.template("app", KV_TEMPLATE);
    let broken = world.template("broken", "{{ nothing_known }}");
    let away = |templates: &[Value]| {
        let mut config = world.config(templates);
        config["vault"]["address"] = json!("http://127.0.0.1:1");
        config["exit_after_auth"] = json!(true);
        config["auto_auth"]["method"]["max_backoff"] = json!("1m");
        config
    };
    let agent = Agent::start(&away(&[app.clone(), broken]));
    let line = agent.end().await.unwrap_err().one_line();
    assert!(line.contains("nothing_known"), "{line}");
    let agent = Agent::start(&away(&[app]));
    tokio::time::sleep(Duration::from_secs(3600)).await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_init_container_does_not_end_for_a_failure_that_is_not_fatal() {
    let world = World::new().await;
    let mut wrong = world.template("wrong", "{{ index 1 2 }}");
    wrong["error_fatal"] = json!(false);
    let templates = [wrong, world.template("app", KV_TEMPLATE)];
    let config = with(world.config(&templates), "exit_on_retry_failure", false);
    Agent::run_once(config).await.unwrap();
    assert_eq!(world.read("wrong"), None);
}

#[tokio::test]
async fn a_missing_secret_ends_the_agent_only_where_that_is_wanted() {
    let world = World::new().await;
    let text = r#"{{ with secret "secret/production/late" }}{{ .Data.data.a }}{{ end }}"#;
    let config = world.config(&[world.template("late", text)]);
    let failure = Agent::start(&config).end().await.unwrap_err();
    let line = failure.one_line();
    assert!(
        line.contains("no secret exists at secret/data/production/late; role \"api-service\"")
            && line.contains("vault kv get -mount=secret production/late"),
        "{line}"
    );
    assert_eq!(world.vault.count("GET", "secret/data/production/late"), 12);

    let agent = Agent::start(&with(config, "exit_on_retry_failure", false));
    world
        .wait_for_count("GET", "secret/data/production/late", 12 + 15)
        .await;
    assert_eq!(world.read("late"), None);
    world.put("secret/data/production/late", &json!({"data": {"a": "b"}}));
    world.wait_for_text("late", "b").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_path_that_cannot_be_asked_for_is_not_tried_again() {
    for (path, reason) in [
        ("%!e", "invalid URL escape \"%!e\""),
        (":=x", "missing protocol scheme"),
        ("none/../x", "it has a . or .. segment"),
        ("production\\\\x", "it has a backslash"),
    ] {
        let world = World::new().await;
        let text = format!("{{{{ with secret \"{path}\" }}}}x{{{{ end }}}}");
        let config = world.config(&[world.template("app", &text)]);
        let failure = Agent::run_once(config).await.unwrap_err();
        let line = failure.one_line();
        assert!(line.contains(reason), "{line}");
        assert!(!world.logs().contains("retry attempt"), "{}", world.logs());
    }
}

#[tokio::test]
async fn a_missing_key_is_an_error_only_where_that_is_wanted() {
    let world = World::new().await;
    let text = r#"{{ with secret "secret/production/api-service" }}{{ .Data.data.nope }}{{ end }}"#;
    let mut template = world.template("app", text);
    Agent::run_once(world.config(&[template.clone()]))
        .await
        .unwrap();
    assert_eq!(world.read("app").unwrap(), "<no value>");
    std::fs::remove_file(world.path("app")).unwrap();

    template["error_on_missing_key"] = json!(true);
    let config = world.config(&[template]);
    let failure = Agent::run_once(config.clone()).await.unwrap_err();
    assert!(failure.one_line().contains("nope"), "{failure}");
    assert_eq!(world.read("app"), None);

    let agent = Agent::start(&with(config, "exit_on_retry_failure", false));
    world.wait_for_count("GET", KV, 4).await;
    assert_eq!(world.read("app"), None);
    world.put(KV, &json!({"data": {"nope": "there"}}));
    world.wait_for_text("app", "there").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn files_stay_while_vault_is_away_and_follow_when_it_is_back() {
    let mut world = World::new().await;
    let templates = [
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
    ];
    let agent = Agent::start(&world.config(&templates));
    world.wait_for_text("app", "key=first").await;
    let user = world.wait_for("user", |text| !text.is_empty()).await;
    world.vault.stop();
    // More failures than an agent before its first render would take.
    world.wait_for_log("retry attempt 14").await;
    assert_eq!(world.read("app").unwrap(), "key=first");
    world.set_key("second");
    world.vault.resume().await.unwrap();
    world.wait_for_text("app", "key=second").await;
    assert_eq!(
        world.read("user").unwrap(),
        user,
        "a lease outlives an outage"
    );
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_deleted_secret_leaves_its_file() {
    let world = World::new().await;
    let agent = Agent::start(&world.config(&[world.template("app", KV_TEMPLATE)]));
    world.wait_for_text("app", "key=first").await;
    world.vault.delete(KV).unwrap();
    world.wait_for_log("retry attempt 14").await;
    assert_eq!(world.read("app").unwrap(), "key=first");
    world.set_key("again");
    world.wait_for_text("app", "key=again").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_sealed_vault_is_waited_for() {
    let world = World::new().await;
    world.vault.set_sealed(true);
    let agent = Agent::start(&world.config(&[world.template("app", KV_TEMPLATE)]));
    world
        .wait_for_count("PUT", "auth/kubernetes/login", 8)
        .await;
    world.vault.set_sealed(false);
    world.wait_for_text("app", "key=first").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_mount_that_cannot_be_told_at_first_is_asked_for_again() {
    let world = World::new().await;
    world
        .vault
        .add_fault(Fault::status("sys/internal/ui/mounts", 500).times(3));
    Agent::run_once(world.config(&[world.template("app", KV_TEMPLATE)]))
        .await
        .unwrap();
    assert_eq!(world.read("app").unwrap(), "key=first");
}

#[tokio::test]
async fn a_failing_command_fails_neither_an_init_container_nor_a_file() {
    let world = World::new().await;
    let mut template = world.template("app", KV_TEMPLATE);
    template["command"] = json!(["/no/such/program", ""]);
    let mut config = world.config(&[template]);
    config["template_config"]["static_secret_render_interval"] = json!("1h");
    Agent::run_once(config).await.unwrap();
    world
        .wait_for_log("exiting with 0 although a command failed")
        .await;
    assert_eq!(world.read("app").unwrap(), "key=first");
    assert_eq!(
        world.vault.count("GET", KV),
        1,
        "a command is no reason to read again"
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_tried_again() {
    let world = World::new().await;
    let obstacle = world.path("app");
    std::fs::create_dir(&obstacle).unwrap();
    let config = world.config(&[world.template("app", KV_TEMPLATE)]);
    let agent = Agent::start(&with(config, "exit_on_retry_failure", false));
    world.wait_for_log("cannot write the file").await;
    std::fs::remove_dir(&obstacle).unwrap();
    world.wait_for_text("app", "key=first").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn neither_secret_nor_token_shows_in_logs_or_errors() {
    const CANARY: &str = "canary-7f3a9";
    let world = World::new().await;
    world.set_key(CANARY);
    let templates = [
        world.template("app", KV_TEMPLATE),
        world.template("user", DATABASE_TEMPLATE),
        world.template("odd", r#"{{ with secret "secret/production/api-service" }}{{ .Data.data.api_key.x }}{{ end }}"#),
        world.template("odder", r#"{{ with secret "secret/production/api-service" }}{{ toUpper .Data.data.api_key 1 }}{{ end }}"#),
    ];
    let failure = Agent::run_once(world.config(&templates)).await.unwrap_err();
    let token = world.read("token").unwrap();
    let user = world.read("user").unwrap();
    let jwt = world.read("jwt").unwrap();
    assert_eq!(world.read("app").unwrap(), format!("key={CANARY}"));
    let said = format!("{}{failure}{failure:?}{}", world.logs(), failure.one_line());
    for secret in [CANARY, &token, &user, jwt.trim()] {
        assert!(!said.contains(secret), "{said}");
    }
}
