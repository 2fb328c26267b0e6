//! The manifests that users apply.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use e2e::{Kubectl, Scene, workload};
use serde_json::Value;

in_the_cluster! {
    Alone;
    a_new_certificate_is_served_without_a_gap,
}

#[test]
fn the_injector_is_installed_in_the_version_of_this_tree() {
    let manifest = std::fs::read_to_string(folder().join("install.yaml"));
    let image = format!("image: vault-injector:{}\n", env!("CARGO_PKG_VERSION"));
    assert!(manifest.is_ok_and(|text| text.contains(&image)), "{image}");
}

async fn a_new_certificate_is_served_without_a_gap(scene: &Scene) -> Result<()> {
    let injector = scene.within("vault-injector");
    let annotations = workload::guide_annotations(scene.namespace());
    let pod = workload::pod("asks", &annotations).to_string();
    let before = authorities(&injector).await?;

    install(&["--renew-certificate"]).await?;
    assert_eq!(
        authorities(&injector).await?,
        before + 1,
        "both are trusted"
    );
    let serving = || async {
        ensure_injected(scene, &pod)
            .await
            .map_err(|error| error.to_string())?;
        let log = ["logs", "--selector=app.kubernetes.io/name=vault-injector"];
        let log = injector
            .run(&log)
            .await
            .map_err(|error| error.to_string())?;
        match log.matches("Certificate replaced").count() {
            2 => Ok(()),
            count => Err(format!("{count} replicas have it")),
        }
    };
    scene
        .until("the certificate in both replicas", serving)
        .await;

    install(&[]).await?;
    assert_eq!(
        authorities(&injector).await?,
        1,
        "the old one is trusted no more"
    );
    ensure_injected(scene, &pod).await
}

/// Runs the installing script as the cluster was furnished, with more options.
async fn install(options: &[&str]) -> Result<()> {
    let mut command = tokio::process::Command::new(folder().join("../e2e/scripts/cluster.sh"));
    let output = command.arg("install").args(options).output().await?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{words}");
    Ok(())
}

/// Asks what would become of a pod.
async fn ensure_injected(scene: &Scene, pod: &str) -> Result<()> {
    let dry = [
        "create",
        "--dry-run=server",
        "--output=json",
        "--filename=-",
    ];
    let pod: Value = serde_json::from_str(&scene.kubectl.run_with(&dry, pod).await?)?;
    ensure!(
        workload::containers(&pod).contains(&"vault-agent"),
        "a pod would start without its agent"
    );
    Ok(())
}

/// How many authorities the API server takes the injector's certificate from.
async fn authorities(injector: &Kubectl) -> Result<usize> {
    let object = "mutatingwebhookconfiguration/vault-injector";
    let webhooks = injector.get(object).await?;
    let bundle = webhooks["webhooks"][0]["clientConfig"]["caBundle"].as_str();
    let bundle = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        bundle.unwrap_or_default(),
    )?;
    Ok(String::from_utf8(bundle)?
        .matches("BEGIN CERTIFICATE")
        .count())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests")
}
