//! One tree for all the ways in which a block may be written: what the types read.
//!
//! Labels become keys, a block that may repeat becomes a list, and a key that nobody knows is noted
//! with its place.

use std::fmt;

use contract::annotations::nearest_of;
use contract::{AgentConfig, GoDuration};
use hcl::{Item, Key, Object, Position, Value, ValueKind};
use serde_json::{Map, Value as Json};

use super::ConfigError;
use super::problems::Places;
use super::schema::{Block, Count, Label, ROOT, refusal};

/// A key that nobody reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// File, or variable.
    pub origin: String,
    /// Line in it.
    pub line: u32,
    /// The key with its place, as `template[0].destinaton`.
    pub key: String,
    /// The known key that is most likely meant.
    pub nearest: Option<&'static str>,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: unknown key {:?}",
            self.origin, self.line, self.key
        )?;
        match self.nearest {
            Some(nearest) => write!(f, ", did you mean {nearest:?}?"),
            None => Ok(()),
        }
    }
}

/// What was read of a document.
#[derive(Debug, Default)]
pub(super) struct Normalised {
    /// The tree as the types read it. What has a problem is left out.
    pub(super) tree: Map<String, Json>,
    /// Keys that nobody knows.
    pub(super) unknown: Vec<UnknownKey>,
    /// What cannot stand where it stands, in the order of the document.
    pub(super) problems: Vec<ConfigError>,
}

/// The tree of a document as the types read it, and the places of its keys. `earlier` is what it
/// comes on top of: its blocks are counted first.
pub(super) fn normalised(
    document: &Object,
    origin: &str,
    earlier: &AgentConfig,
    places: &mut Places,
) -> Normalised {
    let mut reader = Reader {
        origin,
        earlier,
        places,
        unknown: Vec::new(),
        problems: Vec::new(),
    };
    let tree = reader.body(document, &ROOT, "");
    Normalised {
        tree,
        unknown: reader.unknown,
        problems: reader.problems,
    }
}

struct Reader<'a> {
    origin: &'a str,
    earlier: &'a AgentConfig,
    places: &'a mut Places,
    unknown: Vec<UnknownKey>,
    problems: Vec<ConfigError>,
}

/// A block's body with its labels.
struct Body<'a> {
    labels: Vec<&'a Key>,
    value: &'a Value,
}

impl Body<'_> {
    /// Its label, else what its key `name` says.
    fn name(&self) -> Option<&str> {
        if let Some(label) = self.labels.first() {
            return Some(&label.text);
        }
        let ValueKind::Object(object) = &self.value.kind else {
            return None;
        };
        let item = object.items.iter().find(|item| item.name() == "name")?;
        match &item.value.kind {
            ValueKind::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Reader<'_> {
    fn body(&mut self, object: &Object, block: &Block, place: &str) -> Map<String, Json> {
        let mut map = Map::new();
        for item in &object.items {
            let key = item.name();
            let path = join(place, key);
            self.places.note(&path, self.origin, item.position().line);
            // Another way to write the sinks.
            if key == "sinks" && block.block("sink").is_some() {
                let bodies = match &item.value.kind {
                    ValueKind::List(values) => values.as_slice(),
                    _ => std::slice::from_ref(&item.value),
                };
                for body in bodies {
                    if let ValueKind::Object(inner) = &body.kind {
                        let inner = self.body(inner, block, place);
                        append(&mut map, "sink", inner.get("sink"));
                    } else {
                        self.problem(body.position, &path, "\"sinks\" has to be a block");
                    }
                }
            } else if let Some(inner) = block.block(key) {
                self.blocks(item, block, inner, &path, &mut map);
            } else if block.knows(key) {
                if let Some(value) = self.scalar(item, block, &path) {
                    map.insert(key.to_owned(), value);
                }
            } else {
                self.unknown(item.position(), key, path, block, place);
            }
        }
        map
    }

    /// All blocks that stand under a key.
    fn blocks(
        &mut self,
        item: &Item,
        around: &Block,
        block: &Block,
        path: &str,
        map: &mut Map<String, Json>,
    ) {
        let key = item.name();
        let mut found = Vec::new();
        let labels = item.labels().iter().collect();
        bodies(labels, &item.value, block, &mut found);
        for body in found {
            let count = map.get(key).and_then(Json::as_array).map_or(0, Vec::len);
            if block.count == Count::One && count > 0 {
                let words = format!("one and only one \"{key}\" block is required");
                self.problem(body.value.position, path, &words);
                continue;
            }
            let path = match (block.count, body.name()) {
                (Count::Many, Some(name)) if block.label == Label::Name => {
                    format!("{path}[{name}]")
                }
                (Count::Many, _) => format!("{path}[{}]", self.before(path) + count),
                (Count::One | Count::Last, _) => path.to_owned(),
            };
            if block.count != Count::Many {
                self.places.forget_below(&path);
            }
            self.places
                .note(&path, self.origin, body.value.position.line);
            let value = match &body.value.kind {
                ValueKind::Object(object) => Some(self.labelled(object, &body, block, &path)),
                _ => self.accepted(around, key, plain(body.value), body.value, &path),
            };
            if block.count == Count::Last {
                map.remove(key);
            }
            append(map, key, Some(&value.into_iter().collect()));
        }
    }

    /// How many blocks under a key stand in earlier files.
    fn before(&self, path: &str) -> usize {
        match path {
            "template" => self.earlier.template.len(),
            "listener" => self.earlier.listener.len(),
            _ => 0,
        }
    }

    fn labelled(&mut self, object: &Object, body: &Body<'_>, block: &Block, path: &str) -> Json {
        let mut map = self.body(object, block, path);
        if let Some(label) = body.labels.first() {
            let named = match block.label {
                Label::None => {
                    let words = format!("{path}: this block has no label");
                    self.problem(label.position, path, &words);
                    None
                }
                Label::Type => Some(("type", label.text.to_lowercase())),
                Label::Name => Some(("name", label.text.clone())),
            };
            if let Some((key, text)) = named {
                map.entry(key).or_insert(Json::String(text));
            }
        }
        Json::Object(map)
    }

    /// The value of a key that is no block; `None` where it is not of the key's type.
    fn scalar(&mut self, item: &Item, block: &Block, path: &str) -> Option<Json> {
        let key = item.name();
        let mut value = plain(&item.value);
        if matches!(key, "config" | "telemetry") {
            value = as_map(value);
        }
        if block.closed && is_duration(key) {
            value = self.duration(value, &item.value, path)?;
        }
        self.accepted(block, key, value, &item.value, path)
    }

    /// The value where the type of the block takes it under the key.
    fn accepted(
        &mut self,
        block: &Block,
        key: &str,
        value: Json,
        written: &Value,
        path: &str,
    ) -> Option<Json> {
        match block.complaint(key, &value, &written.kind) {
            None => Some(value),
            Some(complaint) => {
                let words = format!("{path}: {complaint}");
                self.problem(written.position, path, &words);
                None
            }
        }
    }

    fn unknown(&mut self, position: Position, key: &str, path: String, block: &Block, place: &str) {
        if block.leftovers.contains(&key) {
            return;
        }
        if let Some(reason) = refusal(key).filter(|_| place.is_empty()) {
            return self.problem(position, key, &format!("{key}: {reason}"));
        }
        let found = UnknownKey {
            origin: self.origin.to_owned(),
            line: position.line,
            key: path,
            nearest: nearest_of(key, (block.fields)().iter().copied()),
        };
        match block.label {
            Label::Name if block.closed => {
                let words = format!("{place}: '{key}' is not allowed");
                self.problem(position, place, &words);
            }
            _ if block.closed => self.problems.push(ConfigError::Unknown(found)),
            _ => self.unknown.push(found),
        }
    }

    /// To the established decoder, a duration in these blocks has a unit, and a bare number is
    /// nanoseconds. So large a number that this makes sense is taken as such; a small one is
    /// somebody's seconds.
    fn duration(&mut self, value: Json, written: &Value, path: &str) -> Option<Json> {
        const SENSIBLE: i64 = 1_000_000;
        let reason = match &written.kind {
            ValueKind::Integer(0) => return Some(Json::String("0s".to_owned())),
            ValueKind::Integer(count) if *count >= SENSIBLE => {
                return Some(Json::String(format!("{count}ns")));
            }
            ValueKind::Integer(count) => format!("{count} would be nanoseconds"),
            ValueKind::Text(text) if !text.is_empty() => match text.parse::<GoDuration>() {
                Ok(_) => return Some(value),
                Err(error) => error.to_string(),
            },
            _ => return Some(value),
        };
        let words = format!("{path}: {reason}: write a duration with its unit, such as \"30s\"");
        self.problem(written.position, path, &words);
        None
    }

    fn problem(&mut self, position: Position, path: &str, reason: &str) {
        self.problems.push(ConfigError::Written {
            origin: self.origin.to_owned(),
            line: position.line,
            key: path.to_owned(),
            reason: reason.to_owned(),
        });
    }
}

fn is_duration(key: &str) -> bool {
    matches!(
        key,
        "command_timeout" | "timeout" | "kill_timeout" | "splay" | "min" | "max"
    )
}

/// All bodies of a block: lists are taken apart, and an object of nothing but objects under names
/// that are no keys of the block is as many labelled blocks.
fn bodies<'a>(labels: Vec<&'a Key>, value: &'a Value, block: &Block, found: &mut Vec<Body<'a>>) {
    match &value.kind {
        ValueKind::Null => {}
        ValueKind::List(values) => {
            for value in values {
                bodies(labels.clone(), value, block, found);
            }
        }
        ValueKind::Object(object)
            if block.label != Label::None && labels.is_empty() && is_labelled(object, block) =>
        {
            for item in &object.items {
                bodies(item.keys.iter().collect(), &item.value, block, found);
            }
        }
        _ => found.push(Body { labels, value }),
    }
}

fn is_labelled(object: &Object, block: &Block) -> bool {
    let holds_objects = |value: &Value| match &value.kind {
        ValueKind::Object(_) => true,
        ValueKind::List(values) => {
            let mut values = values.iter();
            values.all(|value| matches!(value.kind, ValueKind::Object(_)))
        }
        _ => false,
    };
    let mut items = object.items.iter();
    !object.items.is_empty()
        && items.all(|item| holds_objects(&item.value) && !block.knows(item.name()))
}

/// Adds the entries of a list to the list under a key.
fn append(map: &mut Map<String, Json>, key: &str, list: Option<&Json>) {
    let more = list.and_then(Json::as_array);
    let entry = map.entry(key).or_insert_with(|| Json::Array(Vec::new()));
    if let (Some(more), Json::Array(entry)) = (more, entry) {
        entry.extend(more.iter().cloned());
    }
}

/// Lists of objects as one object: how blocks are written that are maps without a schema.
fn as_map(value: Json) -> Json {
    match value {
        Json::Array(values) if values.iter().all(Json::is_object) => {
            let maps = values.into_iter().filter_map(|value| match value {
                Json::Object(map) => Some(map),
                _ => None,
            });
            Json::Object(maps.flatten().collect())
        }
        other => other,
    }
}

/// A value without a schema. Of a key that repeats, the last one counts.
fn plain(value: &Value) -> Json {
    match &value.kind {
        ValueKind::Null => Json::Null,
        ValueKind::Bool(on) => (*on).into(),
        ValueKind::Integer(number) => (*number).into(),
        ValueKind::Float(number) => (*number).into(),
        ValueKind::Text(text) => text.as_str().into(),
        ValueKind::List(values) => values.iter().map(plain).collect(),
        ValueKind::Object(object) => {
            let items = object.items.iter();
            let pairs = items.map(|item| {
                let labels = item.labels().iter().rev();
                let value = labels.fold(plain(&item.value), |value, label| {
                    Json::Object(Map::from_iter([(label.text.clone(), value)]))
                });
                (item.name().to_owned(), value)
            });
            Json::Object(pairs.collect())
        }
    }
}

fn join(place: &str, key: &str) -> String {
    match place {
        "" => key.to_owned(),
        place => format!("{place}.{key}"),
    }
}

#[cfg(test)]
mod tests;
