//! `sys/…`: health, seal, policies, leases; mounts in a module of their own.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::acl::Policy;
use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::duration;
use crate::namespaces;
use crate::product::Product;
use crate::request::{Operation, Request};
use crate::state::{Caller, State};
use crate::wrapping;

pub(crate) mod mounts;
mod random;

/// The version that is imitated.
const VERSION: &str = "1.21.0";

/// What is answered to everybody, sealed or not.
pub(crate) fn without_token(state: &State, request: &Request, now: Timestamp) -> Option<Outcome> {
    match request.path.as_str() {
        "sys/health" => Some(Ok(health(state, now))),
        "sys/seal-status" => Some(Ok(Answer::Plain(
            200,
            json!({ "type": "shamir", "initialized": true, "sealed": state.sealed, "version": VERSION }),
        ))),
        _ => None,
    }
}

fn health(state: &State, now: Timestamp) -> Answer {
    let status = match (state.sealed, state.standby) {
        (true, _) => 503,
        (false, true) => 429,
        (false, false) => 200,
    };
    let body = json!({
        "initialized": true,
        "sealed": state.sealed,
        "standby": state.standby,
        "performance_standby": false,
        "server_time_utc": now.as_second(),
        "version": VERSION,
        "cluster_name": "dev-vault",
    });
    Answer::Plain(status, body)
}

/// Answers a request below `sys/`.
pub(crate) fn handle(
    state: &mut State,
    caller: &Caller,
    path: &str,
    request: &Request,
    now: Timestamp,
) -> Outcome {
    let (kind, rest) = path.split_once('/').unwrap_or((path, ""));
    match kind {
        "mounts" | "auth" => mounts::handle(state, kind, rest, request),
        "policies" => policies(
            state,
            rest.strip_prefix("acl").unwrap_or(rest).trim_matches('/'),
            request,
        ),
        "policy" => policies(state, rest, request),
        "leases" => leases(state, rest, request, now),
        "renew" | "revoke" => leases(state, path, request, now),
        "wrapping" if rest == "wrap" && request.operation == Operation::Write => {
            wrapping::wrap(request)
        }
        "capabilities-self" => Ok(capabilities(state, caller, request)),
        "seal" if request.operation == Operation::Write => {
            state.sealed = true;
            Ok(Answer::Empty)
        }
        "tools" => match rest.split_once('/').unwrap_or((rest, "")) {
            ("random", rest) => random::handle(rest, request, &mut state.ids),
            _ => Err(Refusal::no_route(&request.path)),
        },
        "namespaces" if state.product == Product::OpenBao => {
            namespaces::handle(state, rest, request, now)
        }
        _ => Err(Refusal::no_route(&request.path)),
    }
}

fn policies(state: &mut State, name: &str, request: &Request) -> Outcome {
    match (name, request.operation) {
        ("", Operation::List | Operation::Read) => {
            let names = state.here.policies.names();
            Ok(Secret::data("system", json!({ "keys": names, "policies": names })).into())
        }
        ("", _) => Err(Refusal::unsupported()),
        (_, Operation::Write) => {
            let text = request.text("policy");
            let text = text
                .ok_or_else(|| Refusal::bad_request("'policy' parameter not supplied or empty"))?;
            let policy =
                Policy::parse(text).map_err(|error| Refusal::bad_request(error.to_string()))?;
            state.here.policies.set(name, policy);
            Ok(Answer::Empty)
        }
        (_, Operation::Read) => {
            let policy = state
                .here
                .policies
                .get(name)
                .ok_or_else(Refusal::not_found)?;
            let text = &policy.text;
            Ok(Secret::data(
                "system",
                json!({ "name": name, "policy": text, "rules": text }),
            )
            .into())
        }
        (_, Operation::Delete) => {
            state.here.policies.remove(name);
            Ok(Answer::Empty)
        }
        _ => Err(Refusal::unsupported()),
    }
}

fn leases(state: &mut State, path: &str, request: &Request, now: Timestamp) -> Outcome {
    let (kind, in_path) = path.split_once('/').unwrap_or((path, ""));
    let id = request.text("lease_id").unwrap_or(in_path).to_owned();
    match (kind, request.operation) {
        ("lookup", Operation::List) => Answer::keys("system", &state.here.leases.list(in_path)),
        ("lookup" | "renew" | "revoke", Operation::Write) if id.is_empty() => {
            Err(Refusal::bad_request("lease_id must be specified"))
        }
        ("lookup", Operation::Write) => {
            Ok(Secret::data("system", state.here.leases.lookup(&id, now)?).into())
        }
        ("renew", Operation::Write) => {
            let increment = duration::field(&request.body, "increment")?;
            let (lease_duration, warnings) = state.here.leases.renew(&id, increment, now)?;
            Ok(Secret {
                lease_id: id,
                lease_duration,
                renewable: true,
                warnings,
                ..Secret::default()
            }
            .into())
        }
        ("revoke", Operation::Write) => {
            state.here.leases.revoke(&id);
            Ok(Answer::Empty)
        }
        ("revoke-prefix" | "revoke-force", Operation::Write) => {
            state.here.leases.revoke_prefix(in_path);
            Ok(Answer::Empty)
        }
        _ => Err(Refusal::unsupported()),
    }
}

fn capabilities(state: &State, caller: &Caller, request: &Request) -> Answer {
    let mut paths = request.texts("paths");
    paths.extend(request.texts("path"));
    let rights = state.rights(caller);
    let mut data = serde_json::Map::new();
    for path in paths {
        let names: Vec<String> = if caller.is_root() {
            vec!["root".into()]
        } else {
            let allowed = rights.as_ref().map(|rights| rights.capabilities(&path));
            allowed
                .iter()
                .flatten()
                .map(|capability| format!("{capability:?}").to_lowercase())
                .collect()
        };
        let names = if names.is_empty() {
            vec!["deny".to_owned()]
        } else {
            names
        };
        data.insert("capabilities".into(), json!(names));
        data.insert(path, json!(names));
    }
    Secret::data("system", Value::Object(data)).into()
}
