//! Values of annotations that are not what their author takes them for: not text to YAML, or an action
//! of Helm that was never run. The rest is checked as if they were right.

use contract::annotations::{
    self, AnnotationSpec, Classification, INJECT, Kind, LEFT_DELIMITER, RIGHT_DELIMITER, TEMPLATE,
};
use contract::diagnostics::{Code, manifests};
use contract::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};
use injection::workload;
use serde_json::Value;

use super::node::{Entry, Node, Plain};
use super::report::{Severity, Told};
use super::unrendered::{self, ADVICE, DELIMITERS};

/// Something to say about a value, and where it is.
#[derive(Debug)]
pub(super) struct Remark {
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) told: Told,
}

/// Turns values of annotations into text, as their author means them. Objects without a trace of the
/// injector stay as they are.
pub(super) fn quote(object: &mut Node) -> Vec<Remark> {
    let mut remarks = Vec::new();
    if !has_trace(object) {
        return remarks;
    }
    shape(object, &mut remarks);
    visit(object, false, &mut |entries, is_annotations| {
        entries.retain_mut(|entry| {
            let is_ours = annotations::split_prefix(&entry.key).is_some();
            if is_ours && entry.value == Node::Null {
                let message = format!(
                    "{} has no value: write one in quotes, or remove the key",
                    shown(&entry.key)
                );
                let mut remark = remark(entry, manifests::NOT_TEXT, message);
                remark.told.severity = Severity::Hint;
                remarks.push(remark);
            }
            let Some(kind) = kind_of(&entry.value).filter(|_| is_ours || is_annotations) else {
                return true;
            };
            let short = shown(&entry.key);
            let (message, text) = match &entry.value {
                Node::Plain(plain) => {
                    let (advice, text) = meant(&entry.key, plain);
                    let written = &plain.written;
                    let message = format!(
                        "{short} is not text, because {written} without quotes is a {kind}: {advice}"
                    );
                    (message, Some(text))
                }
                _ => (format!("{short} is not text but a {kind}: quote it"), None),
            };
            remarks.push(remark(entry, manifests::NOT_TEXT, message));
            match text {
                Some(text) => {
                    entry.value = Node::Text(text);
                    true
                }
                None => false,
            }
        });
    });
    remarks
}

/// What to write for a value without quotes, and that value as text. The injector reads booleans as
/// Go does, so `yes` in quotes is none.
fn meant(key: &str, plain: &Plain) -> (String, String) {
    let is_switch = matches!(
        annotations::classify(key),
        Classification::Known { spec, .. } if matches!(spec.kind, Kind::Bool)
    );
    match &plain.value {
        Value::Bool(value) if is_switch && plain.written != value.to_string() => {
            (format!("write \"{value}\""), value.to_string())
        }
        _ => {
            let text = plain.written.clone();
            (format!("quote it (\"{text}\")"), text)
        }
    }
}

/// Takes out annotations of pods that are not a map.
fn shape(node: &mut Node, remarks: &mut Vec<Remark>) {
    let is_pod = has_containers(node);
    match node {
        Node::Map(entries) => {
            for Entry { key, value, .. } in entries {
                if let (Node::Map(metadata), "metadata", true) = (&mut *value, key.as_str(), is_pod)
                    && let Some(entry) = metadata.iter_mut().find(|it| it.key == "annotations")
                {
                    let kind = match entry.value {
                        Node::Map(_) | Node::Null => None,
                        Node::Text(_) => Some("text"),
                        _ => kind_of(&entry.value),
                    };
                    if let Some(kind) = kind {
                        let message = format!(
                            "annotations is a {kind}: write a map of keys and texts (KEY: \"VALUE\")"
                        );
                        remarks.push(remark(entry, manifests::NOT_TEXT, message));
                        entry.value = Node::Null;
                    }
                }
                shape(value, remarks);
            }
        }
        Node::List(list) => list.iter_mut().for_each(|node| shape(node, remarks)),
        Node::Null | Node::Plain(_) | Node::Text(_) => {}
    }
}

/// Whether it is a pod or the template of pods.
pub(super) fn has_containers(node: &Node) -> bool {
    let spec = node.get("spec").and_then(|spec| spec.get("containers"));
    matches!(spec, Some(Node::List(_)))
}

/// Whether anything in an object may concern the injector.
fn has_trace(node: &Node) -> bool {
    let is_trace = |text: &str| workload::TRACES.iter().any(|trace| text.contains(trace));
    match node {
        Node::Map(entries) => entries
            .iter()
            .any(|entry| is_trace(&entry.key) || has_trace(&entry.value)),
        Node::List(list) => list.iter().any(has_trace),
        Node::Text(text) => is_trace(text),
        Node::Null | Node::Plain(_) => false,
    }
}

/// Takes out values that Helm was to make, or puts in their places what lets the rest be checked.
pub(super) fn render(object: &mut Node) -> Vec<Remark> {
    let mut remarks = Vec::new();
    visit(object, false, &mut |entries, _| {
        let delimiters = delimiters(entries);
        entries.retain_mut(|entry| {
            let Classification::Known { spec, name } = annotations::classify(&entry.key) else {
                return true;
            };
            let own = delimiters
                .iter()
                .find(|it| matches!(spec.kind, Kind::Template) && name == Some(it.0.as_str()))
                .map_or(DELIMITERS, |(_, left, right)| (left, right));
            if !matches!(&entry.value, Node::Text(text) if unrendered::has_action(text, own)) {
                return true;
            }
            let message = format!(
                "{} holds an unrendered template of Helm: render it first ({ADVICE})",
                shown(&entry.key)
            );
            remarks.push(remark(entry, manifests::UNRENDERED, message));
            if *spec == INJECT {
                entry.value = Node::Text("true".to_owned());
            }
            *spec == INJECT || matches!(spec.kind, Kind::Text | Kind::Path | Kind::VaultPath)
        });
    });
    remarks
}

/// The names of templates with delimiters of their own, and these.
fn delimiters(entries: &[Entry]) -> Vec<(String, String, String)> {
    let written = |spec: &AnnotationSpec, name: &str| {
        let is = |entry: &&Entry| {
            matches!(
                annotations::classify(&entry.key),
                Classification::Known { spec: it, name: Some(of) } if it == spec && of == name
            )
        };
        match entries.iter().find(is).map(|entry| &entry.value) {
            Some(Node::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    };
    let names = entries
        .iter()
        .filter_map(|entry| match annotations::classify(&entry.key) {
            Classification::Known { spec, name } if *spec == TEMPLATE => name,
            _ => None,
        });
    let (left, right) = DELIMITERS;
    names
        .map(|name| {
            let left = written(&LEFT_DELIMITER, name).unwrap_or_else(|| left.to_owned());
            let right = written(&RIGHT_DELIMITER, name).unwrap_or_else(|| right.to_owned());
            (name.to_owned(), left, right)
        })
        .collect()
}

fn remark(entry: &Entry, code: Code, message: String) -> Remark {
    Remark {
        line: entry.line,
        key: entry.key.clone(),
        told: Told {
            severity: Severity::Error,
            key: Some(entry.key.clone()),
            code,
            message,
            excerpt: None,
        },
    }
}

fn shown(key: &str) -> &str {
    annotations::split_prefix(key).map_or(key, |(_, short)| short)
}

fn kind_of(value: &Node) -> Option<&'static str> {
    match value {
        Node::Null | Node::Text(_) => None,
        Node::Plain(plain) if matches!(plain.value, Value::Bool(_)) => Some("boolean"),
        Node::Plain(_) => Some("number"),
        Node::List(_) => Some("list"),
        Node::Map(_) => Some("map"),
    }
}

/// Calls `change` with each map that holds a key of ours or is the annotations of a pod, and whether
/// it is one of annotations.
fn visit(node: &mut Node, is_annotations: bool, change: &mut dyn FnMut(&mut Vec<Entry>, bool)) {
    let is_pod = has_containers(node);
    match node {
        Node::Map(entries) => {
            let is_ours = |entry: &Entry| annotations::split_prefix(&entry.key).is_some();
            if entries.iter().any(is_ours) {
                change(entries, is_annotations);
            }
            for Entry { key, value, .. } in entries {
                if let (Node::Map(metadata), "metadata", true) = (&mut *value, key.as_str(), is_pod)
                    && let Some(entry) = metadata.iter_mut().find(|it| it.key == "annotations")
                    && let Node::Map(foreign) = &mut entry.value
                    && !foreign.iter().any(is_ours)
                {
                    change(foreign, true);
                }
                visit(value, key.ends_with("nnotations"), change);
            }
        }
        Node::List(list) => list.iter_mut().for_each(|node| visit(node, false, change)),
        Node::Null | Node::Plain(_) | Node::Text(_) => {}
    }
}

/// The first text outside of annotations that holds an annotation of ours, such as a manifest in a
/// `ConfigMap`: its line.
pub(super) fn embedded(node: &Node) -> Option<usize> {
    let in_value = |entry: &Entry| match &entry.value {
        Node::Text(text) => mentions(text).then_some(entry.line),
        // Tools write whole objects into annotations.
        _ if entry.key.ends_with("nnotations") => None,
        value => embedded(value).map(|line| line.max(entry.line)),
    };
    match node {
        Node::Map(entries) => {
            let is_ours = |entry: &Entry| annotations::split_prefix(&entry.key).is_some();
            let entries = entries.iter().filter(|entry| !is_ours(entry));
            entries.filter(|it| it.key != "path").find_map(in_value)
        }
        Node::List(list) => list.iter().find_map(|node| match node {
            Node::Text(text) => mentions(text).then_some(0),
            node => embedded(node),
        }),
        Node::Null | Node::Plain(_) | Node::Text(_) => None,
    }
}

/// A key may be escaped, as in the path of a JSON patch. An address has a slash in front.
fn mentions(text: &str) -> bool {
    [ANNOTATION_PREFIX, OPENBAO_PREFIX].iter().any(|prefix| {
        let host = prefix.trim_end_matches('/');
        text.match_indices(host).any(|(at, _)| {
            let after = &text[at + host.len()..];
            let key = after.strip_prefix('/').or_else(|| after.strip_prefix("~1"));
            let is_key =
                key.is_some_and(|key| key.starts_with(|it: char| it.is_ascii_alphanumeric()));
            let is_address = text[..at].ends_with("//");
            is_key && !is_address
        })
    })
}
