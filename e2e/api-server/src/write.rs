//! Writes: what happens to an object between the request and the store.

mod admit;
mod delete;
mod patch;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

pub(crate) use delete::{DeleteOptions, delete};
pub(crate) use patch::{Patch, PatchKind};

use crate::kinds::{Kind, established};
use crate::managed::{self, Writer};
use crate::random;
use crate::refusal::Refusal;
use crate::state::{Id, State};

const MODIFIABLE: &[&str] = &[
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "generateName",
];

/// Where an object is to be written, in which version, and by whom.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) kind: Arc<Kind>,
    pub(crate) version: String,
    pub(crate) namespace: String,
    pub(crate) is_status: bool,
    pub(crate) manager: String,
}

impl Target {
    pub(crate) fn id(&self, name: &str) -> Id {
        Id::new(&self.kind.resource(), &self.namespace, name)
    }

    fn writer(&self, operation: &'static str) -> Writer {
        Writer {
            manager: self.manager.clone(),
            operation,
            api_version: self.kind.api_version(&self.version),
            subresource: if self.is_status { "status" } else { "" },
            time: now(),
        }
    }

    fn has_status(&self) -> bool {
        let version = self.kind.version(&self.version);
        version.is_some_and(|version| version.has_status)
    }
}

/// This moment, in the seconds that Kubernetes keeps.
pub(crate) fn now() -> String {
    format!("{:.0}", Timestamp::now())
}

/// Creates an object.
pub(crate) fn create(
    state: &mut State,
    target: &Target,
    mut object: Value,
) -> Result<Arc<Value>, Refusal> {
    let resource = target.kind.resource();
    if !object.is_object() {
        return Err(Refusal::bad_request("the body is not an object"));
    }
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    let name = name_of(&mut object);
    admit::name(&target.kind, &name)?;
    let id = target.id(&name);
    if state.get(&id).is_some() {
        return Err(Refusal::exists(&resource, &name));
    }
    must_take_objects(state, target, &name)?;
    if object["metadata"]["resourceVersion"]
        .as_str()
        .is_some_and(|version| !version.is_empty())
    {
        let message = "resourceVersion should not be set on objects to be created";
        return Err(Refusal::new(500, "InternalError", message));
    }
    if target.has_status() {
        remove(&mut object, "status");
    }
    admit::object(target, None, &mut object)?;
    let mut metadata = modifiable(&object);
    metadata["name"] = name.into();
    if target.kind.is_namespaced {
        metadata["namespace"] = target.namespace.clone().into();
    }
    metadata["uid"] = random::uid().into();
    metadata["creationTimestamp"] = now().into();
    if target.kind.is_custom {
        metadata["generation"] = 1.into();
    }
    object["metadata"] = metadata;
    let entries = managed::after_update(&json!({}), &object, &target.writer("Update"));
    object["metadata"]["managedFields"] = entries.into();
    let created = state.put(&id, object);
    Ok(follow(state, &id, created))
}

/// Puts `object` in place of the one that is there.
pub(crate) fn replace(
    state: &mut State,
    target: &Target,
    name: &str,
    object: Value,
) -> Result<Arc<Value>, Refusal> {
    let id = target.id(name);
    let old = state
        .get(&id)
        .cloned()
        .ok_or_else(|| Refusal::not_found(&target.kind.resource(), name))?;
    store(state, target, &old, object, &Entries::Update)
}

/// Changes an object by a patch. What is applied may be new.
pub(crate) fn patch(
    state: &mut State,
    target: &Target,
    name: &str,
    patch: &Patch,
) -> Result<Arc<Value>, Refusal> {
    let id = target.id(name);
    let Some(old) = state.get(&id).cloned() else {
        if patch.kind == PatchKind::Apply && !target.is_status {
            let mut object = patch.body.clone();
            object["metadata"]["name"] = name.into();
            let created = create(state, target, object)?;
            let mut object = Value::clone(&*created);
            let writer = target.writer("Apply");
            object["metadata"]["managedFields"] =
                managed::after_apply(&json!({}), &object, &patch.body, &writer).into();
            return Ok(state.put(&id, object));
        }
        return Err(Refusal::not_found(&target.kind.resource(), name));
    };
    let mut object = Value::clone(&*old);
    if patch.kind == PatchKind::Apply {
        managed::drop_unapplied(&mut object, &patch.body, &target.writer("Apply"));
    }
    patch.apply(&mut object)?;
    let entries = match patch.kind {
        PatchKind::Apply => Entries::Apply(patch.body.clone()),
        _ => Entries::Update,
    };
    store(state, target, &old, object, &entries)
}

/// How the writer of fields is noted.
enum Entries {
    Update,
    Apply(Value),
}

fn store(
    state: &mut State,
    target: &Target,
    old: &Arc<Value>,
    mut object: Value,
    entries: &Entries,
) -> Result<Arc<Value>, Refusal> {
    let resource = target.kind.resource();
    let name = text(&old["metadata"]["name"]);
    must_be_same(&resource, old, &object)?;
    if target.is_status {
        let mut whole = Value::clone(old);
        if let Some(status) = object.get_mut("status") {
            whole["status"] = status.take();
        }
        object = whole;
    } else if target.has_status() {
        remove(&mut object, "status");
        if let Some(status) = old.get("status") {
            object["status"] = status.clone();
        }
    }
    admit::object(target, Some(old), &mut object)?;
    let metadata = modifiable(&object);
    object["metadata"] = old["metadata"].clone();
    for key in MODIFIABLE {
        remove(&mut object["metadata"], key);
        if let Some(value) = metadata.get(*key) {
            object["metadata"][*key] = value.clone();
        }
    }
    if target.kind.is_custom && is_other_spec(old, &object) {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or_default();
        object["metadata"]["generation"] = (generation + 1).into();
    }
    let entries = match entries {
        Entries::Update => managed::after_update(old, &object, &target.writer("Update")),
        Entries::Apply(applied) => {
            managed::after_apply(old, &object, applied, &target.writer("Apply"))
        }
    };
    let is_same_by_others = without_times(&entries) == without_times_of(old);
    if is_same_by_others {
        object["metadata"]["managedFields"] = old["metadata"]["managedFields"].clone();
    } else {
        object["metadata"]["managedFields"] = entries.into();
    }
    if object == **old {
        return Ok(Arc::clone(old));
    }
    let id = target.id(name);
    let written = state.put(&id, object);
    if is_finished(&written) {
        delete::finish(state, &id);
        return Ok(written);
    }
    if id.resource == "namespaces" {
        delete::leave_if_empty(state, name);
    }
    Ok(follow(state, &id, written))
}

/// What other objects owe to this one that was written.
fn follow(state: &mut State, id: &Id, object: Arc<Value>) -> Arc<Value> {
    match id.resource.as_str() {
        "customresourcedefinitions.apiextensions.k8s.io" => {
            state.kinds.define(&object);
            let mut defined = Value::clone(&object);
            if defined["status"]["conditions"].is_array() {
                return object;
            }
            defined["status"] = established(&defined, &now());
            state.put(id, defined)
        }
        "namespaces" if object["status"]["phase"].is_null() => {
            let mut namespace = Value::clone(&object);
            namespace["status"] = json!({"phase": "Active"});
            namespace["spec"] = json!({"finalizers": ["kubernetes"]});
            namespace["metadata"]["labels"]["kubernetes.io/metadata.name"] = id.name.clone().into();
            let namespace = state.put(id, namespace);
            let account = json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {
                    "name": "default",
                    "namespace": id.name,
                    "uid": random::uid(),
                    "creationTimestamp": now(),
                },
            });
            state.put(&Id::new("serviceaccounts", &id.name, "default"), account);
            namespace
        }
        _ => object,
    }
}

/// Whether nothing holds an object any more that is to be deleted.
fn is_finished(object: &Value) -> bool {
    let metadata = &object["metadata"];
    metadata["deletionTimestamp"].is_string()
        && metadata["finalizers"].as_array().is_none_or(Vec::is_empty)
        && object["kind"] != "Namespace"
}

fn must_take_objects(state: &State, target: &Target, name: &str) -> Result<(), Refusal> {
    if !target.kind.is_namespaced {
        return Ok(());
    }
    let namespace = &target.namespace;
    let Some(found) = state.get(&Id::new("namespaces", "", namespace)) else {
        return Err(Refusal::not_found("namespaces", namespace));
    };
    if found["metadata"]["deletionTimestamp"].is_string() {
        let why = format!(
            "unable to create new content in namespace {namespace} because it is being terminated"
        );
        return Err(Refusal::forbidden(&target.kind.resource(), name, &why));
    }
    Ok(())
}

/// A version or a UID that a client sends has to be that of the object.
fn must_be_same(resource: &str, old: &Value, object: &Value) -> Result<(), Refusal> {
    let name = text(&old["metadata"]["name"]);
    let differs = |key: &str| {
        let sent = text(&object["metadata"][key]);
        !sent.is_empty() && sent != text(&old["metadata"][key])
    };
    if differs("uid") {
        let why = format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            text(&object["metadata"]["uid"]),
            text(&old["metadata"]["uid"])
        );
        return Err(Refusal::conflict(resource, name, &why));
    }
    if differs("resourceVersion") {
        return Err(Refusal::modified(resource, name));
    }
    if differs("name") {
        let message = format!(
            "the name of the object ({}) does not match the name on the URL ({name})",
            text(&object["metadata"]["name"])
        );
        return Err(Refusal::bad_request(message));
    }
    Ok(())
}

fn name_of(object: &mut Value) -> String {
    let metadata = &object["metadata"];
    let name = text(&metadata["name"]);
    if !name.is_empty() {
        return name.to_owned();
    }
    match text(&metadata["generateName"]) {
        "" => String::new(),
        prefix => format!("{prefix}{}", random::suffix()),
    }
}

/// The metadata that clients decide.
fn modifiable(object: &Value) -> Value {
    let mut metadata = json!({});
    for key in MODIFIABLE {
        let value = &object["metadata"][*key];
        let is_empty = match value {
            Value::Object(map) => map.is_empty(),
            Value::Array(items) => items.is_empty(),
            value => value.is_null(),
        };
        if !is_empty {
            metadata[*key] = value.clone();
        }
    }
    metadata
}

fn is_other_spec(old: &Value, new: &Value) -> bool {
    let spec = |object: &Value| {
        let mut object = object.clone();
        for key in ["metadata", "status", "apiVersion", "kind"] {
            remove(&mut object, key);
        }
        object
    };
    spec(old) != spec(new)
}

fn without_times(entries: &[Value]) -> Vec<Value> {
    let mut entries = entries.to_vec();
    for entry in &mut entries {
        remove(entry, "time");
    }
    entries
}

fn without_times_of(object: &Value) -> Vec<Value> {
    let entries = object["metadata"]["managedFields"].as_array();
    without_times(entries.map(Vec::as_slice).unwrap_or_default())
}

fn remove(object: &mut Value, key: &str) {
    if let Some(map) = object.as_object_mut() {
        map.remove(key);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
