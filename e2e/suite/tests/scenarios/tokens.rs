//! The agent's own token: renewed, replaced, and replaced at once when somebody revoked it.

use anyhow::Result;
use e2e::{Agent, GUIDE_SECRET, GUIDE_TEMPLATE, Lab};
use serde_json::{Value, json};

const LOGGED_IN: &str = "authentication successful";
const RENEWED: &str = "renewed auth token";

on_both_servers! {
    a_short_token_is_renewed_and_replaced_before_its_end,
    a_token_revoked_by_hand_is_replaced_at_once,
}

async fn a_short_token_is_renewed_and_replaced_before_its_end(lab: Lab) -> Result<()> {
    lab.role(json!({ "token_ttl": "4s", "token_max_ttl": "10s" }))
        .await?;
    let agent = lab.run(&lab.sidecar(&[("config", GUIDE_TEMPLATE)]))?;
    let first = token(&lab, "").await;
    agent.logs(2, RENEWED).await?;
    assert_eq!(
        agent.logged(LOGGED_IN),
        1,
        "a token that can be renewed is not replaced"
    );
    lab.story.tell("renewed twice");

    agent.logs(2, LOGGED_IN).await?;
    let second = token(&lab, &first).await;
    let info = lab
        .admin()
        .with_token(&second)
        .read("auth/token/lookup-self")
        .await?;
    lab.story.tell(format_args!(
        "replaced by one with {} s to live",
        info["ttl"]
    ));

    follows(&lab, &agent).await
}

async fn a_token_revoked_by_hand_is_replaced_at_once(lab: Lab) -> Result<()> {
    let agent = lab.run(&lab.sidecar(&[("config", GUIDE_TEMPLATE)]))?;
    let first = token(&lab, "").await;
    lab.admin()
        .write("auth/token/revoke", &json!({ "token": first }))
        .await?;
    agent.logs(2, LOGGED_IN).await?;
    token(&lab, &first).await;
    lab.story.tell("revoked by hand, logged in again");
    follows(&lab, &agent).await
}

/// The token in the sink, as soon as it is there and another than `old`.
async fn token(lab: &Lab, old: &str) -> String {
    lab.story
        .until("a new token in the sink", || async {
            let token = lab.file("sink")?;
            if token == old {
                Err("the old token".to_owned())
            } else {
                Ok(token)
            }
        })
        .await
}

/// The new token serves the templates: a change still reaches the file.
async fn follows(lab: &Lab, agent: &Agent) -> Result<()> {
    let secret = json!({ "database_url": "postgresql://new", "api_key": Value::from("new") });
    lab.admin().kv_put("secret", GUIDE_SECRET, &secret).await?;
    lab.story
        .until("the file to follow", || async {
            let seen = lab.file("config")?;
            if seen.ends_with("API_KEY=new") {
                Ok(())
            } else {
                Err(seen)
            }
        })
        .await;
    let sink = lab.file("sink").expect("the sink must be there");
    assert!(!agent.log().contains(&sink), "no token is in the log");
    Ok(())
}
