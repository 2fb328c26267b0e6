//! The init container: it leaves when the files are there, or says why they will not be.

use anyhow::Result;
use e2e::{GUIDE_TEMPLATE, Lab, SERVICE_ACCOUNT, ServiceAccount};
use serde_json::json;

on_both_servers! {
    leaves_with_0_once_the_file_is_there,
    a_role_that_does_not_exist_is_named,
    a_service_account_that_is_not_bound_is_refused,
    a_token_of_another_cluster_is_refused,
}

async fn leaves_with_0_once_the_file_is_there(lab: Lab) -> Result<()> {
    let agent = lab.run(&lab.init_container(&[("config", GUIDE_TEMPLATE)]))?;
    let (code, log) = agent.ended().await?;
    assert_eq!(code, Some(0), "{log}");
    let file = lab.file("config").expect("the file must be there");
    assert!(file.ends_with("API_KEY=sk_live_xxxxx"), "{file}");

    // What it leaves behind for the sidecar is a token that works.
    let token = lab.file("sink").expect("the sink must be there");
    let answer = lab
        .admin()
        .with_token(&token)
        .read("auth/token/lookup-self")
        .await?;
    assert_eq!(answer["policies"], json!(["api-secrets", "default"]));
    Ok(())
}

async fn a_role_that_does_not_exist_is_named(lab: Lab) -> Result<()> {
    let mut config = lab.init_container(&[("config", GUIDE_TEMPLATE)]);
    let method = config
        .auto_auth
        .as_mut()
        .and_then(|auth| auth.method.as_mut());
    method
        .expect("an init container logs in")
        .config
        .insert("role".to_owned(), json!("no-such-role"));
    let log = refused(&lab, &config).await?;
    assert!(log.contains(r#"invalid role name "no-such-role""#), "{log}");
    Ok(())
}

async fn a_service_account_that_is_not_bound_is_refused(lab: Lab) -> Result<()> {
    lab.be(ServiceAccount {
        name: "default",
        ..SERVICE_ACCOUNT
    })?;
    let log = refused(&lab, &lab.init_container(&[("config", GUIDE_TEMPLATE)])).await?;
    assert!(log.contains("service account name not authorized"), "{log}");

    lab.be(ServiceAccount {
        namespace: "staging",
        ..SERVICE_ACCOUNT
    })?;
    let log = refused(&lab, &lab.init_container(&[("config", GUIDE_TEMPLATE)])).await?;
    assert!(log.contains("namespace not authorized"), "{log}");
    Ok(())
}

async fn a_token_of_another_cluster_is_refused(lab: Lab) -> Result<()> {
    let token = lab.service_account_token(SERVICE_ACCOUNT)?;
    // The last character of a signature of 64 bytes carries padding bits only, so the first is changed.
    let (message, signature) = token.rsplit_once('.').expect("a JWT has three parts");
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    lab.write_token(&format!("{message}.{other}{}", &signature[1..]))?;
    let log = refused(&lab, &lab.init_container(&[("config", GUIDE_TEMPLATE)])).await?;
    assert!(log.contains("permission denied"), "{log}");
    assert!(!log.contains(message), "the token itself is not in the log");
    Ok(())
}

/// Runs an init container that must fail at its login, and returns its log.
async fn refused(lab: &Lab, config: &contract::AgentConfig) -> Result<String> {
    let (code, log) = lab.run(config)?.ended().await?;
    assert_eq!(code, Some(1), "{log}");
    assert!(log.contains("error authenticating"), "{log}");
    assert!(
        lab.file("config").is_err(),
        "there is no file without a login"
    );
    let words = log
        .lines()
        .find_map(|line| Some(line.split_once("* ")?.1))
        .unwrap_or_default();
    lab.story
        .tell(format_args!("refused with the words: {words}"));
    Ok(log)
}
