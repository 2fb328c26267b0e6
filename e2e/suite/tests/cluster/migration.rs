//! From the established agent to ours and back: what is deployed stays as it is.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::Value;

in_the_cluster! {
    Alone;
    a_workload_moves_to_our_agent_and_back_without_a_change_of_its_manifest,
}

/// Where the injector is told which image agents have.
const VARIABLE: &str = "AGENT_INJECT_VAULT_IMAGE";
const STOCK: &str = "testbed.local/vault:1";

async fn a_workload_moves_to_our_agent_and_back_without_a_change_of_its_manifest(
    scene: &Scene,
) -> Result<()> {
    let ours = workload::agent_image(&scene.injects().await?).to_owned();
    let original = original(scene).await?;
    let injector = scene.within("vault-injector");
    let forget = ["set", "env", "deployment/vault-injector", &original];
    scene.afterwards(&injector, &forget);
    let path = scene.secret("with-theirs").await?;
    use_image(scene, STOCK).await?;
    let more = [
        ("agent-inject-perms-config", "0644"),
        ("agent-limits-mem", "256Mi"),
        ("agent-run-as-user", "100"),
        ("log-level", "debug"),
    ];
    let annotations = workload::value_annotations(scene.namespace(), &path);
    let annotations = workload::with(annotations, &more);
    let manifest = workload::deployment("app", &annotations);
    scene.kubectl.apply(&manifest.to_string()).await?;
    let theirs = scene.ready("app").await;
    assert_eq!(workload::agent_image(&theirs), STOCK);
    lives_on(scene, &theirs, "with-theirs").await?;

    use_image(scene, &ours).await?;
    lives_on(scene, &theirs, "theirs-beside-ours").await?;
    let pod = restarted(scene).await?;
    assert_eq!(workload::agent_image(&pod), ours);
    lives_on(scene, &pod, "with-ours").await?;

    use_image(scene, STOCK).await?;
    lives_on(scene, &pod, "ours-beside-theirs").await?;
    let back = restarted(scene).await?;
    assert_eq!(workload::containers(&back), workload::containers(&theirs));
    assert_eq!(workload::agent_image(&back), STOCK);
    lives_on(scene, &back, "with-theirs-again").await
}

/// The variable's present setting, as `kubectl set env` takes it; a dash removes it.
async fn original(scene: &Scene) -> Result<String> {
    let injector = scene.within("vault-injector");
    let list = ["set", "env", "deployment/vault-injector", "--list"];
    let settings = injector.run(&list).await?;
    let mut lines = settings.lines();
    let setting = lines.find(|line| line.starts_with(&format!("{VARIABLE}=")));
    Ok(setting.map_or_else(|| format!("{VARIABLE}-"), str::to_owned))
}

/// Has the injector give pods this image.
async fn use_image(scene: &Scene, image: &str) -> Result<()> {
    let injector = scene.within("vault-injector");
    let setting = format!("{VARIABLE}={image}");
    let set = ["set", "env", "deployment/vault-injector", &setting];
    injector.run(&set).await?;
    injector.rolled_out("vault-injector").await?;
    scene.until_replicas_are_whole().await;
    let pod = scene.injects().await?;
    assert_eq!(workload::agent_image(&pod), image);
    scene.story.tell(format_args!("pods get {image}"));
    Ok(())
}

/// Replaces the application's pod, as its team would.
async fn restarted(scene: &Scene) -> Result<Value> {
    let restart = ["rollout", "restart", "deployment/app"];
    scene.kubectl.run(&restart).await?;
    scene.kubectl.rolled_out("app").await?;
    Ok(scene.ready("app").await)
}

/// The next value of the secret arrives in the same pod, in which nothing was started again.
async fn lives_on(scene: &Scene, pod: &Value, value: &str) -> Result<()> {
    scene.change(value).await?;
    scene.until_it_reads("deployment/app", value).await;
    let now = scene.ready("app").await;
    assert_eq!(now["metadata"]["uid"], pod["metadata"]["uid"]);
    assert_eq!(now["spec"], pod["spec"]);
    assert_eq!(workload::restarts(&now), 0);
    Ok(())
}
