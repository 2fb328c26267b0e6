//! Vault or the injector is away. Each of these scenarios has the cluster to itself.

use anyhow::{Context, Result};
use e2e::{Kubectl, Scene, workload};

in_the_cluster! {
    Alone;
    while_vault_is_sealed_new_pods_wait_and_running_ones_keep_their_files,
    after_vaults_restart_files_are_still_there_and_follow_the_next_change,
    without_an_injector_a_pod_starts_without_secrets_where_the_policy_is_ignore,
    without_an_injector_a_pod_that_asks_is_refused_where_the_policy_is_fail,
}

/// Opens Vault again.
const UNSEAL: [&str; 6] = [
    "exec",
    "vault-0",
    "--",
    "sh",
    "-c",
    "vault operator unseal $(cat /vault/unseal-key)",
];

const SEALED: &str = "Vault is sealed";
const FAILED: &str = r#"failed calling webhook "vault.hashicorp.com""#;

async fn while_vault_is_sealed_new_pods_wait_and_running_ones_keep_their_files(
    scene: &Scene,
) -> Result<()> {
    let kubectl = &scene.kubectl;
    let annotations = workload::guide_annotations(scene.namespace());
    kubectl
        .apply(&workload::pod("running", &annotations).to_string())
        .await?;
    scene.ready("running").await;

    let vault = scene.within("vault");
    scene.afterwards(&vault, &UNSEAL);
    scene.vault(&["operator", "seal"]).await?;

    kubectl
        .apply(&workload::pod("new", &annotations).to_string())
        .await?;
    let log = || async {
        let pod = kubectl.get("pod/new").await?;
        let agent = workload::first_agent(&pod).context("no agent")?;
        let log = kubectl.logs("pod/new", agent).await?;
        // It goes on trying: three times is not the end.
        anyhow::ensure!(log.matches(SEALED).count() >= 3, "{log}");
        Ok(log)
    };
    scene.until_says("three tries", SEALED, log).await;
    let row = kubectl.run(&["get", "pod", "new"]).await?;
    scene.story.tell(row.trim());
    assert!(row.contains("Init:0/1"), "{row}");
    let seen = kubectl.describe("pod/new").await?;
    assert!(seen.contains("Pending"), "{seen}");
    assert!(seen.contains("PodInitializing"), "{seen}");

    let running = kubectl.get("pod/running").await?;
    assert!(workload::is_ready(&running) && workload::restarts(&running) == 0);
    let file = ["cat", "/vault/secrets/config"];
    let file = scene.exec("pod/running", &file).await?;
    assert!(file.contains("API_KEY="), "{file}");

    vault.run(&UNSEAL).await?;
    let new = scene.ready("new").await;
    assert_eq!(workload::restarts(&new), 0, "it has waited, not failed");
    Ok(())
}

async fn after_vaults_restart_files_are_still_there_and_follow_the_next_change(
    scene: &Scene,
) -> Result<()> {
    let path = scene.secret("before").await?;
    let names = [("native", "true"), ("classic", "false")];
    for (name, native) in names {
        let annotations = workload::value_annotations(scene.namespace(), &path);
        let annotations = workload::with(annotations, &[("agent-native-sidecar", native)]);
        let pod = workload::pod(name, &annotations);
        scene.kubectl.apply(&pod.to_string()).await?;
    }
    for (name, _) in names {
        scene.ready(name).await;
    }

    let vault = scene.within("vault");
    scene.afterwards(&vault, &UNSEAL);
    vault.run(&["exec", "vault-0", "--", "kill", "1"]).await?;
    // It comes back sealed, because nobody but its administrators has the key.
    let status = || async {
        let status = ["exec", "vault-0", "--", "vault", "status", "-format=json"];
        Ok(vault.try_with(&status, "").await?.stdout)
    };
    let sealed = r#""sealed": true"#;
    scene.until_says("a sealed Vault", sealed, status).await;
    for (name, _) in names {
        let object = format!("pod/{name}");
        assert_eq!(scene.until_it_reads(&object, "before").await, "before");
        let pod = scene.kubectl.get(&format!("pod/{name}")).await?;
        assert!(workload::is_ready(&pod) && workload::restarts(&pod) == 0);
    }

    vault.run(&UNSEAL).await?;
    scene.change("after").await?;
    for (name, _) in names {
        scene.until_it_reads(&format!("pod/{name}"), "after").await;
        let pod = scene.kubectl.get(&format!("pod/{name}")).await?;
        assert!(workload::is_ready(&pod) && workload::restarts(&pod) == 0);
    }
    Ok(())
}

async fn without_an_injector_a_pod_starts_without_secrets_where_the_policy_is_ignore(
    scene: &Scene,
) -> Result<()> {
    let kubectl = &scene.kubectl;
    let annotations = workload::guide_annotations(scene.namespace());
    let deployment = workload::deployment("api", &annotations).to_string();
    let injector = stop_injector(scene).await?;

    kubectl.apply(&deployment).await?;
    let pod = scene.ready("api").await;
    assert_eq!(workload::containers(&pod), [workload::CONTAINER]);
    let seen = kubectl.describe("pod").await?;
    assert!(
        seen.contains("vault.hashicorp.com/agent-inject: true"),
        "{seen}"
    );
    assert!(!seen.contains("agent-inject-status"), "{seen}");
    let missing = "can't open '/vault/secrets/config'";
    let log = || kubectl.logs("deployment/api", workload::CONTAINER);
    scene
        .until_says("the application's words", missing, log)
        .await;

    // What the documentation tells the user to do.
    start_injector(scene, &injector).await?;
    kubectl
        .run(&["delete", "pod", workload::name(&pod)])
        .await?;
    let pod = scene.ready("api").await;
    assert!(workload::first_agent(&pod).is_some());
    Ok(())
}

async fn without_an_injector_a_pod_that_asks_is_refused_where_the_policy_is_fail(
    scene: &Scene,
) -> Result<()> {
    let kubectl = &scene.kubectl;
    let annotations = workload::guide_annotations(scene.namespace());
    let injector = stop_injector(scene).await?;
    scene.afterwards(
        &injector,
        &policy(r#""Ignore""#).each_ref().map(|word| &**word),
    );
    injector
        .run(&policy(r#""Fail""#).each_ref().map(|word| &**word))
        .await?;

    // The API server learns of the new policy a moment later; until then the pod is let through.
    let pod = workload::pod("pod", &annotations).to_string();
    let words = scene
        .until_says("the refusal", FAILED, || async {
            let dry = ["create", "--dry-run=server", "--filename=-"];
            Ok(kubectl.try_with(&dry, &pod).await?.stderr)
        })
        .await;
    scene.story.tell(words.trim());
    assert!(kubectl.refused(&pod).await?.contains(FAILED));
    kubectl
        .apply(&workload::deployment("api", &annotations).to_string())
        .await?;
    let events = scene
        .until_says("the ReplicaSet's event", FAILED, || {
            kubectl.describe("replicaset")
        })
        .await;
    assert!(events.contains("FailedCreate"), "{events}");

    let nothing = serde_json::json!({});
    kubectl
        .apply(&workload::pod("other", &nothing).to_string())
        .await?;
    scene.ready("other").await;

    start_injector(scene, &injector).await?;
    let pod = scene.ready("api").await;
    assert!(workload::first_agent(&pod).is_some());
    Ok(())
}

/// Takes the injector away until the end of the scenario, or until [`start_injector`].
async fn stop_injector(scene: &Scene) -> Result<Kubectl> {
    let injector = scene.within("vault-injector");
    let object = "deployment/vault-injector";
    scene.afterwards(&injector, &["rollout", "status", object, "--timeout=120s"]);
    scene.afterwards(&injector, &["scale", object, "--replicas=2"]);
    injector.run(&["scale", object, "--replicas=0"]).await?;
    let pods = "--selector=component=webhook";
    let wait = ["wait", "pods", pods, "--for=delete", "--timeout=120s"];
    injector.run(&wait).await?;
    scene.story.tell("no injector is left");
    Ok(injector)
}

async fn start_injector(scene: &Scene, injector: &Kubectl) -> Result<()> {
    injector
        .run(&["scale", "deployment/vault-injector", "--replicas=2"])
        .await?;
    injector.rolled_out("vault-injector").await?;
    scene.until_it_injects().await;
    Ok(())
}

/// The command that sets the webhook's failure policy, given as JSON.
pub(crate) fn policy(policy: &str) -> [String; 5] {
    let patch =
        format!(r#"[{{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": {policy}}}]"#);
    [
        "patch".to_owned(),
        "mutatingwebhookconfiguration".to_owned(),
        "vault-injector".to_owned(),
        "--type=json".to_owned(),
        format!("--patch={patch}"),
    ]
}
