//! The commands that work on files, as a user runs them.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn run(command: &str, manifests: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_secrets-operator"))
        .args([command, "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program must start");
    let mut input = child.stdin.take().expect("it must have a stdin");
    let written = input.write_all(manifests.as_bytes());
    written.expect("the program must read");
    drop(input);
    child.wait_with_output().expect("the program must end")
}

const MANIFESTS: &str = r#"
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: app, namespace: team}
spec:
  secretStoreRef: {name: vault}
  data:
  - secretKey: user
    remoteRef: {key: secret/app, property: user}
  - secretKey: owner
    remoteRef: {key: app, metadataPolicy: Fetch, property: owner}
  dataFrom:
  - find: {path: shared, name: {regexp: .*}}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: team}
spec:
  provider:
    vault: {server: "https://vault:8200", path: secret}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
"#;

#[test]
fn a_policy_allows_what_the_manifests_read_and_no_more() {
    let output = run("policy", MANIFESTS);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        r#"# SecretStore team/vault
path "secret/data/app" { capabilities = ["read"] }
path "secret/data/shared/*" { capabilities = ["read"] }
path "secret/metadata/app" { capabilities = ["read"] }
path "secret/metadata/shared/" { capabilities = ["list"] }
path "secret/metadata/shared/*" { capabilities = ["list"] }
"#
    );
}

#[test]
fn good_manifests_pass_and_each_problem_of_others_is_a_line() {
    let output = run("lint", MANIFESTS);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, "2 objects checked, 0 problems\n");
    let broken = MANIFESTS
        .replace(
            "property: user}",
            "property: user, decodingStrategy: Rot13}",
        )
        .replace(
            "path: secret}",
            "path: secret, tls: {certSecretRef: {name: a}}}",
        );
    let output = run("lint", &broken);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("-: ExternalSecret team/app: "), "{said}");
    assert!(said.contains("Rot13"), "{said}");
    assert!(said.contains("-: SecretStore team/vault: "), "{said}");
    assert!(said.ends_with("2 objects checked, 2 problems\n"), "{said}");
}

#[test]
fn files_without_anything_of_ours_are_an_error_that_says_so() {
    let output = run("lint", "apiVersion: v1\nkind: ConfigMap\n");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("there is no ExternalSecret"), "{said}");
}
