//! Odd templates as people write them: the table says what each shows and what has to come out.

// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use templating::{
    Certificate, CertificateParts, Context, Engine, Found, Options, Outcome, Request, Secret,
    Secrets, Template,
};
use zeroize::Zeroizing;

/// 2026-01-02T15:04:05.678901234Z, a Friday.
const NOW: Duration = Duration::new(1_767_366_245, 678_901_234);

const APP: &str = r#"{"request_id":"r","lease_duration":60,"data":{
    "data":{"user":"u","password":"p=a\"s'$<&>","port":5432,"zero":0,"three":3,"ratio":1.50,
        "big":12345678901234567890,"tls":false,"nothing":null,"tags":["b","a"],"empty":"",
        "nested":{"z":1,"a-b":{"c":"deep"}},"list":[]},
    "metadata":{"version":3,"custom_metadata":null}}}"#;

struct Known;

impl Secrets for Known {
    fn lookup(&self, request: &Request) -> Option<Found> {
        match request {
            Request::Read { path } if path == "kv/data/app" => {
                let secret = Secret::from_response(APP.as_bytes()).unwrap();
                Some(Found::Secret(Some(Arc::new(secret))))
            }
            Request::Write { .. } => Some(Found::Secret(None)),
            Request::List { .. } => Some(Found::List(Arc::new(vec!["a".into(), "b/".into()]))),
            Request::File { path, .. } if path == "/in/pem" => Some(Found::File(Arc::new(
                Zeroizing::new(b"one\r\ntwo\n".to_vec()),
            ))),
            Request::File { .. } => Some(Found::Refused("it is outside of sandbox".into())),
            Request::Pki { .. } => Some(Found::Pki(Arc::new(Certificate::new(CertificateParts {
                cert: "CERT\n",
                key: "KEY\n",
                ca: "CA\n",
                ca_chain: &["CA\n".into(), "ROOT\n".into()],
            })))),
            _ => None,
        }
    }
}

/// What a row expects.
enum Want {
    Text(String),
    /// A part of the error's text.
    Error(String),
}

/// How the templates of a section run.
#[derive(Default)]
struct Section {
    name: &'static str,
    app: bool,
    options: Options,
}

impl Section {
    fn of(heading: &'static str) -> Self {
        let marked = |mark: &str| heading.contains(mark);
        Self {
            name: heading,
            app: marked("[app]"),
            options: Options {
                error_on_missing_key: marked("[strict]"),
                engine: if marked("[handlebars]") {
                    Engine::Handlebars
                } else {
                    Engine::Go
                },
                ..Options::default()
            },
        }
    }

    fn run(&self, source: &str) -> Result<String, String> {
        let source = if self.app {
            format!(
                "{{{{with secret \"kv/data/app\"}}}}{{{{$d := .Data.data}}}}{source}{{{{end}}}}"
            )
        } else {
            source.to_owned()
        };
        let environment = BTreeMap::from([("HOST", "h"), ("EMPTY", ""), ("FLAG", "true")]);
        let env = |name: &str| environment.get(name).map(ToString::to_string);
        let context = Context {
            now: Some(UNIX_EPOCH + NOW),
            sandbox: Some(Path::new("/in")),
            ..Context::new(&Known, &env)
        };
        let render = Template::parse(&source, self.options.clone())
            .and_then(|template| template.render(&context))
            .map_err(|error| error.to_string())?;
        match render.outcome {
            Outcome::Complete(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
            Outcome::Waiting { missing } => Err(format!("waits for {missing:?}")),
        }
    }
}

/// A line of the table as it was before its characters got pictures.
fn plain(line: &str) -> String {
    let mut text = line.to_owned();
    for (picture, character) in [
        ("⏎", "\n"),
        ("␍", "\r"),
        ("␉", "\t"),
        ("␡", "\x7f"),
        ("␠", " "),
    ] {
        text = text.replace(picture, character);
    }
    text
}

fn want(line: &str) -> Want {
    let text = |mark: &str| {
        let rest = line.strip_prefix(mark)?;
        Some(plain(rest.strip_prefix(' ').unwrap_or(rest)))
    };
    match (text("->"), text("!>")) {
        (Some(text), _) => Want::Text(text),
        (_, Some(part)) => Want::Error(part),
        _ => panic!("neither -> nor !>: {line}"),
    }
}

#[test]
fn odd_templates_give_what_go_and_the_functions_promise() {
    let table = include_str!("odd/templates.txt");
    let mut lines = table.lines().skip_while(|line| !line.starts_with("== "));
    let mut section = Section::default();
    let (mut rows, mut wrong) = (0, Vec::new());
    while let Some(line) = lines.next() {
        if let Some(heading) = line.strip_prefix("== ") {
            section = Section::of(heading);
        }
        let Some(shows) = line.strip_prefix("# ") else {
            continue;
        };
        let source = plain(lines.next().unwrap());
        let want = want(lines.next().unwrap());
        let got = section.run(&source);
        rows += 1;
        let right = match (&want, &got) {
            (Want::Text(want), Ok(got)) => want == got,
            (Want::Error(part), Err(got)) => got.contains(part),
            _ => false,
        };
        if !right {
            let want = match want {
                Want::Text(text) => format!("{text:?}"),
                Want::Error(part) => format!("an error with {part:?}"),
            };
            let name = section.name;
            wrong.push(format!(
                "{name}: {shows}\n  {source}\n  wants {want}\n  got   {got:?}"
            ));
        }
    }
    assert!(rows > 0, "no row was found");
    assert!(
        wrong.is_empty(),
        "{} of {rows}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
