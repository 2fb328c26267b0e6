//! Recorded renders of consul-template: the same bytes, the same things missing, the same errors.
//!
//! The recordings lie outside of the project: in the directory that `CONFORMANCE_DIR` names, else in
//! `../shared/conformance` beside the project. Without them the test is skipped, except in CI.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;
use templating::lint::Problem;
use templating::{
    Certificate, CertificateParts, Context, Found, Options, Outcome, Request, Secret, Secrets,
    Template, TemplateError,
};
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Case {
    name: String,
    source: String,
    template: String,
    setup: Vec<Setup>,
    env: BTreeMap<String, String>,
    options: CaseOptions,
    expected: Option<String>,
    expect_error: bool,
    error_contains: Option<String>,
    missing: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Setup {
    kind: String,
    path: String,
    #[serde(default)]
    args: BTreeMap<String, String>,
    response: Option<Box<RawValue>>,
    keys: Option<Vec<String>>,
    content: Option<String>,
    #[serde(default)]
    pem: Pem,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
struct Pem {
    cert: String,
    key: String,
    #[serde(rename = "CA")]
    ca: String,
    #[serde(rename = "CAChain")]
    ca_chain: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CaseOptions {
    error_on_missing_key: bool,
    left_delimiter: String,
    right_delimiter: String,
    function_denylist: Vec<String>,
    now: Option<String>,
    destination: String,
}

/// What a case's setup says is there.
struct Known(BTreeMap<Request, Found>);

impl Known {
    fn new(case: &Case) -> Self {
        let mut known = BTreeMap::new();
        for setup in &case.setup {
            let path = setup.path.trim_matches('/').to_owned();
            let secret = || {
                let body = setup.response.as_ref().map(|body| body.get());
                body.map(|body| Arc::new(Secret::from_response(body.as_bytes()).unwrap()))
            };
            let (request, found) = match setup.kind.as_str() {
                "read" => (Request::Read { path }, Found::Secret(secret())),
                "write" => {
                    let data = setup.args.clone();
                    (Request::Write { path, data }, Found::Secret(secret()))
                }
                "list" => {
                    let keys = setup.keys.clone().unwrap_or_default();
                    (Request::List { path }, Found::List(Arc::new(keys)))
                }
                "file" => {
                    let content = setup.content.clone().unwrap_or_default().into_bytes();
                    let path = setup.path.clone();
                    (
                        Request::file(path),
                        Found::File(Arc::new(Zeroizing::new(content))),
                    )
                }
                "pki" => {
                    let data = BTreeMap::new();
                    let found = Found::Pki(Arc::new(Certificate::new(CertificateParts {
                        cert: &setup.pem.cert,
                        key: &setup.pem.key,
                        ca: &setup.pem.ca,
                        ca_chain: &setup.pem.ca_chain,
                    })));
                    (Request::Pki { path, data }, found)
                }
                _ => continue,
            };
            known.insert(request, found);
        }
        Self(known)
    }
}

impl Secrets for Known {
    fn lookup(&self, request: &Request) -> Option<Found> {
        // consul-template knows a certificate by its path and the template's destination alone.
        if let Request::Pki { path, .. } = request {
            let (path, data) = (path.clone(), BTreeMap::new());
            return self.0.get(&Request::Pki { path, data }).cloned();
        }
        self.0.get(request).cloned()
    }
}

fn render(case: &Case) -> Result<Outcome, TemplateError> {
    let options = Options {
        name: case.name.clone(),
        left_delimiter: case.options.left_delimiter.clone(),
        right_delimiter: case.options.right_delimiter.clone(),
        error_on_missing_key: case.options.error_on_missing_key,
        function_denylist: case.options.function_denylist.clone(),
        ..Options::default()
    };
    let template = Template::parse(&case.template, options)?;
    let secrets = Known::new(case);
    let env = |name: &str| case.env.get(name).cloned();
    let now = case.options.now.as_ref().map(|now| {
        let timestamp: jiff::Timestamp = now.parse().unwrap();
        timestamp.into()
    });
    let context = Context {
        now,
        ..Context::new(&secrets, &env)
    };
    Ok(template.render(&context)?.outcome)
}

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

/// A request by consul-template's name for it.
fn dependency(request: &Request, destination: &str) -> String {
    match request {
        Request::Read { path } => {
            let version = path.split_once("?version=");
            version.map_or_else(
                || format!("vault.read({path})"),
                |(path, version)| format!("vault.read({path}.v{version})"),
            )
        }
        Request::Write { path, .. } => format!("vault.write({path})"),
        Request::List { path } => format!("vault.list({path})"),
        Request::Pki { path, .. } => format!("vault.pki({path}->{destination})"),
        Request::File { path, .. } => format!("file({path})"),
        other => format!("{other:?}"),
    }
}

/// A write is named by a hash of its data; the request's identity is the data itself.
fn without_hash(name: &str) -> String {
    name.split_once(" -> ")
        .map_or_else(|| name.to_owned(), |(path, _)| format!("{path})"))
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
    let cases = recordings.iter().flat_map(|recording| &recording.cases);
    let found: Vec<_> = cases
        .filter(is_right)
        .map(|case| (&case.name, findings(case)))
        .filter(|(_, problems)| !problems.is_empty())
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

/// A file of recorded cases.
struct Recording {
    file: String,
    cases: Vec<Case>,
}

/// Every `templates*.jsonl`, by name.
fn recordings() -> Option<Vec<Recording>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE_DIR").map_or(beside, PathBuf::from);
    let entries = std::fs::read_dir(&folder).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_recording = |name: &String| {
        let stem = name.strip_suffix(".jsonl");
        stem.is_some_and(|stem| stem.starts_with("templates"))
    };
    let files: BTreeSet<String> = names.filter(is_recording).collect();
    if files.is_empty() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "no recordings in {}", folder.display());
        println!("skipped: no recordings in {}", folder.display());
        return None;
    }
    let read = |file: String| {
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let cases = lines.map(|line| serde_json::from_str(line).unwrap());
        Recording {
            cases: cases.collect(),
            file,
        }
    };
    Some(files.into_iter().map(read).collect())
}

impl Recording {
    /// Prints how many cases pass, and why the others do not; returns the number of the others.
    fn check(&self) -> usize {
        let failed = |case: &Case| Some(format!("{}: {}", case.name, check(case).err()?));
        let failures: Vec<String> = self.cases.iter().filter_map(failed).collect();
        let errors = self.cases.iter();
        let errors: Vec<_> = errors
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
        let (file, all) = (&self.file, self.cases.len());
        println!("conformance {file}: {} of {all} pass", all - failures.len());
        failures.len()
    }
}

#[test]
fn renders_what_consul_template_renders() {
    let Some(recordings) = recordings() else {
        return;
    };
    let failures: usize = recordings.iter().map(Recording::check).sum();
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
