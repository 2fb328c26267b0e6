//! One tree for all the ways in which a block may be written: what the types read.
//!
//! Labels become keys, a block that may repeat becomes a list, and a key that nobody knows is noted
//! with its place.

use std::fmt;

use contract::annotations::nearest_of;
use hcl::{Key, Object, Position, Value, ValueKind};
use serde_json::{Map, Value as Json};

use super::ConfigError;
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

/// The tree of a document as the types read it.
pub(super) fn normalised(
    document: &Object,
    origin: &str,
    unknown: &mut Vec<UnknownKey>,
) -> Result<Json, ConfigError> {
    let mut reader = Reader { origin, unknown };
    Ok(Json::Object(reader.body(document, &ROOT, "")?))
}

struct Reader<'a> {
    origin: &'a str,
    unknown: &'a mut Vec<UnknownKey>,
}

/// A block's body with its labels.
struct Body<'a> {
    labels: Vec<&'a Key>,
    value: &'a Value,
}

impl Reader<'_> {
    fn body(
        &mut self,
        object: &Object,
        block: &Block,
        place: &str,
    ) -> Result<Map<String, Json>, ConfigError> {
        let mut map = Map::new();
        for item in &object.items {
            let key = item.name();
            let path = join(place, key);
            // Another way to write the sinks.
            if key == "sinks" && block.block("sink").is_some() {
                let bodies = match &item.value.kind {
                    ValueKind::List(values) => values.as_slice(),
                    _ => std::slice::from_ref(&item.value),
                };
                for body in bodies {
                    let ValueKind::Object(inner) = &body.kind else {
                        return Err(self.error(body.position, "\"sinks\" has to be a block"));
                    };
                    let inner = self.body(inner, block, place)?;
                    append(&mut map, "sink", inner.get("sink"));
                }
            } else if let Some(inner) = block.block(key) {
                let mut found = Vec::new();
                bodies(
                    item.labels().iter().collect(),
                    &item.value,
                    inner,
                    &mut found,
                );
                for body in found {
                    let count = map.get(key).and_then(Json::as_array).map_or(0, Vec::len);
                    if inner.count == Count::One && count > 0 {
                        return Err(self.error(
                            body.value.position,
                            &format!("one and only one \"{key}\" block is required"),
                        ));
                    }
                    let path = match (inner.count, body.labels.first()) {
                        (Count::Many, Some(label)) if inner.label == Label::Name => {
                            format!("{path}[{}]", label.text)
                        }
                        (Count::Many, _) => format!("{path}[{count}]"),
                        (Count::One | Count::Last, _) => path.clone(),
                    };
                    let value = self.labelled(&body, inner, &path)?;
                    if inner.count == Count::Last {
                        map.remove(key);
                    }
                    append(&mut map, key, Some(&Json::Array(vec![value])));
                }
            } else if block.knows(key) {
                let mut value = plain(&item.value);
                if matches!(key, "config" | "telemetry") {
                    value = as_map(value);
                }
                if block.closed && is_duration(key) {
                    value = self.duration(value, &item.value, &path)?;
                }
                map.insert(key.to_owned(), value);
            } else {
                self.unknown(item.position(), key, path, block, place)?;
            }
        }
        Ok(map)
    }

    fn labelled(
        &mut self,
        body: &Body<'_>,
        block: &Block,
        path: &str,
    ) -> Result<Json, ConfigError> {
        let ValueKind::Object(object) = &body.value.kind else {
            return Ok(plain(body.value));
        };
        let mut map = self.body(object, block, path)?;
        if let Some(label) = body.labels.first() {
            let (key, text) = match block.label {
                Label::None => {
                    return Err(
                        self.error(label.position, &format!("{path}: this block has no label"))
                    );
                }
                Label::Type => ("type", label.text.to_lowercase()),
                Label::Name => ("name", label.text.clone()),
            };
            map.entry(key).or_insert(Json::String(text));
        }
        Ok(Json::Object(map))
    }

    fn unknown(
        &mut self,
        position: Position,
        key: &str,
        path: String,
        block: &Block,
        place: &str,
    ) -> Result<(), ConfigError> {
        if block.leftovers.contains(&key) {
            return Ok(());
        }
        if let Some(reason) = refusal(key).filter(|_| place.is_empty()) {
            return Err(self.error(position, &format!("{key}: {reason}")));
        }
        let found = UnknownKey {
            origin: self.origin.to_owned(),
            line: position.line,
            key: path,
            nearest: nearest_of(key, (block.fields)().iter().copied()),
        };
        if block.closed {
            return Err(ConfigError::rule(match block.label {
                Label::Name => {
                    format!(
                        "{}:{}: {place}: '{key}' is not allowed",
                        found.origin, found.line
                    )
                }
                Label::None | Label::Type => found.to_string(),
            }));
        }
        self.unknown.push(found);
        Ok(())
    }

    /// To the established decoder, a bare number in these blocks is nanoseconds. So large a number
    /// that this makes sense is taken as such; a small one is somebody's seconds.
    fn duration(&self, value: Json, written: &Value, path: &str) -> Result<Json, ConfigError> {
        const SENSIBLE: i64 = 1_000_000;
        match written.kind {
            ValueKind::Integer(0) => Ok(Json::String("0s".to_owned())),
            ValueKind::Integer(count) if count >= SENSIBLE => {
                Ok(Json::String(format!("{count}ns")))
            }
            ValueKind::Integer(count) => Err(self.error(
                written.position,
                &format!("{path}: {count} would be nanoseconds: write a duration with its unit, such as \"30s\""),
            )),
            _ => Ok(value),
        }
    }

    fn error(&self, position: Position, reason: &str) -> ConfigError {
        ConfigError::rule(format!("{}:{}: {reason}", self.origin, position.line))
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
