//! Go's own `text/template`, as recorded and as it answers here and now: the same output, and the same
//! error text.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod data;
mod generated;
mod live;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use text_template::{FunctionSet, MissingKey, NoHost, Options, Template};

use data::data;

#[derive(Deserialize)]
struct Case {
    template: String,
    #[serde(default)]
    missing: String,
    #[serde(default)]
    output: String,
    /// In place of output that is no UTF-8, in base64.
    bytes: Option<String>,
    error: Option<String>,
}

fn answer(case: &Case) -> Result<Vec<u8>, String> {
    let options = Options {
        name: "t",
        missing_key: match case.missing.as_str() {
            "error" => MissingKey::Error,
            "invalid" => MissingKey::Invalid,
            _ => MissingKey::Zero,
        },
        ..Options::default()
    };
    let template = Template::parse(&case.template, FunctionSet::default(), &options);
    let result = template.and_then(|template| template.execute(data(), &mut NoHost));
    result
        .map(|text| text.to_vec())
        .map_err(|error| error.go_text(str::to_owned))
}

fn expected(case: &Case) -> Result<Vec<u8>, String> {
    match (&case.error, &case.bytes) {
        (Some(error), _) => Err(error.clone()),
        (None, Some(bytes)) => Ok(base64(bytes)),
        (None, None) => Ok(case.output.clone().into_bytes()),
    }
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let codes: BTreeMap<u8, u32> = DIGITS.iter().copied().zip(0..).collect();
    let text = text.trim_end_matches('=').as_bytes();
    let mut out = Vec::new();
    for group in text.chunks(4) {
        let bits = group.iter().fold(0, |bits, byte| bits << 6 | codes[byte]);
        let bits = bits << (6 * (4 - group.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    out
}

/// How many of these Go answers otherwise, each of them shown.
fn count_differences<'a>(cases: impl Iterator<Item = &'a Case>) -> usize {
    let mut failed = 0;
    for case in cases {
        let (ours, go) = (answer(case), expected(case));
        if ours != go {
            failed += 1;
            let shown = |answer: &Result<Vec<u8>, String>| match answer {
                Ok(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
                Err(error) => format!("error: {error}"),
            };
            println!(
                "{}\n  ours {}\n  Go   {}",
                case.template,
                shown(&ours),
                shown(&go)
            );
        }
    }
    failed
}

fn read(lines: &str) -> Vec<Case> {
    let cases = lines.lines().map(serde_json::from_str);
    cases.collect::<Result<_, _>>().unwrap()
}

#[test]
fn answers_what_go_answered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/golden.jsonl");
    let cases = read(&std::fs::read_to_string(path).unwrap());
    let failed = count_differences(cases.iter());
    println!(
        "golden.jsonl: {} of {} as Go",
        cases.len() - failed,
        cases.len()
    );
    assert_eq!(failed, 0);
}
