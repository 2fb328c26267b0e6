//! The sidecar with the guide's template.

use std::os::unix::fs::MetadataExt;

use anyhow::Result;
use e2e::{GUIDE_SECRET, GUIDE_TEMPLATE, Lab};
use serde_json::json;

const FIRST: &str = "DATABASE_URL=postgresql://user:pass@db:5432/app\nAPI_KEY=sk_live_xxxxx";
const SECOND: &str = "DATABASE_URL=postgresql://user:other@db:5432/app\nAPI_KEY=sk_live_yyyyy";

on_both_servers! {
    the_guides_file_appears_and_follows_its_secret,
    a_file_whose_text_stays_the_same_is_not_touched,
    a_sealed_server_leaves_the_file_and_is_followed_again_afterwards,
    two_templates_of_one_secret_do_not_disturb_each_other,
}

async fn the_guides_file_appears_and_follows_its_secret(lab: Lab) -> Result<()> {
    let agent = lab.run(&lab.sidecar(&[("config", GUIDE_TEMPLATE)]))?;
    wait_for_text(&lab, "config", FIRST).await;
    agent.logs(1, "rendered \"(dynamic)\" =>").await?;
    lab.story.tell("the file is there");

    change_secret(&lab).await?;
    wait_for_text(&lab, "config", SECOND).await;
    lab.story
        .tell("the secret was changed and the file follows");

    let status = agent.terminate().await?;
    assert_eq!(
        status.code(),
        Some(0),
        "asked to leave, the agent leaves in good order"
    );
    assert_eq!(
        lab.file("config").as_deref(),
        Ok(SECOND),
        "the application keeps its file"
    );
    Ok(())
}

async fn a_file_whose_text_stays_the_same_is_not_touched(lab: Lab) -> Result<()> {
    let version = r#"{{ with secret "secret/data/production/api-service" }}{{ .Data.metadata.version }}{{ end }}"#;
    let agent = lab.run(&lab.sidecar(&[("config", GUIDE_TEMPLATE), ("version", version)]))?;
    wait_for_text(&lab, "config", FIRST).await;
    wait_for_text(&lab, "version", "1").await;
    let before = std::fs::metadata(lab.path("config"))?;

    let same = lab
        .admin()
        .read(&format!("secret/data/{GUIDE_SECRET}"))
        .await?;
    lab.admin()
        .kv_put("secret", GUIDE_SECRET, &same["data"])
        .await?;
    wait_for_text(&lab, "version", "2").await;
    agent.terminate().await?;
    let after = std::fs::metadata(lab.path("config"))?;
    assert_eq!(
        (before.ino(), before.mtime(), before.mtime_nsec()),
        (after.ino(), after.mtime(), after.mtime_nsec()),
    );
    Ok(())
}

async fn a_sealed_server_leaves_the_file_and_is_followed_again_afterwards(lab: Lab) -> Result<()> {
    let agent = lab.run(&lab.sidecar(&[("config", GUIDE_TEMPLATE)]))?;
    wait_for_text(&lab, "config", FIRST).await;

    lab.server.seal().await?;
    let words = agent.logs(1, "sealed").await?;
    lab.story.tell(format_args!("the agent says: {words}"));
    assert_eq!(lab.file("config").as_deref(), Ok(FIRST));

    lab.server.unseal().await?;
    change_secret(&lab).await?;
    wait_for_text(&lab, "config", SECOND).await;
    assert_eq!(agent.terminate().await?.code(), Some(0));
    Ok(())
}

async fn two_templates_of_one_secret_do_not_disturb_each_other(lab: Lab) -> Result<()> {
    let broken =
        r#"{{ with secret "secret/data/production/api-service" }}{{ .Data.nope.deeper }}{{ end }}"#;
    let agent = lab.run(&lab.sidecar(&[("broken", broken), ("config", GUIDE_TEMPLATE)]))?;
    wait_for_text(&lab, "config", FIRST).await;
    change_secret(&lab).await?;
    wait_for_text(&lab, "config", SECOND).await;
    assert!(lab.file("broken").is_err());
    assert!(
        !agent.log().contains("sk_live"),
        "no value of a secret is in the log"
    );
    Ok(())
}

async fn change_secret(lab: &Lab) -> Result<()> {
    let secret = json!({
        "database_url": "postgresql://user:other@db:5432/app",
        "api_key": "sk_live_yyyyy",
    });
    // A server that was unsealed a moment ago refuses until it has its mounts together.
    lab.story
        .until("the secret to be written", || async {
            let put = lab.admin().kv_put("secret", GUIDE_SECRET, &secret).await;
            put.map_err(|error| error.to_string())
        })
        .await;
    Ok(())
}

async fn wait_for_text(lab: &Lab, file: &str, text: &str) {
    lab.story
        .until(&format!("{file} to hold {text:?}"), || async {
            let seen = lab.file(file)?;
            if seen == text { Ok(()) } else { Err(seen) }
        })
        .await;
}
