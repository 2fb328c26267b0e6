//! What the injector makes of a pod: a native sidecar or two agents, with our image or a stock one.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::{Value, json};

in_the_cluster! {
    Together;
    a_native_sidecar_and_two_agents_give_side_by_side_the_same_file,
    a_stock_image_and_ours_give_side_by_side_the_same_file,
    an_agent_that_is_first_serves_the_other_init_containers,
    a_template_that_is_too_long_for_one_variable_is_rendered,
}

/// The stock agent's image: a Vault, with a shell.
const STOCK: &str = "testbed.local/vault:1";

async fn a_native_sidecar_and_two_agents_give_side_by_side_the_same_file(
    scene: &Scene,
) -> Result<()> {
    let native = ("native", &[("agent-native-sidecar", "true")][..]);
    let classic = ("classic", &[("agent-native-sidecar", "false")][..]);
    let (native, classic) = side_by_side(scene, native, classic).await?;
    assert_eq!(workload::containers(&native), ["vault-agent", "app"]);
    assert_eq!(
        workload::containers(&classic),
        ["vault-agent-init", "app", "vault-agent"]
    );
    // The second agent goes on where the first has ended, with its token.
    let log = scene
        .kubectl
        .logs("deployment/classic", "vault-agent")
        .await?;
    assert!(log.contains("going on with the token"), "{log}");
    assert!(!log.contains("authentication successful"), "{log}");
    Ok(())
}

async fn a_stock_image_and_ours_give_side_by_side_the_same_file(scene: &Scene) -> Result<()> {
    let stock = ("stock", &[("agent-image", STOCK)][..]);
    let (stock, ours) = side_by_side(scene, stock, ("ours", &[])).await?;
    assert_eq!(workload::first_agent(&stock), Some("vault-agent-init"));
    let agent = &stock["spec"]["initContainers"][0];
    let command = agent["args"][0].as_str().unwrap_or_default();
    assert!(command.contains("vault agent"), "{agent}");
    let agent = &ours["spec"]["initContainers"][0];
    assert_eq!(agent["command"], json!(["/vault-agent"]));
    Ok(())
}

async fn an_agent_that_is_first_serves_the_other_init_containers(scene: &Scene) -> Result<()> {
    for (name, native) in [("native", "true"), ("classic", "false")] {
        let first = [
            ("agent-init-first", "true"),
            ("agent-native-sidecar", native),
        ];
        let annotations = workload::annotated(scene.namespace(), &first);
        let mut pod = workload::pod(name, &annotations);
        let mut migrate = pod["spec"]["containers"][0].clone();
        migrate["name"] = json!("migrate");
        migrate["command"] = json!(["cat", "/vault/secrets/config"]);
        let mut second = migrate.clone();
        second["name"] = json!("second");
        pod["spec"]["initContainers"] = json!([migrate, second]);
        scene.kubectl.apply(&pod.to_string()).await?;
        let pod = scene.ready(name).await;
        let agent = workload::first_agent(&pod).unwrap_or_default();
        assert_eq!(
            workload::containers(&pod)[..3],
            [agent, "migrate", "second"]
        );
        for container in ["migrate", "second"] {
            let log = scene
                .kubectl
                .logs(&format!("pod/{name}"), container)
                .await?;
            assert!(log.contains("API_KEY="), "{log}");
        }
        assert_eq!(workload::restarts(&pod), 0);
    }
    Ok(())
}

/// A Deployment's name and its further annotations.
type Variant<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// Two Deployments with a secret of the scenario's own. Both read it, and its change, without a
/// restart. Returns their pods.
async fn side_by_side(
    scene: &Scene,
    one: Variant<'_>,
    other: Variant<'_>,
) -> Result<(Value, Value)> {
    let path = scene.secret("the-first").await?;
    let annotations = workload::value_annotations(scene.namespace(), &path);
    for (name, more) in [one, other] {
        let annotations = workload::with(annotations.clone(), more);
        let deployment = workload::deployment(name, &annotations);
        scene.kubectl.apply(&deployment.to_string()).await?;
    }
    for value in ["the-first", "the-second"] {
        scene.change(value).await?;
        for (name, _) in [one, other] {
            let object = format!("deployment/{name}");
            scene.ready(name).await;
            let file = scene.until_it_reads(&object, value).await;
            assert_eq!(file, value, "the file of {name}");
        }
    }
    let pods = (scene.ready(one.0).await, scene.ready(other.0).await);
    assert_eq!(workload::restarts(&pods.0), 0);
    assert_eq!(workload::restarts(&pods.1), 0);
    Ok(pods)
}

/// A template of 100 kB makes a `VAULT_CONFIG` of 134 kB, and Linux starts no program with a variable
/// of more than 128 KiB.
async fn a_template_that_is_too_long_for_one_variable_is_rendered(scene: &Scene) -> Result<()> {
    let path = scene.secret("the-first").await?;
    let template = format!(
        "{{{{ with secret {path:?} }}}}{{{{ .Data.data.value }}}}{{{{ end }}}}{{{{/* {} */}}}}",
        "x".repeat(100_000)
    );
    let annotations = workload::value_annotations(scene.namespace(), &path);
    let long = [("agent-inject-template-config", template.as_str())];
    let deployment = workload::deployment("long", &workload::with(annotations, &long));
    scene.kubectl.apply(&deployment.to_string()).await?;
    let pod = scene.ready("long").await;
    let agents = pod["spec"]["initContainers"].as_array();
    let agents = agents.into_iter().flatten();
    let variables = agents.flat_map(|agent| agent["env"].as_array().into_iter().flatten());
    let mut names = variables.filter_map(|variable| variable["name"].as_str());
    assert!(names.any(|name| name == "VAULT_CONFIG_2"), "{pod}");
    let file = scene.until_it_reads("deployment/long", "the-first").await;
    assert_eq!(file, "the-first");
    Ok(())
}
