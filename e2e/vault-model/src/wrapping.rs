//! Response wrapping: answers that wait for whoever holds their one-time token.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::deadlines::Deadlines;
use crate::ids::Ids;
use crate::request::{Operation, Request};
use crate::state::State;

/// Answers by their tokens.
#[derive(Debug, Default)]
pub(crate) struct Wrappings {
    by_token: BTreeMap<Arc<str>, Wrapped>,
    ends: Deadlines,
}

#[derive(Debug)]
struct Wrapped {
    body: Value,
    created: Timestamp,
    ttl: Duration,
    path: String,
}

impl Wrappings {
    /// Keeps an answer and gives another, which tells how to get it.
    pub(crate) fn wrap(
        &mut self,
        answer: Answer,
        path: &str,
        ttl: Duration,
        now: Timestamp,
        ids: &mut Ids,
    ) -> Answer {
        let (status, body) = answer.into_parts(ids);
        let Some(body) = body else {
            // Nothing to wrap.
            return Answer::Empty;
        };
        let token = format!("hvs.{}", ids.letters(24));
        let mut info = json!({
            "token": token,
            "accessor": ids.letters(24),
            "ttl": ttl.as_secs(),
            "creation_time": now.to_string(),
            "creation_path": path,
        });
        if let Some(accessor) = body["auth"]["accessor"].as_str() {
            info["wrapped_accessor"] = json!(accessor);
        }
        let wrapped = Wrapped {
            body,
            created: now,
            ttl,
            path: path.to_owned(),
        };
        let token: Arc<str> = token.into();
        self.ends.add(now + ttl, &token);
        self.by_token.insert(token, wrapped);
        let envelope = json!({
            "request_id": "", "lease_id": "", "renewable": false, "lease_duration": 0,
            "data": null, "warnings": null, "auth": null, "wrap_info": info,
        });
        Answer::Plain(status, envelope)
    }

    pub(crate) fn expire(&mut self, now: Timestamp) {
        while let Some(token) = self.ends.take_due(now) {
            self.by_token.remove(&token);
        }
    }
}

/// `sys/wrapping/lookup` and `sys/wrapping/unwrap`, which take the wrapping token itself.
pub(crate) fn handle(state: &mut State, kind: &str, request: &Request) -> Outcome {
    let invalid =
        || Refusal::bad_request("wrapping token is not valid or does not exist".to_owned());
    let token = request.text("token").or(request.token.as_deref());
    let token = token.ok_or_else(invalid)?.to_owned();
    match (kind, request.operation) {
        ("lookup", Operation::Write | Operation::Read) => {
            let wrapped = state
                .wrappings
                .by_token
                .get(token.as_str())
                .ok_or_else(invalid)?;
            let data = json!({
                "creation_path": wrapped.path,
                "creation_time": wrapped.created.to_string(),
                "creation_ttl": wrapped.ttl.as_secs(),
            });
            Ok(Secret::data("system", data).into())
        }
        ("unwrap", Operation::Write) => {
            let wrapped = state.wrappings.by_token.remove(token.as_str());
            Ok(Answer::Plain(200, wrapped.ok_or_else(invalid)?.body))
        }
        _ => Err(Refusal::unsupported()),
    }
}

/// `sys/wrapping/wrap`: gives back what it was given, which is then wrapped.
pub(crate) fn wrap(request: &Request) -> Outcome {
    if request.wrap_ttl.is_none() {
        return Err(Refusal::bad_request(
            "endpoint requires response wrapping to be used",
        ));
    }
    Ok(Secret::data("system", Value::Object(request.body.clone())).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::harness::{ROOT, message, mk_guide_server};

    #[test]
    fn a_wrapped_answer_is_taken_out_once() {
        let mut server = mk_guide_server();
        let wrapped = server.wrapped(ROOT, "sys/wrapping/wrap", json!({ "a": "b" }), 60);
        let token = wrapped.1["wrap_info"]["token"].as_str().unwrap().to_owned();
        let looked = server.ask(
            "PUT",
            None,
            "sys/wrapping/lookup",
            &json!({ "token": token }),
        );
        assert_eq!(looked.1["data"]["creation_path"], "sys/wrapping/wrap");
        let first = server.ask("PUT", Some(&token), "sys/wrapping/unwrap", &Value::Null);
        assert_eq!(first.1["data"], json!({ "a": "b" }));
        let second = server.ask("PUT", Some(&token), "sys/wrapping/unwrap", &Value::Null);
        assert_eq!(
            (second.0, message(&second)),
            (400, "wrapping token is not valid or does not exist")
        );
    }

    #[test]
    fn a_wrapping_ends_with_its_time_and_no_answer_is_wrapped_unasked() {
        let mut server = mk_guide_server();
        let wrapped = server.wrapped(ROOT, "sys/wrapping/wrap", json!({ "a": "b" }), 60);
        let token = wrapped.1["wrap_info"]["token"].as_str().unwrap().to_owned();
        server.advance(60);
        let late = server.ask("PUT", Some(&token), "sys/wrapping/unwrap", &Value::Null);
        assert_eq!(late.0, 400);
        let unasked = server.put(ROOT, "sys/wrapping/wrap", json!({ "a": "b" }));
        assert_eq!(
            message(&unasked),
            "endpoint requires response wrapping to be used"
        );
    }
}
