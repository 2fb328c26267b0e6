//! Deletes, and what they take along: objects of a namespace, and those whose owners are gone.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Target, now, text};
use crate::refusal::Refusal;
use crate::state::{Id, State};

/// What a client says about a delete.
#[derive(Debug, Default)]
pub(crate) struct DeleteOptions {
    uid: String,
    version: String,
    /// Objects that this one owns stay.
    orphans: bool,
}

impl DeleteOptions {
    /// Reads the body of a request, which may be empty, and a parameter.
    pub(crate) fn parse(body: &[u8], policy: Option<&str>) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self {
                orphans: policy == Some("Orphan"),
                ..Self::default()
            });
        }
        let body: Value = serde_json::from_slice(body)
            .map_err(|error| Refusal::bad_request(error.to_string()))?;
        let preconditions = &body["preconditions"];
        let policy = body["propagationPolicy"].as_str().or(policy);
        Ok(Self {
            uid: text(&preconditions["uid"]).to_owned(),
            version: text(&preconditions["resourceVersion"]).to_owned(),
            orphans: policy == Some("Orphan"),
        })
    }
}

/// Deletes an object, or marks it as long as finalizers hold it. Returns what the client gets.
pub(crate) fn delete(
    state: &mut State,
    target: &Target,
    name: &str,
    options: &DeleteOptions,
) -> Result<Value, Refusal> {
    let resource = target.kind.resource();
    let id = target.id(name);
    let Some(object) = state.get(&id).cloned() else {
        return Err(Refusal::not_found(&resource, name));
    };
    let metadata = &object["metadata"];
    for (key, name_of_key, wanted) in [
        ("uid", "UID", &options.uid),
        ("resourceVersion", "ResourceVersion", &options.version),
    ] {
        let found = text(&metadata[key]);
        if !wanted.is_empty() && wanted != found {
            let why = format!(
                "Precondition failed: {name_of_key} in precondition: {wanted}, {name_of_key} in object meta: {found}"
            );
            return Err(Refusal::conflict(&resource, name, &why));
        }
    }
    let uid = metadata["uid"].clone();
    if options.orphans {
        release(state, &uid);
    }
    if let Some(marked) = begin(state, &id) {
        return Ok(Value::clone(&marked));
    }
    Ok(json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {
            "name": name,
            "group": target.kind.group,
            "kind": target.kind.plural,
            "uid": uid,
        },
    }))
}

/// Removes an object; one that cannot go yet is marked and returned.
fn begin(state: &mut State, id: &Id) -> Option<Arc<Value>> {
    let object = state.get(id).cloned()?;
    let metadata = &object["metadata"];
    let is_held = metadata["finalizers"]
        .as_array()
        .is_some_and(|finalizers| !finalizers.is_empty());
    let is_namespace = id.resource == "namespaces";
    if !is_held && !is_namespace {
        finish(state, id);
        return None;
    }
    if metadata["deletionTimestamp"].is_string() {
        return Some(object);
    }
    let mut marked = Value::clone(&object);
    marked["metadata"]["deletionTimestamp"] = now().into();
    if is_namespace {
        marked["status"]["phase"] = "Terminating".into();
    } else {
        marked["metadata"]["deletionGracePeriodSeconds"] = 0.into();
        if let Some(generation) = metadata["generation"].as_i64() {
            marked["metadata"]["generation"] = (generation + 1).into();
        }
    }
    let marked = state.put(id, marked);
    if is_namespace {
        empty(state, &id.name);
    }
    Some(marked)
}

/// Removes an object and what goes with it.
pub(super) fn finish(state: &mut State, id: &Id) {
    let Some(object) = state.remove(id) else {
        return;
    };
    if id.resource == "customresourcedefinitions.apiextensions.k8s.io"
        && let Some(resource) = state.kinds.forget(&object)
    {
        let instances: Vec<_> = state
            .list(&resource, "")
            .map(|(id, _)| id.clone())
            .collect();
        for instance in instances {
            state.remove(&instance);
        }
    }
    collect(state, &object["metadata"]["uid"]);
    if !id.namespace.is_empty() {
        leave_if_empty(state, &id.namespace);
    }
}

/// Deletes everything in a namespace that is to go.
fn empty(state: &mut State, namespace: &str) {
    let inside: Vec<_> = state
        .all()
        .filter(|(id, _)| id.namespace == namespace)
        .map(|(id, _)| id.clone())
        .collect();
    for id in inside {
        begin(state, &id);
    }
    leave_if_empty(state, namespace);
}

/// A namespace that is to go does so with the last object in it, unless finalizers hold it.
pub(super) fn leave_if_empty(state: &mut State, namespace: &str) {
    let id = Id::new("namespaces", "", namespace);
    let Some(found) = state.get(&id) else {
        return;
    };
    let metadata = &found["metadata"];
    let is_held = metadata["finalizers"]
        .as_array()
        .is_some_and(|finalizers| !finalizers.is_empty());
    let is_leaving = metadata["deletionTimestamp"].is_string() && !is_held;
    if is_leaving && !state.all().any(|(id, _)| id.namespace == namespace) {
        state.remove(&id);
    }
}

/// Deletes the objects of which this was the last owner.
fn collect(state: &mut State, uid: &Value) {
    for id in owned_by(state, uid) {
        let Some(object) = state.get(&id).cloned() else {
            continue;
        };
        let owners = object["metadata"]["ownerReferences"].as_array();
        let left: Vec<_> = owners
            .into_iter()
            .flatten()
            .filter(|owner| owner["uid"] != *uid)
            .cloned()
            .collect();
        if left.is_empty() {
            begin(state, &id);
        } else {
            let mut object = Value::clone(&object);
            object["metadata"]["ownerReferences"] = left.into();
            state.put(&id, object);
        }
    }
}

/// Takes this owner off the objects that it owns, so that they stay.
fn release(state: &mut State, uid: &Value) {
    for id in owned_by(state, uid) {
        let Some(object) = state.get(&id) else {
            continue;
        };
        let mut object = Value::clone(object);
        if let Some(owners) = object["metadata"]["ownerReferences"].as_array_mut() {
            owners.retain(|owner| owner["uid"] != *uid);
        }
        state.put(&id, object);
    }
}

fn owned_by(state: &State, uid: &Value) -> Vec<Id> {
    let owns = |object: &Value| {
        let owners = object["metadata"]["ownerReferences"].as_array();
        owners
            .into_iter()
            .flatten()
            .any(|owner| owner["uid"] == *uid)
    };
    let owned = state.all().filter(|(_, object)| owns(object));
    owned.map(|(id, _)| id.clone()).collect()
}
