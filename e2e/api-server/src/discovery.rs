//! What is served: the documents by which kubectl and other clients find kinds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::kinds::{Kind, Kinds, Version};
use crate::refusal::Refusal;

const VERBS: [&str; 8] = [
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// `/version`: the Kubernetes whose API this resembles.
pub(crate) fn version() -> Value {
    json!({"major": "1", "minor": "33", "gitVersion": "v1.33.0+stand-in", "platform": "linux"})
}

/// `/api`
pub(crate) fn core_versions() -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
}

/// `/apis`
pub(crate) fn groups(kinds: &Kinds) -> Value {
    let groups: BTreeSet<_> = kinds.all().map(|kind| &*kind.group).collect();
    let groups = groups.into_iter().filter(|group| !group.is_empty());
    let groups: Vec<_> = groups.map(|name| group_of(kinds, name)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`
pub(crate) fn group(kinds: &Kinds, name: &str) -> Result<Value, Refusal> {
    if !kinds.all().any(|kind| kind.group == name) {
        return Err(Refusal::no_such_path());
    }
    let mut group = group_of(kinds, name);
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    Ok(group)
}

fn group_of(kinds: &Kinds, name: &str) -> Value {
    let mut versions: Vec<&str> = Vec::new();
    for kind in kinds.all().filter(|kind| kind.group == name) {
        for version in &kind.versions {
            if !versions.contains(&&*version.name) {
                versions.push(&version.name);
            }
        }
    }
    // Kubernetes prefers what is stable, then what is beta.
    versions.sort_by_key(|version| (version.contains("alpha"), version.contains("beta")));
    let entry =
        |version: &&str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({
        "name": name,
        "versions": versions.iter().map(entry).collect::<Vec<_>>(),
        "preferredVersion": versions.first().map(entry),
    })
}

/// `/api/v1`, `/apis/GROUP/VERSION`
pub(crate) fn resources(kinds: &Kinds, group: &str, version: &str) -> Result<Value, Refusal> {
    let mut resources = Vec::new();
    for (kind, version) in of_version(kinds, group, version) {
        resources.push(json!({
            "name": kind.plural,
            "singularName": kind.singular,
            "namespaced": kind.is_namespaced,
            "kind": kind.name,
            "verbs": VERBS,
            "shortNames": kind.short_names,
            "categories": kind.categories,
        }));
        let mut add = |name: &str, kind_of: &str, verbs: &[&str]| {
            resources.push(json!({
                "name": format!("{}/{name}", kind.plural),
                "singularName": "",
                "namespaced": kind.is_namespaced,
                "kind": kind_of,
                "verbs": verbs,
            }));
        };
        if version.has_status {
            add("status", &kind.name, &["get", "patch", "update"]);
        }
        if kind.resource() == "serviceaccounts" {
            add("token", "TokenRequest", &["create"]);
        }
    }
    if resources.is_empty() {
        return Err(Refusal::no_such_path());
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Ok(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }))
}

fn of_version<'a>(
    kinds: &'a Kinds,
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = (&'a Kind, &'a Version)> {
    let kinds = kinds.all().filter(move |kind| kind.group == group);
    kinds.filter_map(move |kind| Some((&**kind, kind.version(version)?)))
}

/// `/openapi/v3`
pub(crate) fn openapi_index(kinds: &Kinds) -> Value {
    let mut paths = BTreeMap::new();
    for kind in kinds.all() {
        for version in &kind.versions {
            let prefix = if kind.group.is_empty() { "api" } else { "apis" };
            let path = format!("{prefix}/{}", kind.api_version(&version.name));
            let url = format!("/openapi/v3/{path}");
            paths.insert(path, json!({"serverRelativeURL": url}));
        }
    }
    json!({"paths": paths})
}

/// What kubectl reads of an `OpenAPI` document before it applies: that the server checks fields
/// itself, and which patches it takes.
pub(crate) fn openapi(kinds: &Kinds, group: &str, version: &str) -> Value {
    let mut paths = BTreeMap::new();
    let mut schemas = BTreeMap::new();
    for (kind, version) in of_version(kinds, group, version) {
        let about = json!({"group": kind.group, "version": version.name, "kind": kind.name});
        let prefix = if kind.group.is_empty() { "api" } else { "apis" };
        let path = format!(
            "/{prefix}/{}/{}{}/{{name}}",
            kind.api_version(&version.name),
            if kind.is_namespaced {
                "namespaces/{namespace}/"
            } else {
                ""
            },
            kind.plural
        );
        // Without a strategic one, kubectl merges built-in kinds by what it knows of them itself.
        let patches = json!({"application/merge-patch+json": {}});
        let validation =
            json!({"name": "fieldValidation", "in": "query", "schema": {"type": "string"}});
        paths.insert(
            path,
            json!({"patch": {
                "x-kubernetes-group-version-kind": about,
                "x-kubernetes-action": "patch",
                "parameters": [validation],
                "requestBody": {"content": patches},
                "responses": {},
            }}),
        );
        let mut schema = version.schema.clone();
        if schema.is_null() {
            schema = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
        }
        schema["x-kubernetes-group-version-kind"] = json!([about]);
        schemas.insert(format!("{}.{}", version.name, kind.name), schema);
    }
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.33.0+stand-in"},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}
