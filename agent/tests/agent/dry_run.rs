//! `render --dry-run`: what it shows, and that nothing of it is left.

use std::collections::BTreeSet;
use std::future::pending;
use std::process::{Command, Stdio};

use dev_vault::Fault;
use serde_json::{Value, json};
use vault_agent::exit::Failure;

use crate::support::{DATABASE_TEMPLATE, KV_TEMPLATE, World, mk_settings};

/// Runs it, and gives how it ended and what it showed.
async fn run(config: &Value, shows_secrets: bool) -> (Result<(), Failure>, String) {
    let mut out = Vec::new();
    let settings = mk_settings(config);
    let end = vault_agent::dry_run(settings, shows_secrets, &mut out, pending()).await;
    (end, String::from_utf8(out).unwrap())
}

/// A static and a dynamic secret, with a command and a further file.
fn mk_config(world: &World) -> Value {
    let mut app = world.template("app", &format!("{KV_TEMPLATE}\nport=80\n"));
    app["perms"] = json!("0600");
    app["command"] = json!(["touch", world.path("ran")]);
    let own = world.path("own");
    let own = own.display();
    let text = format!(
        "{DATABASE_TEMPLATE}{{{{ \"further\" | writeToFile \"{own}\" \"\" \"\" \"0640\" }}}}"
    );
    let mut config = world.config(&[app, world.template("user", &text)]);
    config["cache"] = json!({"persist": {"type": "kubernetes", "path": world.dir.path()}});
    config
}

fn files(world: &World) -> BTreeSet<String> {
    let all = std::fs::read_dir(world.dir.path()).unwrap();
    let names = all.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn it_shows_every_file_without_values_and_leaves_nothing() {
    let world = World::new().await;
    let config = mk_config(&world);
    let before = files(&world);
    let (end, shown) = run(&config, false).await;
    end.unwrap();
    let path = |name: &str| world.path(name).display().to_string();
    let wanted = format!(
        "==> {} (mode 0640, the token)\n********\n\n\
         ==> {} (mode 0600)\nkey=********\nport=80\n\n\
         ==> {} (mode 0640)\n********\n\n\
         ==> {} (mode 0644)\n********\n\n",
        path("token"),
        path("app"),
        path("own"),
        path("user"),
    );
    assert_eq!(shown, wanted);
    assert_eq!(files(&world), before);
    assert_eq!(world.vault.count("GET", "database/creds/api-role"), 1);
    assert_eq!(world.vault.leases(), []);
    assert_eq!(world.vault.count("PUT", "auth/token/revoke-self"), 1);
}

#[tokio::test]
async fn it_shows_values_where_that_is_asked_for() {
    let world = World::new().await;
    let (end, shown) = run(&mk_config(&world), true).await;
    end.unwrap();
    assert!(shown.contains("\nkey=first\nport=80\n"), "{shown}");
    assert!(shown.contains(" (mode 0640)\nfurther\n"), "{shown}");
    assert!(
        shown.contains("(mode 0640, the token)\n********\n"),
        "{shown}"
    );
}

#[tokio::test]
async fn names_made_of_values_are_masked_and_no_name_acts_on_the_terminal() {
    let world = World::new().await;
    let odd = world.path("odd\u{1b}[2J").display().to_string();
    let text = format!(
        r#"{{{{ with secret "secret/production/api-service" }}}}{{{{ $value := .Data.data.api_key }}}}
        {{{{- "a" | writeToFile $value "" "" "0600" }}}}
        {{{{- "b" | writeToFile "{odd}" $value "users" "0600" }}}}
        {{{{- "c" | writeToFile "{odd}-2" "" $value "0600" }}}}{{{{ end }}}}"#
    );
    let config = world.config(&[world.template("app", &text)]);
    let (end, shown) = run(&config, false).await;
    end.unwrap();
    let odd = odd.replace('\u{1b}', r"\u{1b}");
    for line in [
        "==> ******** (mode 0600)\n".to_owned(),
        format!("==> {odd} (mode 0600, user ********, group users)\n"),
        format!("==> {odd}-2 (mode 0600, group ********)\n"),
    ] {
        assert!(shown.contains(&line), "{line}: {shown}");
    }
    assert!(!shown.contains("first"), "{shown}");

    let (end, shown) = run(&config, true).await;
    end.unwrap();
    for line in [
        "==> first (mode 0600)\n".to_owned(),
        format!("==> {odd} (mode 0600, user first, group users)\n"),
    ] {
        assert!(shown.contains(&line), "{line}: {shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[tokio::test]
async fn a_template_that_fails_is_named_and_the_others_are_shown() {
    let world = World::new().await;
    let late = r#"{{ with secret "secret/production/late" }}{{ .Data.data.a }}{{ end }}"#;
    let templates = [
        world.template("broken", "{{ nothing_known }}"),
        world.template("late", late),
        world.template("wrong", "{{ index 1 2 }}"),
        world.template("app", KV_TEMPLATE),
        world.template(
            "key",
            r#"{{ with secret "secret/production/api-service" }}{{ .Data.data.nope }}{{ end }}"#,
        ),
    ];
    let (end, shown) = run(&world.config(&templates), false).await;
    let lines = end.unwrap_err().lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, file, words) in [
        (&lines[0], "broken", "nothing_known"),
        (&lines[1], "late", "secret/data/production/late"),
        (&lines[2], "wrong", "line 1, column 4"),
    ] {
        assert!(
            line.contains(&*world.path(file).to_string_lossy()),
            "{line}"
        );
        assert!(line.contains(words), "{line}");
    }
    assert!(shown.contains("key=********"), "{shown}");
    assert!(shown.contains("(mode 0644)\n<no value>\n"), "{shown}");
    assert!(
        !shown.contains("broken") && !shown.contains("late"),
        "{shown}"
    );
    assert_eq!(world.vault.count("PUT", "auth/token/revoke-self"), 1);
}

#[tokio::test]
async fn a_token_of_somebody_else_outlives_it_and_its_leases_do_not() {
    let world = World::new().await;
    world.write("given", world.vault.root_token());
    let mut config = world.config(&[world.template("user", DATABASE_TEMPLATE)]);
    config["auto_auth"]["method"] =
        json!({"type": "token_file", "config": {"token_file_path": world.path("given")}});
    run(&config, false).await.0.unwrap();
    assert_eq!(world.vault.leases(), []);
    assert_eq!(world.vault.count("PUT", "auth/token/revoke-self"), 0);
    assert_eq!(world.vault.count("PUT", "sys/leases/revoke"), 1);
}

#[tokio::test]
async fn what_cannot_be_revoked_is_a_failure() {
    let world = World::new().await;
    world
        .vault
        .add_fault(Fault::status("auth/token/revoke-self", 403));
    world
        .vault
        .add_fault(Fault::status("sys/leases/revoke", 403));
    let (end, shown) = run(&mk_config(&world), false).await;
    let error = end.unwrap_err();
    assert!(matches!(error, Failure::NotRevoked), "{error}");
    assert!(shown.contains("key=********"), "{shown}");
    assert!(
        world.logs().contains("cannot revoke lease"),
        "{}",
        world.logs()
    );
}

#[tokio::test]
async fn a_login_that_fails_ends_it_at_once() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["auto_auth"]["method"]["config"]["role"] = json!("other");
    let (end, shown) = run(&config, false).await;
    assert!(matches!(end, Err(Failure::Auth(_))), "{end:?}");
    assert_eq!((world.logins(), shown.as_str()), (1, ""));
}

#[tokio::test]
async fn templates_without_secrets_are_shown_while_vault_is_away() {
    let world = World::new().await;
    let fixed = world.template("fixed", "port=80\n");
    let mut config = world.config(std::slice::from_ref(&fixed));
    config["vault"]["address"] = json!("http://127.0.0.1:1");
    let (end, shown) = run(&config, false).await;
    end.unwrap();
    assert!(shown.contains("(mode 0644)\nport=80\n"), "{shown}");
    world.wait_for_log("so the login was not tried").await;

    config["template"] = json!([fixed, world.template("app", KV_TEMPLATE)]);
    let (end, shown) = run(&config, false).await;
    let failure = end.unwrap_err();
    assert!(matches!(failure, Failure::Auth(_)), "{failure}");
    assert_eq!(failure.exit_code(), 1);
    assert!(failure.one_line().contains("127.0.0.1:1"), "{failure}");
    assert!(shown.ends_with("port=80\n\n"), "{shown}");
    assert!(!shown.contains("app"), "{shown}");
}

#[tokio::test]
async fn a_handlebars_template_shows_its_text_around_the_masks() {
    let world = World::new().await;
    let text =
        "{{#secret \"secret/production/api-service\"}}key={{data.data.api_key}}\n{{/secret}}";
    let mut template = world.template("app", text);
    template["engine"] = json!("handlebars");
    let (end, shown) = run(&world.config(&[template]), false).await;
    end.unwrap();
    assert!(shown.contains("(mode 0644)\nkey=********\n"), "{shown}");
}

#[tokio::test]
async fn the_credentials_of_the_agent_stay_where_they_are() {
    let world = World::new().await;
    world.put("sys/auth/approle", &json!({"type": "approle"}));
    world.put(
        "auth/approle/role/app",
        &json!({"token_policies": "api-secrets"}),
    );
    let path = "auth/approle/role/app/secret-id";
    let role_id = world.vault.read("auth/approle/role/app/role-id").unwrap();
    world.write("role-id", role_id["data"]["role_id"].as_str().unwrap());
    let secret_id = world.vault.write(path, &json!({})).unwrap();
    world.write(
        "secret-id",
        secret_id["data"]["secret_id"].as_str().unwrap(),
    );
    let mut config = world.config(&[world.template("app", KV_TEMPLATE)]);
    config["auto_auth"]["method"] = json!({"type": "approle", "config": {
        "role_id_file_path": world.path("role-id"),
        "secret_id_file_path": world.path("secret-id"),
    }});
    run(&config, false).await.0.unwrap();
    assert!(world.read("secret-id").is_some());

    config["auto_auth"]["method"]["config"]["secret_id_response_wrapping_path"] = json!(path);
    let error = run(&config, false).await.0.unwrap_err();
    assert!(
        error
            .one_line()
            .contains("would use up the wrapped secret id"),
        "{error}"
    );
    assert_eq!(world.vault.count("PUT", "sys/wrapping"), 0);
}

#[tokio::test]
async fn the_command_line_shows_variables_and_takes_flags_on_either_side() {
    let world = World::new().await;
    let mut config = mk_config(&world);
    config["template"] = json!([]);
    config["exec"] = json!({"command": ["touch", world.path("ran")]});
    config["env_template"] = json!([{"name": "KEY", "contents": KV_TEMPLATE}]);
    world.write("agent.json", &config.to_string());
    let file = format!("-config={}", world.path("agent.json").display());
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vault-agent"));
        command.args(arguments).env_clear().stdin(Stdio::null());
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let output = run(&[&file, "render", "-dry-run"]).await.unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{:?}", output.stderr);
    assert!(
        shown.ends_with("==> KEY (variable)\nkey=********\n\n"),
        "{shown}"
    );
    let output = run(&["render", "--dry-run", "--show-secrets", &file])
        .await
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.ends_with("==> KEY (variable)\nkey=first\n\n"),
        "{shown}"
    );
    assert_eq!(world.read("ran"), None);

    let output = run(&["render", &file]).await.unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(64) && text.contains("--dry-run"),
        "{text}"
    );
}
