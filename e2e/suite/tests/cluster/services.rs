//! What an agent does for the application beside its files.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::json;

in_the_cluster! {
    Together;
    an_application_is_signalled_after_its_file_has_changed,
    an_application_reads_through_its_agent_without_a_token_of_its_own,
}

/// Prints its file at each SIGHUP, and only then.
const APPLICATION: &str = r#"
trap 'echo "again: $(cat /vault/secrets/config)"' HUP
trap 'exit 0' TERM
while :; do sleep 0.2 & wait $!; done
"#;

/// The first time, there is nobody yet.
const SIGNAL: &str = "kill -HUP $(pidof ash) || true";

async fn an_application_is_signalled_after_its_file_has_changed(scene: &Scene) -> Result<()> {
    let path = scene.secret("before").await?;
    let ours = scene.injects().await?;
    // The variant that has a shell.
    let image = format!("{}-busybox", workload::agent_image(&ours));
    for (name, native) in [("native", "true"), ("classic", "false")] {
        let more = [
            ("agent-native-sidecar", native),
            ("agent-image", &image),
            ("agent-inject-command-config", SIGNAL),
            // Only then does the agent see the application's process, and may it signal it.
            ("agent-share-process-namespace", "true"),
            ("agent-run-as-same-user", "true"),
        ];
        let annotations = workload::value_annotations(scene.namespace(), &path);
        let annotations = workload::with(annotations, &more);
        let mut pod = workload::pod(name, &annotations);
        let container = &mut pod["spec"]["containers"][0];
        container["securityContext"]["runAsUser"] = json!(7000);
        container["command"] = json!(["ash", "-c", APPLICATION]);
        scene.kubectl.apply(&pod.to_string()).await?;
    }
    for name in ["native", "classic"] {
        scene.ready(name).await;
    }
    scene.change("after").await?;
    for name in ["native", "classic"] {
        let object = format!("pod/{name}");
        let log = || scene.kubectl.logs(&object, workload::CONTAINER);
        scene.until_says("the signal", "again: after", log).await;
        let pod = scene.ready(name).await;
        assert_eq!(workload::restarts(&pod), 0);
    }
    Ok(())
}

async fn an_application_reads_through_its_agent_without_a_token_of_its_own(
    scene: &Scene,
) -> Result<()> {
    let path = scene.secret("through-the-agent").await?;
    // A client that closes its end does not wait for an answer any more.
    // As Vault's libraries ask.
    let header = "X-Vault-Request: true\\r\\n";
    let request = format!("printf 'GET /v1/{path} HTTP/1.0\\r\\n{header}\\r\\n'; sleep 1");
    let ask = format!("({request}) | nc 127.0.0.1 8200");
    for (name, native) in [("native", "true"), ("classic", "false")] {
        let more = [
            ("agent-native-sidecar", native),
            ("agent-cache-enable", "true"),
        ];
        let annotations = workload::annotated(scene.namespace(), &more);
        let pod = workload::pod(name, &annotations);
        scene.kubectl.apply(&pod.to_string()).await?;
    }
    for name in ["native", "classic"] {
        scene.ready(name).await;
        let object = format!("pod/{name}");
        let ask = ["sh", "-c", &ask];
        let answer = || scene.exec(&object, &ask);
        let value = r#""value":"through-the-agent""#;
        let answer = scene.until_says("Vault's answer", value, answer).await;
        assert!(answer.starts_with("HTTP/1.0 200 OK"), "{answer}");
    }
    Ok(())
}
