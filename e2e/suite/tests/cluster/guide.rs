//! The guide's Deployment, and the file that its application reads.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::{GUIDE_SECRET, Scene, workload};

in_the_cluster! {
    Together;
    the_guides_deployment_prints_its_secret_and_follows_its_change,
}

/// The guide's namespace.
const PRODUCTION: &str = "production";

const BEFORE: &str = "DATABASE_URL=postgresql://user:pass@db:5432/app\nAPI_KEY=sk_live_xxxxx";
const AFTER: &str = "DATABASE_URL=postgresql://user:new@db:5432/app\nAPI_KEY=sk_live_yyyyy";

async fn the_guides_deployment_prints_its_secret_and_follows_its_change(
    scene: &Scene,
) -> Result<()> {
    let kubectl = scene.within(PRODUCTION);
    let original = put("postgresql://user:pass@db:5432/app", "sk_live_xxxxx");
    scene.vault_afterwards(&original.each_ref().map(String::as_str));
    scene.afterwards(&kubectl, &["delete", "deployment", "api-service"]);

    let manifest = example("guide-deployment.yaml")?;
    let image = "        image: api:latest\n";
    ensure!(manifest.matches(image).count() == 1, "{manifest}");
    // The image is nowhere but on the node.
    let there = format!("{image}        imagePullPolicy: IfNotPresent\n");
    kubectl.apply(&manifest.replace(image, &there)).await?;
    kubectl.rolled_out("api-service").await?;
    let pod = kubectl.pod("api-service").await?;
    assert!(workload::is_ready(&pod));
    assert!(workload::first_agent(&pod).is_some());
    let printed = || kubectl.logs("deployment/api-service", "api");
    scene.until_says("the secret", BEFORE, printed).await;
    assert_eq!(printed().await?.trim_end(), BEFORE);
    scene.story.tell("the application prints its file");

    let changed = put("postgresql://user:new@db:5432/app", "sk_live_yyyyy");
    scene.vault(&changed.each_ref().map(String::as_str)).await?;
    scene.until_says("the new secret", AFTER, printed).await;
    let read = ["exec", "deployment/api-service", "--container=api", "--"];
    let file = kubectl
        .run(&[&read[..], &["cat", "/vault/secrets/config"]].concat())
        .await?;
    assert_eq!(file, AFTER);
    let later = kubectl.pod("api-service").await?;
    assert_eq!(workload::name(&later), workload::name(&pod));
    assert_eq!(workload::restarts(&later), 0);
    scene.story.tell("and the new one, in the same container");
    Ok(())
}

/// The guide's `vault kv put`.
fn put(database_url: &str, api_key: &str) -> [String; 5] {
    [
        "kv".to_owned(),
        "put".to_owned(),
        format!("secret/{GUIDE_SECRET}"),
        format!("database_url={database_url}"),
        format!("api_key={api_key}"),
    ]
}

/// A manifest as users find it.
pub(crate) fn example(name: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../manifests/examples")
        .join(name);
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}
