//! The manifests that users apply, and what the injector makes of its part in them.

use std::path::Path;

use anyhow::Result;
use e2e::{Kubectl, Scene};

in_the_cluster! {
    Alone;
    an_authority_that_somebody_deletes_is_replaced_without_a_gap,
    a_registration_that_somebody_breaks_is_mended,
}

/// What the API server asks for a pod.
const REGISTRATION: &str = "mutatingwebhookconfiguration/vault-injector";

#[test]
fn the_injector_is_installed_in_the_version_of_this_tree() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests/install.yaml");
    let manifest = std::fs::read_to_string(path);
    let image = format!("image: \"vault-injector:{}\"\n", env!("CARGO_PKG_VERSION"));
    assert!(manifest.is_ok_and(|text| text.contains(&image)), "{image}");
}

async fn an_authority_that_somebody_deletes_is_replaced_without_a_gap(scene: &Scene) -> Result<()> {
    let injector = scene.within("vault-injector");
    let before = authorities(&injector).await?;
    injector
        .run(&["delete", "secret", "vault-injector-certs"])
        .await?;
    let look = || async {
        // Not for a moment is there a pod that would start without its secrets.
        let injected = scene.injects().await;
        assert!(injected.is_ok(), "{injected:?}");
        match authorities(&injector).await {
            Ok(now) if now.iter().any(|authority| !before.contains(authority)) => Ok(now),
            seen => Err(format!("{seen:?}")),
        }
    };
    let now = scene.until("the next authority", look).await;
    assert!(
        before.iter().any(|authority| now.contains(authority)),
        "replicas that still serve under the old one are trusted"
    );
    injector.get("secret/vault-injector-certs").await?;
    scene.injects().await.map(drop)
}

async fn a_registration_that_somebody_breaks_is_mended(scene: &Scene) -> Result<()> {
    let injector = scene.within("vault-injector");
    // Without an authority, the API server asks those of its own machine, which know nothing of us.
    let nothing =
        r#"[{"op": "replace", "path": "/webhooks/0/clientConfig/caBundle", "value": ""}]"#;
    let patch = ["patch", REGISTRATION, "--type=json", "--patch", nothing];
    injector.run(&patch).await?;
    let look = || async {
        match authorities(&injector).await {
            Ok(now) if !now.is_empty() => Ok(()),
            seen => Err(format!("{seen:?}")),
        }
    };
    scene.until("an authority", look).await;
    scene.until_it_injects().await;
    Ok(())
}

/// The authorities, in PEM, that the API server takes the injector's certificate from.
async fn authorities(injector: &Kubectl) -> Result<Vec<String>> {
    let registration = injector.get(REGISTRATION).await?;
    let bundle = registration["webhooks"][0]["clientConfig"]["caBundle"].as_str();
    let bundle = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        bundle.unwrap_or_default(),
    )?;
    let bundle = String::from_utf8(bundle)?;
    let certificates = bundle.split_inclusive("-----END CERTIFICATE-----");
    Ok(certificates
        .map(|certificate| certificate.trim().to_owned())
        .filter(|certificate| !certificate.is_empty())
        .collect())
}
