//! What `docs/troubleshooting.md` says that one sees is what the product prints.

use std::fs;
use std::path::Path;

use crate::pages::{code, read, root};

/// What Kubernetes and Helm say, and what the established default template makes of a secret of KV version 2.
const OTHERS: [&str; 7] = [
    "x509: certificate signed by unknown authority",
    "no endpoints available for service",
    "context deadline exceeded",
    "i/o timeout",
    "additional properties … not allowed",
    "data: map[",
    "metadata: map[",
];

/// Columns of what one sees, and of what is read from the pod.
const HEADER: &str = "| you see |";

/// All sources below a folder, in one text.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("contract/src/diagnostics") {
            // The page is made from these texts, so they prove nothing.
        } else if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs" || it == "tpl") {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// A text that is broken over lines in a source is one.
fn joined(source: &str) -> String {
    let mut lines = source.split("\\\n");
    let mut text = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        text.push_str(line.trim_start());
    }
    text.replace("\\\"", "\"")
}

#[test]
fn what_the_page_of_troubles_quotes_is_what_the_product_says() {
    let mut product = String::new();
    for folder in [
        "agent/src",
        "webhook/src",
        "webhook/injection/src",
        "shared",
        "e2e/dev-vault/src",
        "e2e/vault-model/src",
        "manifests/chart",
    ] {
        sources(&root().join(folder), &mut product);
    }
    // What Kubernetes says of a pod is seen in the cluster.
    sources(&root().join("e2e/suite/tests/cluster"), &mut product);
    let product = joined(&product);

    let page = read("docs/troubleshooting.md");
    let mut unknown = Vec::new();
    let mut seen = 0;
    let mut inside = false;
    for line in page.lines() {
        inside = line.starts_with(HEADER) || inside && line.starts_with('|');
        let Some(cell) = line.split(" | ").next().filter(|_| inside) else {
            continue;
        };
        for quoted in code(cell) {
            seen += 1;
            let said = |part: &str| part.trim().len() < 4 || product.contains(part.trim());
            if !OTHERS.contains(&quoted) && !quoted.split('…').all(said) {
                unknown.push(quoted);
            }
        }
    }
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(seen > 35, "only {seen} quotations");
}
