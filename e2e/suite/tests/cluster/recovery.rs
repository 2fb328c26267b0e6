//! What ends by itself, or is taken away, is replaced under a running application.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use e2e::{Scene, workload};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

in_the_cluster! {
    Together;
    a_certificate_is_renewed_in_the_pod_before_it_ends,
    a_token_that_somebody_revokes_is_replaced_and_secrets_go_on_changing,
}

/// A certificate's life, and how many of them are waited for.
const TTL: &str = "ttl=12s";
const CERTIFICATES: usize = 3;

async fn a_certificate_is_renewed_in_the_pod_before_it_ends(scene: &Scene) -> Result<()> {
    let mount = scene.namespace();
    let path = format!("{mount}/issue/app");
    scene
        .vault(&["secrets", "enable", "-path", mount, "pki"])
        .await?;
    scene.vault_afterwards(&["secrets", "disable", mount]);
    let root = format!("{mount}/root/generate/internal");
    scene
        .vault(&["write", &root, "common_name=root", "key_type=ec"])
        .await?;
    let role = format!("{mount}/roles/app");
    let anything = [
        "allow_any_name=true",
        "key_type=ec",
        "not_before_duration=0s",
    ];
    scene
        .vault(&[&["write", &role][..], &anything].concat())
        .await?;
    scene.allow("create update", &[&path]).await?;

    let template = format!(
        "{{{{ with pkiCert \"{path}\" \"common_name=app\" \"{TTL}\" }}}}{{{{ .Cert }}}}{{{{ .Key }}}}{{{{ end }}}}"
    );
    let more = [
        ("agent-inject-secret-config", &*path),
        ("agent-inject-template-config", &template),
    ];
    let annotations = workload::annotated(scene.namespace(), &more);
    let pod = workload::pod("app", &annotations);
    scene.kubectl.apply(&pod.to_string()).await?;
    scene.ready("app").await;

    // The application prints its file at each change: all that it ever had is in its log.
    let log = || scene.kubectl.logs("pod/app", workload::CONTAINER);
    let look = || async {
        let log = log().await.map_err(|error| error.to_string())?;
        match log.matches("BEGIN CERTIFICATE").count() {
            CERTIFICATES.. => Ok(log),
            count => Err(format!("{count} certificates")),
        }
    };
    let log = scene.until("the last certificate", look).await;
    let mut seen = BTreeSet::new();
    for file in log.split_inclusive("END EC PRIVATE KEY-----") {
        if file.contains("END EC PRIVATE KEY-----") {
            let certificate = certificate(file).with_context(|| file.to_owned())?;
            seen.insert(certificate.cert[0].to_vec());
        }
    }
    ensure!(
        seen.len() >= CERTIFICATES,
        "{} differ in:\n{log}",
        seen.len()
    );
    let pod = scene.ready("app").await;
    assert_eq!(workload::restarts(&pod), 0);
    Ok(())
}

/// Certificate and key as a server takes them, which looks whether they fit.
fn certificate(pem: &str) -> Result<CertifiedKey> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())?;
    let provider = rustls::crypto::ring::default_provider();
    Ok(CertifiedKey::from_der(vec![certificate], key, &provider)?)
}

async fn a_token_that_somebody_revokes_is_replaced_and_secrets_go_on_changing(
    scene: &Scene,
) -> Result<()> {
    let path = scene.secret("before").await?;
    for (name, native) in [("native", "true"), ("classic", "false")] {
        let more = [
            ("agent-native-sidecar", native),
            ("agent-inject-token", "true"),
            ("agent-inject-token-perms", "0644"),
        ];
        let annotations = workload::value_annotations(scene.namespace(), &path);
        let annotations = workload::with(annotations, &more);
        let pod = workload::pod(name, &annotations);
        scene.kubectl.apply(&pod.to_string()).await?;
    }
    for name in ["native", "classic"] {
        scene.ready(name).await;
        let object = format!("pod/{name}");
        scene.until_it_reads(&object, "before").await;
        let token = scene
            .exec(&object, &["cat", "/vault/secrets/token"])
            .await?;
        scene.vault(&["token", "revoke", &token]).await?;
    }
    scene.change("after").await?;
    for name in ["native", "classic"] {
        let object = format!("pod/{name}");
        scene.until_it_reads(&object, "after").await;
        let pod = scene.ready(name).await;
        assert_eq!(workload::restarts(&pod), 0);
        let token = scene
            .exec(&object, &["cat", "/vault/secrets/token"])
            .await?;
        scene.vault(&["token", "lookup", &token]).await?;
    }
    Ok(())
}
