//! The end of a pod.

use std::time::{Duration, Instant};

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::json;

in_the_cluster! {
    // It looks at the clock.
    Alone;
    a_deleted_pod_with_a_native_sidecar_is_gone_at_once_and_its_token_with_it,
}

/// What both pods have to leave in: Kubernetes' own.
const GRACE_SECONDS: u64 = 30;

/// Within this a pod was not waited for until its grace ran out. The kubelet looks once a second
/// for containers that ended, and stops a native sidecar only after it has seen the application
/// end, so that a pod may take it some of its rounds.
const AT_ONCE: Duration = Duration::from_secs(GRACE_SECONDS / 3);

async fn a_deleted_pod_with_a_native_sidecar_is_gone_at_once_and_its_token_with_it(
    scene: &Scene,
) -> Result<()> {
    let more = [
        ("agent-native-sidecar", "true"),
        ("agent-revoke-on-shutdown", "true"),
        ("agent-inject-token", "true"),
        ("agent-inject-token-perms", "0644"),
    ];
    let annotations = workload::annotated(scene.namespace(), &more);
    for (name, annotations) in [("injected", annotations), ("plain", json!({}))] {
        let mut pod = workload::pod(name, &annotations);
        pod["spec"]["terminationGracePeriodSeconds"] = json!(GRACE_SECONDS);
        scene.kubectl.apply(&pod.to_string()).await?;
    }
    for name in ["injected", "plain"] {
        scene.ready(name).await;
    }
    let read = ["cat", "/vault/secrets/token"];
    let token = scene.exec("pod/injected", &read).await?;
    scene.vault(&["token", "lookup", &token]).await?;

    let (injected, plain) = tokio::try_join!(delete(scene, "injected"), delete(scene, "plain"))?;
    let looked_up = scene.vault(&["token", "lookup", &token]).await;
    let refusal = looked_up.map_err(|error| format!("{error:#}"));
    assert!(
        refusal
            .as_ref()
            .is_err_and(|words| words.contains("bad token")),
        "{refusal:?}"
    );
    let seen = format!("gone after {injected:.1?}, the one without an agent after {plain:.1?}");
    scene.story.tell(&seen);
    assert!(injected.max(plain) < AT_ONCE, "{seen}");
    Ok(())
}

/// Deletes a pod, and says how long it took until it was gone.
async fn delete(scene: &Scene, pod: &str) -> Result<Duration> {
    let start = Instant::now();
    scene.kubectl.run(&["delete", "pod", pod]).await?;
    Ok(start.elapsed())
}
