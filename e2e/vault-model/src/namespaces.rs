//! Namespaces: each has mounts, auth methods, policies and leases of its own. A token of one is good
//! there and below.
//!
//! The state is always in one namespace, as a process is in one directory: a request enters its own
//! before anything else.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::acl::{Capability, Policies};
use crate::answer::{Outcome, Refusal, Secret};
use crate::auth_methods::AuthMethod;
use crate::ids::Ids;
use crate::leases::Leases;
use crate::product::Product;
use crate::request::{Operation, Request};
use crate::state::{Caller, Mount, State};

/// Names that would hide a part of the API.
const RESERVED: [&str; 6] = ["audit", "auth", "cubbyhole", "identity", "root", "sys"];

/// What a namespace has of its own.
#[derive(Debug)]
pub(crate) struct Space {
    /// From the root, without slashes around it; the root's is empty.
    pub(crate) path: Arc<str>,
    id: String,
    uuid: String,
    custom_metadata: Value,
    pub(crate) policies: Policies,
    pub(crate) leases: Leases,
    /// By path with its trailing slash.
    pub(crate) mounts: BTreeMap<String, Mount>,
    /// By path below `auth/` with its trailing slash.
    pub(crate) auth: BTreeMap<String, AuthMethod>,
}

/// What a caller may do in the namespace that the state is in.
pub(crate) struct Rights<'a> {
    policies: &'a Policies,
    names: &'a [String],
    /// The way from the caller's namespace to this one: empty, or with a slash behind it.
    way: String,
}

impl Space {
    pub(crate) fn root() -> Self {
        Self::new("", "root".into(), "root".into())
    }

    fn new(path: &str, id: String, uuid: String) -> Self {
        Self {
            path: path.into(),
            id,
            uuid,
            custom_metadata: json!({}),
            policies: Policies::new(),
            leases: Leases::default(),
            mounts: BTreeMap::new(),
            auth: BTreeMap::new(),
        }
    }

    fn view(&self) -> Value {
        json!({
            "id": self.id,
            "uuid": self.uuid,
            "path": format!("{}/", self.path),
            "tainted": false,
            "locked": false,
            "custom_metadata": self.custom_metadata,
        })
    }
}

impl Rights<'_> {
    fn full<'p>(&self, path: &'p str) -> Cow<'p, str> {
        if self.way.is_empty() {
            Cow::Borrowed(path)
        } else {
            Cow::Owned(format!("{}{path}", self.way))
        }
    }

    /// One of `wanted` is allowed at `path`.
    pub(crate) fn allow(&self, path: &str, wanted: &[Capability]) -> bool {
        self.policies.allow(self.names, &self.full(path), wanted)
    }

    /// Something is allowed at or below `prefix`.
    pub(crate) fn touch(&self, prefix: &str) -> bool {
        self.policies.touch(self.names, &self.full(prefix))
    }

    /// All that is allowed at `path`.
    pub(crate) fn capabilities(&self, path: &str) -> BTreeSet<Capability> {
        self.policies.capabilities(self.names, &self.full(path))
    }
}

impl State {
    /// Goes to the namespace of a request. Gives the request as it reads there, where its path began
    /// with the names of namespaces.
    pub(crate) fn enter_namespace_of(
        &mut self,
        request: &Request,
    ) -> Result<Option<Request>, Refusal> {
        if self.product == Product::Vault {
            return Ok(None);
        }
        let named = request.namespace.trim_matches('/');
        if self.space(named).is_none() {
            return Err(Refusal::no_route(&request.path));
        }
        let (mut namespace, mut rest) = (named.to_owned(), request.path.as_str());
        while let Some((name, after)) = rest.split_once('/') {
            let below = join(&namespace, name);
            if self.space(&below).is_none() {
                break;
            }
            (namespace, rest) = (below, after);
        }
        self.enter(&namespace);
        Ok((rest.len() < request.path.len()).then(|| Request {
            path: rest.to_owned(),
            ..request.clone()
        }))
    }

    /// Goes to a namespace; stays where it is when there is none of that name.
    pub(crate) fn enter(&mut self, path: &str) {
        if let Some(next) = self.elsewhere.remove(path) {
            let left = mem::replace(&mut self.here, next);
            self.elsewhere.insert(Arc::clone(&left.path), left);
        }
    }

    fn space(&self, path: &str) -> Option<&Space> {
        if *self.here.path == *path {
            Some(&self.here)
        } else {
            self.elsewhere.get(path)
        }
    }

    /// All namespaces.
    pub(crate) fn spaces(&self) -> impl Iterator<Item = &Space> {
        std::iter::once(&self.here).chain(self.elsewhere.values())
    }

    /// All namespaces.
    pub(crate) fn spaces_mut(&mut self) -> impl Iterator<Item = &mut Space> {
        std::iter::once(&mut self.here).chain(self.elsewhere.values_mut())
    }

    /// What a caller may do here; nothing with a token of a namespace that this one is not below.
    pub(crate) fn rights<'a>(&'a self, caller: &'a Caller) -> Option<Rights<'a>> {
        let way = way(&caller.namespace, &self.here.path)?;
        Some(Rights {
            policies: &self.space(&caller.namespace)?.policies,
            names: &caller.policies,
            way,
        })
    }

    /// The text of a token, where it may be named here: it is of this namespace or one below.
    pub(crate) fn own_token(&self, id: &str) -> Option<String> {
        let token = self.tokens.get(id)?;
        way(&self.here.path, &token.namespace).map(|_| id.to_owned())
    }
}

/// The way from one namespace to another at or below it.
fn way(from: &str, to: &str) -> Option<String> {
    if from == to {
        return Some(String::new());
    }
    let rest = if from.is_empty() {
        to
    } else {
        to.strip_prefix(from)?.strip_prefix('/')?
    };
    Some(format!("{rest}/"))
}

fn join(parent: &str, name: &str) -> String {
    if parent.is_empty() {
        name.to_owned()
    } else {
        format!("{parent}/{name}")
    }
}

/// `sys/namespaces/…`: those directly below the one that the state is in.
pub(crate) fn handle(state: &mut State, name: &str, request: &Request, now: Timestamp) -> Outcome {
    let name = name.trim_matches('/');
    if name.contains('/') {
        return Err(Refusal::bad_request("name must not contain /"));
    }
    let path = join(&state.here.path, name);
    match (name, request.operation) {
        ("", Operation::List) => list(state),
        ("", _) => Err(Refusal::unsupported()),
        (_, Operation::Write) => create(state, name, &path, request),
        (_, Operation::Read) => {
            let space = state.elsewhere.get(path.as_str());
            let view = space.ok_or_else(Refusal::not_found)?.view();
            Ok(Secret::data("system", view).into())
        }
        (_, Operation::Delete) => delete(state, &path, now),
        _ => Err(Refusal::unsupported()),
    }
}

fn list(state: &State) -> Outcome {
    let below = state.elsewhere.values().filter_map(|space| {
        let name = way(&state.here.path, &space.path)?;
        (name.matches('/').count() == 1).then(|| (name, space.view()))
    });
    let key_info: Map<String, Value> = below.collect();
    if key_info.is_empty() {
        return Err(Refusal::not_found());
    }
    let keys: Vec<&String> = key_info.keys().collect();
    let data = json!({ "keys": keys, "key_info": key_info });
    Ok(Secret::data("system", data).into())
}

fn create(state: &mut State, name: &str, path: &str, request: &Request) -> Outcome {
    if RESERVED.contains(&name) {
        let message = format!("{name:?} is a reserved path and cannot be used as a namespace name");
        return Err(Refusal::bad_request(message));
    }
    let mount = format!("{name}/");
    if state.here.mounts.keys().any(|it| it.starts_with(&mount)) {
        let message = format!("namespace path conflicts with existing mount at {mount}");
        return Err(Refusal::bad_request(message));
    }
    let ids = &mut state.ids;
    let space = state
        .elsewhere
        .entry(path.into())
        .or_insert_with(|| Space::new(path, ids.letters(6), Ids::uuid(ids)));
    space.custom_metadata = match request.body.get("custom_metadata") {
        Some(custom @ Value::Object(_)) => custom.clone(),
        _ => json!({}),
    };
    Ok(Secret::data("system", space.view()).into())
}

/// Ends all that is in it. A real server takes its time for that.
fn delete(state: &mut State, path: &str, now: Timestamp) -> Outcome {
    if state
        .elsewhere
        .keys()
        .any(|it| way(path, it).is_some_and(|way| !way.is_empty()))
    {
        let message = "unable to delete namespace containing child namespaces";
        return Err(Refusal::new(409, message));
    }
    if state.elsewhere.remove(path).is_none() {
        return Ok(Secret {
            warnings: vec!["requested namespace does not exist".into()],
            ..Secret::default()
        }
        .into());
    }
    for id in state.tokens.of_namespace(path) {
        state.end_token(&id);
    }
    state.expire(now);
    Ok(Secret::data("system", json!({ "status": "in-progress" })).into())
}

#[cfg(test)]
mod tests;
