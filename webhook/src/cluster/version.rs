//! Which version the cluster has, as far as the shape of pods depends on it.

use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::{Api, Client};
use tracing::{debug, info};

use injection::kubernetes::{Kubernetes, KubernetesVersion};
use kube_support::{CallError, call};
use process::cut;

/// How often is asked again: clusters are upgraded while the injector runs.
const PERIOD: Duration = Duration::from_secs(10 * 60);
/// How soon is asked again where there was no answer yet.
const SOON: Duration = Duration::from_secs(5);
/// Nodes are read in pages of so many.
const PAGE: u32 = 500;

/// Asks for ever and tells `learned` of each change. What was known stays known while the API
/// server does not answer.
pub async fn follow(client: Client, learned: impl Fn(Kubernetes)) {
    let mut known = Kubernetes::default();
    loop {
        match ask(&client).await {
            Ok(found) if found != known => {
                known = found;
                let text = |version: Option<KubernetesVersion>| {
                    version.map_or_else(|| "unknown".to_owned(), |it| it.to_string())
                };
                info!(
                    server = text(found.server),
                    oldest_kubelet = text(found.oldest_kubelet),
                    native_sidecars = found.runs_native_sidecars(),
                    "Cluster's version learned"
                );
                learned(found);
            }
            Ok(_) => {}
            Err(error) => debug!(
                error = &*cut(&error.to_string()),
                "Cluster's version not learned"
            ),
        }
        let pause = if known.server.is_some() { PERIOD } else { SOON };
        tokio::time::sleep(pause).await;
    }
}

/// Asks once. The kubelets only matter where the server's version alone does not tell.
pub async fn ask(client: &Client) -> Result<Kubernetes, CallError> {
    let info = call("read the version", client.apiserver_version()).await?;
    let server = format!("{}.{}", info.major, info.minor).parse().ok();
    let found = Kubernetes {
        server,
        oldest_kubelet: None,
    };
    if found.runs_native_sidecars() || found.drops_native_sidecars() {
        return Ok(found);
    }
    let oldest_kubelet = match kubelets(client).await {
        Ok(versions) => oldest(versions.iter().map(String::as_str)),
        Err(CallError::Forbidden { .. }) => None,
        Err(error) => return Err(error),
    };
    Ok(Kubernetes {
        oldest_kubelet,
        ..found
    })
}

async fn kubelets(client: &Client) -> Result<Vec<String>, CallError> {
    let api: Api<Node> = Api::all(client.clone());
    let mut parameters = ListParams::default().limit(PAGE);
    let mut versions = Vec::new();
    loop {
        let page = call("list nodes", api.list(&parameters)).await?;
        versions.extend(page.items.into_iter().map(|node| {
            node.status
                .and_then(|status| status.node_info)
                .map(|info| info.kubelet_version)
                .unwrap_or_default()
        }));
        match page.metadata.continue_ {
            Some(token) if !token.is_empty() => parameters = parameters.continue_token(&token),
            _ => return Ok(versions),
        }
    }
}

/// The oldest of the versions; none where one of them cannot be read.
fn oldest<'a>(versions: impl Iterator<Item = &'a str>) -> Option<KubernetesVersion> {
    let read: Result<Vec<KubernetesVersion>, _> = versions.map(str::parse).collect();
    read.ok()?.into_iter().min()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use kube_support::fake::Fake;

    fn mk_cluster(minor: &str, kubelets: &[&str]) -> Fake {
        let fake = Fake::default();
        fake.put(
            "version",
            json!({"major": "1", "minor": minor, "gitVersion": "", "gitCommit": "",
                   "gitTreeState": "", "buildDate": "", "goVersion": "", "compiler": "",
                   "platform": ""}),
        );
        let nodes: Vec<_> = kubelets
            .iter()
            .map(|version| json!({"metadata": {"name": "n"}, "status": {"nodeInfo": {
                "architecture": "", "bootID": "", "containerRuntimeVersion": "", "kernelVersion": "",
                "kubeProxyVersion": "", "kubeletVersion": version, "machineID": "",
                "operatingSystem": "", "osImage": "", "systemUUID": "",
            }}}))
            .collect();
        fake.put(
            "nodes",
            json!({"kind": "NodeList", "metadata": {}, "items": nodes}),
        );
        fake
    }

    #[tokio::test]
    async fn nodes_are_listed_only_where_the_server_alone_does_not_tell() {
        let fake = mk_cluster("32+", &["v1.20.0"]);
        assert!(ask(&fake.client()).await.unwrap().runs_native_sidecars());
        assert_eq!(fake.count("nodes"), 0);
        for (kubelets, runs) in [
            (&["v1.30.1", "v1.29.4-eks-1"][..], true),
            (&["v1.30.1", "v1.28.9"], false),
            (&["v1.30.1", "strange"], false),
            (&[], false),
        ] {
            let fake = mk_cluster("30", kubelets);
            let found = ask(&fake.client()).await.unwrap();
            assert_eq!(found.runs_native_sidecars(), runs, "{kubelets:?}");
        }
    }

    #[tokio::test]
    async fn without_the_permission_to_list_nodes_the_server_alone_counts() {
        let fake = mk_cluster("30", &["v1.30.0"]);
        fake.fail("nodes", 403);
        let found = ask(&fake.client()).await.unwrap();
        assert_eq!(found.oldest_kubelet, None);
        assert!(!found.runs_native_sidecars());
    }
}
