//! A recorded case: a template, what is there for it to read, and what consul-template made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use templating::{
    Certificate, CertificateParts, Context, Found, Options, Outcome, Request, Secret, Secrets,
    Template, TemplateError,
};
use zeroize::Zeroizing;

#[derive(Clone, Default, Deserialize, Serialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) source: String,
    pub(crate) template: String,
    pub(crate) setup: Vec<Setup>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) options: CaseOptions,
    pub(crate) expected: Option<String>,
    pub(crate) expect_error: bool,
    pub(crate) error_contains: Option<String>,
    pub(crate) missing: BTreeSet<String>,
}

#[derive(Clone, Deserialize, Serialize)]
pub(crate) struct Setup {
    pub(crate) kind: String,
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) args: BTreeMap<String, String>,
    pub(crate) response: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) keys: Option<Vec<String>>,
    pub(crate) content: Option<String>,
    #[serde(default)]
    pub(crate) pem: Pem,
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Pem {
    pub(crate) cert: String,
    pub(crate) key: String,
    #[serde(rename = "CA")]
    pub(crate) ca: String,
    #[serde(rename = "CAChain")]
    pub(crate) ca_chain: Vec<String>,
}

#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(default)]
pub(crate) struct CaseOptions {
    pub(crate) error_on_missing_key: bool,
    pub(crate) left_delimiter: String,
    pub(crate) right_delimiter: String,
    pub(crate) function_denylist: Vec<String>,
    pub(crate) now: Option<String>,
    pub(crate) destination: String,
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

/// One pass with what the case says is there.
pub(crate) fn render(case: &Case) -> Result<Outcome, TemplateError> {
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

/// A request by consul-template's name for it.
pub(crate) fn dependency(request: &Request, destination: &str) -> String {
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
pub(crate) fn without_hash(name: &str) -> String {
    name.split_once(" -> ")
        .map_or_else(|| name.to_owned(), |(path, _)| format!("{path})"))
}

/// The cases of every `templates*.jsonl`, by the file's name.
///
/// The recordings lie outside of the project: in the directory that `CONFORMANCE_DIR` names, else in
/// `../shared/conformance` beside the project. There are none without them, except in CI.
pub(crate) fn recordings() -> Option<BTreeMap<String, Vec<Case>>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance");
    let folder = std::env::var_os("CONFORMANCE_DIR").map_or(beside, PathBuf::from);
    let entries = std::fs::read_dir(&folder).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files = names.filter(|name| {
        let stem = name.strip_suffix(".jsonl");
        stem.is_some_and(|stem| stem.starts_with("templates"))
    });
    let read = |file: String| {
        let text = std::fs::read_to_string(folder.join(&file)).unwrap();
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let cases = lines.map(|line| serde_json::from_str(line).unwrap());
        (file, cases.collect())
    };
    let recordings: BTreeMap<_, _> = files.map(read).collect();
    if recordings.is_empty() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true");
        assert!(!in_ci, "no recordings in {}", folder.display());
        println!("skipped: no recordings in {}", folder.display());
        return None;
    }
    Some(recordings)
}
