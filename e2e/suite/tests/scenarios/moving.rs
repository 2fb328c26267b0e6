//! What used to come by other ways, as `docs/migrate.md` has it come.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::{Lab, ServiceAccount};
use serde_json::{Value, json};

on_both_servers! {
    an_external_secret_reaches_the_application_through_annotations,
}

const FOOBAR: ServiceAccount<'_> = ServiceAccount {
    namespace: "default",
    name: "foobar",
};

async fn an_external_secret_reaches_the_application_through_annotations(lab: Lab) -> Result<()> {
    let page = read("docs/migrate.md")?;
    let deployment: Value =
        serde_saphyr::from_str(&read("manifests/examples/foobar-deployment.yaml")?)?;
    let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
    let annotation = |key: &str| {
        annotations[format!("vault.hashicorp.com/{key}")]
            .as_str()
            .with_context(|| key.to_owned())
    };
    let contents = annotation("agent-inject-template-foobar")?;
    let account = &deployment["spec"]["template"]["spec"]["serviceAccountName"];
    assert_eq!(account, FOOBAR.name);
    for (key, value) in annotations.as_object().context("no annotations")? {
        let first = value.as_str().and_then(|it| it.lines().next());
        let known = page.contains(key) && page.contains(first.unwrap_or_default());
        ensure!(known, "the page and the example differ in {key}");
    }

    // The page's two commands.
    let admin = lab.admin();
    let rules = between(&page, "vault policy write foobar - <<EOF\n", "EOF\n")?;
    admin
        .write("sys/policies/acl/foobar", &json!({ "policy": rules }))
        .await?;
    let settings = between(&page, "vault write auth/kubernetes/role/foobar", "```")?;
    let role: serde_json::Map<String, Value> = settings
        .split_whitespace()
        .filter_map(|word| word.split_once('='))
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect();
    ensure!(role.len() == 4, "{role:?}");
    admin
        .write("auth/kubernetes/role/foobar", &Value::Object(role))
        .await?;
    let secret = json!({ "my-value": "from Vault" });
    admin.kv_put("secret", "foo", &secret).await?;

    lab.be(FOOBAR)?;
    let mut config = lab.sidecar(&[("foobar", contents)]);
    let method = config.auto_auth.as_mut().and_then(|it| it.method.as_mut());
    let method = method.context("no auth method")?;
    let role = json!(annotation("role")?);
    method.config.insert("role".to_owned(), role);
    let agent = lab.run(&config)?;
    is(&lab, "from Vault").await;

    let secret = json!({ "my-value": "and another" });
    admin.kv_put("secret", "foo", &secret).await?;
    is(&lab, "and another").await;
    agent.terminate().await?;
    Ok(())
}

/// Waits until the application's file has this text.
async fn is(lab: &Lab, text: &str) {
    lab.story
        .until(&format!("the file to hold {text:?}"), || async {
            let seen = lab.file("foobar")?;
            if seen == text { Ok(()) } else { Err(seen) }
        })
        .await;
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Result<&'a str> {
    let rest = text.split_once(before).map(|(_, rest)| rest);
    let found = rest.and_then(|rest| rest.split_once(after));
    found
        .map(|(found, _)| found)
        .with_context(|| before.to_owned())
}

/// A file of the tree.
fn read(name: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}
