//! Recorded answers of the Go libraries behind consul-template's functions: sprig, yaml.v2,
//! BurntSushi/toml, go-spew, go-sockaddr. `tests/go` makes the recordings.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use templating::{Context, Found, Options, Outcome, Request, Secret, Secrets, Template};

#[derive(Deserialize)]
struct Case {
    template: String,
    #[serde(default)]
    output: String,
    #[serde(default)]
    failed: bool,
}

/// `secret "x" "json=TEXT"` has the text's value, its numbers as Vault's, under `v`.
struct Echo;

impl Secrets for Echo {
    fn lookup(&self, request: &Request) -> Option<Found> {
        let Request::Write { data, .. } = request else {
            return None;
        };
        let body = format!(r#"{{"data":{{"v":{}}}}}"#, data["json"]);
        let secret = Secret::from_response(body.as_bytes()).unwrap();
        Some(Found::Secret(Some(Arc::new(secret))))
    }
}

fn render(template: &str) -> Result<Vec<u8>, String> {
    let template = Template::parse(template, Options::default()).map_err(|e| e.to_string())?;
    let render = template.render(&Context::new(&Echo, &|_| None));
    match render.map_err(|error| error.go_text().to_owned())?.outcome {
        Outcome::Complete(text) => Ok(text.to_vec()),
        Outcome::Waiting { missing } => Err(format!("waits for {missing:?}")),
    }
}

#[test]
fn answers_what_the_go_libraries_answer() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/golden.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let (mut count, mut wrong) = (0, 0);
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        count += 1;
        let ours = render(&case.template);
        let same = match &ours {
            // A broken byte became a replacement character in the recording.
            Ok(text) => !case.failed && String::from_utf8_lossy(text) == case.output,
            Err(_) => case.failed,
        };
        if !same {
            wrong += 1;
            let go = if case.failed {
                Err("an error")
            } else {
                Ok(&case.output)
            };
            let ours = ours.map(|text| String::from_utf8_lossy(&text).into_owned());
            println!("{}\n  ours {ours:?}\n  Go   {go:?}", case.template);
        }
    }
    println!("golden.jsonl: {} of {count} as Go", count - wrong);
    assert_eq!(wrong, 0);
}
