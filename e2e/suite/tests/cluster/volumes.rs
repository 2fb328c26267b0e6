//! What agents read from the volumes of a real kubelet, which are made of links in directories that
//! everybody can write to.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::{Value, json};

in_the_cluster! {
    Together;
    an_agent_reads_its_template_from_a_config_map_and_a_file_from_a_secret,
    no_template_reads_the_token_that_the_agent_logs_in_with,
}

/// The directory of the pod's service account, a projected volume.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

async fn an_agent_reads_its_template_from_a_config_map_and_a_file_from_a_secret(
    scene: &Scene,
) -> Result<()> {
    let kubectl = &scene.kubectl;
    let secret = ["create", "secret", "generic", "extra"];
    let secret = [&secret[..], &["--from-literal=motto=semper"]].concat();
    kubectl.run(&secret).await?;
    kubectl.apply(&mk_templates("first").to_string()).await?;
    for (name, native) in [("native", "true"), ("classic", "false")] {
        let from_volumes = [
            ("agent-native-sidecar", native),
            ("agent-copy-volume-mounts", workload::CONTAINER),
            ("agent-extra-secret", "extra"),
            (
                "agent-inject-template-file-config",
                "/templates/config.ctmpl",
            ),
        ];
        let mut annotations = workload::annotated(scene.namespace(), &from_volumes);
        let inline = "vault.hashicorp.com/agent-inject-template-config";
        annotations
            .as_object_mut()
            .expect("annotations must be a map")
            .remove(inline);
        let mut pod = workload::pod(name, &annotations);
        let spec = &mut pod["spec"];
        spec["volumes"] = json!([{ "name": "templates", "configMap": { "name": "templates" } }]);
        spec["containers"][0]["volumeMounts"] =
            json!([{ "name": "templates", "mountPath": "/templates" }]);
        kubectl.apply(&pod.to_string()).await?;
    }
    let expected = |word: &str| format!("{word} semper {} API_KEY", scene.namespace());
    for name in ["native", "classic"] {
        scene.ready(name).await;
        let object = format!("pod/{name}");
        scene.until_it_reads(&object, &expected("first")).await;
    }
    // The kubelet swaps the link of the volume as soon as it looks at the pod again.
    kubectl.apply(&mk_templates("second").to_string()).await?;
    for name in ["native", "classic"] {
        let object = format!("pod/{name}");
        kubectl.run(&["annotate", &object, "look=again"]).await?;
        scene.until_it_reads(&object, &expected("second")).await;
    }
    Ok(())
}

async fn no_template_reads_the_token_that_the_agent_logs_in_with(scene: &Scene) -> Result<()> {
    let template = format!("{{{{ file \"{ACCOUNT}/token\" }}}}");
    let nosy = [("agent-inject-template-config", template.as_str())];
    let annotations = workload::annotated(scene.namespace(), &nosy);
    let pod = workload::pod("nosy", &annotations);
    scene.kubectl.apply(&pod.to_string()).await?;
    let log = || async {
        let pod = scene.kubectl.pod("nosy").await?;
        let agent = workload::first_agent(&pod).unwrap_or_default().to_owned();
        scene.kubectl.logs("pod/nosy", &agent).await
    };
    scene
        .until_says("the refusal", "it holds a token", log)
        .await;
    Ok(())
}

/// A template that begins with a word, and shows the Secret, the namespace and the guide's key.
fn mk_templates(word: &str) -> Value {
    let text = format!(
        "{word} {{{{ file \"/vault/custom/motto\" }}}} {{{{ file \"{ACCOUNT}/namespace\" }}}} \
         {{{{ with secret \"secret/data/{}\" }}}}API_KEY={{{{ .Data.data.api_key }}}}{{{{ end }}}}\n",
        e2e::GUIDE_SECRET
    );
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": "templates" },
        "data": { "config.ctmpl": text },
    })
}
