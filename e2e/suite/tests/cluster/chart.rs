//! What the chart renders is what the API server takes.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::Kubectl;
use serde_json::{Value, json};

/// Those that the API server knows only where somebody has defined them.
const DEFINED_ELSEWHERE: [&str; 4] = ["Certificate", "Issuer", "PrometheusRule", "ServiceMonitor"];

#[tokio::test]
#[ignore = "needs a cluster: make e2e"]
async fn the_api_server_takes_what_the_chart_renders_of_every_values_file() -> Result<()> {
    let kubectl = Kubectl::of_environment()?;
    let rendered =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests/chart/tests/rendered");
    let mut seen = 0;
    for file in fs::read_dir(rendered)? {
        let path = file?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let items = objects(&fs::read_to_string(&path)?)?;
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
