//! The KV engine in both versions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::answer::{Answer, Outcome, Refusal, Secret};
use crate::request::{Operation, Request};
use crate::tokens::SYSTEM_MAX_TTL;

pub(crate) mod v2;

/// Version 1: one value a path.
#[derive(Debug, Default)]
pub(crate) struct V1 {
    values: BTreeMap<String, Map<String, Value>>,
}

impl V1 {
    pub(crate) fn handle(&mut self, path: &str, request: &Request) -> Outcome {
        match request.operation {
            Operation::Read => {
                let value = self.values.get(path).ok_or_else(Refusal::not_found)?;
                // No lease, but a hint on when to look again: the secret's own "ttl", else the
                // system's.
                let lease_duration = crate::duration::field(value, "ttl").ok().flatten();
                Ok(Secret {
                    lease_duration: lease_duration.unwrap_or(SYSTEM_MAX_TTL),
                    ..Secret::data("kv", Value::Object(value.clone()))
                }
                .into())
            }
            Operation::List => Answer::keys(
                "kv",
                &children(self.values.keys().map(String::as_str), path),
            ),
            Operation::Write if request.body.is_empty() => {
                Err(Refusal::bad_request("missing data fields"))
            }
            Operation::Write => {
                self.values.insert(path.to_owned(), request.body.clone());
                Ok(Answer::Empty)
            }
            Operation::Delete => {
                self.values.remove(path);
                Ok(Answer::Empty)
            }
            Operation::Patch => Err(Refusal::unsupported()),
        }
    }
}

/// The names directly below folder `prefix`, sorted; folders end with a slash.
pub(crate) fn children<'a>(paths: impl Iterator<Item = &'a str>, prefix: &str) -> Vec<String> {
    let folder = match prefix.trim_matches('/') {
        "" => String::new(),
        prefix => format!("{prefix}/"),
    };
    let names: BTreeSet<String> = paths
        .filter_map(|path| path.strip_prefix(&folder))
        .map(|rest| match rest.split_once('/') {
            Some((name, _)) => format!("{name}/"),
            None => rest.to_owned(),
        })
        .collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests;
