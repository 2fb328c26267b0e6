//! Pods and namespaces that allow little: users, read-only file systems, other paths.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::{Value, json};

in_the_cluster! {
    Together;
    a_namespace_that_takes_restricted_pods_only_takes_either_kind_of_agent,
    a_file_can_be_its_applications_alone,
    an_agent_runs_as_the_user_that_is_asked_for,
    a_pod_works_on_file_systems_that_it_cannot_write,
    a_file_is_where_the_pod_wants_it,
}

/// Both kinds of agent.
const KINDS: [(&str, &str); 2] = [("native", "true"), ("classic", "false")];

async fn a_namespace_that_takes_restricted_pods_only_takes_either_kind_of_agent(
    scene: &Scene,
) -> Result<()> {
    let level = "pod-security.kubernetes.io/enforce=restricted";
    let label = ["label", "namespace", scene.namespace(), level];
    scene.kubectl.run(&label).await?;
    // To show that the level is enforced here.
    let mut privileged = workload::pod("privileged", &json!({}));
    privileged["spec"]["containers"][0]["securityContext"] = json!({ "privileged": true });
    let words = scene.kubectl.refused(&privileged.to_string()).await?;
    assert!(words.contains("violates PodSecurity"), "{words}");

    for (name, native) in KINDS {
        let mut pod = mk_pod(scene, name, &[("agent-native-sidecar", native)]);
        // The profile that the pod would lend to all of its containers.
        let pod_context = pod["spec"]["securityContext"].as_object_mut();
        let profile = pod_context.and_then(|context| context.remove("seccompProfile"));
        let container = &mut pod["spec"]["containers"][0]["securityContext"];
        container["seccompProfile"] = json!(profile);
        scene.kubectl.apply(&pod.to_string()).await?;
        let pod = scene.ready(name).await;
        assert!(workload::first_agent(&pod).is_some());
    }
    Ok(())
}

async fn a_file_can_be_its_applications_alone(scene: &Scene) -> Result<()> {
    for (name, native) in KINDS {
        let own = [
            ("agent-native-sidecar", native),
            ("agent-run-as-same-user", "true"),
            ("agent-inject-perms-config", "0400"),
        ];
        let mut pod = mk_pod(scene, name, &own);
        pod["spec"]["containers"][0]["securityContext"]["runAsUser"] = json!(7000);
        scene.kubectl.apply(&pod.to_string()).await?;
        scene.ready(name).await;
        assert_eq!(stat(scene, name, "%u %a").await?, "7000 400");
        scene
            .until_it_reads(&format!("pod/{name}"), "API_KEY=")
            .await;
    }
    Ok(())
}

async fn an_agent_runs_as_the_user_that_is_asked_for(scene: &Scene) -> Result<()> {
    for (name, native) in KINDS {
        let asked = [
            ("agent-native-sidecar", native),
            ("agent-run-as-user", "4321"),
            ("agent-run-as-group", "1234"),
        ];
        let pod = mk_pod(scene, name, &asked);
        scene.kubectl.apply(&pod.to_string()).await?;
        scene.ready(name).await;
        assert_eq!(stat(scene, name, "%u %g %a").await?, "4321 1234 644");
    }
    // Where the cluster chooses, as OpenShift does, it is here the image's own.
    let pod = mk_pod(scene, "any", &[("agent-set-security-context", "false")]);
    scene.kubectl.apply(&pod.to_string()).await?;
    scene.ready("any").await;
    assert_eq!(stat(scene, "any", "%u %g").await?, "65532 65532");
    Ok(())
}

async fn a_pod_works_on_file_systems_that_it_cannot_write(scene: &Scene) -> Result<()> {
    for (name, native) in KINDS {
        let sealed = [
            ("agent-native-sidecar", native),
            ("agent-secrets-read-only", "true"),
        ];
        let mut pod = mk_pod(scene, name, &sealed);
        pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = json!(true);
        scene.kubectl.apply(&pod.to_string()).await?;
        let pod = scene.ready(name).await;
        for agent in agents(&pod) {
            let context = &agent["securityContext"];
            assert_eq!(context["readOnlyRootFilesystem"], json!(true), "{agent}");
        }
        let object = format!("pod/{name}");
        scene.until_it_reads(&object, "API_KEY=").await;
        for place in ["/here", "/vault/secrets/here"] {
            let written = scene.exec(&object, &["touch", place]).await;
            let refusal = written.map_err(|error| format!("{error:#}"));
            assert!(
                refusal
                    .as_ref()
                    .is_err_and(|words| words.contains("Read-only file system")),
                "{place}: {refusal:?}"
            );
        }
    }
    Ok(())
}

async fn a_file_is_where_the_pod_wants_it(scene: &Scene) -> Result<()> {
    let secret = format!("secret/data/{}", e2e::GUIDE_SECRET);
    let elsewhere = [
        ("secret-volume-path", "/app/secrets"),
        ("agent-inject-file-config", "nested/config.env"),
        ("agent-inject-secret-Key", &secret),
        ("agent-inject-template-Key", e2e::GUIDE_TEMPLATE),
        ("secret-volume-path-Key", "/app/keys"),
        ("preserve-secret-case-Key", "true"),
    ];
    let pod = mk_pod(scene, "elsewhere", &elsewhere);
    scene.kubectl.apply(&pod.to_string()).await?;
    scene.ready("elsewhere").await;
    for file in ["/app/secrets/nested/config.env", "/app/keys/Key"] {
        let text = scene.exec("pod/elsewhere", &["cat", file]).await?;
        assert!(text.contains("API_KEY="), "{file}: {text}");
    }
    Ok(())
}

/// A pod with the guide's secret and further annotations.
fn mk_pod(scene: &Scene, name: &str, more: &[(&str, &str)]) -> Value {
    workload::pod(name, &workload::annotated(scene.namespace(), more))
}

/// What `stat` says of a pod's file.
async fn stat(scene: &Scene, pod: &str, format: &str) -> Result<String> {
    let command = ["stat", "-c", format, "/vault/secrets/config"];
    let said = scene.exec(&format!("pod/{pod}"), &command).await?;
    Ok(said.trim().to_owned())
}

/// The agents among a pod's containers.
fn agents(pod: &Value) -> impl Iterator<Item = &Value> {
    ["initContainers", "containers"]
        .into_iter()
        .flat_map(|list| pod["spec"][list].as_array().into_iter().flatten())
        .filter(|container| container["name"] != workload::CONTAINER)
}
