//! How agents reach Vault and who they say they are: TLS with a private authority, tokens for an audience.

use anyhow::Result;
use e2e::{Scene, workload};
use serde_json::json;

in_the_cluster! {
    Together;
    an_agent_trusts_vault_by_the_private_authority_in_a_secret,
    a_pod_without_a_token_of_its_own_logs_in_with_one_for_vaults_audience,
}

/// The port of Vault that talks TLS, with a certificate of an authority that nobody else knows.
const TLS: &str = "https://vault.vault.svc:8243";

async fn an_agent_trusts_vault_by_the_private_authority_in_a_secret(scene: &Scene) -> Result<()> {
    let kubectl = &scene.kubectl;
    // What an administrator would hand out.
    let authority = ["get", "secret", "vault-tls"];
    let authority = [
        &authority[..],
        &["--output=go-template={{index .data \"ca.crt\" | base64decode}}"],
    ]
    .concat();
    let authority = scene.within("vault").run(&authority).await?;
    let create = ["create", "secret", "generic", "vault-ca"];
    let create = [&create[..], &["--from-file=ca.crt=/dev/stdin"]].concat();
    kubectl.run_with(&create, &authority).await?;

    let distrusts = workload::annotated(scene.namespace(), &[("service", TLS)]);
    let pod = workload::pod("distrusts", &distrusts);
    kubectl.apply(&pod.to_string()).await?;
    for (name, native) in [("native", "true"), ("classic", "false")] {
        let trusts = [
            ("service", TLS),
            ("tls-secret", "vault-ca"),
            ("ca-cert", "/vault/tls/ca.crt"),
            ("agent-native-sidecar", native),
        ];
        let annotations = workload::annotated(scene.namespace(), &trusts);
        let pod = workload::pod(name, &annotations);
        kubectl.apply(&pod.to_string()).await?;
    }
    for name in ["native", "classic"] {
        scene.ready(name).await;
        scene
            .until_it_reads(&format!("pod/{name}"), "API_KEY=")
            .await;
    }
    let log = || kubectl.logs("pod/distrusts", "vault-agent");
    let log = scene.until_says("the reason", "certificate", log).await;
    scene.story.tell(log.lines().last().unwrap_or_default());
    let row = kubectl.run(&["get", "pod", "distrusts"]).await?;
    assert!(row.contains("Init:0/1"), "{row}");
    Ok(())
}

async fn a_pod_without_a_token_of_its_own_logs_in_with_one_for_vaults_audience(
    scene: &Scene,
) -> Result<()> {
    let kubectl = &scene.kubectl;
    let role = format!("auth/kubernetes/role/{}", scene.namespace());
    scene.vault(&["write", &role, "audience=vault"]).await?;

    let annotations = workload::guide_annotations(scene.namespace());
    let pod = workload::pod("not-for-vault", &annotations);
    kubectl.apply(&pod.to_string()).await?;
    for (name, native) in [("native", "true"), ("classic", "false")] {
        let for_vault = [
            ("agent-token-audience", "vault"),
            ("agent-native-sidecar", native),
        ];
        let annotations = workload::annotated(scene.namespace(), &for_vault);
        let mut pod = workload::pod(name, &annotations);
        pod["spec"]["automountServiceAccountToken"] = json!(false);
        kubectl.apply(&pod.to_string()).await?;
    }
    for name in ["native", "classic"] {
        let pod = scene.ready(name).await;
        scene
            .until_it_reads(&format!("pod/{name}"), "API_KEY=")
            .await;
        let application = &pod["spec"]["containers"][0];
        assert!(
            !application.to_string().contains("serviceaccount"),
            "the application has no token: {application}"
        );
    }
    // The API server's own token is not for Vault.
    let failed = "Exit Code:    1";
    let seen = scene
        .until_says("the reason", failed, || {
            kubectl.describe("pod/not-for-vault")
        })
        .await;
    assert!(seen.contains("audience"), "{seen}");
    Ok(())
}
