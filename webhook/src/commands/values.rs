//! Values of annotations that are not what their author takes them for: not text to YAML, or an action
//! of Helm that was never run. The rest is checked as if they were right.

use contract::annotations::{self, Classification, INJECT, Kind};
use contract::diagnostics::{Code, manifests};
use contract::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};
use serde_json::Value;

use super::node::{Entry, Node};
use super::report::{Severity, Told};
use super::unrendered::{self, ADVICE};

/// Something to say about a value, and where it is.
#[derive(Debug)]
pub(super) struct Remark {
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) told: Told,
}

/// Turns values of annotations into text, as their author means them. Maps without annotations of ours
/// stay as they are.
pub(super) fn quote(object: &mut Node) -> Vec<Remark> {
    let mut remarks = Vec::new();
    visit(object, false, &mut |entries, is_annotations| {
        entries.retain_mut(|entry| {
            let is_ours = annotations::split_prefix(&entry.key).is_some();
            let Some(kind) = kind_of(&entry.value).filter(|_| is_ours || is_annotations) else {
                return true;
            };
            let short = shown(&entry.key);
            let (message, text) = match &entry.value {
                Node::Plain(plain) => (
                    format!(
                        "{short} is not text, because {} without quotes is a {kind}: quote it (\"{}\")",
                        plain.written, plain.written
                    ),
                    Some(plain.written.clone()),
                ),
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

/// Takes out values that Helm was to make, or puts in their places what lets the rest be checked.
pub(super) fn render(object: &mut Node) -> Vec<Remark> {
    let mut remarks = Vec::new();
    visit(object, false, &mut |entries, _| {
        entries.retain_mut(|entry| {
            let is_action =
                matches!(&entry.value, Node::Text(text) if unrendered::has_action(text));
            let Classification::Known { spec, .. } = annotations::classify(&entry.key) else {
                return true;
            };
            if !is_action {
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

/// Calls `change` with each map that holds a key of ours, and whether it is one of annotations.
fn visit(node: &mut Node, is_annotations: bool, change: &mut dyn FnMut(&mut Vec<Entry>, bool)) {
    match node {
        Node::Map(entries) => {
            let is_ours = |entry: &Entry| annotations::split_prefix(&entry.key).is_some();
            if entries.iter().any(is_ours) {
                change(entries, is_annotations);
            }
            for Entry { key, value, .. } in entries {
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
