//! Every kind of workload: those that stay, and those that finish.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::json;

in_the_cluster! {
    Together;
    the_pods_of_a_stateful_set_and_of_a_daemon_set_read_their_secret_also_after_a_restart,
    a_job_completes_with_either_kind_of_agent_and_either_restart_policy,
    a_cron_job_reads_its_secret_and_completes,
    a_job_with_a_role_that_vault_does_not_know_fails_instead_of_hanging,
}

async fn the_pods_of_a_stateful_set_and_of_a_daemon_set_read_their_secret_also_after_a_restart(
    scene: &Scene,
) -> Result<()> {
    let annotations = workload::guide_annotations(scene.namespace());
    for kind in ["StatefulSet", "DaemonSet"] {
        let name = kind.to_lowercase();
        let object = format!("{name}/{name}");
        let manifest = workload::of_kind(kind, &name, &annotations).to_string();
        scene.kubectl.apply(&manifest).await?;
        let rolled_out = ["rollout", "status", &object, "--timeout=120s"];
        scene.kubectl.run(&rolled_out).await?;
        let before = scene.ready(&name).await;
        assert!(workload::first_agent(&before).is_some());
        scene.until_it_reads(&object, "API_KEY=").await;

        scene.kubectl.run(&["rollout", "restart", &object]).await?;
        scene.kubectl.run(&rolled_out).await?;
        let after = scene.ready(&name).await;
        assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"]);
        assert!(workload::first_agent(&after).is_some());
        scene.until_it_reads(&object, "API_KEY=").await;
    }
    Ok(())
}

async fn a_job_completes_with_either_kind_of_agent_and_either_restart_policy(
    scene: &Scene,
) -> Result<()> {
    let jobs = [
        ("sidecar-on-failure", "OnFailure", "agent-native-sidecar"),
        ("sidecar-never", "Never", "agent-native-sidecar"),
        ("init-on-failure", "OnFailure", "agent-pre-populate-only"),
        ("init-never", "Never", "agent-pre-populate-only"),
    ];
    for (name, restart_policy, annotation) in jobs {
        let annotations = workload::annotated(scene.namespace(), &[(annotation, "true")]);
        let job = workload::job(name, restart_policy, &annotations);
        scene.kubectl.apply(&job.to_string()).await?;
    }
    for (name, ..) in jobs {
        scene.completed(name).await?;
    }
    Ok(())
}

async fn a_cron_job_reads_its_secret_and_completes(scene: &Scene) -> Result<()> {
    let annotations = workload::guide_annotations(scene.namespace());
    let job = workload::job("nightly", "OnFailure", &annotations);
    let cron_job = json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": { "name": "nightly" },
        "spec": { "schedule": "0 3 * * *", "jobTemplate": { "spec": job["spec"] } },
    });
    scene.kubectl.apply(&cron_job.to_string()).await?;
    // Nobody waits for the night.
    let now = ["create", "job", "now", "--from=cronjob/nightly"];
    scene.kubectl.run(&now).await?;
    scene.completed("now").await
}

async fn a_job_with_a_role_that_vault_does_not_know_fails_instead_of_hanging(
    scene: &Scene,
) -> Result<()> {
    let role = format!("{}-unknown", scene.namespace());
    let annotations = workload::annotated(&role, &[("agent-native-sidecar", "true")]);
    let job = workload::job("job", "Never", &annotations);
    scene.kubectl.apply(&job.to_string()).await?;

    let wait = ["wait", "job/job", "--for=condition=failed"];
    let wait = [&wait[..], &["--timeout=120s"]].concat();
    scene.kubectl.run(&wait).await?;
    let pod = scene.kubectl.describe("pod").await?;
    assert!(pod.contains("invalid role name"), "{pod}");
    assert!(pod.contains("Exit Code:    1"), "{pod}");
    Ok(())
}
