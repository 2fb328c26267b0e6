//! `managedFields`: which manager wrote which fields of an object last.
//!
//! A field is a path into the object; objects own themselves (`.`) beside their keys, and lists are
//! one field, except for finalizers and owner references.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

type Path = Vec<String>;
type Fields = BTreeSet<Path>;

/// Who writes, and how.
#[derive(Debug, Clone)]
pub(crate) struct Writer {
    pub(crate) manager: String,
    pub(crate) operation: &'static str,
    pub(crate) api_version: String,
    /// `status`, or empty.
    pub(crate) subresource: &'static str,
    pub(crate) time: String,
}

impl Writer {
    fn is_of(&self, entry: &Value) -> bool {
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        text("manager") == self.manager
            && text("operation") == self.operation
            && text("apiVersion") == self.api_version
            && text("subresource") == self.subresource
    }

    fn entry(&self, fields: &Fields) -> Value {
        let mut entry = json!({
            "manager": self.manager,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": write(fields),
        });
        if !self.subresource.is_empty() {
            entry["subresource"] = self.subresource.into();
        }
        entry
    }
}

/// The entries after `writer` made `after` of `before`: what it changed is its own from now on.
pub(crate) fn after_update(before: &Value, after: &Value, writer: &Writer) -> Vec<Value> {
    let (old, new) = (values(before), values(after));
    let changed: Fields = new
        .iter()
        .filter(|(path, value)| old.get(*path) != Some(value))
        .map(|(path, _)| path.clone())
        .collect();
    claim(before, &new.into_keys().collect(), &changed, writer)
}

/// The entries after `writer` applied `applied`, which made `after` of `before`.
pub(crate) fn after_apply(
    before: &Value,
    after: &Value,
    applied: &Value,
    writer: &Writer,
) -> Vec<Value> {
    let new = values(after).into_keys().collect();
    let mut entries = claim(before, &new, &Fields::new(), writer);
    entries.retain(|entry| !writer.is_of(entry));
    let fields: Fields = values(applied).into_keys().collect();
    entries.push(writer.entry(&fields));
    entries
}

/// Takes fields out of `object` that `writer` applied before and does not apply any more.
pub(crate) fn drop_unapplied(object: &mut Value, applied: &Value, writer: &Writer) {
    let fields: Fields = values(applied).into_keys().collect();
    let mut before = Fields::new();
    let mut others = Fields::new();
    for entry in entries(object) {
        let known = read(&entry["fieldsV1"]);
        if writer.is_of(entry) {
            before = known;
        } else {
            others.extend(known);
        }
    }
    // The longest first: what holds others goes when they are gone.
    for path in before.iter().rev() {
        if !fields.contains(path) && !others.contains(path) {
            remove(object, path);
        }
    }
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let mut at = object;
    for key in parents {
        let Some(inner) = key.strip_prefix("f:").and_then(|key| at.get_mut(key)) else {
            return;
        };
        at = inner;
    }
    if let (Some(key), Some(map)) = (last.strip_prefix("f:"), at.as_object_mut()) {
        map.remove(key);
    }
}

/// `changed` becomes the writer's, and what is not `there` any more is nobody's.
fn claim(before: &Value, there: &Fields, changed: &Fields, writer: &Writer) -> Vec<Value> {
    let mut found = false;
    let mut claimed = Vec::new();
    for entry in entries(before) {
        let old = read(&entry["fieldsV1"]);
        let mut fields: Fields = old.intersection(there).cloned().collect();
        let is_own = writer.is_of(entry);
        if is_own {
            found = true;
            fields.extend(changed.iter().cloned());
        } else {
            fields.retain(|path| !changed.contains(path));
        }
        if fields.is_empty() {
            continue;
        }
        let mut entry = entry.clone();
        if fields != old {
            entry["fieldsV1"] = write(&fields);
            if is_own {
                entry["time"] = writer.time.clone().into();
            }
        }
        claimed.push(entry);
    }
    if !found && !changed.is_empty() {
        claimed.push(writer.entry(changed));
    }
    claimed
}

fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    let entries = object["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten()
}

/// What the API server writes into `metadata` by itself is nobody's.
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// The fields of an object with their values; those that hold others have none.
fn values(object: &Value) -> BTreeMap<Path, Option<String>> {
    let mut found = BTreeMap::new();
    for (key, value) in object.as_object().into_iter().flatten() {
        match key.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                for (key, value) in value.as_object().into_iter().flatten() {
                    if !UNOWNED.contains(&key.as_str()) {
                        let path = vec!["f:metadata".to_owned(), format!("f:{key}")];
                        collect(path, key, value, &mut found);
                    }
                }
            }
            _ => collect(vec![format!("f:{key}")], key, value, &mut found),
        }
    }
    found
}

fn collect(path: Path, key: &str, value: &Value, found: &mut BTreeMap<Path, Option<String>>) {
    let below = |segment: String| {
        let mut path = path.clone();
        path.push(segment);
        path
    };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                collect(below(format!("f:{key}")), key, value, found);
            }
            found.insert(path, None);
        }
        Value::Array(items) if key == "ownerReferences" && path.len() == 2 => {
            for item in items {
                let uid = json!({"uid": item["uid"]});
                found.insert(below(format!("k:{uid}")), Some(item.to_string()));
            }
            found.insert(path, None);
        }
        Value::Array(items) if key == "finalizers" && path.len() == 2 => {
            for item in items {
                found.insert(below(format!("v:{item}")), Some(String::new()));
            }
            found.insert(path, None);
        }
        value => {
            found.insert(path, Some(value.to_string()));
        }
    }
}

/// Fields as `fieldsV1` has them.
fn write(fields: &Fields) -> Value {
    let mut root = Map::new();
    for path in fields {
        let mut at = &mut root;
        for segment in path {
            let inner = at.entry(segment).or_insert_with(|| json!({}));
            at = inner
                .as_object_mut()
                .expect("every segment must hold a map");
        }
        at.insert(".".to_owned(), json!({}));
    }
    let mut written = Value::Object(root);
    undot_leaves(&mut written);
    written
}

/// A field without others below it says nothing of itself.
fn undot_leaves(value: &mut Value) {
    let Some(map) = value.as_object_mut() else {
        return;
    };
    if map.len() == 1 {
        map.remove(".");
    }
    map.values_mut().for_each(undot_leaves);
}

fn read(fields: &Value) -> Fields {
    let mut found = Fields::new();
    read_below(fields, &mut Vec::new(), &mut found);
    found
}

fn read_below(value: &Value, path: &mut Path, found: &mut Fields) {
    let Some(map) = value.as_object() else {
        return;
    };
    if !path.is_empty() && (map.is_empty() || map.contains_key(".")) {
        found.insert(path.clone());
    }
    for (key, value) in map.iter().filter(|(key, _)| *key != ".") {
        path.push(key.clone());
        read_below(value, path, found);
        path.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_writer(manager: &str) -> Writer {
        Writer {
            manager: manager.to_owned(),
            operation: "Update",
            api_version: "v1".to_owned(),
            subresource: "",
            time: "2026-01-01T00:00:00Z".to_owned(),
        }
    }

    #[test]
    fn a_field_belongs_to_the_manager_that_changed_it_last() {
        let mut first = json!({"data": {"a": "1", "b": "1"}, "type": "Opaque"});
        let entries = after_update(&json!({}), &first, &mk_writer("one"));
        first["metadata"] = json!({"managedFields": entries});
        let second = json!({"data": {"a": "2", "c": "1"}, "type": "Opaque"});
        let entries = after_update(&first, &second, &mk_writer("two"));
        let fields: Vec<_> = entries.iter().map(|entry| &entry["fieldsV1"]).collect();
        assert_eq!(
            fields,
            [
                &json!({"f:data": {}, "f:type": {}}),
                &json!({"f:data": {"f:a": {}, "f:c": {}}}),
            ]
        );
    }

    #[test]
    fn finalizers_and_owners_are_fields_of_their_own() {
        let object = json!({"metadata": {
            "name": "x",
            "finalizers": ["f"],
            "ownerReferences": [{"uid": "u", "name": "n"}],
        }});
        let entries = after_update(&json!({}), &object, &mk_writer("one"));
        assert_eq!(
            entries[0]["fieldsV1"],
            json!({"f:metadata": {
                "f:finalizers": {".": {}, "v:\"f\"": {}},
                "f:ownerReferences": {".": {}, "k:{\"uid\":\"u\"}": {}},
            }})
        );
    }
}
