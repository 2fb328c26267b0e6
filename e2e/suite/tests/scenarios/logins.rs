//! Logins by other methods than the pod's service account, and the token as its readers get it.

use anyhow::{Context, Result};
use contract::AgentConfig;
use contract::agent_config::{DurationText, Method};
use e2e::{GUIDE_TEMPLATE, Lab, SERVICE_ACCOUNT};
use serde_json::{Value, json};

on_both_servers! {
    a_jwt_logs_in_and_is_gone_afterwards,
    a_jwt_for_somebody_else_is_refused_with_its_audience,
    a_wrapped_secret_id_logs_in_and_is_used_up,
    a_wrapping_token_of_another_path_is_left_alone,
    a_client_certificate_logs_in,
    a_token_in_a_file_serves_the_templates,
    a_wrapped_login_is_for_the_reader_of_the_sink,
    a_sink_wraps_the_token_that_the_agent_uses,
}

const SECRET_ID: &str = "auth/approle/role/app/secret-id";

/// Where an agent keeps its token, below its home.
const STATE: &str = ".vault-agent";

async fn a_jwt_logs_in_and_is_gone_afterwards(lab: Lab) -> Result<()> {
    trust_jwts(&lab, "https://kubernetes.default.svc.cluster.local").await?;
    lab.be(SERVICE_ACCOUNT)?;
    let (code, log) = lab.run(&jwt(&lab))?.ended().await?;
    assert_eq!(code, Some(0), "{log}");
    rendered(&lab);
    assert!(lab.file("token").is_err(), "the JWT is removed");
    lab.story.tell("logged in, and the JWT's file is gone");
    Ok(())
}

async fn a_jwt_for_somebody_else_is_refused_with_its_audience(lab: Lab) -> Result<()> {
    trust_jwts(&lab, "https://another.example").await?;
    let (code, log) = lab.run(&jwt(&lab))?.ended().await?;
    assert_eq!(code, Some(1), "{log}");
    let words =
        r#"for audience ["https://kubernetes.default.svc.cluster.local"], which role "app""#;
    assert!(log.contains(words), "{log}");
    Ok(())
}

async fn a_wrapped_secret_id_logs_in_and_is_used_up(lab: Lab) -> Result<()> {
    enable_approle(&lab).await?;
    let wrapping = lab.admin().write_wrapped(SECRET_ID, &json!({})).await?;
    lab.write("secret-id", &wrapping)?;
    let (code, log) = lab.run(&approle(&lab))?.ended().await?;
    assert_eq!(code, Some(0), "{log}");
    rendered(&lab);
    assert!(lab.file("secret-id").is_err(), "the file is removed");

    // A second pod with a copy of the wrapping token is told that somebody was there before.
    std::fs::remove_dir_all(lab.path(STATE))?;
    lab.write("secret-id", &wrapping)?;
    let (code, log) = lab.run(&approle(&lab))?.ended().await?;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("somebody has unwrapped it before"), "{log}");
    assert!(!log.contains(&wrapping), "no token is in the log");
    lab.story.tell("unwrapped once, refused twice");
    Ok(())
}

async fn a_wrapping_token_of_another_path_is_left_alone(lab: Lab) -> Result<()> {
    enable_approle(&lab).await?;
    let theirs = json!({ "secret_id": "theirs" });
    let path = "sys/wrapping/wrap";
    let wrapping = lab.admin().write_wrapped(path, &theirs).await?;
    lab.write("secret-id", &wrapping)?;
    let (code, log) = lab.run(&approle(&lab))?.ended().await?;
    assert_eq!(code, Some(1), "{log}");
    assert!(
        log.contains(r#"is of "sys/wrapping/wrap", not of"#),
        "{log}"
    );
    // It was not used up.
    let held = lab.admin().with_token(&wrapping);
    let held = held.write("sys/wrapping/unwrap", &json!({})).await?;
    assert_eq!(held.body["data"], theirs);
    Ok(())
}

async fn a_client_certificate_logs_in(lab: Lab) -> Result<()> {
    let admin = lab.admin();
    let method = json!({ "type": "cert" });
    admin.write("sys/auth/cert", &method).await?;
    let (certificate, key) = lab.client_certificate("web")?;
    let role = json!({ "certificate": certificate, "token_policies": "api-secrets" });
    admin.write("auth/cert/certs/web", &role).await?;
    lab.write("tls.crt", &certificate)?;
    lab.write("tls.key", &key)?;
    let config = with_method(
        &lab,
        "cert",
        &json!({
            "name": "web",
            "client_cert": lab.path("tls.crt"),
            "client_key": lab.path("tls.key"),
        }),
    );
    let (code, log) = lab.run(&config)?.ended().await?;
    assert_eq!(code, Some(0), "{log}");
    rendered(&lab);
    Ok(())
}

async fn a_token_in_a_file_serves_the_templates(lab: Lab) -> Result<()> {
    let create = json!({ "policies": ["api-secrets"], "ttl": "1h" });
    let made = lab.admin().write("auth/token/create", &create).await?;
    let token = made.body["auth"]["client_token"].as_str();
    let token = token.context("a new token")?;
    lab.write("given", token)?;
    let config = with_method(
        &lab,
        "token_file",
        &json!({ "token_file_path": lab.path("given") }),
    );
    let (code, log) = lab.run(&config)?.ended().await?;
    assert_eq!(code, Some(0), "{log}");
    rendered(&lab);
    assert_eq!(lab.file("sink").as_deref(), Ok(token));
    assert!(!log.contains(token), "no token is in the log");
    Ok(())
}

async fn a_wrapped_login_is_for_the_reader_of_the_sink(lab: Lab) -> Result<()> {
    let mut config = lab.init_container(&[]);
    config
        .auto_auth
        .as_mut()
        .and_then(|auth| auth.method.as_mut())
        .context("an init container logs in")?
        .wrap_ttl = DurationText::new("5m");
    let (code, log) = lab.run(&config)?.ended().await?;
    assert_eq!(code, Some(0), "{log}");
    let answer = unwrap(&lab, "auth/kubernetes/login").await?;
    let policies = &answer["auth"]["policies"];
    assert_eq!(*policies, json!(["api-secrets", "default"]));
    Ok(())
}

async fn a_sink_wraps_the_token_that_the_agent_uses(lab: Lab) -> Result<()> {
    let mut config = lab.init_container(&[("config", GUIDE_TEMPLATE)]);
    let auth = config.auto_auth.as_mut();
    auth.context("an init container logs in")?.sink[0].wrap_ttl = DurationText::new("5m");
    let (code, log) = lab.run(&config)?.ended().await?;
    assert_eq!(code, Some(0), "{log}");
    rendered(&lab);
    let answer = unwrap(&lab, "sys/wrapping/wrap").await?;
    let token = answer["data"]["token"].as_str().context("a token")?;
    let admin = lab.admin().with_token(token);
    let info = admin.read("auth/token/lookup-self").await?;
    assert_eq!(info["path"], "auth/kubernetes/login");
    Ok(())
}

/// Takes out what the sink's wrapping holds, which is an answer of this path.
async fn unwrap(lab: &Lab, path: &str) -> Result<Value> {
    let sink = lab.file("sink").expect("the sink must be there");
    let wrapping: Value = serde_json::from_str(&sink)?;
    assert_eq!(wrapping["creation_path"], path);
    assert_eq!(wrapping["ttl"], 300);
    let token = wrapping["token"].as_str().context("a wrapping token")?;
    let reader = lab.admin().with_token(token);
    let answer = reader.write("sys/wrapping/unwrap", &json!({})).await?;
    Ok(answer.body)
}

/// Trusts the cluster's keys at `auth/jwt`, for tokens for this audience.
async fn trust_jwts(lab: &Lab, audience: &str) -> Result<()> {
    let admin = lab.admin();
    admin
        .write("sys/auth/jwt", &json!({ "type": "jwt" }))
        .await?;
    let keys = json!({ "jwt_validation_pubkeys": [lab.service_account_key()] });
    admin.write("auth/jwt/config", &keys).await?;
    let role = json!({
        "role_type": "jwt", "user_claim": "sub", "bound_audiences": [audience],
        "bound_subject": "system:serviceaccount:production:api-service-sa",
        "token_policies": "api-secrets",
    });
    admin.write("auth/jwt/role/app", &role).await.map(drop)
}

/// Enables `AppRole` with one role, and puts the role's id into the pod.
async fn enable_approle(lab: &Lab) -> Result<()> {
    let admin = lab.admin();
    let method = json!({ "type": "approle" });
    admin.write("sys/auth/approle", &method).await?;
    let role = json!({ "token_policies": "api-secrets" });
    admin.write("auth/approle/role/app", &role).await?;
    let id = admin.read("auth/approle/role/app/role-id").await?;
    lab.write("role-id", id["role_id"].as_str().context("a role id")?)
}

fn jwt(lab: &Lab) -> AgentConfig {
    let method = json!({ "role": "app", "path": lab.path("token") });
    with_method(lab, "jwt", &method)
}

fn approle(lab: &Lab) -> AgentConfig {
    let method = json!({
        "role_id_file_path": lab.path("role-id"),
        "secret_id_file_path": lab.path("secret-id"),
        "secret_id_response_wrapping_path": SECRET_ID,
    });
    with_method(lab, "approle", &method)
}

/// An init container with this method, which renders the guide's secret.
fn with_method(lab: &Lab, kind: &str, config: &Value) -> AgentConfig {
    let mut agent = lab.init_container(&[("config", GUIDE_TEMPLATE)]);
    let keys = config.as_object().into_iter().flatten();
    let method = Method {
        kind: kind.to_owned(),
        config: keys
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect(),
        exit_on_err: true.into(),
        ..Method::default()
    };
    if let Some(auth) = agent.auto_auth.as_mut() {
        auth.method = Some(method);
    }
    agent
}

fn rendered(lab: &Lab) {
    let file = lab.file("config").expect("the file must be there");
    assert!(file.ends_with("API_KEY=sk_live_xxxxx"), "{file}");
}
