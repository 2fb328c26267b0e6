//! `auth/token/…`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::NewToken;
use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::duration;
use crate::request::{Operation, Request};
use crate::state::{Caller, State};

/// Answers a request below `auth/token/`.
pub(crate) fn handle(
    state: &mut State,
    caller: &Caller,
    path: &str,
    request: &Request,
    now: Timestamp,
) -> Outcome {
    match (path, request.operation) {
        ("lookup-self", Operation::Read | Operation::Write) => {
            Ok(lookup(state, &caller.token, now))
        }
        ("lookup", Operation::Write) => Ok(lookup(state, &named_token(state, request)?, now)),
        ("lookup-accessor", Operation::Write) => {
            Ok(lookup(state, &by_accessor(state, request)?, now))
        }
        ("renew-self", Operation::Write) => renew(state, &caller.token, request, now),
        ("renew", Operation::Write) => renew(state, &named_token(state, request)?, request, now),
        ("revoke-self", Operation::Write) => Ok(revoke(state, &caller.token)),
        ("revoke", Operation::Write) => Ok(revoke(state, &named_token(state, request)?)),
        ("revoke-accessor", Operation::Write) => Ok(revoke(state, &by_accessor(state, request)?)),
        ("accessors", Operation::List) => {
            Answer::keys("token", &state.tokens.accessors(&state.here.path))
        }
        ("create" | "create-orphan", Operation::Write) => {
            let orphan = path == "create-orphan" || request.flag("no_parent") == Some(true);
            let id = state.issue(new_token(caller, request, orphan)?, now);
            Ok(authenticated(state, &id, Vec::new()))
        }
        _ => Err(Refusal::unsupported()),
    }
}

/// The answer to a login, creation or renewal.
pub(crate) fn authenticated(state: &State, id: &str, warnings: Vec<String>) -> Answer {
    let auth = state.tokens.auth(id);
    Secret {
        auth,
        warnings,
        mount_type: "token",
        ..Secret::default()
    }
    .into()
}

fn new_token(caller: &Caller, request: &Request, orphan: bool) -> Result<NewToken, Refusal> {
    let mut policies = request.texts("policies");
    if policies.is_empty() {
        policies.clone_from(&caller.policies);
    }
    if !caller.is_root() && policies.iter().any(|name| !caller.policies.contains(name)) {
        return Err(Refusal::bad_request(
            "child policies must be subset of parent",
        ));
    }
    if policies
        .iter()
        .all(|name| name != "root" && name != "default")
    {
        policies.push("default".into());
    }
    policies.sort();
    let meta: BTreeMap<String, String> = match request.body.get("meta") {
        Some(Value::Object(meta)) => meta
            .iter()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .collect(),
        _ => BTreeMap::new(),
    };
    let display_name = request
        .text("display_name")
        .map(|name| format!("token-{name}"));
    Ok(NewToken {
        id: request
            .text("id")
            .filter(|_| caller.is_root())
            .map(str::to_owned),
        display_name: display_name.unwrap_or_else(|| "token".into()),
        policies,
        meta,
        path: "auth/token/create".into(),
        parent: (!orphan).then(|| caller.token.clone()),
        ttl: duration::field(&request.body, "ttl")?,
        max_ttl: None,
        explicit_max_ttl: duration::field(&request.body, "explicit_max_ttl")?,
        period: duration::field(&request.body, "period")?,
        not_renewable: request.flag("renewable") == Some(false),
        batch: request.text("type") == Some("batch"),
    })
}

fn lookup(state: &State, id: &str, now: Timestamp) -> Answer {
    Secret::data("token", state.tokens.lookup(id, now)).into()
}

fn renew(state: &mut State, id: &str, request: &Request, now: Timestamp) -> Outcome {
    let increment = duration::field(&request.body, "increment")?;
    let warnings = state.tokens.renew(id, increment, now)?;
    Ok(authenticated(state, id, warnings))
}

fn revoke(state: &mut State, id: &str) -> Answer {
    state.end_token(id);
    Answer::Empty
}

fn named_token(state: &State, request: &Request) -> Result<String, Refusal> {
    let id = request
        .text("token")
        .ok_or_else(|| Refusal::bad_request("missing token"))?;
    state
        .own_token(id)
        .ok_or_else(|| Refusal::new(403, "bad token"))
}

fn by_accessor(state: &State, request: &Request) -> Result<String, Refusal> {
    let accessor = request.text("accessor").unwrap_or_default();
    state
        .tokens
        .id_of_accessor(accessor)
        .and_then(|id| state.own_token(&id))
        .ok_or_else(|| Refusal::new(403, "invalid accessor"))
}
