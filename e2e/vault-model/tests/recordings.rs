//! What the operator's recorded scenarios ask of the server: it takes what fills it, and answers as
//! the recorded one did.
//!
//! The recordings lie outside of the project: in the directory that `CONFORMANCE_DIR` names, else in
//! `../shared/conformance` beside the project. Without them the test is skipped, except in CI.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use vault_model::{Config, Model, Product, Reply, Request, ServiceAccountToken};

const START: Timestamp = Timestamp::constant(1_893_456_000, 0);
/// The case's namespace of Kubernetes and of Vault.
const NAMESPACE: &str = "op-000";
const KEY: &str = "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----\\n";

struct Case<'a> {
    model: Model,
    recorded: &'a Value,
    /// Placeholders and what they stand for.
    variables: BTreeMap<String, String>,
    /// Of the last login.
    token: Option<String>,
    /// What the messages of the case quote: the start of a quotation, and the rest.
    quotations: Vec<(String, String)>,
    problems: Vec<String>,
}

#[test]
fn what_fills_the_server_is_taken() {
    let Some(recordings) = recordings() else {
        return;
    };
    let mut requests = 0;
    let mut problems = Vec::new();
    for recorded in recordings["cases"].as_array().unwrap() {
        let mut case = Case::new(recorded);
        requests += case.fill();
        for step in recorded["steps"].as_array().unwrap() {
            if step["do"] == "vault" {
                requests += case.fill_one(&step["request"]);
            }
        }
        problems.append(&mut case.problems);
    }
    assert!(problems.is_empty(), "{problems:#?}");
    println!("{requests} requests that fill the server");
    assert!(requests > 0);
}

#[test]
fn recorded_requests_get_the_status_and_the_words_of_the_recorded_server() {
    let Some(recordings) = recordings() else {
        return;
    };
    let (mut requests, mut words) = (0, 0);
    let mut problems = Vec::new();
    for recorded in recordings["cases"].as_array().unwrap() {
        let steps = recorded["steps"].as_array().unwrap();
        let is_faulty = steps.iter().any(|step| step["do"] == "fault");
        // What was pushed before is not told.
        let is_cut = steps.iter().any(|step| step["do"] == "forget") && pushes(recorded);
        if is_faulty || is_cut {
            continue;
        }
        let mut case = Case::new(recorded);
        case.fill();
        let mut snapshots = recorded["expect"].as_array().unwrap().iter();
        for step in steps {
            if step["do"] == "vault" {
                case.fill_one(&step["request"]);
            } else if step["do"] == "snapshot" {
                let snapshot = snapshots.find(|it| it["at"] == step["as"]).unwrap();
                for request in snapshot["vaultRequests"].as_array().unwrap() {
                    let (asked, quoted) = case.replay(request);
                    requests += u32::from(asked);
                    words += u32::from(quoted);
                }
                for (path, read) in snapshot["vault"].as_object().into_iter().flatten() {
                    requests += case.read(path, read);
                }
            }
        }
        problems.append(&mut case.problems);
    }
    assert!(problems.is_empty(), "{problems:#?}");
    println!("{requests} requests and readings, the words of {words} refusals");
    assert!(requests > 0);
}

impl<'a> Case<'a> {
    fn new(recorded: &'a Value) -> Self {
        let config = Config {
            product: Product::OpenBao,
            root_token: Some("root".into()),
            ..Config::default()
        };
        let variables = [("NS", NAMESPACE), ("SA_PUBLIC_KEY", KEY)];
        let variables = variables.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let mut quotations = Vec::new();
        quote(&recorded["expect"], &mut quotations);
        let mut case = Self {
            model: Model::new(START, config),
            recorded,
            variables: variables.into(),
            token: None,
            quotations,
            problems: Vec::new(),
        };
        let namespace = format!("sys/namespaces/{NAMESPACE}");
        case.model.write(START, &namespace, &json!({})).unwrap();
        case.fill_one(&json!(["PUT", "sys/mounts/secret", {
            "type": "kv", "options": { "version": "2" },
        }]));
        case
    }

    fn fill(&mut self) -> u32 {
        let steps = self.recorded["vault"].as_array();
        steps
            .into_iter()
            .flatten()
            .map(|step| self.fill_one(step))
            .sum()
    }

    /// A request with the root token: method, path, body, and what to remember of the answer.
    fn fill_one(&mut self, step: &Value) -> u32 {
        let step = self.substituted(step);
        let text = |index: usize| step[index].as_str().unwrap();
        let reply = self.ask(text(0), text(1), &step[2], Some("root"), "");
        if !(200..300).contains(&reply.status) {
            self.problem(&format!("{step}: {reply:?}"));
        }
        let body = reply.body.unwrap_or_default();
        for (name, path) in step[3].as_object().into_iter().flatten() {
            let path = format!("/{}", path.as_str().unwrap().replace('.', "/"));
            let value = body.pointer(&path).and_then(Value::as_str).unwrap();
            self.variables.insert(name.clone(), value.to_owned());
        }
        1
    }

    /// What the recorder read for itself.
    fn read(&mut self, path: &str, recorded: &Value) -> u32 {
        let reply = self.ask("GET", path, &Value::Null, Some("root"), "");
        let body = reply.body.unwrap_or_default();
        let mut data = body.get("data").cloned().unwrap_or_default();
        without_times(&mut data);
        let read = json!({ "status": reply.status, "data": data });
        if read != *recorded {
            self.problem(&format!("{path}: {read} is not {recorded}"));
        }
        1
    }

    /// A request of the operator. Gives whether it could be asked, and whether the words of the
    /// refusal were compared.
    fn replay(&mut self, recorded: &Value) -> (bool, bool) {
        let line = recorded["request"].as_str().unwrap();
        let (method, path) = line.split_once(' ').unwrap();
        let mut body = self.substituted(&recorded["body"]);
        if let Some(claims) = recorded.get("jwtClaims") {
            body["jwt"] = json!(jwt(claims));
        }
        let limited = self.variables.get("LIMITED").cloned();
        let token = match recorded["token"].as_str().unwrap() {
            "none" => None,
            "store" => Some("root".to_owned()),
            // The recording keeps one of several revocations, and uses of the token behind it.
            _ if path == "auth/token/revoke-self" => return (false, false),
            _ => Some(self.token.clone().or(limited).unwrap_or("wrong".into())),
        };
        let namespace = recorded["namespace"].as_str().unwrap_or_default();
        // Requests that are the same are recorded once.
        for _ in 1..recorded["times"][0].as_u64().unwrap() {
            self.ask(method, path, &body, token.as_deref(), namespace);
        }
        let reply = self.ask(method, path, &body, token.as_deref(), namespace);
        if recorded["status"] != reply.status {
            self.problem(&format!("{recorded}: {reply:?}"));
        }
        let body = reply.body.unwrap_or_default();
        if let Some(token) = body["auth"]["client_token"].as_str() {
            self.token = Some(token.to_owned());
        }
        let start = format!(
            "URL: {method} ${{VAULT}}/v1/{path}\nCode: {}.",
            reply.status
        );
        let said = self.quotations.iter().find(|(line, _)| *line == start);
        let Some((_, wanted)) = said else {
            return (true, false);
        };
        let errors = body["errors"].as_array().into_iter().flatten();
        let errors = errors.map(|error| format!("\n\n* {}", error.as_str().unwrap()));
        let given = format!(" Errors:{}", errors.collect::<String>());
        if given != *wanted {
            self.problem(&format!("{line}: {given:?} is not {wanted:?}"));
        }
        (true, true)
    }

    fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        token: Option<&str>,
        namespace: &str,
    ) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let token = token.map(str::to_owned);
        let request = Request::decode(method, path, query, token, body.as_bytes()).unwrap();
        let namespace = format!("{NAMESPACE}/{namespace}");
        self.model.answer(START, &request.in_namespace(&namespace))
    }

    fn substituted(&self, value: &Value) -> Value {
        let mut text = value.to_string();
        for (name, value) in &self.variables {
            text = text.replace(&format!("${{{name}}}"), value);
        }
        serde_json::from_str(&text).unwrap()
    }

    fn problem(&mut self, problem: &str) {
        let name = &self.recorded["name"];
        self.problems.push(format!("{name}: {problem}"));
    }
}

/// Whether a case lets the operator write to the server.
fn pushes(recorded: &Value) -> bool {
    let steps = recorded["steps"].as_array().unwrap().iter();
    let manifests = steps.filter_map(|step| step["manifests"].as_array());
    manifests.flatten().any(|it| it["kind"] == "PushSecret")
}

/// The recorder leaves out what differs from run to run.
fn without_times(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(without_times),
        Value::Object(fields) => {
            let times = ["created_time", "updated_time", "deletion_time"];
            fields.retain(|name, _| !times.contains(&name.as_str()));
            fields.values_mut().for_each(without_times);
        }
        _ => {}
    }
}

/// What the texts of a recording quote of the server's refusals.
fn quote(recorded: &Value, into: &mut Vec<(String, String)>) {
    match recorded {
        Value::String(text) => {
            let start = text.find("URL: ").map(|start| &text[start..]);
            let parts = start.and_then(|text| text.split_once(" Errors:"));
            if let Some((line, errors)) = parts {
                into.push((line.to_owned(), format!(" Errors:{errors}")));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| quote(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| quote(field, into)),
        _ => {}
    }
}

/// A service account's token with the recorded claims.
fn jwt(claims: &Value) -> String {
    let audiences = claims["aud"].as_array().unwrap();
    let audiences: Vec<&str> = audiences.iter().filter_map(Value::as_str).collect();
    let token = ServiceAccountToken {
        namespace: NAMESPACE,
        name: claims["sub"].as_str().unwrap().rsplit(':').next().unwrap(),
        audiences: &audiences,
        issued: START,
        ttl: Duration::from_secs(600),
    };
    token.unsigned()
}

fn recordings() -> Option<Value> {
    let directory = std::env::var_os("CONFORMANCE_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let path = directory.join("operator.json");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            let ci = std::env::var("CI").is_ok_and(|value| value == "true");
            assert!(!ci, "{}: {error}", path.display());
            println!("skipped: {}: {error}", path.display());
            None
        }
    }
}
