//! `lint` and `inject` as processes: which files and documents they read, what they say about those
//! that they cannot check, and their exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its manifests are no secrets"
)]

#[path = "lint/places.rs"]
mod places;
#[path = "lint/told_apart.rs"]
mod told_apart;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vault-injector"))
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A process that reads no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The exit code, and what is printed: the report, and what stands beside it.
fn lint(arguments: &[&str], input: &str) -> (i32, String, String) {
    let output = run(&[&["lint"], arguments].concat(), input);
    let code = output.status.code().unwrap();
    let told = text(&output.stdout).to_owned();
    (code, told, text(&output.stderr).to_owned())
}

/// The code and the line of each problem of standard input.
fn found(input: &str) -> Vec<(String, u64)> {
    let (_, told, _) = lint(&["-o", "json"], input);
    let problems: Vec<Value> = serde_json::from_str(&told).unwrap();
    let found = |it: &Value| {
        let code = it["code"].as_str().unwrap().to_owned();
        (code, it["line"].as_u64().unwrap())
    };
    problems.iter().map(found).collect()
}

fn is_found(input: &str, expected: &[(&str, u64)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(code, line)| ((*code).to_owned(), *line))
        .collect();
    assert_eq!(found(input), expected, "{input}");
}

/// Annotations without a mistake, indented by so many columns.
fn mk_annotations(indent: usize) -> String {
    [
        "agent-inject: \"true\"",
        "role: app",
        "agent-inject-secret-config: database/creds/app",
    ]
    .map(|entry| format!("{}vault.hashicorp.com/{entry}\n", " ".repeat(indent)))
    .concat()
}

/// A workload whose template has these annotations, each line indented by eight columns.
fn mk_workload(api: &str, kind: &str, annotations: &str) -> String {
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: app}}\nspec:\n  template:\n    metadata:\n      \
         annotations:\n{annotations}    spec:\n      containers: [{{name: app, image: app}}]\n"
    )
}

fn mk_deployment(annotations: &str) -> String {
    mk_workload("apps/v1", "Deployment", annotations)
}

fn write(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

#[test]
fn a_broken_file_a_rollout_and_a_good_deployment_are_all_reported() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let good = mk_annotations(8);
    write(
        root,
        "a-broken.yaml",
        "kind: Deployment\nmetadata:\n\tname: x\n",
    );
    let misspelt = good.replace("/role", "/rol");
    let rollout = mk_workload("argoproj.io/v1alpha1", "Rollout", &misspelt);
    write(root, "apps/b-rollout.yaml", &rollout);
    write(root, "apps/deep/c-deployment.yml", &mk_deployment(&good));
    write(root, ".git/d.yaml", "\t");
    let root = root.to_str().unwrap();

    let (code, told, summary) = lint(&["-f", root], "");
    assert_eq!(code, 1);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 3, "{told}");
    assert!(
        lines[0].starts_with(&format!(
            "{root}/a-broken.yaml:3: error: not valid YAML at column 2: a tab"
        )),
        "{told}"
    );
    assert!(lines[0].ends_with("[VI-1410]"), "{told}");
    let rollout = format!("{root}/apps/b-rollout.yaml");
    assert!(
        lines[1].starts_with(&format!("{rollout}:8: error: Rollout/app: ")),
        "{told}"
    );
    assert_eq!(
        lines[2],
        format!(
            "{rollout}:9: warning: Rollout/app: unknown annotation rol is ignored: did you mean role? [VI-1001]"
        )
    );
    assert_eq!(summary, "2 workloads in 3 files: 3 problems\n");

    let (code, told, _) = lint(&["-o", "json", "-f", root], "");
    let problems: Vec<Value> = serde_json::from_str(&told).unwrap();
    assert_eq!((code, problems.len()), (1, 3));
    assert_eq!(problems[2]["annotation"], "vault.hashicorp.com/rol");
}

#[test]
fn exit_code_2_means_that_nothing_was_read() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().to_str().unwrap();
    let (code, told, _) = lint(&["-f", root], "");
    assert_eq!(code, 2);
    assert!(told.contains("no manifest"), "{told}");
    let good = format!("{root}/good.yaml");
    fs::write(&good, mk_deployment(&mk_annotations(8))).unwrap();
    assert_eq!(lint(&["-f", &good], "").0, 0);
    let (code, told, _) = lint(&["-f", &good, "-f", "/no/such/file"], "");
    assert_eq!(code, 2);
    assert!(
        told.contains("/no/such/file:1: error: cannot read it: there is no such file"),
        "{told}"
    );
    assert_eq!(lint(&[], "").0, 2);
    assert_eq!(lint(&[], "# nothing\n").0, 2);
    assert_eq!(lint(&[], "a: {\n").0, 2);
    assert_eq!(lint(&[], "a: 1\n---\na: {\n").0, 1);
}

#[test]
fn documents_that_do_not_concern_the_injector_are_right_and_that_is_said() {
    let (code, told, summary) = lint(&[], "kind: ConfigMap\n---\nkind: Service\n");
    assert_eq!((code, told.as_str()), (0, ""));
    assert_eq!(
        summary,
        "0 workloads in 1 file: 0 problems\n\
         nothing to check: no annotation of the injector in 2 documents\n"
    );
}

#[test]
fn a_link_that_leads_back_up_is_followed_once() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    write(root, "a/b.yaml", &mk_deployment(&mk_annotations(8)));
    std::os::unix::fs::symlink(root, root.join("a/up")).unwrap();
    let (code, _, summary) = lint(&["-f", root.to_str().unwrap()], "");
    assert_eq!(
        (code, summary.as_str()),
        (0, "1 workload in 1 file: 0 problems\n")
    );
}

#[test]
fn a_template_of_helm_is_called_that() {
    for line in [
        "name: {{ include \"app\" . }}",
        "name: {{ .Release.Name }}",
        "{{- if .Values.x }}",
    ] {
        let input = format!(
            "kind: Pod\nmetadata:\n  {line}\n  annotations:\n{}",
            mk_annotations(4)
        );
        let (code, told, _) = lint(&[], &input);
        assert_eq!(code, 2, "{told}");
        assert_eq!(
            told,
            "standard input:3: error: unrendered template, which is not YAML: render it first (helm \
             template CHART | vault-injector lint) [VI-1408]\n",
            "{input}"
        );
    }
    // It is YAML all the same.
    let annotations = mk_annotations(8)
        .replace("\"true\"", "\"{{ .Values.inject }}\"")
        .replace("role: app", "rol: app");
    let input = mk_deployment(&annotations);
    is_found(&input, &[("VI-1408", 8), ("VI-1306", 8), ("VI-1001", 9)]);
    // What is unquoted may be the agent's.
    let unquoted = "        vault.hashicorp.com/agent-inject-template-config: {{ with secret \"a\" }}x{{ end }}\n";
    let (_, told, _) = lint(
        &[],
        &mk_deployment(&format!("{}{unquoted}", mk_annotations(8))),
    );
    assert!(
        told.contains(":11: error: agent-inject-template-config is not text"),
        "{told}"
    );
}

#[test]
fn values_without_quotes_are_named_and_the_rest_is_checked() {
    let annotations = mk_annotations(8)
        .replace("\"true\"", "yes")
        .replace("role: app", "rol: 0644");
    let input = mk_deployment(&annotations);
    let (code, told, _) = lint(&[], &input);
    assert_eq!(code, 1);
    for expected in [
        "input:8: error: Deployment/app: agent-inject is not text, because yes without quotes is a \
         boolean: write \"true\" [VI-1407]",
        "input:9: error: Deployment/app: rol is not text, because 0644 without quotes is a number",
    ] {
        assert!(told.contains(expected), "{told}");
    }
    let annotations = mk_annotations(8)
        .replace("\"true\"", "true")
        .replace("role", "rol");
    is_found(
        &mk_deployment(&annotations),
        &[("VI-1407", 8), ("VI-1306", 8), ("VI-1001", 9)],
    );
}

#[test]
fn reports_for_pipelines_have_code_and_place() {
    let input = mk_deployment(&mk_annotations(8).replace("/role", "/rol"));
    let (code, told, _) = lint(&["-o", "sarif"], &input);
    let log: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(code, 1);
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"][0]["results"][1]["ruleId"], "VI-1001");
    let (_, told, _) = lint(&["-o", "github"], &input);
    assert!(
        told.contains(
            "\n::warning file=standard input,line=9,title=VI-1001::Deployment/app: unknown annotation rol"
        ),
        "{told}"
    );
    assert_eq!(lint(&["-o", "yaml"], &input).0, 64);
}

#[test]
fn inject_changes_what_it_can_and_names_what_it_leaves() {
    let rollout = mk_workload("argoproj.io/v1alpha1", "Rollout", &mk_annotations(8));
    let patch = "spec:\n  template:\n    metadata:\n      annotations:\n        vault.hashicorp.com/role: a\n";
    let broken = "a: {\n";
    let output = run(&["inject"], &format!("{rollout}---\n{patch}---\n{broken}"));
    assert_eq!(output.status.code(), Some(1));
    let documents: Vec<_> = text(&output.stdout).split("---\n").collect();
    assert_eq!(documents.len(), 3);
    assert!(
        documents[0].contains("vault-agent-init"),
        "{}",
        documents[0]
    );
    assert_eq!(documents[1..], [patch, broken]);
    let told = text(&output.stderr);
    assert!(
        told.ends_with("left as they are: document (standard input:17), standard input:20\n"),
        "{told}"
    );
}
