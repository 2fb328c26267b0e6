//! An injector whose certificate is somebody else's, in a Secret, as cert-manager keeps it.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::{Scene, workload};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;

in_the_cluster! {
    Together;
    a_certificate_in_a_secret_is_replaced_while_pods_are_injected,
}

/// The agent's image that only this scenario's injector gives. Its registration comes before the other
/// one's by name, and what is injected is not injected again.
const IMAGE: &str = "rotated/vault-injector-agent:1";
const REGISTRATION: &str = "e2e-a-certificate-in-a-secret";

async fn a_certificate_in_a_secret_is_replaced_while_pods_are_injected(
    scene: &Scene,
) -> Result<()> {
    let [first, second] = [authority("first")?, authority("second")?];
    let host = format!("injector.{}.svc", scene.namespace());
    let pair = signed(&first, &host)?;
    write_secret(scene, &pair).await?;
    let forget = ["delete", "mutatingwebhookconfiguration", REGISTRATION];
    scene.afterwards(&scene.kubectl, &forget);
    register(scene, &[&first]).await?;
    install(scene).await?;
    until_injected(scene).await;
    let before = scene.ready("injector").await;

    // A key that does not fit is told of, and changes nothing.
    let (certificate, _) = signed(&second, &host)?;
    write_secret(scene, &(certificate, pair.1)).await?;
    told(scene, "Cannot use the new certificate").await?;
    assert!(is_injected(scene).await?);

    // The next authority is trusted before it is used, and the last one until it is not used any more.
    register(scene, &[&first, &second]).await?;
    write_secret(scene, &signed(&second, &host)?).await?;
    told(scene, "Certificate replaced").await?;
    assert!(is_injected(scene).await?);
    register(scene, &[&second]).await?;
    until_injected(scene).await;

    let now = scene.ready("injector").await;
    assert_eq!(now["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(workload::restarts(&now), 0);
    Ok(())
}

/// An authority, and its certificate in PEM.
type Authority = (Issuer<'static, KeyPair>, String);

fn authority(name: &str) -> Result<Authority> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), certificate))
}

/// A certificate for a host, and its key, in PEM.
fn signed((issuer, _): &Authority, host: &str) -> Result<(String, String)> {
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, issuer)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

async fn write_secret(scene: &Scene, (certificate, key): &(String, String)) -> Result<()> {
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": { "name": "injector-tls" },
        "stringData": { "tls.crt": certificate, "tls.key": key },
    });
    scene.kubectl.apply(&secret.to_string()).await.map(drop)
}

/// Registers the injector for this namespace, as its administrator would, with the authorities that
/// the API server is to trust.
async fn register(scene: &Scene, trusted: &[&Authority]) -> Result<()> {
    let bundle: String = trusted.iter().map(|(_, pem)| pem.as_str()).collect();
    let registration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": { "name": REGISTRATION },
        "webhooks": [{
            "name": "rotated.vault.hashicorp.com",
            "clientConfig": {
                "service": { "namespace": scene.namespace(), "name": "injector", "path": "/mutate" },
                "caBundle": STANDARD.encode(bundle),
            },
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"],
            }],
            "failurePolicy": "Fail",
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
            "namespaceSelector": { "matchLabels": { "kubernetes.io/metadata.name": scene.namespace() } },
            // Not the injector itself.
            "objectSelector": { "matchLabels": { "app": "asks" } },
        }],
    });
    scene
        .kubectl
        .apply(&registration.to_string())
        .await
        .map(drop)
}

/// Runs an injector that reads the Secret, with the image that the cluster's own has.
async fn install(scene: &Scene) -> Result<()> {
    let installed = scene
        .within("vault-injector")
        .get("deployment/vault-injector")
        .await?;
    let installed = &installed["spec"]["template"]["spec"];
    let mut deployment = workload::deployment("injector", &json!({}));
    let pod = &mut deployment["spec"]["template"]["spec"];
    pod["securityContext"] = installed["securityContext"].clone();
    pod["volumes"] = json!([{ "name": "tls", "secret": { "secretName": "injector-tls" } }]);
    let container = &mut pod["containers"][0];
    container["image"] = installed["containers"][0]["image"].clone();
    container["args"] = json!([
        "-vault-address=http://vault.vault.svc:8200",
        format!("-vault-image={IMAGE}"),
        "-tls-cert-file=/tls/tls.crt",
        "-tls-key-file=/tls/tls.key",
    ]);
    container["volumeMounts"] = json!([{ "name": "tls", "mountPath": "/tls" }]);
    container["readinessProbe"] = json!({
        "httpGet": { "scheme": "HTTPS", "port": 8080, "path": "/health/ready" },
        "periodSeconds": 1,
    });
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": { "name": "injector" },
        "spec": {
            "selector": { "app": "injector" },
            "ports": [{ "port": 443, "targetPort": 8080 }],
        },
    });
    for object in [service, deployment] {
        scene.kubectl.apply(&object.to_string()).await?;
    }
    scene.kubectl.rolled_out("injector").await
}

/// Whether a pod gets what only this injector gives. An error where it is refused.
async fn is_injected(scene: &Scene) -> Result<bool> {
    Ok(workload::agent_image(&scene.injects().await?) == IMAGE)
}

/// The API server learns of a registration a moment later.
async fn until_injected(scene: &Scene) {
    let look = || async {
        match is_injected(scene).await {
            Ok(true) => Ok(()),
            seen => Err(format!("{seen:?}")),
        }
    };
    scene.until("a pod from this injector", look).await;
}

/// Waits until the injector's log has these words. Not for a moment until then is a pod refused.
async fn told(scene: &Scene, words: &str) -> Result<()> {
    let log = || async {
        let injected = is_injected(scene).await;
        assert!(matches!(injected, Ok(true)), "{injected:?}");
        scene
            .kubectl
            .logs("deployment/injector", workload::CONTAINER)
            .await
    };
    scene.until_says("the injector's word", words, log).await;
    Ok(())
}
