//! `docs/templates.md` against the function table and the renderer: it cannot go stale.
//!
//! With `UPDATE_DOCS=1` the test writes the results of examples and the reference of functions.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use templating::{
    Certificate, CertificateParts, Context, Engine, Found, Options, Outcome, Request, Secret,
    Secrets, Template, functions,
};
use zeroize::Zeroizing;

/// The Vault of the examples.
struct Vault;

impl Secrets for Vault {
    fn lookup(&self, request: &Request) -> Option<Found> {
        let secret = |data: &str| {
            let secret = Secret::from_response(format!(r#"{{"data":{data}}}"#).as_bytes());
            Some(Found::Secret(Some(Arc::new(secret.unwrap()))))
        };
        match request {
            Request::Read { path } => secret(match path.as_str() {
                "secret/data/app" => {
                    r#"{"data":{"user":"app","password":"s3cr3t'","port":5432},"metadata":{"version":3}}"#
                }
                "database/creds/app" => r#"{"username":"v-app","password":"a:b"}"#,
                "secret/data/apps/one" => r#"{"data":{"token":"t1"}}"#,
                "secret/data/apps/two" => r#"{"data":{"token":"t2"}}"#,
                _ => return None,
            }),
            Request::List { .. } => Some(Found::List(Arc::new(vec!["two/".into(), "one".into()]))),
            Request::Pki { .. } => Some(Found::Pki(Arc::new(Certificate::new(CertificateParts {
                cert: "(certificate)\n",
                key: "(key)\n",
                ca: "(authority)\n",
                ca_chain: &[String::from("(authority)\n")],
            })))),
            Request::File { .. } => {
                Some(Found::File(Arc::new(Zeroizing::new(b"web-0\n".to_vec()))))
            }
            _ => None,
        }
    }
}

fn render(source: &str, engine: Engine) -> Result<String, String> {
    let options = Options {
        engine,
        ..Options::default()
    };
    let template = Template::parse(source, options).map_err(|error| error.to_string())?;
    let env = |name: &str| (name == "HOME").then(|| String::from("/root"));
    let context = Context {
        now: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)),
        ..Context::new(&Vault, &env)
    };
    match template
        .render(&context)
        .map_err(|error| error.message().to_owned())?
        .outcome
    {
        Outcome::Complete(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Outcome::Waiting { missing } => Err(format!("waits for {missing:?}")),
    }
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/templates.md")
}

/// The page as it should be.
fn rewritten(page: &str) -> String {
    const START: &str = "<!-- functions: written by the test, from the function table -->\n";
    const END: &str = "<!-- end of functions -->";
    let mut out = String::new();
    let mut parts = page.split("```gotemplate\n");
    out.push_str(parts.next().unwrap());
    for part in parts {
        let (go, rest) = part.split_once("\n```\n").unwrap();
        let (between, rest) = rest.split_once("```handlebars\n").unwrap();
        let (handlebars, rest) = rest.split_once("\n```\n").unwrap();
        let (before, rest) = rest.split_once("```text\n").unwrap();
        let (_, rest) = rest.split_once("```\n").unwrap();
        let result = render(go, Engine::Go).unwrap();
        assert_eq!(
            render(handlebars, Engine::Handlebars).unwrap().trim_end(),
            result.trim_end(),
            "{go}"
        );
        let result = result.trim_end();
        out.extend([format!(
            "```gotemplate\n{go}\n```\n{between}```handlebars\n{handlebars}\n```\n{before}```text\n{result}\n```\n{rest}"
        )]);
    }
    let (before, rest) = out.split_once(START).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    format!("{before}{START}{}{END}{after}", reference())
}

struct Example {
    template: String,
    differs: String,
}

/// Examples of our own, and for sprig the shortest of the recorded ones.
fn examples() -> BTreeMap<String, Example> {
    let mut examples = BTreeMap::new();
    for line in include_str!("go/golden.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let (Some(template), Some(_)) = (case["template"].as_str(), case["output"].as_str()) else {
            continue;
        };
        let Some(call) = template.strip_prefix("{{sprig_") else {
            continue;
        };
        let end = call
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap();
        let name = format!("sprig_{}", &call[..end]);
        let shorter = |old: &Example| old.template.len() > template.len();
        if !template.contains("\"\"}}") && examples.get(&name).is_none_or(shorter) {
            let (template, differs) = (template.to_owned(), String::new());
            examples.insert(name, Example { template, differs });
        }
    }
    for line in include_str!("docs/examples.txt").lines() {
        let line = line.replace("\\|", "\u{0}");
        let mut parts = line
            .split('|')
            .map(|part| part.trim().replace('\u{0}', "|"));
        let (name, template) = (parts.next().unwrap(), parts.next().unwrap());
        let differs = parts.next().unwrap_or_default();
        examples.insert(name, Example { template, differs });
    }
    examples
}

fn cell(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', "⏎");
    if text.is_empty() {
        String::from("nothing")
    } else {
        format!("`{}`", text.trim_end())
    }
}

fn reference() -> String {
    let examples = examples();
    let mut out = String::from(
        "| function | what it does | example | gives | differs |\n|---|---|---|---|---|\n",
    );
    for row in functions() {
        let example = examples.get(row.name);
        let Example { template, differs } =
            example.unwrap_or_else(|| panic!("no example of {}", row.name));
        let gives = match render(template, Engine::Go) {
            Ok(text) => cell(&text),
            Err(message) => format!("error: {}", message.replace('|', "\\|")),
        };
        out.extend([format!(
            "| {} | {} | {} | {gives} | {differs} |\n",
            cell(row.usage),
            row.doc.replace('|', "\\|"),
            cell(template),
        )]);
    }
    out
}

#[test]
fn the_page_shows_every_function_and_both_languages_as_they_are() {
    let found = std::fs::read_to_string(page()).unwrap();
    let right = rewritten(&found);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(page(), &right).unwrap();
    } else {
        assert!(
            found == right,
            "docs/templates.md is stale: run this test with UPDATE_DOCS=1"
        );
    }
}

/// The templates that pages and manifests show: in blocks, and in annotations of YAML.
fn shown(text: &str) -> Vec<String> {
    let blocks = text.split("```gotemplate\n").skip(1);
    let mut shown: Vec<String> = blocks
        .filter_map(|part| Some(part.split_once("\n```\n")?.0.to_owned()))
        .collect();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((_, value)) = line.split_once("/agent-inject-template-") else {
            continue;
        };
        let value = value.split_once(": ").map_or("", |(_, value)| value.trim());
        if !value.starts_with('|') {
            shown.push(value.trim_matches(['"', '\'']).to_owned());
            continue;
        }
        let indent = |line: &str| line.len() - line.trim_start().len();
        let deeper = indent(line);
        let mut block = String::new();
        while let Some(next) = lines.next_if(|it| it.trim().is_empty() || indent(it) > deeper) {
            block.push_str(next.trim_start());
            block.push('\n');
        }
        shown.push(block);
    }
    shown
}

#[test]
fn with_no_template_of_the_documentation_or_the_examples_fault_is_found() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut checked = 0;
    for folder in ["docs", "manifests/examples"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            for source in shown(&text) {
                let Ok(template) = Template::parse(&source, Options::default()) else {
                    continue;
                };
                checked += 1;
                let report = template.lint().unwrap();
                let found: Vec<_> = report.findings.iter().collect();
                assert!(found.is_empty(), "{}: {source}: {found:?}", path.display());
            }
        }
    }
    assert!(checked >= 13, "only {checked} templates");
}
