//! Helm, and the places of the chart's files.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Helm and its release, as the documentation installs it.
const RELEASE: [&str; 3] = ["vault-injector", "--namespace", "vault-injector"];

/// The manifests of the tree.
pub(crate) fn manifests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests")
}

/// The chart.
pub(crate) fn chart() -> PathBuf {
    manifests().join("chart")
}

/// A text of the tree.
pub(crate) fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs Helm; returns what it prints, or its complaint.
pub(crate) fn helm(arguments: &[&str]) -> Result<String, String> {
    let program = std::env::var_os("HELM_BIN").expect("HELM_BIN has to name a Helm; see make test");
    let home = tempfile::tempdir().unwrap();
    let output = Command::new(program)
        .args(arguments)
        // Helm of the user has plugins and repositories, which are no part of this.
        .env("HELM_CONFIG_HOME", home.path())
        .env("HELM_CACHE_HOME", home.path())
        .env("HELM_DATA_HOME", home.path())
        .env_remove("HELM_NAMESPACE")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    // What Helm warns of is not the user's to mend.
    if !output.status.success() || stderr.contains("warning") {
        return Err(stderr);
    }
    Ok(String::from_utf8(output.stdout).unwrap())
}

/// The chart with these options, as YAML.
pub(crate) fn template(options: &[&str]) -> Result<String, String> {
    let chart = chart();
    let mut arguments = vec!["template"];
    arguments.extend(RELEASE);
    arguments.push(chart.to_str().unwrap());
    arguments.extend(options);
    helm(&arguments)
}

/// The chart with these options, as objects.
pub(crate) fn objects(options: &[&str]) -> Vec<Value> {
    parse(&template(options).unwrap())
}

/// The documents of a text.
pub(crate) fn parse(text: &str) -> Vec<Value> {
    text.split("\n---\n")
        .map(|document| document.trim_start_matches("---\n"))
        .filter(|document| !document.trim().is_empty())
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .filter(|object: &Value| !object.is_null())
        .collect()
}

/// The one object of a kind.
pub(crate) fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Option<&'a Value> {
    objects.iter().find(|object| object["kind"] == kind)
}

/// Compares a file of the tree with what it should be, or writes it.
pub(crate) fn is_current(path: &Path, text: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    let difference = found
        .lines()
        .zip(text.lines())
        .enumerate()
        .find(|(_, (found, should_be))| found != should_be);
    assert!(
        found == text,
        "{} is stale, first at {difference:?}: run this test with UPDATE_DOCS=1",
        path.display()
    );
}
