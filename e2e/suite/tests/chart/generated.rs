//! The manifests for those who use no Helm are what Helm makes of the chart.

use crate::helm::{is_current, manifests, template};

/// Where Vault is, in the manifests of the tree.
const OPTIONS: &[&str] = &[
    "--kube-version=1.30.0",
    "--set=global.externalVaultAddr=http://vault.vault.svc:8200",
    // A user who applies these files creates ClusterRoles, and the version above has policies.
    "--set=injector.admissionPolicy.enabled=true",
    "--skip-tests",
];

const NAMESPACE: &str = "apiVersion: v1
kind: Namespace
metadata:
  name: vault-injector
  labels:
    app.kubernetes.io/name: vault-agent-injector
    pod-security.kubernetes.io/enforce: restricted
";

#[test]
#[ignore = "needs Helm: make test"]
fn the_manifests_for_kubectl_are_what_the_chart_renders() {
    let rendered = template(OPTIONS).unwrap();
    // Where a part comes from says nothing to whoever applies it, and Helm does not manage it then.
    let rendered: String = rendered
        .lines()
        .filter(|line| !line.starts_with("# Source: ") && !line.ends_with("managed-by: Helm"))
        .flat_map(|line| [line, "\n"])
        .collect();
    let objects = format!("{NAMESPACE}{rendered}");
    let installed = format!(
        "# The injector in a namespace of its own: `kubectl apply --filename manifests/install.yaml`, or, with Vault's address\n\
         # and a check at the end, `manifests/install.sh`; see docs/install.md. A test makes this file from the chart.\n{objects}"
    );
    is_current(&manifests().join("install.yaml"), &installed);
    let base = format!("# A test makes this file from the chart.\n{objects}");
    is_current(&manifests().join("kustomize/injector.yaml"), &base);
}
