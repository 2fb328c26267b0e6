//! The pre-commit hook and the GitHub Action run what there is to run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::pages::{read, root};

const EXAMPLE: &str = "manifests/examples/guide-deployment.yaml";

/// A manifest with a key that is misspelt.
const BROKEN: &str = r#"apiVersion: v1
kind: Pod
metadata:
  name: a
  annotations:
    vault.hashicorp.com/agent-inject: "true"
    vault.hashicorp.com/rol: a
spec:
  containers: [{name: a, image: a}]
"#;

fn parse(name: &str) -> Value {
    serde_saphyr::from_str(&read(name)).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key]
        .as_str()
        .unwrap_or_else(|| panic!("{value} has no {key}"))
}

/// A command in the root of the tree that finds our programs on its `PATH`.
fn with_programs(command: &mut Command) -> Output {
    let programs = e2e::program("vault-injector").unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", programs.parent().unwrap().display());
    let command = command.current_dir(root()).env("PATH", path);
    command.output().unwrap()
}

fn broken(directory: &Path) -> String {
    let file = directory.join("broken.yaml");
    std::fs::write(&file, BROKEN).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Runs what takes a list of files with a good one and with a broken one.
fn tells_them_apart(run: impl Fn(&str) -> Output) {
    let directory = tempfile::tempdir().unwrap();
    let output = run(EXAMPLE);
    assert!(output.status.success(), "{output:?}");
    let output = run(&format!("{EXAMPLE}\n{}", broken(directory.path())));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("broken.yaml"), "{said}");
    assert!(!said.contains(EXAMPLE), "{said}");
}

#[test]
#[ignore = "builds and runs the injector: make test"]
fn the_pre_commit_hook_tells_good_files_from_broken_ones() {
    let hooks = parse(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().unwrap();
    assert_eq!(hooks.len(), 1);
    for key in ["id", "name", "description", "language"] {
        assert!(!text(&hooks[0], key).is_empty(), "{key}");
    }
    assert!(read("docs/pipelines.md").contains(&format!("id: {}", text(&hooks[0], "id"))));
    let entry: Vec<_> = text(&hooks[0], "entry").split_whitespace().collect();
    assert_eq!(entry[0], "vault-injector");
    // As pre-commit does: the arguments of the hook's user, then the files of a commit.
    tells_them_apart(|files| {
        with_programs(
            Command::new(entry[0])
                .args(&entry[1..])
                .arg("-strict")
                .args(files.lines()),
        )
    });
}

/// The names of the inputs that a text refers to.
fn inputs(text: &str) -> BTreeSet<&str> {
    text.split("${{ inputs.")
        .skip(1)
        .map(|rest| rest.split_once(" }}").unwrap().0)
        .collect()
}

#[test]
fn the_actions_inputs_reach_its_steps_as_variables_and_are_documented() {
    let action = parse("action.yml");
    let page = read("docs/pipelines.md");
    assert_eq!(text(&action["runs"], "using"), "composite");
    let known = action["inputs"].as_object().unwrap();
    let mut used = BTreeSet::new();
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(text(step, "shell"), "bash");
        // What stands in a script would be run.
        assert!(!text(step, "run").contains("${{"), "{step}");
        for value in step["env"]
            .as_object()
            .into_iter()
            .flat_map(|it| it.values())
        {
            used.extend(inputs(value.as_str().unwrap()));
        }
    }
    assert_eq!(used, known.keys().map(String::as_str).collect());
    for (name, input) in known {
        assert!(!text(input, "description").is_empty(), "{name}");
        assert!(input["default"].is_string(), "{name}");
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}

/// Runs a step of the Action as GitHub does, with these inputs beside the defaults.
fn step(number: usize, given: &[(&str, &str)]) -> Output {
    let action = parse("action.yml");
    let step = &action["runs"]["steps"][number];
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c"]);
    command.arg(text(step, "run"));
    for (name, value) in step["env"].as_object().into_iter().flatten() {
        let input = inputs(value.as_str().unwrap()).pop_first().unwrap();
        let given = given.iter().find(|(name, _)| *name == input);
        let default = text(&action["inputs"][input], "default");
        command.env(name, given.map_or(default, |(_, value)| value));
    }
    with_programs(&mut command)
}

#[test]
#[ignore = "builds and runs the injector: make test"]
fn the_action_tells_good_files_from_broken_ones() {
    // The program is there, so nothing is built.
    let output = step(0, &[]);
    assert!(output.status.success(), "{output:?}");
    tells_them_apart(|files| step(1, &[("files", files), ("arguments", "-strict\n\n-n\nshop")]));
    let output = step(1, &[("files", EXAMPLE), ("arguments", "-no-such-option")]);
    assert!(!output.status.success(), "{output:?}");
}

#[test]
#[ignore = "builds and runs the injector: make test"]
fn what_a_kustomization_renders_is_linted_from_a_pipe() {
    // kubectl kustomize overlays/production | vault-injector lint
    let directory = tempfile::tempdir().unwrap();
    let file = broken(directory.path());
    let script = format!("vault-injector lint <'{file}'");
    let output = with_programs(Command::new("bash").args(["-c", &script]));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}
