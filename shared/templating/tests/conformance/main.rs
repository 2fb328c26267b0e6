//! Recorded renders of consul-template: the same bytes, the same things missing, the same errors.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod case;

use std::collections::BTreeSet;

use case::{Case, dependency, recordings, render, without_hash};
use templating::lint::Problem;
use templating::{Options, Outcome, Template, TemplateError};

/// An error in the words that were recorded.
fn same_words(error: &TemplateError, case: &Case) -> bool {
    contains(
        error.go_text(),
        case.error_contains.as_deref().unwrap_or_default(),
    )
}

fn check(case: &Case) -> Result<(), String> {
    match render(case) {
        Err(error) if case.expect_error => {
            let expected = case.error_contains.as_deref().unwrap_or_default();
            // Of an oracle's error it only counts that there is one, at the same time.
            let phase = |text: &str| text.split_once(':').map(|(phase, _)| phase.to_owned());
            let oracle = case.source.starts_with("oracle run");
            if (oracle && phase(error.go_text()) == phase(expected)) || same_words(&error, case) {
                return Ok(());
            }
            Err(format!("error {}\n     not {expected}", error.go_text()))
        }
        Err(error) => Err(format!("error {}", error.go_text())),
        Ok(_) if case.expect_error => Err(String::from("no error")),
        Ok(Outcome::Complete(_)) if !case.missing.is_empty() => Err(String::from("not waiting")),
        Ok(Outcome::Complete(text)) => {
            let expected = case.expected.clone().unwrap_or_default();
            if text.as_slice() == expected.as_bytes() {
                return Ok(());
            }
            Err(format!(
                "output {:?}\n      not {expected:?}",
                String::from_utf8_lossy(&text)
            ))
        }
        Ok(Outcome::Waiting { missing }) => {
            let missing: BTreeSet<String> = missing
                .iter()
                .map(|request| dependency(request, &case.options.destination))
                .collect();
            let expected: BTreeSet<String> =
                case.missing.iter().map(|name| without_hash(name)).collect();
            if missing == expected {
                return Ok(());
            }
            Err(format!("missing {missing:?}\n       not {expected:?}"))
        }
    }
}

/// Does the text contain what is expected, where `[redacted]` on either side stands for anything
/// without a space? The recordings redact numbers and single letters; we redact every value.
fn contains(text: &str, expected: &str) -> bool {
    const REDACTED: char = '\u{e000}';
    let characters = |text: &str| -> Vec<char> {
        text.replace("[redacted]", &REDACTED.to_string())
            .chars()
            .collect()
    };
    let (text, expected) = (characters(text), characters(expected));
    // The places of the text up to which the expected text can reach so far.
    let mut reached: BTreeSet<usize> = (0..=text.len()).collect();
    for wanted in expected {
        let mut next = BTreeSet::new();
        for start in reached {
            if wanted == REDACTED {
                let run = text[start..].iter().take_while(|c| **c != ' ').count();
                next.extend(start..=start + run);
                continue;
            }
            match text.get(start) {
                Some(c) if *c == wanted => {
                    next.insert(start + 1);
                }
                Some(&REDACTED) if wanted != ' ' => {
                    next.extend([start, start + 1]);
                }
                _ => {}
            }
        }
        reached = next;
    }
    !reached.is_empty()
}

/// What there is to say about a recorded template besides hints.
fn findings(case: &Case) -> Vec<String> {
    let options = Options {
        left_delimiter: case.options.left_delimiter.clone(),
        right_delimiter: case.options.right_delimiter.clone(),
        ..Options::default()
    };
    let Ok(template) = Template::parse(&case.template, options) else {
        return Vec::new();
    };
    let findings = template.lint().unwrap_or_default().findings.into_iter();
    let problems = findings.map(|finding| finding.problem);
    problems
        .filter(|it| {
            !matches!(
                it,
                Problem::Metadata { .. }
                    | Problem::CertificateWrite { .. }
                    | Problem::MissingData {
                        is_clear: false,
                        ..
                    }
            )
        })
        .map(|it| format!("{it:?}"))
        .collect()
}

/// Whether a recording is of a fault that renders: it writes `<no value>`, or metadata among the keys.
fn is_of_a_fault(case: &Case) -> bool {
    let is_there = case.missing.is_empty();
    let output = case.expected.as_deref().unwrap_or_default();
    (is_there && output.contains("<no value>")) || case.name == "injector_default_map_kv2"
}

#[test]
fn with_no_template_that_renders_fault_is_found() {
    let Some(recordings) = recordings() else {
        return;
    };
    let is_right = |case: &&Case| !case.expect_error && !is_of_a_fault(case);
    let cases = recordings.values().flatten();
    let found: Vec<_> = cases
        .filter(is_right)
        .map(|case| (&case.name, findings(case)))
        .filter(|(_, problems)| !problems.is_empty())
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

/// Prints how many cases pass, and why the others do not; returns the number of the others.
fn count_failures(file: &str, cases: &[Case]) -> usize {
    let failed = |case: &Case| Some(format!("{}: {}", case.name, check(case).err()?));
    let failures: Vec<String> = cases.iter().filter_map(failed).collect();
    let errors: Vec<_> = cases
        .iter()
        .filter_map(|case| Some((case, render(case).err()?)))
        .collect();
    let worded = errors
        .iter()
        .filter(|(case, error)| same_words(error, case))
        .count();
    println!("of {} errors {worded} in the recorded words", errors.len());
    for line in &failures {
        println!("{line}");
    }
    let all = cases.len();
    println!("conformance {file}: {} of {all} pass", all - failures.len());
    failures.len()
}

#[test]
fn renders_what_consul_template_renders() {
    let Some(recordings) = recordings() else {
        return;
    };
    let failures: usize = recordings
        .iter()
        .map(|(file, cases)| count_failures(file, cases))
        .sum();
    assert_eq!(failures, 0, "cases differ");
}

#[test]
fn a_redacted_value_matches_and_nothing_else_does() {
    assert!(contains(
        "a <x>: type for \"[redacted]\" (T)",
        "type for \"5432\" (T)"
    ));
    assert!(contains(
        "template: :1:42: x",
        "template: :[redacted]:4[redacted]: x"
    ));
    assert!(!contains("template: :1:42: x", "template: :1:43: x"));
    assert!(!contains("[redacted]", "two words"));
}
