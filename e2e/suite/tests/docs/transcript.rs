//! The README's transcripts are what `make demo` and `make demo-operator` print, where they are not cut.

use std::process::{Command, Stdio};

use crate::pages::{read, root};

const CUT: char = '…';

/// A transcript's lines after the command.
fn transcript<'a>(page: &'a str, command: &str) -> Vec<&'a str> {
    let lines = page.lines().skip_while(|line| *line != command);
    lines.skip(1).take_while(|line| *line != "```").collect()
}

/// Clocks and ports differ from run to run, and so does what a machine allows the demo.
fn without_chance(line: &str) -> String {
    let line = match line.split_once(" s] ") {
        Some((clock, step)) if clock.starts_with('[') => step,
        _ => line,
    };
    let line = line.split(", in a ").next().unwrap_or_default();
    line.trim_end().replace(|it: char| it.is_ascii_digit(), "0")
}

/// Whether a line is this one, of which parts may be cut.
fn is(line: &str, quoted: &str) -> bool {
    let mut rest = line;
    let mut parts = quoted.split(CUT);
    let first = parts.next().unwrap_or_default();
    if !rest.starts_with(first) {
        return false;
    }
    rest = &rest[first.len()..];
    let whole = !quoted.contains(CUT);
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    !whole || rest.is_empty()
}

/// What a target of the Makefile runs, from the build that is there: its own command would build the same sources with other
/// features of their dependencies.
fn demo(target: &str, needed: &[&str], arguments: &[&str]) -> Command {
    let recipe = Command::new("make")
        .args(["--dry-run", "--no-print-directory", target])
        .current_dir(root())
        .output()
        .unwrap();
    let recipe = String::from_utf8(recipe.stdout).unwrap();
    let commands: Vec<_> = recipe.lines().map(str::trim).collect();
    let build = needed.iter().map(|package| format!(" -p {package}"));
    let build = build.collect::<Vec<_>>().concat();
    let run = [&["target/debug/demo"], arguments].concat().join(" ");
    assert_eq!(
        commands,
        [&format!("cargo build --quiet{build}"), &run],
        "make {target} does something else now, and so has this"
    );
    let mut demo = Command::new(e2e::program("demo").unwrap());
    demo.args(arguments).current_dir(root());
    demo
}

fn injector() -> Command {
    let needed = ["dev-vault", "vault-agent", "vault-injector", "demo"];
    demo("demo", &needed, &[])
}

/// With the stand-in of an API server, which every machine has.
fn operator() -> Command {
    let needed = ["dev-vault", "api-server", "secrets-operator", "demo"];
    let mut demo = demo("demo-operator", &needed, &["operator"]);
    demo.arg("--api-server=stand-in");
    demo
}

fn must_print(mut demo: Command, command: &str) {
    let output = demo.output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let page = read("README.md");
    let quoted = transcript(&page, command);
    assert!(quoted.len() > 20, "{quoted:?}");
    let mut printed = printed.lines().map(without_chance);
    for line in quoted {
        if line.trim() == CUT.to_string() {
            continue;
        }
        let wanted = without_chance(line);
        let found = printed.any(|it| is(&it, &wanted));
        assert!(found, "the demo does not print this, or not here: {line}");
    }
}

fn must_leave_nothing(mut demo: Command) {
    let files = tempfile::tempdir().unwrap();
    let mut demo = demo
        .env("TMPDIR", files.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(demo.stdout.take());
    assert!(demo.wait().unwrap().success());
    let left: Vec<_> = std::fs::read_dir(files.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
#[ignore = "builds and runs the demo: make test"]
fn the_transcript_is_what_the_demo_prints() {
    must_print(injector(), "$ make demo");
}

#[test]
#[ignore = "builds and runs the demo: make test"]
fn the_transcript_is_what_the_demo_of_the_operator_prints() {
    must_print(operator(), "$ make demo-operator");
}

#[test]
#[ignore = "builds and runs the demo: make test"]
fn a_demo_that_nobody_reads_to_the_end_leaves_nothing_behind() {
    must_leave_nothing(injector());
}

#[test]
#[ignore = "builds and runs the demo: make test"]
fn a_demo_of_the_operator_that_nobody_reads_to_the_end_leaves_nothing_behind() {
    must_leave_nothing(operator());
}

#[test]
fn a_line_of_a_transcript_may_be_cut() {
    assert!(is("user=abc x", "user=…"));
    assert!(is("lease=abc granted=0s", "lease=… granted=0s"));
    assert!(!is("lease=abc", "lease=… granted=0s"));
    assert!(!is("user=abc", "user="));
    assert!(!is(" user=abc", "user=…"));
    assert_eq!(without_chance("[ 10.2 s] Stop 7"), "Stop 0");
}
