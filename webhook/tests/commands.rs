//! The commands of a keyboard, as processes: what they print, and their exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and its manifests are no secrets"
)]

#[path = "commands/explained.rs"]
mod explained;
#[path = "commands/help.rs"]
mod help;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A Deployment as people write it, between two objects that have no pods.
const MANIFESTS: &str = r#"# Settings of the application.
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
kind: Deployment   # the application
apiVersion: apps/v1
metadata:
  name: web
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations:
        vault.hashicorp.com/agent-inject: "true"
        vault.hashicorp.com/role: web
        vault.hashicorp.com/agent-inject-secret-config: secret/web
    spec:
      initContainers:
      - name: migrate
        image: web:1
      containers:
      - name: web
        image: web:1
        ports:
        - containerPort: 8080
---
apiVersion: v1
kind: Service
metadata: {name: web}
"#;

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

fn succeeded(arguments: &[&str], input: &str) -> String {
    let output = run(arguments, input);
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

#[test]
fn inject_prints_the_manifests_as_their_pods_will_be_injected() {
    let printed = succeeded(&["inject", "-f", "-"], MANIFESTS);
    let documents: Vec<&str> = printed.split("---\n").collect();
    assert_eq!(documents.len(), 3, "{printed}");
    assert!(
        documents[0].starts_with("# Settings of the application.\n"),
        "{printed}"
    );
    assert!(
        documents[1].starts_with("kind: Deployment\napiVersion: apps/v1\n"),
        "{printed}"
    );
    let deployment: Value = serde_saphyr::from_str(documents[1]).unwrap();
    let template = &deployment["spec"]["template"];
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|it| it["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&template["spec"]["initContainers"]),
        ["migrate", "vault-agent-init"]
    );
    assert_eq!(
        names(&template["spec"]["containers"]),
        ["web", "vault-agent"]
    );
    assert_eq!(
        names(&template["spec"]["volumes"]),
        [
            "home-init",
            "home-sidecar",
            "vault-secrets",
            "vault-agent-state"
        ]
    );
    let status = &template["metadata"]["annotations"]["vault.hashicorp.com/agent-inject-status"];
    assert_eq!(status, "injected");
    // The cluster mounts the token of the service account itself.
    assert!(!documents[1].contains("kube-api-access"), "{printed}");

    let again = succeeded(&["inject", "-f", "-"], &printed);
    assert_eq!(again, printed, "injected twice, it stays as it is");
}

#[test]
fn the_version_of_the_cluster_decides_about_a_native_sidecar() {
    let printed = succeeded(&["inject", "--kube-version", "1.33"], MANIFESTS);
    assert!(printed.contains("restartPolicy: Always"), "{printed}");
    assert!(!printed.contains("vault-agent-init"), "{printed}");
}

#[test]
fn diff_shows_only_what_changes() {
    let printed = succeeded(&["inject", "--diff", "-f", "-"], MANIFESTS);
    assert!(
        printed.starts_with("--- standard input Deployment/web\n+++ "),
        "{printed}"
    );
    let lines = |sign: &str| {
        printed
            .lines()
            .filter(|line| line.starts_with(sign))
            .count()
    };
    assert_eq!(lines("-"), 1, "nothing is taken away\n{printed}");
    assert!(lines("+") > 40, "{printed}");
    assert!(!printed.contains("ConfigMap"), "{printed}");
    assert!(!printed.contains('\x1b'), "colors are for terminals");
    // The configuration is there to be read.
    assert!(
        printed.contains("+        - name: VAULT_CONFIG\n+          value: |\n+            {\n"),
        "{printed}"
    );
    assert!(
        printed.contains("+              \"auto_auth\": {\n"),
        "{printed}"
    );
    assert_eq!(
        printed,
        succeeded(&["inject", "--diff", "-f", "-"], MANIFESTS)
    );
}

#[test]
fn machines_get_json() {
    let printed = succeeded(&["inject", "-o", "json"], MANIFESTS);
    let list: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(list["kind"], "List");
    assert_eq!(list["items"].as_array().unwrap().len(), 3);
    let printed = succeeded(&["inject", "-o", "json", "--diff"], MANIFESTS);
    let changes: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(changes[0]["object"], "Deployment/web");
    assert_eq!(changes[0]["operations"][0]["op"], "add");
}

#[test]
fn lint_names_file_and_line_and_fails() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yaml");
    let broken = MANIFESTS
        .replace("/role: web", "/rolle: web")
        .replace("-config: secret/web", "-config: secret/data/web");
    fs::write(&file, &broken).unwrap();
    let path = file.to_str().unwrap();
    let output = run(&["lint", "-f", path], "");
    assert_eq!(output.status.code(), Some(1));
    let expected = format!(
        "{path}:17: error: Deployment/web: error validating agent configuration: no Vault role found; \
         write vault.hashicorp.com/role with the name of a role in Vault [VI-1306]\n\
         {path}:18: warning: Deployment/web: unknown annotation rolle is ignored: did you mean role? \
         [VI-1001]\n"
    );
    assert_eq!(text(&output.stdout), expected);

    let mended = broken.replace("/rolle: web", "/role: web");
    fs::write(directory.path().join("second.yml"), mended).unwrap();
    let arguments = [
        "lint",
        "-o",
        "json",
        "-strict",
        directory.path().to_str().unwrap(),
    ];
    let output = run(&arguments, "");
    let problems: Value = serde_json::from_slice(&output.stdout).unwrap();
    let line = |at: usize| {
        (
            problems[at]["line"].as_u64(),
            problems[at]["severity"].as_str(),
        )
    };
    assert_eq!(line(0), (Some(19), Some("warning")), "{problems}");
    assert_eq!(line(2), (Some(18), Some("error")), "{problems}");
    let key = "vault.hashicorp.com/agent-inject-secret-config";
    assert_eq!(problems[0]["annotation"], key);
}

#[test]
fn lint_shows_the_line_of_a_template_that_does_not_parse() {
    let secret = "        vault.hashicorp.com/agent-inject-secret-config: secret/web\n";
    let template = "        vault.hashicorp.com/agent-inject-template-config: |\n          \
                    a\n          K={{ secrt \"x\" }}\n";
    let broken = MANIFESTS.replace(secret, &format!("{secret}{template}"));
    let output = run(&["lint", "-f", "-"], &broken);
    let printed = text(&output.stdout);
    assert!(
        printed.ends_with("\n    2 | K={{ secrt \"x\" }}\n      |      ^\n"),
        "{printed}"
    );
    assert!(printed.contains("(did you mean \"secret\"?)"), "{printed}");
    let output = run(&["lint", "-o", "json", "-f", "-"], &broken);
    let problems: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        problems[0]["excerpt"],
        "2 | K={{ secrt \"x\" }}\n  |      ^"
    );
}

#[test]
fn lint_says_nothing_about_manifests_without_mistakes() {
    assert_eq!(succeeded(&["lint", "-f", "-"], MANIFESTS), "");
}

#[test]
fn what_is_no_flag_is_refused() {
    assert_eq!(run(&["lint", "--no-such-flag"], "").status.code(), Some(64));
}

#[test]
fn explain_finds_an_annotation_by_any_of_its_spellings() {
    for key in [
        "agent-inject-secret",
        "agent-inject-secret-NAME",
        "agent-inject-secret-config",
        "vault.hashicorp.com/agent-inject-secret-config",
        "openbao.org/agent-inject-secret-config",
    ] {
        let printed = succeeded(&["explain", key], "");
        assert!(
            printed.starts_with("vault.hashicorp.com/agent-inject-secret-NAME\n"),
            "{printed}"
        );
        assert!(printed.contains("value:    path in Vault\n"), "{printed}");
    }
    let output = run(&["explain", "agent-injcet"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "agent-injcet: no such annotation: did you mean agent-inject?\n"
    );
    let all: Value = serde_json::from_str(&succeeded(&["explain", "-o", "json"], "")).unwrap();
    assert_eq!(
        all.as_array().unwrap().len(),
        contract::annotations::TABLE.len()
    );
}

#[test]
fn help_shows_a_commands_own_options_and_all_only_when_asked() {
    let own = succeeded(&["lint", "--help"], "");
    assert_eq!(own, succeeded(&["help", "lint"], ""));
    assert!(
        own.contains("Usage: vault-injector lint [OPTIONS] [FILE]..."),
        "{own}"
    );
    assert!(own.contains("vault-injector lint deploy.yaml"), "{own}");
    assert!(!own.contains("--vault-address"), "{own}");
    assert!(!own.contains("The injector's flags:"), "{own}");
    let all = succeeded(&["lint", "--help-all"], "");
    assert!(all.contains("--vault-address"), "{all}");
    for arguments in [&["help"][..], &["--help"], &["--help-all"]] {
        let server = succeeded(arguments, "");
        assert!(server.contains("--vault-address"), "{server}");
        assert!(server.contains("  explain "), "{server}");
        assert!(!server.contains("[default: \"\"]"), "{server}");
    }
    assert!(!all.contains("[default: \"\"]"), "{all}");
}

#[test]
fn completions_know_commands_and_flags() {
    let script = succeeded(&["completions", "bash"], "");
    for word in ["lint", "explain", "--kube-version", "--vault-address"] {
        assert!(script.contains(word), "{word}");
    }
}

#[test]
fn explain_prints_what_the_code_of_a_message_means() {
    let printed = succeeded(&["explain", "vi-1306"], "");
    assert_eq!(
        printed,
        "VI-1306\n\n    no Vault role found\n\n\
         cause:    the agent logs in with a role, and the pod names none\n\
         do:       vault.hashicorp.com/role: \"NAME\"; vault list auth/kubernetes/role lists them\n"
    );
    let printed = succeeded(&["explain", "-o", "json", "VI-1306"], "");
    let row: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(row["code"], "VI-1306");
    let output = run(&["explain", "VI-9999"], "");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stderr), "VI-9999: no message has this code\n");
}
