//! What the chart renders is what the API server takes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use e2e::Kubectl;
use serde_json::{Value, json};

/// Those that the API server knows only where somebody has defined them.
const DEFINED_ELSEWHERE: [&str; 5] = [
    "Certificate",
    "Issuer",
    "PodMonitor",
    "PrometheusRule",
    "ServiceMonitor",
];

#[tokio::test]
#[ignore = "needs a cluster: make e2e"]
async fn the_api_server_takes_what_the_chart_renders_of_every_values_file() -> Result<()> {
    let kubectl = Kubectl::of_environment()?;
    let rendered = root().join("manifests/chart/tests/rendered");
    let mut seen = 0;
    for file in fs::read_dir(rendered)? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let mut items = objects(&fs::read_to_string(&path)?)?;
        // The test's pod mounts the volume that its injector adds, and the one that runs here is not OpenBao's.
        items.retain(|it| {
            it["spec"]["containers"][0]["volumeMounts"][0]["name"] != "openbao-secrets"
        });
        if items.is_empty() {
            continue;
        }
        seen += items.len();
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        let create = ["create", "--dry-run=server", "--filename=-"];
        let said = kubectl.try_with(&create, &list.to_string()).await?;
        // A warning is about what is of no effect, or will be gone.
        ensure!(said.ok && said.stderr.is_empty(), "{name}: {said:?}");
    }
    ensure!(seen > 90, "only {seen} objects");
    Ok(())
}

/// The release of this scenario, in a namespace of that name. No replica of it runs, and no pod is sent to it.
const RELEASE: &str = "passing-vault-injector";

#[tokio::test]
#[ignore = "needs a cluster: make e2e"]
async fn an_upgrade_keeps_the_registered_authority_and_an_uninstall_leaves_nothing() -> Result<()> {
    let kubectl = Kubectl::of_environment()?;
    let registration = format!("mutatingwebhookconfiguration/{RELEASE}");
    let values = [
        "upgrade",
        "--install",
        RELEASE,
        "manifests/chart",
        "--create-namespace",
        "--set=injector.replicas=0,injector.webhook.namespaceSelector.matchLabels.no=where",
        "--set=injector.admissionPolicy.enabled=true",
    ];
    helm(&values)?;
    // As the injector does, with its own name.
    let authority = rcgen::KeyPair::generate()?;
    let authority = rcgen::CertificateParams::default().self_signed(&authority)?;
    let bundle =
        base64::Engine::encode(&base64::engine::general_purpose::STANDARD, authority.pem());
    let patch =
        json!([{ "op": "add", "path": "/webhooks/0/clientConfig/caBundle", "value": bundle }]);
    let patch = format!("--patch={patch}");
    let manager = "--field-manager=vault-injector";
    kubectl
        .run(&["patch", &registration, "--type=json", manager, &patch])
        .await?;

    let changed = "--set=injector.webhook.timeoutSeconds=7";
    helm(&[&values[..], &[changed]].concat())?;
    let webhook = kubectl.get(&registration).await?["webhooks"][0].take();
    assert_eq!(webhook["timeoutSeconds"], 7);
    assert_eq!(webhook["clientConfig"]["caBundle"], *bundle);

    helm(&["uninstall", RELEASE, "--wait"])?;
    let kinds = "clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations,\
                 validatingadmissionpolicies,validatingadmissionpolicybindings";
    let label = format!("--selector=app.kubernetes.io/instance={RELEASE}");
    let left = kubectl.run(&["get", kinds, &label]).await?;
    assert_eq!(left, "");
    let kinds = "deployments,services,serviceaccounts,roles,rolebindings,poddisruptionbudgets,networkpolicies";
    let left = kubectl.within(RELEASE).run(&["get", kinds, &label]).await?;
    assert_eq!(left, "");
    kubectl
        .run(&["delete", "namespace", RELEASE, "--wait=false"])
        .await?;
    Ok(())
}

/// Runs Helm for that release.
fn helm(arguments: &[&str]) -> Result<()> {
    let program = Command::new("e2e/scripts/helm.sh")
        .current_dir(root())
        .output()?;
    let program = String::from_utf8(program.stdout)?;
    let kubeconfig = std::env::var_os("E2E_KUBECONFIG").context("E2E_KUBECONFIG")?;
    let output = Command::new(program.trim())
        .args(arguments)
        .args(["--namespace", RELEASE])
        .env("KUBECONFIG", kubeconfig)
        .current_dir(root())
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "helm {arguments:?}: {said}");
    Ok(())
}

/// The root of the tree.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The objects of a rendered file, under names that nothing in the cluster has, in a namespace that there is.
fn objects(text: &str) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for document in text.split("\n---\n") {
        let document = document.trim_start_matches("---\n");
        if document.trim().is_empty() {
            continue;
        }
        let mut object: Value = serde_saphyr::from_str(document)?;
        let kind = object["kind"].as_str().context("no kind")?;
        if DEFINED_ELSEWHERE.contains(&kind) {
            continue;
        }
        let name = object["metadata"]["name"].as_str().context("no name")?;
        object["metadata"]["name"] = json!(format!("dry-run-{name}"));
        if let Some(namespace) = object["metadata"].get_mut("namespace") {
            *namespace = json!("default");
        }
        objects.push(object);
    }
    Ok(objects)
}
