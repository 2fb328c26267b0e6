//! What cannot work says so where a person looks: in kubectl's answer, in events, in `describe`.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::json;

in_the_cluster! {
    Together;
    a_mistake_in_an_annotation_is_refused_with_its_name_until_it_is_mended,
    a_misspelt_annotation_is_told_to_who_applies_the_deployment,
    a_role_that_vault_does_not_know_is_the_reason_in_describe_until_it_is_made,
    a_role_of_another_namespace_is_the_reason_in_describe,
}

const DENIED: &str = r#"admission webhook "vault.hashicorp.com" denied the request"#;

async fn a_mistake_in_an_annotation_is_refused_with_its_name_until_it_is_mended(
    scene: &Scene,
) -> Result<()> {
    let kubectl = &scene.kubectl;
    let right = workload::guide_annotations(scene.namespace());
    let mut wrong = right.clone();
    wrong["vault.hashicorp.com/agent-pre-populate"] = json!("maybe");

    let words = kubectl
        .refused(&workload::pod("pod", &wrong).to_string())
        .await?;
    scene.story.tell(words.trim());
    assert!(words.contains(DENIED), "{words}");
    assert!(
        words.contains(r#"parsing "maybe": invalid syntax"#),
        "{words}"
    );
    assert!(words.contains("agent-pre-populate"), "{words}");

    kubectl
        .apply(&workload::deployment("api", &wrong).to_string())
        .await?;
    let events = scene
        .until_says("the ReplicaSet's event", DENIED, || {
            kubectl.describe("replicaset")
        })
        .await;
    let event = events.lines().find(|line| line.contains(DENIED));
    let event = event.unwrap_or_default();
    assert!(
        event.contains("Warning") && event.contains("FailedCreate"),
        "{event}"
    );
    assert!(event.contains("agent-pre-populate"), "{event}");
    let deployment = kubectl.describe("deployment/api").await?;
    assert!(deployment.contains("ReplicaFailure"), "{deployment}");

    kubectl
        .apply(&workload::deployment("api", &right).to_string())
        .await?;
    scene.ready("api").await;
    Ok(())
}

async fn a_misspelt_annotation_is_told_to_who_applies_the_deployment(scene: &Scene) -> Result<()> {
    let mut annotations = workload::guide_annotations(scene.namespace());
    annotations["vault.hashicorp.com/agent-inject-tempalte-config"] = json!("x");
    let deployment = workload::deployment("api", &annotations).to_string();
    let apply = ["apply", "--dry-run=server", "--filename=-"];
    let said = scene.kubectl.try_with(&apply, &deployment).await?;
    scene.story.tell(said.stderr.trim());
    assert!(said.ok, "{said:?}");
    assert!(said.stderr.starts_with("Warning: "), "{said:?}");
    for words in ["agent-inject-tempalte-config", "agent-inject-template"] {
        assert!(said.stderr.contains(words), "{said:?}");
    }
    Ok(())
}

async fn a_role_that_vault_does_not_know_is_the_reason_in_describe_until_it_is_made(
    scene: &Scene,
) -> Result<()> {
    let kubectl = &scene.kubectl;
    let role = format!("{}-later", scene.namespace());
    let sidecar = [("agent-native-sidecar", "true")];
    let annotations = workload::annotated(&role, &sidecar);
    kubectl
        .apply(&workload::pod("api", &annotations).to_string())
        .await?;

    let reason = format!("invalid role name \"{role}\"");
    let describe = || kubectl.describe("pod/api");
    // Its probe says it while the agent tries again, and then the agent by its end.
    scene.until_says("the reason", &reason, describe).await;
    let seen = scene.until_says("the end", "Exit Code:", describe).await;
    let said = agent(&seen);
    scene.story.tell(message(&said));
    assert!(said.contains("Reason: Error"), "{said}");
    assert!(said.contains("Exit Code: 1"), "{said}");
    assert!(said.contains(&reason), "{said}");
    assert!(words(&seen).contains("Reason: PodInitializing"), "{seen}");

    scene.role(&role, scene.namespace()).await?;
    let pod = scene.ready("api").await;
    assert!(workload::restarts(&pod) > 0);
    Ok(())
}

async fn a_role_of_another_namespace_is_the_reason_in_describe(scene: &Scene) -> Result<()> {
    let kubectl = &scene.kubectl;
    let mut annotations = workload::guide_annotations(e2e::ROLE);
    // A native sidecar would be started again for ever.
    annotations["vault.hashicorp.com/agent-native-sidecar"] = json!("false");
    let mut pod = workload::pod("job", &annotations);
    pod["spec"]["restartPolicy"] = json!("Never");
    kubectl.apply(&pod.to_string()).await?;

    // The role is bound to names as well, and Vault looks at these first.
    let reason = "service account name not authorized";
    let seen = scene
        .until_says("the reason", reason, || kubectl.describe("pod/job"))
        .await;
    let said = agent(&seen);
    scene.story.tell(message(&said));
    assert!(said.contains("Exit Code: 1"), "{said}");
    assert!(said.contains(reason), "{said}");
    // A pod that is not to be started again has failed for good.
    let row = || kubectl.run(&["get", "pod", "job"]);
    scene.until_says("the end", "Init:Error", row).await;
    let phase = || kubectl.run(&["get", "pod", "job", "--output=jsonpath={.status.phase}"]);
    scene.until_says("the failure", "Failed", phase).await;
    Ok(())
}

/// What `kubectl describe pod` says of the agent that the application waits for, in single-spaced words.
fn agent(described: &str) -> String {
    let (_, rest) = described
        .split_once("\nInit Containers:\n")
        .unwrap_or_default();
    let (section, _) = rest.split_once("\nContainers:\n").unwrap_or_default();
    words(section)
}

/// What it says of the reason.
fn message(section: &str) -> &str {
    let (_, rest) = section.split_once("Message: ").unwrap_or_default();
    rest.split_once(" Exit Code: ").unwrap_or_default().0
}

/// Columns are aligned by their longest cell; a person does not read the blanks.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
