//! A document whose keys keep the order in which they were written.

use injection::workload::Step;
use serde::ser::{Serialize, Serializer};
use serde_json::Value;

/// A value of YAML or JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    /// A boolean or a number.
    Plain(Plain),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A value that is no text because it is not quoted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plain {
    /// As it stands in the file.
    pub(super) written: String,
    pub(super) value: Value,
}

/// An entry of a map, with the line of the file on which its key stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) line: usize,
    pub(super) value: Node,
}

impl Node {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a map; none of anything else.
    pub(super) fn entries(&self) -> &[Entry] {
        match self {
            Self::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value at a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text at a key, or what is written without quotes; empty if there is none.
    pub(super) fn text(&self, key: &str) -> &str {
        match self.get(key) {
            Some(Self::Text(text)) => text,
            Some(Self::Plain(plain)) => &plain.written,
            _ => "",
        }
    }

    /// The value one step down.
    pub(super) fn step(&self, step: &Step) -> Option<&Self> {
        match (step, self) {
            (Step::Key(key), _) => self.get(key),
            (Step::Element(at), Self::List(list)) => list.get(*at),
            (Step::Element(_), _) => None,
        }
    }

    pub(super) fn step_mut(&mut self, step: &Step) -> Option<&mut Self> {
        match (step, self) {
            (Step::Key(key), Self::Map(entries)) => entries
                .iter_mut()
                .find(|entry| entry.key == *key)
                .map(|entry| &mut entry.value),
            (Step::Element(at), Self::List(list)) => list.get_mut(*at),
            _ => None,
        }
    }

    /// The first line that says something in this value, unless it is a mere scalar.
    pub(super) fn line(&self) -> Option<usize> {
        match self {
            Self::Map(entries) => entries.first().map(|entry| entry.line),
            Self::List(list) => list.iter().find_map(Self::line),
            Self::Null | Self::Plain(_) | Self::Text(_) => None,
        }
    }

    /// How many values there are in this one, and itself.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Map(entries) => 1 + entries.iter().map(|it| it.value.size()).sum::<usize>(),
            Self::List(list) => 1 + list.iter().map(Self::size).sum::<usize>(),
            Self::Null | Self::Plain(_) | Self::Text(_) => 1,
        }
    }

    /// `new`, in the order of this document as far as it is the same.
    pub(super) fn reordered(&self, new: Value) -> Self {
        match (self, new) {
            (Self::Map(old), Value::Object(mut new)) => {
                let mut entries = Vec::new();
                for Entry { key, line, value } in old {
                    if let Some(new) = new.remove(key) {
                        entries.push(Entry {
                            key: key.clone(),
                            line: *line,
                            value: value.reordered(new),
                        });
                    }
                }
                let Self::Map(added) = Self::from(Value::Object(new)) else {
                    return Self::Map(entries);
                };
                entries.extend(added);
                Self::Map(entries)
            }
            (Self::List(old), Value::Array(new)) => {
                // A container that comes in front shifts the others: elements are known by name.
                let named = |value: &Value| {
                    let name = value["name"].as_str()?;
                    old.iter().find(|node| node.text("name") == name)
                };
                let elements = new.into_iter().enumerate().map(|(at, value)| {
                    let node = match value.get("name") {
                        Some(_) => named(&value),
                        None => old.get(at),
                    };
                    node.map_or_else(
                        || Self::from(value.clone()),
                        |it| it.reordered(value.clone()),
                    )
                });
                Self::List(elements.collect())
            }
            (_, new) => Self::from(new),
        }
    }
}

/// New objects begin with their name, as people write them.
impl From<Value> for Node {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) | Value::Number(_) => Self::Plain(Plain {
                written: value.to_string(),
                value,
            }),
            Value::String(text) => Self::Text(text),
            Value::Array(list) => Self::List(list.into_iter().map(Self::from).collect()),
            Value::Object(object) => {
                let mut entries: Vec<_> = object
                    .into_iter()
                    .map(|(key, value)| Entry {
                        key,
                        line: 0,
                        value: Self::from(value),
                    })
                    .collect();
                entries.sort_by_key(|entry| entry.key != "name");
                Self::Map(entries)
            }
        }
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Plain(plain) => plain.value.serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => serializer.collect_seq(list),
            Self::Map(entries) => {
                serializer.collect_map(entries.iter().map(|entry| (&entry.key, &entry.value)))
            }
        }
    }
}
