//! When secrets are read, and how often.

use std::time::Duration;

use serde_json::json;

use crate::support::{Agent, KV, KV_TEMPLATE, World};

const METADATA: &str = "secret/metadata/production/api-service";

#[tokio::test]
async fn a_version_that_has_not_moved_is_not_read_again() {
    let world = World::new().await;
    world.allow(r#"path "secret/metadata/production/*" { capabilities = ["read"] }"#);
    let agent = Agent::start(&world.config(&[world.template("app", KV_TEMPLATE)]));
    world.wait_for_count("GET", METADATA, 2).await;
    assert_eq!(world.vault.count("GET", KV), 1);
    world.set_key("second");
    world.wait_for_text("app", "key=second").await;
    assert_eq!(world.vault.count("GET", KV), 2);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn hidden_metadata_is_asked_for_once_a_token() {
    let world = World::new().await;
    let agent = Agent::start(&world.config(&[world.template("app", KV_TEMPLATE)]));
    world.wait_for_count("GET", KV, 4).await;
    assert_eq!(world.vault.count("GET", METADATA), 1);
    assert_eq!(world.vault.count("GET", "auth/token/lookup-self"), 0);
    agent.stop().await.unwrap();
}

#[tokio::test]
async fn a_destroyed_version_is_as_good_as_deleted() {
    let world = World::new().await;
    world.allow(r#"path "secret/metadata/production/*" { capabilities = ["read"] }"#);
    let agent = Agent::start(&world.config(&[world.template("app", KV_TEMPLATE)]));
    world.wait_for_text("app", "key=first").await;
    let destroy = "secret/destroy/production/api-service";
    world.put(destroy, &json!({"versions": [1]}));
    world.wait_for_log("no secret exists at").await;
    assert_eq!(world.read("app").unwrap(), "key=first");
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn version_1_follows_the_interval_and_not_its_month_long_lease() {
    let world = World::paused().await;
    world.put(
        "sys/mounts/kv",
        &json!({"type": "kv", "options": {"version": "1"}}),
    );
    world.put("kv/app", &json!({"a": "first"}));
    world.allow(r#"path "kv/*" { capabilities = ["read"] }"#);
    let text = r#"{{ with secret "kv/app" }}{{ .Data.a }}{{ end }}"#;
    let mut config = world.config(&[world.template("app", text)]);
    config["template_config"]["static_secret_render_interval"] = json!("5m");
    let agent = Agent::start(&config);
    world.wait_for_text("app", "first").await;
    world.put("kv/app", &json!({"a": "second"}));
    let before = tokio::time::Instant::now();
    world.wait_for_text("app", "second").await;
    let waited = before.elapsed();
    let five_minutes = Duration::from_secs(300);
    assert!(
        waited > five_minutes / 2 && waited <= five_minutes,
        "{waited:?}"
    );
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_write_runs_once_while_reads_go_on() {
    let world = World::paused().await;
    world.put(
        "sys/mounts/kv",
        &json!({"type": "kv", "options": {"version": "1"}}),
    );
    world.allow(r#"path "kv/*" { capabilities = ["read", "create", "update"] }"#);
    let text = r#"{{ secret "kv/mark" "a=b" }}{{ with secret "kv/mark" }}{{ .Data.a }}{{ end }}"#;
    let agent = Agent::start(&world.config(&[world.template("app", text)]));
    world.wait_for_count("GET", "kv/mark", 10).await;
    assert_eq!(world.vault.count("PUT", "kv/mark"), 1);
    agent.stop().await.unwrap();
}

/// A static role with a period of an hour, and settings of its own; a template with its password.
fn mk_static_role(world: &World, settings: serde_json::Value) -> serde_json::Value {
    let connection = json!({"plugin_name": "postgresql-database-plugin", "allowed_roles": "*"});
    world.put("database/config/postgres", &connection);
    let mut role = json!({"db_name": "postgres", "username": "app", "rotation_period": "1h"});
    let serde_json::Value::Object(settings) = settings else {
        panic!("{settings}")
    };
    role.as_object_mut().unwrap().extend(settings);
    world.put("database/static-roles/app", &role);
    world.allow(r#"path "database/static-creds/app" { capabilities = ["read"] }"#);
    let text = r#"{{ with secret "database/static-creds/app" }}{{ .Data.password }}{{ end }}"#;
    world.template("app", text)
}

#[tokio::test(start_paused = true)]
async fn a_static_role_is_read_at_its_rotation() {
    let world = World::paused().await;
    let template = mk_static_role(&world, json!({}));
    let agent = Agent::start(&world.config(&[template]));
    let first = world.wait_for("app", |text| !text.is_empty()).await;
    let before = tokio::time::Instant::now();
    world.wait_for("app", |text| text != first).await;
    let waited = before.elapsed().as_secs();
    assert!((3595..=3605).contains(&waited), "{waited}");
    assert_eq!(world.vault.count("GET", "database/static-creds/app"), 2);
    agent.stop().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_static_role_that_is_rotated_late_is_read_until_its_password_is_another() {
    // What Vault says of the remaining time meanwhile: all of the next period, or nothing.
    for meanwhile in ["next", "none"] {
        let world = World::paused().await;
        let late = json!({"rotation_lag": "90s", "rotation_lag_ttl": meanwhile});
        let mut template = mk_static_role(&world, late);
        // With the remaining time in the file, as the default template has it.
        let text = template["contents"].as_str().unwrap();
        template["contents"] = text.replace(".Data.password", ".Data").into();
        let agent = Agent::start(&world.config(&[template]));
        let first = world.wait_for("app", |text| !text.is_empty()).await;
        let before = tokio::time::Instant::now();
        world.wait_for("app", |text| text != first).await;
        let waited = before.elapsed().as_secs();
        // At most half a minute after the password.
        assert!((3690..=3722).contains(&waited), "{meanwhile}: {waited}");
        let reads = world.vault.count("GET", "database/static-creds/app");
        assert!((5..40).contains(&reads), "{meanwhile}: {reads} reads");
        assert!(
            !world.logs().contains("retry attempt"),
            "what there is still works, which is no failure"
        );
        agent.stop().await.unwrap();
        let renders = world.logs().matches("(runner) rendered").count();
        assert_eq!(
            renders, 2,
            "{meanwhile}: nothing is written for a time that runs down"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_static_role_that_is_being_rotated_at_the_start_is_waited_for() {
    let world = World::paused().await;
    let settings = json!({"rotation_period": "1m", "rotation_lag": "20s"});
    let template = mk_static_role(&world, settings);
    world.vault.advance_clock(Duration::from_secs(60));
    let agent = Agent::start(&world.config(&[template]));
    world.wait_for_log("returned ttl=0").await;
    assert_eq!(world.read("app"), None);
    world.vault.advance_clock(Duration::from_secs(20));
    world.wait_for("app", |text| !text.is_empty()).await;
    agent.stop().await.unwrap();
}

/// Two templates that ask for the same certificate, and one that asks for another.
fn mk_certificates(world: &World) -> Vec<serde_json::Value> {
    world.put("sys/mounts/pki", &json!({"type": "pki"}));
    world.put(
        "pki/root/generate/internal",
        &json!({"common_name": "root"}),
    );
    let role = json!({"allowed_domains": "example.com", "allow_subdomains": true, "max_ttl": "1h"});
    world.put("pki/roles/web", &role);
    world.allow(r#"path "pki/issue/web" { capabilities = ["update"] }"#);
    let ask = |name: &str, body: &str| {
        format!(
            r#"{{{{ with pkiCert "pki/issue/web" "common_name={name}.example.com" }}}}{body}{{{{ end }}}}"#
        )
    };
    let key = world.path("tls.key");
    let with_key = format!(
        r#"{{{{ .Cert }}}}{{{{ .CA }}}}{{{{ .Key | writeToFile "{}" "" "" "0600" }}}}"#,
        key.display()
    );
    vec![
        world.template("tls.crt", &ask("app", &with_key)),
        world.template("app.pem", &ask("app", "{{ .Key }}{{ .Cert }}")),
        world.template("other.pem", &ask("other", "{{ .Key }}{{ .Cert }}")),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_certificate_is_issued_once_for_all_that_ask_for_it_and_renewed_in_time() {
    let world = World::paused().await;
    let templates = mk_certificates(&world);
    std::fs::create_dir(world.path("state")).unwrap();
    let mut config = world.config(&templates);
    config["cache"] = json!({"persist": {"type": "kubernetes", "path": world.path("state")}});
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    let (cert, key) = (
        world.read("tls.crt").unwrap(),
        world.read("tls.key").unwrap(),
    );
    let pem = world.read("app.pem").unwrap();
    assert!(cert.starts_with("-----BEGIN CERTIFICATE-----\n") && key.contains("PRIVATE KEY"));
    let leaf = cert
        .split_inclusive("-----END CERTIFICATE-----\n")
        .next()
        .unwrap();
    assert_eq!(
        pem,
        format!("{key}{leaf}"),
        "key and certificate of one issuance"
    );
    assert_ne!(world.read("other.pem").unwrap(), pem);
    assert_eq!(world.vault.count("PUT", "pki/issue/web"), 2);
    // The next process goes on with it.
    agent.crash().await;
    let agent = Agent::start(&config);
    world.wait_until_ready().await;
    assert_eq!(world.vault.count("PUT", "pki/issue/web"), 2);
    let start = tokio::time::Instant::now();
    world.wait_for("tls.crt", |text| text != cert).await;
    let waited = start.elapsed().as_secs();
    assert!((3000..=3430).contains(&waited), "{waited} of 3600 seconds");
    assert_ne!(world.read("tls.key").unwrap(), key);
    agent.stop().await.unwrap();
}

/// Runs an agent without any state until it is ready, and says how many certificates it asked for.
async fn issued_by_a_start(world: &World, templates: &[serde_json::Value]) -> usize {
    world.vault.clear_requests();
    let agent = Agent::start(&world.config(templates));
    world.wait_until_ready().await;
    agent.stop().await.unwrap();
    world.vault.count("PUT", "pki/issue/web")
}

#[tokio::test]
async fn a_certificate_that_is_in_its_files_is_taken_over_by_a_start_without_state() {
    let world = World::new().await;
    let templates = mk_certificates(&world);
    let files = || ["tls.crt", "tls.key", "app.pem", "other.pem"].map(|name| world.read(name));
    assert_eq!(issued_by_a_start(&world, &templates).await, 2);
    let before = files();
    for _ in 0..2 {
        assert_eq!(issued_by_a_start(&world, &templates).await, 0);
        assert_eq!(files(), before);
    }
    // A file that is gone or was changed is not what the agent wrote.
    std::fs::remove_file(world.path("other.pem")).unwrap();
    assert_eq!(issued_by_a_start(&world, &templates).await, 1);
    world.write("tls.key", &before[3].clone().unwrap());
    std::fs::remove_file(world.path("app.pem")).unwrap();
    assert_eq!(issued_by_a_start(&world, &templates).await, 1);
    let [cert, key, pem, _] = files().map(Option::unwrap);
    assert!(pem.starts_with(&key) && cert.contains(pem.trim_start_matches(&key)));
}

#[tokio::test]
async fn a_certificate_for_other_names_or_in_another_form_is_not_taken_over() {
    let world = World::new().await;
    mk_certificates(&world);
    let template = |arguments: &str, body: &str| {
        let text =
            format!(r#"{{{{ with pkiCert "pki/issue/web" {arguments} }}}}{body}{{{{ end }}}}"#);
        [world.template("pem", &text)]
    };
    let (name, body) = (r#""common_name=a.example.com""#, "{{ .Key }}{{ .Cert }}");
    let more = format!(r#"{name} "alt_names=b.example.com""#);
    assert_eq!(issued_by_a_start(&world, &template(name, body)).await, 1);
    assert_eq!(issued_by_a_start(&world, &template(name, body)).await, 0);
    assert_eq!(issued_by_a_start(&world, &template(&more, body)).await, 1);
    assert_eq!(issued_by_a_start(&world, &template(&more, body)).await, 0);
    // The authority is not in the file.
    let with_authority = "{{ .Key }}{{ .Cert }}{{ .CA }}";
    assert_eq!(
        issued_by_a_start(&world, &template(&more, with_authority)).await,
        1
    );
    assert_eq!(
        issued_by_a_start(&world, &template(&more, with_authority)).await,
        0
    );
}

#[tokio::test]
async fn a_certificate_is_not_taken_over_for_one_template_if_another_may_need_more_of_it() {
    let world = World::new().await;
    mk_certificates(&world);
    let ask = |body: &str| {
        format!(
            r#"{{{{ with pkiCert "pki/issue/web" "common_name=a.example.com" }}}}{body}{{{{ end }}}}"#
        )
    };
    let pair = world.template("pem", &ask("{{ .Key }}{{ .Cert }}"));
    assert_eq!(
        issued_by_a_start(&world, std::slice::from_ref(&pair)).await,
        1
    );
    let authority = ask("{{ .CA }}");
    let secret = r#"{{ with secret "secret/production/api-service" }}"#;
    let hidden = format!("{secret}{authority}{{{{ end }}}}");
    for text in [authority, hidden] {
        let templates = [pair.clone(), world.template("ca.pem", &text)];
        assert_eq!(issued_by_a_start(&world, &templates).await, 1);
        assert!(world.read("ca.pem").unwrap().starts_with("-----BEGIN CERT"));
        std::fs::remove_file(world.path("ca.pem")).unwrap();
    }
    // What needs no certificate is no matter.
    let templates = [pair, world.template("app", KV_TEMPLATE)];
    assert_eq!(issued_by_a_start(&world, &templates).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_was_taken_over_is_renewed_in_time() {
    let world = World::paused().await;
    let templates = mk_certificates(&world);
    assert_eq!(issued_by_a_start(&world, &templates).await, 2);
    let cert = world.read("tls.crt").unwrap();
    let start = tokio::time::Instant::now();
    let agent = Agent::start(&world.config(&templates));
    world.wait_for("tls.crt", |text| text != cert).await;
    let waited = start.elapsed().as_secs();
    assert!((3000..=3430).contains(&waited), "{waited} of 3600 seconds");
    agent.stop().await.unwrap();
}
