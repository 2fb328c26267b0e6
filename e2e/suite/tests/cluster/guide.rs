//! The guide's Deployment, and the file that its application reads.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::{GUIDE_SECRET, Scene, workload};
use serde_json::json;

in_the_cluster! {
    Together;
    the_guides_deployment_prints_its_secret_and_follows_its_change,
    a_namespace_that_takes_restricted_pods_only_takes_an_injected_one,
    a_job_reads_its_secret_and_completes,
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

async fn a_namespace_that_takes_restricted_pods_only_takes_an_injected_one(
    scene: &Scene,
) -> Result<()> {
    let level = "pod-security.kubernetes.io/enforce=restricted";
    let label = ["label", "namespace", scene.namespace(), level];
    scene.kubectl.run(&label).await?;
    let annotations = workload::guide_annotations(scene.namespace());

    // To show that the level is enforced here.
    let mut privileged = workload::pod("privileged", &annotations);
    privileged["spec"]["containers"][0]["securityContext"] = json!({ "privileged": true });
    let words = scene.kubectl.refused(&privileged.to_string()).await?;
    assert!(words.contains("violates PodSecurity"), "{words}");

    let pod = workload::pod("api", &annotations);
    scene.kubectl.apply(&pod.to_string()).await?;
    let pod = scene.ready("api").await;
    assert!(workload::first_agent(&pod).is_some());
    Ok(())
}

async fn a_job_reads_its_secret_and_completes(scene: &Scene) -> Result<()> {
    let annotations = workload::guide_annotations(scene.namespace());
    let mut job = workload::deployment("job", &annotations);
    job["apiVersion"] = json!("batch/v1");
    job["kind"] = json!("Job");
    // A Job chooses its own labels.
    job["spec"]["selector"] = json!(null);
    let pod = &mut job["spec"]["template"]["spec"];
    pod["restartPolicy"] = json!("OnFailure");
    pod["containers"][0]["command"] = json!(["cat", "/vault/secrets/config"]);
    scene.kubectl.apply(&job.to_string()).await?;

    let wait = [
        "wait",
        "job/job",
        "--for=condition=complete",
        "--timeout=120s",
    ];
    scene.kubectl.run(&wait).await?;
    let log = scene.kubectl.logs("job/job", workload::CONTAINER).await?;
    assert!(log.contains("API_KEY="), "{log}");
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
