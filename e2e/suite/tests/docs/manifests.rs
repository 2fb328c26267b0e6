//! What the pages and examples have a user write is taken without a warning.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::pages::{Page, pages, root};

/// Says that a block is about a pod.
const ASKS: &str = "vault.hashicorp.com/agent-inject: \"true\"";

/// The blocks of a page in this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("\n```{language}\n");
    text.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```"))
        .map(|(block, _)| block)
        .collect()
}

/// What the injector says of these manifests.
fn lint(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(e2e::program("vault-injector").unwrap())
        .args(["lint", "-vault-address=http://vault.vault.svc:8200", "-f"])
        .args(arguments)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return said;
    }
    said + &String::from_utf8_lossy(&output.stderr)
}

#[test]
#[ignore = "builds and runs the injector: make test"]
fn annotations_on_the_pages_are_taken_without_a_warning() {
    let mut pods = Vec::new();
    for Page { name, text } in pages() {
        for block in blocks(&text, "yaml")
            .into_iter()
            .filter(|it| it.contains(ASKS))
        {
            let object: Value = serde_saphyr::from_str(block).unwrap();
            let name = format!(
                "{}-{}",
                name.replace(['/', '.'], "-").to_lowercase(),
                pods.len()
            );
            pods.push(json!({
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": { "name": name, "annotations": object["metadata"]["annotations"] },
                "spec": { "containers": [{ "name": "app", "image": "app:1" }] },
            }));
        }
    }
    assert!(pods.len() > 3, "{pods:?}");
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": pods });
    assert_eq!(lint(&["-"], &list.to_string()), "");
    assert_eq!(lint(&["manifests/examples"], ""), "");
}

#[test]
#[ignore = "builds and runs the injector: make test"]
fn a_mistake_in_an_example_would_be_found() {
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "p", "annotations": {
            "vault.hashicorp.com/agent-inject": "true",
            "vault.hashicorp.com/rol": "x",
        } },
        "spec": { "containers": [{ "name": "app", "image": "app:1" }] },
    });
    let list = json!({ "apiVersion": "v1", "kind": "List", "items": [pod] });
    let said = lint(&["-"], &list.to_string());
    assert!(said.contains("no Vault role found"), "{said}");
}
