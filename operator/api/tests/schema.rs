//! The definitions against what upstream's say, fact by fact, as recorded.
//!
//! The recordings lie outside of the project: in the directory that `CONFORMANCE_DIR` names, else in
//! `../shared/conformance` beside the project. Without them these tests are skipped, except in CI.
// The helpers of a test are test code too.
#![allow(clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use operator_api::crds;
use serde_json::{Map, Value, json};
use support::recordings;

/// Kind, version, path.
type Place = (String, String, String);
type Facts = BTreeMap<Place, Map<String, Value>>;

/// What differs on purpose: where, which facts of it, and why. A path ends with the one given; a
/// version or a fact of `*` stands for all.
struct Difference {
    version: &'static str,
    path: &'static str,
    fact: &'static str,
    reason: &'static str,
}

const fn difference(
    version: &'static str,
    path: &'static str,
    fact: &'static str,
    reason: &'static str,
) -> Difference {
    Difference {
        version,
        path,
        fact,
        reason,
    }
}

const LIKE_V1: &str = "v1beta1 has v1's fields, or a write through it would lose them";

/// Differences in what upstream has.
const DIFFERENT: &[Difference] = &[
    difference(
        "v1beta1",
        "",
        "served",
        "manifests of v1beta1 are accepted as they are",
    ),
    difference(
        "*",
        ".spec.provider",
        "x-kubernetes-preserve-unknown-fields",
        "a store of a provider that is not built in stays as it is",
    ),
    difference("v1beta1", ".generatorRef.kind", "enum", LIKE_V1),
    difference("v1beta1", ".target.creationPolicy", "enum", LIKE_V1),
    difference("v1beta1", ".templateFrom[].target", "enum", LIKE_V1),
    difference("v1beta1", ".spec.refreshInterval", "type", LIKE_V1),
    difference("v1beta1", ".status.conditions[].type", "enum", LIKE_V1),
];

/// What upstream does not have, or what was not recorded of it: paths that begin so.
const ADDED: &[(&str, &str)] = &[
    (".spec.provider.openBao", "not recorded"),
    (".spec.provider.fake", "not recorded"),
    (".spec.provider.kubernetes", "not recorded"),
];

#[test]
fn definitions_say_what_upstreams_say() {
    let Some(text) = recordings("operator-schema.jsonl") else {
        return;
    };
    let recorded = recorded(&text);
    let ours = ours();
    let mut problems = Vec::new();
    let mut used = BTreeSet::new();
    for (place, expected) in &recorded {
        let problem = match ours.get(place) {
            Some(found) => unexplained(place, expected, found, &mut used),
            None => Some("is not there".to_owned()),
        };
        problems.extend(
            problem.map(|problem| format!("{} {}{}: {problem}", place.0, place.1, place.2)),
        );
    }
    println!(
        "conformance operator-schema.jsonl: {} of {} pass",
        recorded.len() - problems.len(),
        recorded.len()
    );
    for listed in DIFFERENT {
        println!(
            "differs: {}{} {}: {}",
            listed.version, listed.path, listed.fact, listed.reason
        );
    }
    for (path, reason) in ADDED {
        println!("added: {path}: {reason}");
    }
    let kinds: BTreeSet<&str> = recorded.keys().map(|(kind, ..)| kind.as_str()).collect();
    for place in ours.keys().filter(|place| kinds.contains(place.0.as_str())) {
        if !recorded.contains_key(place) && !addition(place, &recorded, &mut used) {
            problems.push(format!(
                "{} {}{}: is new, without a reason",
                place.0, place.1, place.2
            ));
        }
    }
    let reasons = DIFFERENT.iter().map(|difference| difference.path);
    for path in reasons.chain(ADDED.iter().map(|(path, _)| *path)) {
        if !used.contains(path) {
            problems.push(format!(
                "{path}: the difference is listed, and there is none"
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What differs in a field and is not listed.
fn unexplained(
    place: &Place,
    expected: &Map<String, Value>,
    found: &Map<String, Value>,
    used: &mut BTreeSet<&'static str>,
) -> Option<String> {
    let (_, version, path) = place;
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let mut problems = Vec::new();
    for name in names {
        if expected.get(name) == found.get(name) {
            continue;
        }
        let listed = DIFFERENT.iter().find(|listed| {
            [version.as_str(), "*"].contains(&listed.version)
                && listed.fact == name
                && if listed.path.is_empty() {
                    path.is_empty()
                } else {
                    path.ends_with(listed.path)
                }
        });
        if let Some(listed) = listed {
            used.insert(listed.path);
        } else {
            let (expected, found) = (expected.get(name), found.get(name));
            problems.push(format!("{name} is {found:?} instead of {expected:?}"));
        }
    }
    (!problems.is_empty()).then(|| problems.join(", "))
}

/// Whether a field that was not recorded has a reason: a list of them, or that `v1` has it.
fn addition(place: &Place, recorded: &Facts, used: &mut BTreeSet<&'static str>) -> bool {
    let (kind, version, path) = place;
    if version == "v1beta1" && recorded.contains_key(&(kind.clone(), "v1".to_owned(), path.clone()))
    {
        return true;
    }
    let listed = ADDED.iter().find(|(start, _)| path.starts_with(start));
    used.extend(listed.map(|(start, _)| start));
    listed.is_some()
}

#[test]
fn each_field_of_v1_is_in_v1beta1() {
    let ours = ours();
    let mut compared = 0;
    for ((kind, version, path), facts) in &ours {
        if version != "v1" || path.is_empty() {
            continue;
        }
        let beta = ours.get(&(kind.clone(), "v1beta1".to_owned(), path.clone()));
        let beta = beta.unwrap_or_else(|| panic!("{kind} v1beta1 has no {path}"));
        let mut without_default = beta.clone();
        if facts.get("default").is_none() {
            without_default.remove("default");
        }
        assert_eq!(&without_default, facts, "{kind} {path}");
        compared += 1;
    }
    assert!(compared > 500, "{compared} fields");
}

#[test]
fn each_field_has_a_description() {
    for definition in crds() {
        for version in &definition.spec.versions {
            let schema = serde_json::to_value(&version.schema).unwrap();
            let schema = &schema["openAPIV3Schema"];
            described(schema, &definition.spec.names.kind);
        }
    }
}

fn described(schema: &Value, path: &str) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        // Those of Kubernetes itself.
        if path.matches('.').count() > 1 || name == "spec" || name == "status" {
            let description = property["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "{path} has no description");
            assert!(!description.contains('\n'), "{path}: {description:?}");
        }
        described(property, &path);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            described(&schema[inner], &format!("{path}[]"));
        }
    }
}

fn recorded(text: &str) -> Facts {
    let facts = text.lines().map(|line| {
        let mut fact: Map<String, Value> = serde_json::from_str(line).unwrap();
        let mut text = |name: &str| match fact.remove(name) {
            Some(Value::String(text)) => text,
            other => panic!("{name} is {other:?}"),
        };
        ((text("kind"), text("version"), text("path")), fact)
    });
    facts.collect()
}

/// The same facts of our definitions.
fn ours() -> Facts {
    let mut facts = Facts::new();
    for definition in crds() {
        let spec = serde_json::to_value(&definition.spec).unwrap();
        for version in spec["versions"].as_array().unwrap() {
            let place = (
                text(&spec["names"]["kind"]),
                text(&version["name"]),
                String::new(),
            );
            facts.insert(place.clone(), of_version(&spec, version));
            let schema = &version["schema"]["openAPIV3Schema"];
            for part in ["spec", "status"] {
                if !schema["properties"][part].is_null() {
                    of_field(schema, part, &place, &mut facts);
                }
            }
        }
    }
    facts
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn of_version(spec: &Value, version: &Value) -> Map<String, Value> {
    let list = |value: &Value| {
        if value.is_null() {
            json!([])
        } else {
            value.clone()
        }
    };
    let selectable: Vec<&Value> = version["selectableFields"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|field| &field["jsonPath"])
        .collect();
    let subresources: Vec<&String> = version["subresources"]
        .as_object()
        .unwrap()
        .keys()
        .collect();
    let facts = json!({
        "scope": spec["scope"],
        "plural": spec["names"]["plural"],
        "shortNames": list(&spec["names"]["shortNames"]),
        "categories": list(&spec["names"]["categories"]),
        "served": version["served"],
        "storage": version["storage"],
        "deprecated": version["deprecated"].as_bool().unwrap_or_default(),
        "subresources": subresources,
        "printerColumns": list(&version["additionalPrinterColumns"]),
        "selectableFields": selectable,
    });
    facts.as_object().unwrap().clone()
}

/// The facts of one property of an object, and of all below it.
fn of_field(object: &Value, name: &str, parent: &Place, facts: &mut Facts) {
    let mut place = parent.clone();
    place.2 = format!("{}.{name}", parent.2);
    let required = object["required"]
        .as_array()
        .is_some_and(|all| all.contains(&json!(name)));
    of_schema(&object["properties"][name], required, &place, facts);
}

fn of_schema(schema: &Value, required: bool, place: &Place, facts: &mut Facts) {
    let kind = if schema["x-kubernetes-int-or-string"] == json!(true) {
        json!("int-or-string")
    } else {
        schema.get("type").cloned().unwrap_or_else(|| json!("any"))
    };
    let mut fact = Map::from_iter([("type".to_owned(), kind)]);
    if required {
        fact.insert("required".to_owned(), json!(true));
    }
    let apart = [
        "type",
        "description",
        "properties",
        "items",
        "additionalProperties",
        "required",
    ];
    for (name, value) in schema.as_object().unwrap() {
        match name.as_str() {
            "x-kubernetes-int-or-string" => {}
            "x-kubernetes-validations" => {
                fact.insert("rules".to_owned(), value.clone());
            }
            name if apart.contains(&name) => {}
            name => {
                fact.insert(name.to_owned(), value.clone());
            }
        }
    }
    facts.insert(place.clone(), fact);
    for name in schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
    {
        of_field(schema, name, place, facts);
    }
    for (inner, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[inner].is_object() {
            let mut place = place.clone();
            place.2.push_str(mark);
            of_schema(&schema[inner], false, &place, facts);
        }
    }
}
