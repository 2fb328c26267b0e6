//! From secrets to files and commands.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use serde_json::json;

use crate::support::{Agent, DATABASE_TEMPLATE, KV, KV_TEMPLATE, World};

#[tokio::test]
async fn a_secret_is_rendered_and_rendered_again_after_it_changed() {
    let world = World::new().await;
    let agent = Agent::start(&world.config(&[world.template("app", KV_TEMPLATE)]));
    world.wait_for_text("app", "key=first").await;
    let before = fs::metadata(world.path("app")).unwrap();
    world.wait_for_count("GET", KV, 3).await;
    let after = fs::metadata(world.path("app")).unwrap();
    assert_eq!(
        before.ino(),
        after.ino(),
        "an unchanged secret must leave the file alone"
    );
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    assert!(
        world
            .logs()
            .contains("agent: (runner) rendered \"(dynamic)\" => ")
    );
    agent.stop().await.unwrap();
    assert_eq!(world.read("app").unwrap(), "key=second");
}

#[tokio::test]
async fn a_template_that_fails_without_its_secret_is_rendered_once_it_is_there() {
    let world = World::new().await;
    let templates: Vec<_> = [
        r#"{{ with (secret "secret/production/api-service").Data.data }}{{ .api_key }}{{ end }}"#,
        r#"{{ $s := secret "secret/production/api-service" }}{{ $s.Data.data.api_key }}"#,
        r#"{{ (secret "secret/production/api-service").Data.data.api_key | toLower }}"#,
        r#"{{ index (secret "secret/production/api-service").Data.data "api_key" }}"#,
    ]
    .iter()
    .enumerate()
    .map(|(index, text)| world.template(&format!("f{index}"), text))
    .collect();
    Agent::run_once(world.config(&templates)).await.unwrap();
    for index in 0..templates.len() {
        assert_eq!(world.read(&format!("f{index}")).unwrap(), "first");
    }
    assert_eq!(world.vault.count("GET", KV), 1);
    assert!(!world.logs().contains("failed"), "{}", world.logs());
}

#[tokio::test]
async fn a_pass_that_waits_keeps_the_leases_of_what_stands_behind() {
    let world = World::new().await;
    world.put("secret/data/production/other", &json!({"data": {"x": "y"}}));
    let text = format!(
        r#"{{{{ $name := (secret "secret/production/api-service").Data.data.api_key }}}}{{{{ index (secret (print "secret/production/" $name)).Data.data "x" }}}} {DATABASE_TEMPLATE}"#
    );
    world.set_key("other");
    let agent = Agent::start(&world.config(&[world.template("app", &text)]));
    let before = world.wait_for("app", |text| text.starts_with("y ")).await;
    world.set_key("another");
    world
        .wait_for_log("no secret exists at secret/data/production/another")
        .await;
    world.put(
        "secret/data/production/another",
        &json!({"data": {"x": "z"}}),
    );
    let after = world.wait_for("app", |text| text.starts_with("z ")).await;
    assert_eq!(before[1..], after[1..], "the credential must be the same");
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_makes_one_login_one_question_a_mount_and_one_read_a_secret() {
    let world = World::new().await;
    let templates: Vec<_> = (0..20)
        .map(|n| {
            world.put(
                &format!("secret/data/production/s{n}"),
                &json!({"data": {"n": n}}),
            );
            let text = format!(r#"{{{{ with secret "secret/production/s{n}" }}}}{{{{ .Data.data.n }}}}{{{{ end }}}}"#);
            world.template(&format!("f{n}"), &text)
        })
        .chain([
            world.template("again", KV_TEMPLATE),
            world.template("more", KV_TEMPLATE),
        ])
        .collect();
    Agent::run_once(world.config(&templates)).await.unwrap();
    for n in 0..20 {
        assert_eq!(world.read(&format!("f{n}")).unwrap(), n.to_string());
    }
    assert_eq!(world.logins(), 1);
    assert_eq!(world.vault.count("GET", "sys/internal/ui/mounts"), 1);
    assert_eq!(world.vault.count("GET", "secret/data/"), 21);
}

#[tokio::test]
async fn a_lease_is_renewed_and_replaced_while_its_credential_still_works() {
    let world = World::new().await;
    world.set_database_role("2s", "5s");
    let agent = Agent::start(&world.config(&[world.template("user", DATABASE_TEMPLATE)]));
    let mut user = world.wait_for("user", |text| !text.is_empty()).await;
    for _ in 0..2 {
        let next = world.wait_for("user", |text| text != user).await;
        assert!(world.vault.is_alive(&user), "replaced before its end");
        assert!(world.vault.is_alive(&next));
        user = next;
    }
    assert!(world.vault.count("PUT", "sys/leases/renew") >= 2);
    assert_eq!(world.logins(), 1);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_revoked_lease_is_replaced_at_its_next_renewal() {
    let world = World::new().await;
    world.set_database_role("2s", "1h");
    let agent = Agent::start(&world.config(&[world.template("user", DATABASE_TEMPLATE)]));
    let user = world.wait_for("user", |text| !text.is_empty()).await;
    world.vault.revoke_leases("database/");
    let next = world.wait_for("user", |text| text != user).await;
    assert!(world.vault.is_alive(&next));
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn lists_lead_to_the_secrets_below_them() {
    let world = World::new().await;
    let text = r#"{{ range secrets "secret/production" }}{{ . }}={{ with secret (printf "secret/production/%s" .) }}{{ .Data.data.api_key }}{{ end }} {{ end }}"#;
    let agent = Agent::start(&world.config(&[world.template("all", text)]));
    world.wait_for_text("all", "api-service=first ").await;
    world.put(
        "secret/data/production/other",
        &json!({"data": {"api_key": "x"}}),
    );
    world
        .wait_for_text("all", "api-service=first other=x ")
        .await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_file_that_a_template_reads_is_followed() {
    let world = World::new().await;
    let text = format!(r#"<{{{{ file "{}" }}}}>"#, world.path("input").display());
    let agent = Agent::start(&world.config(&[world.template("out", &text)]));
    world.wait_for_log("waiting for the file").await;
    world.write("input", "one");
    world.wait_for_text("out", "<one>").await;
    world.write("input", "another");
    world.wait_for_text("out", "<another>").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_command_runs_after_each_change_of_its_file_and_only_then() {
    let world = World::new().await;
    let mut template = world.template("app", KV_TEMPLATE);
    let command = format!(
        "cat {} >> {1} && echo >> {1}",
        world.path("app").display(),
        world.path("ran").display()
    );
    template["command"] = json!(command);
    let agent = Agent::start(&world.config(&[template]));
    world.wait_for_text("ran", "key=first\n").await;
    world.wait_for_count("GET", KV, 3).await;
    world.set_key("second");
    world.wait_for_text("ran", "key=first\nkey=second\n").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_agent_that_finds_the_files_right_runs_no_command() {
    let world = World::new().await;
    let mut template = world.template("app", KV_TEMPLATE);
    template["command"] = json!([
        "sh",
        "-c",
        format!("echo ran >> {}", world.path("ran").display())
    ]);
    for _ in 0..2 {
        Agent::run_once(world.config(&[template.clone()]))
            .await
            .unwrap();
    }
    assert_eq!(world.read("ran").unwrap(), "ran\n");
}

#[tokio::test]
async fn modes_are_applied() {
    let world = World::new().await;
    let mut template = world.template("app", KV_TEMPLATE);
    template["perms"] = json!("0440");
    Agent::run_once(world.config(&[template])).await.unwrap();
    let mode = |name| fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode("app"), 0o440);
    assert_eq!(mode("token"), 0o640);
}

#[tokio::test(start_paused = true)]
async fn changes_within_the_quiet_time_are_one_write() {
    let world = World::paused().await;
    let mut template = world.template("app", KV_TEMPLATE);
    template["wait"] = json!("10s:60s");
    let trace = format!("echo ran >> {}", world.path("ran").display());
    template["command"] = json!(["sh", "-c", trace]);
    let agent = Agent::start(&world.config(&[template]));
    world.wait_for_text("app", "key=first").await;
    world.wait_until_ready().await;
    world.set_key("second");
    let reads = world.vault.count("GET", KV);
    world.wait_for_count("GET", KV, reads + 2).await;
    assert_eq!(world.read("app").unwrap(), "key=first", "still quiet");
    world.set_key("third");
    world.wait_for_text("app", "key=third").await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn an_error_that_is_not_fatal_holds_up_nobody() {
    let world = World::new().await;
    let text =
        r#"{{ with secret "secret/production/api-service" }}{{ .Data.data.api_key.x }}{{ end }}"#;
    let mut odd = world.template("odd", text);
    odd["error_fatal"] = json!(false);
    let config = world.config(&[odd, world.template("app", KV_TEMPLATE)]);
    Agent::run_once(config.clone()).await.unwrap();
    assert_eq!(world.read("app").unwrap(), "key=first");
    assert_eq!(world.read("odd"), None);
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn functions_are_kept_to_the_sandbox_and_off_as_the_template_says() {
    let world = World::new().await;
    fs::create_dir(world.path("in")).unwrap();
    world.write("in/a", "inside");
    world.write("out", "outside");
    let template = |name: &str, file: &str| {
        let path = world.path(file);
        let mut template = world.template(name, &format!(r#"{{{{ file "{}" }}}}"#, path.display()));
        template["sandbox_path"] = json!(world.path("in"));
        template
    };
    let mut off = world.template("off", "{{ sha256Hex \"x\" }}");
    off["function_denylist"] = json!(["sha*"]);
    let mut tolerated = [template("bad", "out"), off];
    for template in &mut tolerated {
        template["error_fatal"] = json!(false);
    }
    let [bad, off] = tolerated;
    let config = world.config(&[template("good", "in/a"), bad, off]);
    Agent::run_once(config).await.unwrap();
    assert_eq!(world.read("good").as_deref(), Some("inside"));
    assert_eq!((world.read("bad"), world.read("off")), (None, None));
    let logs = world.logs();
    assert!(
        logs.contains("is outside of sandbox") && logs.contains("function is disabled"),
        "{logs}"
    );
}

#[tokio::test]
async fn a_template_without_a_destination_writes_its_own_files_and_no_text() {
    let world = World::new().await;
    let own = world.path("own");
    let write = format!("{{{{ .Data.data.api_key | writeToFile {own:?} \"\" \"\" \"0600\" }}}}");
    let text =
        format!("{{{{ with secret \"secret/production/api-service\" }}}}\n{write}\n{{{{ end }}}}");
    let ran = world.path("ran").display().to_string();
    let template = |text: &str| json!({"contents": text, "command": ["touch", ran]});
    Agent::run_once(world.config(&[template(&text)]))
        .await
        .unwrap();
    assert_eq!(world.read("own").as_deref(), Some("first"));
    assert!(world.read("ran").is_some());

    world.set_key("second");
    let failure = Agent::run_once(world.config(&[template(&format!("x{text}"))])).await;
    let line = failure.unwrap_err().one_line();
    let words = "template[0]: there is text outside of writeToFile, and no destination for it";
    assert!(line.contains(words), "{line}");
    assert_eq!(
        world.read("own").as_deref(),
        Some("first"),
        "all or nothing"
    );
}
