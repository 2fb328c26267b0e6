//! Every command is run by a test, or is marked as needing what only the user has.
//!
//! A block of commands has a mark above it, which says which:
//!
//! ```text
//! <!-- run by e2e/scripts/cluster.sh: docs/guide.md -->     this file runs it, as the words in it show
//! <!-- yours: needs a cluster and a registry -->            nothing here can
//! ```
//!
//! Commands in sentences and tables of a page have one mark for all, `<!-- in the text, …`. Those of our own programs need
//! none: a test that runs them is looked for.

use crate::pages::{Page, code, pages, read, root};

/// Languages of blocks that hold commands.
const SHELLS: [&str; 4] = ["sh", "bash", "shell", "console"];

/// Programs that talk to something which is the user's.
const TOOLS: [&str; 5] = ["kubectl", "helm", "vault", "bao", "cmctl"];

/// Our own, and where their commands are run.
const PROGRAMS: [(&str, &[&str]); 2] = [
    ("vault-injector", &["webhook/tests/commands.rs"]),
    (
        "vault-agent",
        &[
            "agent/tests/cli.rs",
            "agent/tests/cli/signal.rs",
            "agent/tests/cli/validate.rs",
        ],
    ),
];

/// Checks the inside of a mark.
fn is_true(mark: &str) -> Result<(), String> {
    if let Some(needs) = mark.strip_prefix("yours: needs ") {
        return if needs.is_empty() {
            Err("says not what it needs".to_owned())
        } else {
            Ok(())
        };
    }
    let (file, words) = mark
        .strip_prefix("run by ")
        .and_then(|rest| rest.split_once(": "))
        .ok_or("is neither `run by FILE: WORDS` nor `yours: needs WHAT`")?;
    if !root().join(file).is_file() {
        return Err(format!("names {file}, which is not there"));
    }
    let text = read(file);
    match words.split(", ").find(|words| !text.contains(words)) {
        Some(words) => Err(format!("says {words:?}, which is not in {file}")),
        None => Ok(()),
    }
}

/// The inside of a comment that is alone in its line.
fn comment(line: &str) -> Option<&str> {
    line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")
}

#[test]
fn every_block_of_commands_is_run_by_a_test_or_marked() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for Page { name, text } in pages() {
        let mut inside = false;
        let mut above = "";
        for (number, line) in text.lines().enumerate() {
            if let Some(language) = line.trim().strip_prefix("```") {
                inside = !inside;
                let mut complain =
                    |problem: &str| wrong.push(format!("{name}:{}: {problem}", number + 1));
                match (inside, comment(above)) {
                    (false, _) => {}
                    (true, _) if language.is_empty() => complain("a block without a language"),
                    (true, _) if !SHELLS.contains(&language) => {}
                    (true, None) => complain("no mark says who runs these commands"),
                    (true, Some(mark)) => {
                        seen += 1;
                        if let Err(problem) = is_true(mark) {
                            complain(&format!("the mark {problem}"));
                        }
                    }
                }
            }
            above = line;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 15, "only {seen} blocks");
}

#[test]
fn every_command_in_a_sentence_is_run_by_a_test_or_marked() {
    let mut wrong = Vec::new();
    let makefile = read("Makefile");
    for Page { name, text } in pages() {
        let marks: Vec<&str> = text
            .lines()
            .filter_map(comment)
            .filter_map(|mark| mark.strip_prefix("in the text, "))
            .collect();
        for mark in &marks {
            if let Err(problem) = is_true(mark) {
                wrong.push(format!("{name}: the mark of the text {problem}"));
            }
        }
        for command in text.lines().flat_map(code) {
            let mut words = command.split_whitespace();
            let (Some(program), Some(what)) = (words.next(), words.next()) else {
                continue;
            };
            if !what.starts_with(|it: char| it.is_ascii_lowercase() || it == '-') {
                continue;
            }
            let own = PROGRAMS.iter().find(|(own, _)| *own == program);
            let known = match own {
                Some((_, tests)) => {
                    let quoted = format!("\"{what}\"");
                    what == "--help" || tests.iter().any(|file| read(file).contains(&quoted))
                }
                None if program == "make" => makefile.contains(&format!("\n{what}: ")),
                None => !TOOLS.contains(&program) || !marks.is_empty(),
            };
            if !known {
                wrong.push(format!("{name}: nothing says who runs `{command}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_mark_that_is_not_true_is_found() {
    for (mark, said) in [
        ("", "neither"),
        ("run by nobody", "neither"),
        ("yours: needs ", "not what it needs"),
        ("run by no/such/file: words", "not there"),
        ("run by Makefile: no such words", "not in Makefile"),
    ] {
        let problem = is_true(mark).unwrap_err();
        assert!(problem.contains(said), "{mark}: {problem}");
    }
    assert_eq!(is_true("run by Makefile: demo, test"), Ok(()));
    assert_eq!(is_true("yours: needs a cluster"), Ok(()));
}
