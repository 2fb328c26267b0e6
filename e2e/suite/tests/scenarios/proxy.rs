//! Applications that ask the agent instead of Vault, and one credential for all of them.

use anyhow::{Context, Result, ensure};
use contract::agent_config::{ApiProxy, Cache, Listener};
use e2e::{Agent, GUIDE_SECRET, Lab, ROLE, SERVICE_ACCOUNT};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

on_both_servers! {
    a_dynamic_secret_through_the_cache_is_made_once_until_it_is_revoked,
    a_login_through_the_cache_ends_with_all_that_it_was_used_for,
}

const CREDENTIALS: &str = "database/creds/api-role";

async fn a_dynamic_secret_through_the_cache_is_made_once_until_it_is_revoked(
    mut lab: Lab,
) -> Result<()> {
    let (_agent, application) = start(&mut lab).await?;
    let first = application.get(CREDENTIALS, "").await?;
    let again = application.get(CREDENTIALS, "").await?;
    assert!(!first.is_hit && again.is_hit);
    let user = first.user()?;
    assert_eq!(user, again.user()?);
    works(&lab, &again).await?;
    lab.story.tell(format_args!("both get {user}"));

    let secret = format!("secret/data/{GUIDE_SECRET}");
    for _ in 0..2 {
        let answer = application.get(&secret, "").await?;
        assert!(!answer.is_hit && answer.status == StatusCode::OK);
    }

    let lease = json!({ "lease_id": first.body["lease_id"] });
    let revoked = application
        .send(Method::PUT, "sys/leases/revoke", "", Some(&lease))
        .await?;
    ensure!(revoked.status.is_success(), "{}", revoked.body);
    gone(&lab, &first).await;
    let next = application.get(CREDENTIALS, "").await?;
    assert!(!next.is_hit);
    assert_ne!(next.user()?, user);
    works(&lab, &next).await?;
    lab.story
        .tell(format_args!("after its revocation {}", next.user()?));
    Ok(())
}

async fn a_login_through_the_cache_ends_with_all_that_it_was_used_for(mut lab: Lab) -> Result<()> {
    let (agent, application) = start(&mut lab).await?;
    let jwt = lab.service_account_token(SERVICE_ACCOUNT)?;
    let body = json!({ "role": ROLE, "jwt": jwt });
    let log_in = || application.send(Method::POST, "auth/kubernetes/login", "", Some(&body));
    let (first, again) = (log_in().await?, log_in().await?);
    assert!(!first.is_hit && again.is_hit, "{}", first.body);
    let token = first.body["auth"]["client_token"].as_str();
    let token = token.context("a login gives a token")?;
    assert_eq!(again.body["auth"]["client_token"], token);

    let own = application.get(CREDENTIALS, token).await?;
    assert!(application.get(CREDENTIALS, token).await?.is_hit);
    let agents = application.get(CREDENTIALS, "").await?;
    assert_ne!(own.user()?, agents.user()?);

    let revoked = application
        .send(Method::POST, "auth/token/revoke-self", token, None)
        .await?;
    ensure!(revoked.status.is_success(), "{}", revoked.body);
    gone(&lab, &own).await;
    let answer = application.get(CREDENTIALS, token).await?;
    assert!(!answer.is_hit && answer.status == StatusCode::FORBIDDEN);
    assert!(!log_in().await?.is_hit);
    let kept = application.get(CREDENTIALS, "").await?;
    assert!(kept.is_hit && kept.user()? == agents.user()?);
    lab.story
        .tell("the login is gone, and the agent's credentials are not");

    let log = agent.log();
    for secret in [token, own.text("password")?] {
        assert!(!log.contains(secret), "no secret is in the log");
    }
    Ok(())
}

/// An agent with a cache, and an application that asks it.
async fn start(lab: &mut Lab) -> Result<(Agent, Application)> {
    lab.database("1m", "1h").await?;
    let policy = r#"path "sys/leases/revoke" { capabilities = ["update"] }"#;
    let policy = json!({ "policy": policy });
    lab.admin()
        .write("sys/policies/acl/api-revoke", &policy)
        .await?;
    lab.role(json!({ "policies": "api-secrets,api-database,api-revoke" }))
        .await?;
    let mut config = lab.sidecar(&[]);
    config.cache = Some(Cache::default());
    config.api_proxy = Some(ApiProxy {
        use_auto_auth_token: "true".to_owned(),
        ..ApiProxy::default()
    });
    config.listener = vec![Listener {
        kind: "tcp".to_owned(),
        address: "127.0.0.1:0".to_owned(),
        tls_disable: true.into(),
        ..Listener::default()
    }];
    let agent = lab.run(&config)?;
    let line = agent.logs(1, "listening at ").await?;
    let address = line.rsplit(' ').next().context("a line has words")?;
    let application = Application {
        http: Client::builder().build()?,
        base: format!("http://{}/v1", address.trim()),
    };
    agent.logs(1, "authentication successful").await?;
    Ok((agent, application))
}

struct Application {
    http: Client,
    base: String,
}

struct Answer {
    status: StatusCode,
    is_hit: bool,
    body: Value,
}

impl Application {
    async fn get(&self, path: &str, token: &str) -> Result<Answer> {
        self.send(Method::GET, path, token, None).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Result<Answer> {
        let mut request = self.http.request(method, format!("{}/{path}", self.base));
        if !token.is_empty() {
            request = request.header("X-Vault-Token", token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let cache = answer.headers().get("X-Cache").context("a cache says so")?;
        Ok(Answer {
            is_hit: cache == "HIT",
            status: answer.status(),
            body: serde_json::from_slice(&answer.bytes().await?).unwrap_or_default(),
        })
    }
}

impl Answer {
    fn user(&self) -> Result<&str> {
        self.text("username")
    }

    fn text(&self, key: &str) -> Result<&str> {
        let text = self.body["data"][key].as_str();
        text.with_context(|| format!("{} {}", self.status, self.body["errors"]))
    }
}

/// Where there is a database, the credentials open it.
async fn works(lab: &Lab, answer: &Answer) -> Result<()> {
    if let Some(postgres) = &lab.postgres {
        postgres
            .connect(answer.user()?, answer.text("password")?)
            .await?;
    }
    Ok(())
}

/// Waits until the lease is of no use any more.
async fn gone(lab: &Lab, answer: &Answer) {
    let lease = json!({ "lease_id": answer.body["lease_id"] });
    lab.story
        .until("the end of the lease", || async {
            match lab.admin().write("sys/leases/lookup", &lease).await {
                Ok(seen) => Err(seen.body.to_string()),
                Err(_) => Ok(()),
            }
        })
        .await;
}
