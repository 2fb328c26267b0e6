//! The project's Vault client against both servers, call by call.

use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use e2e::{Lab, ROLE, SERVICE_ACCOUNT};
use reqwest::Method;
use serde_json::json;
use vault_client::{Client, ClientConfig, Session};
use vault_wire::Token;
use vault_wire::kv::{self, SecretVersion};

on_both_servers! {
    the_client_logs_in_and_reads_what_the_policy_allows,
    the_client_renews_and_revokes_leases,
    the_client_tells_a_sealed_server_from_a_dead_token,
}

async fn the_client_logs_in_and_reads_what_the_policy_allows(lab: Lab) -> Result<()> {
    let client = connect(&lab)?;
    let token = login(&lab, &client).await?;
    let session = client.with_token(&token);

    let path = "secret/data/production/api-service";
    // Users write the path with `data/` or without; the mount is found either way.
    for written in [path, "secret/production/api-service"] {
        let mount = session.mount(written).await?;
        assert!(mount.is_kv_v2() && mount.path == "secret/", "{mount:?}");
        assert_eq!(kv::read_path(written, &mount, client.namespace()), path);
    }
    let unknown = session
        .mount("nope/a")
        .await
        .expect_err("there is no such mount");
    assert!(unknown.is_permission_denied(), "{unknown}");

    let secret = session
        .read(path)
        .await?
        .context("the guide's secret is there")?;
    assert!(secret.lease.is_none());
    let data = secret.data.context("a secret has data")?;
    let version = SecretVersion::from_data(&data).context("KV v2 tells the version")?;
    assert_eq!(version.version, 1);
    lab.admin().send(Method::DELETE, path, None).await?;
    let deleted = session
        .read(path)
        .await?
        .context("a deleted version is an answer")?;
    let data = deleted.data.context("which says so in its data")?;
    assert!(
        SecretVersion::from_data(&data).is_some_and(|version| version.is_gone(SystemTime::now()))
    );

    let denied = session
        .read("secret/data/other")
        .await
        .expect_err("the policy must deny it");
    assert!(
        denied.is_permission_denied() && !denied.is_invalid_token(),
        "{denied}"
    );
    assert!(!denied.to_string().contains(token.expose()));

    assert_eq!(
        session.lookup_self().await?.policies,
        ["api-secrets", "default"]
    );
    assert!(session.renew_self(Duration::ZERO).await?.lease_duration > Duration::from_secs(3500));
    Ok(())
}

async fn the_client_renews_and_revokes_leases(mut lab: Lab) -> Result<()> {
    lab.database("5s", "12s").await?;
    let client = connect(&lab)?;
    let token = login(&lab, &client).await?;
    let session: Session<'_> = client.with_token(&token);
    let secret = session
        .read("database/creds/api-role")
        .await?
        .context("there is such a role")?;
    let lease = secret.lease.context("credentials have a lease")?;
    assert_eq!(
        (lease.duration, lease.renewable),
        (Duration::from_secs(5), true)
    );

    let renewed = session
        .renew_lease(&lease.id, Duration::from_secs(3))
        .await?;
    assert_eq!(
        (renewed.id, renewed.duration),
        (lease.id.clone(), Duration::from_secs(3))
    );
    lab.admin()
        .write(
            "sys/leases/revoke",
            &json!({ "lease_id": lease.id.as_str() }),
        )
        .await?;
    let error = session
        .renew_lease(&lease.id, Duration::ZERO)
        .await
        .expect_err("it is revoked");
    assert_eq!(error.messages(), ["lease not found"]);
    assert!(!error.is_retryable());
    Ok(())
}

async fn the_client_tells_a_sealed_server_from_a_dead_token(lab: Lab) -> Result<()> {
    let client = connect(&lab)?;
    let token = login(&lab, &client).await?;
    let path = "secret/data/production/api-service";

    client.with_token(&token).revoke_self().await?;
    let dead = client
        .with_token(&token)
        .read(path)
        .await
        .expect_err("the token is revoked");
    assert!(dead.is_invalid_token() && !dead.is_retryable(), "{dead}");

    let token = login(&lab, &client).await?;
    lab.server.seal().await?;
    let sealed = client
        .with_token(&token)
        .read(path)
        .await
        .expect_err("the server is sealed");
    assert!(sealed.is_sealed() && sealed.is_retryable(), "{sealed}");
    let health = client.health().await?;
    assert!(
        health.initialized && health.sealed && health.status == 503,
        "{health:?}"
    );
    Ok(())
}

fn connect(lab: &Lab) -> Result<Client> {
    let mut config = ClientConfig::new(lab.server.address());
    config.ca_cert = Some(lab.ca_file());
    Ok(Client::new(&config)?)
}

async fn login(lab: &Lab, client: &Client) -> Result<Token> {
    let body = json!({ "role": ROLE, "jwt": lab.service_account_token(SERVICE_ACCOUNT)? });
    Ok(client.login("auth/kubernetes", &body).await?.client_token)
}
