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

/// Of the manifest.
const REPLICAS: usize = 2;

async fn a_new_certificate_is_served_without_a_gap(scene: &Scene) -> Result<()> {
    let injector = scene.within("vault-injector");
    let annotations = workload::guide_annotations(scene.namespace());
    let pod = workload::pod("asks", &annotations).to_string();
    // An interrupted run may have left two.
    install(&[]).await?;
    assert_eq!(authorities(&injector).await?, 1);
    let replaced = replacements(&injector).await?;

    install(&["--renew-certificate"]).await?;
    assert_eq!(authorities(&injector).await?, 2, "the old and the new one");
    let serving = || async {
        let injected = ensure_injected(scene, &pod).await;
        assert!(injected.is_ok(), "{injected:?}");
        match replacements(&injector).await {
            Ok(count) if count == replaced + REPLICAS => Ok(()),
            seen => Err(format!("{seen:?}")),
        }
    };
    scene
        .until("the certificate in all replicas", serving)
        .await;

    install(&[]).await?;
    let one = authorities(&injector).await?;
    assert_eq!(one, 1, "the old one is trusted no more");
    ensure_injected(scene, &pod).await
}

/// How often replicas have taken a new certificate, in all.
async fn replacements(injector: &Kubectl) -> Result<usize> {
    let selector = "--selector=app.kubernetes.io/name=vault-injector";
    let log = injector.run(&["logs", selector, "--tail=-1"]).await?;
    Ok(log.matches("Certificate replaced").count())
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
        workload::first_agent(&pod).is_some(),
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
