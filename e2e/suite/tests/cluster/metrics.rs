//! What Prometheus gets from an agent, and Grafana shows of it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use e2e::{Scene, workload};

in_the_cluster! {
    Together;
    the_dashboards_panels_of_agents_have_data_from_the_port_of_a_pod,
}

const PORT: &str = "9102";

const DATABASE_USER: &str = "database/creds/api-role";

async fn the_dashboards_panels_of_agents_have_data_from_the_port_of_a_pod(
    scene: &Scene,
) -> Result<()> {
    // Some panels are about leases.
    scene.allow("read", &[DATABASE_USER]).await?;
    let more = [
        ("agent-metrics-port", PORT),
        ("agent-inject-secret-db", DATABASE_USER),
    ];
    let annotations = workload::annotated(scene.namespace(), &more);
    let pod = workload::pod("measured", &annotations);
    scene.kubectl.apply(&pod.to_string()).await?;
    scene.ready("measured").await;
    let namespace = scene.namespace();
    let ask = async |path: &str| {
        let address = format!("/api/v1/namespaces/{namespace}/pods/measured:{PORT}/proxy{path}");
        scene.kubectl.run(&["get", "--raw", &address]).await
    };
    let metrics = ask("/agent/v1/metrics?format=prometheus").await?;
    let shown: BTreeSet<&str> = metrics
        .lines()
        .filter_map(|line| line.split(['{', ' ']).next())
        .collect();
    let asked_for = asked_for_of_agents()?;
    assert!(asked_for.len() >= 12, "{asked_for:?}");
    let missing: Vec<&String> = asked_for
        .iter()
        .filter(|name| !shown.contains(name.as_str()))
        .collect();
    assert!(missing.is_empty(), "{missing:?}\n{metrics}");
    ask("/agent/v1/ready").await?;
    for path in ["/agent/v1/quit", "/v1/sys/health", "/agent/v1/cache-clear"] {
        assert!(ask(path).await.is_err(), "{path} is answered on the port");
    }
    scene
        .story
        .tell(format_args!("{} metrics of the panels", asked_for.len()));
    Ok(())
}

/// The metrics of agents that the chart's dashboard asks for.
fn asked_for_of_agents() -> Result<BTreeSet<String>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../manifests/chart/dashboards/vault-injector.json");
    let text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let words = text.split(|it: char| !(it.is_ascii_alphanumeric() || it == '_'));
    let of_agents = words.filter(|word| {
        word.starts_with("vault_agent_") && !word.starts_with("vault_agent_injector_")
    });
    Ok(of_agents.map(str::to_owned).collect())
}
