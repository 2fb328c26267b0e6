//! The user's JSON patches on the agent's containers (`agent-json-patch`, `agent-init-json-patch`).
//!
//! The operations are those of RFC 6902 with the leniencies of the library that established
//! patches were written against: `replace` of a key that is not there adds it, and an index below
//! zero counts from the end. What is wrong with an operation shows when it is applied; only what is
//! no list of objects is refused before.

use serde_json::{Map, Value};
use thiserror::Error;

/// What Kubernetes allows in a JSON patch.
const MAX_OPERATIONS: usize = 10_000;

/// How deep a container may nest: JSON text is not read any deeper.
const MAX_DEPTH: usize = 127;

/// What all operations together may copy and move, in bytes: a few short operations could double a
/// container until no memory is left.
const MAX_CARRIED: usize = 1 << 20;

/// A text that is no list of operations. No value of it is repeated.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SyntaxError {
    #[error("invalid JSON at line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("not a JSON array of operations")]
    Shape,
    #[error("more than {MAX_OPERATIONS} operations")]
    Many,
}

/// An operation that cannot be applied.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    #[error("Unexpected kind: {0}")]
    Kind(String),
    #[error("error in {kind} for path: '{path}': {problem}")]
    Operation {
        kind: &'static str,
        path: String,
        problem: Problem,
    },
}

/// What stands in the way of an operation.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum Problem {
    #[error("the operation has no {0}")]
    Member(&'static str),
    #[error("the document has no parent for it: missing value")]
    Parent,
    #[error("Unable to remove nonexistent key: {0}: missing value")]
    Key(String),
    #[error("Unable to access invalid index: {0}: invalid index referenced")]
    Index(String),
    #[error("the whole container cannot be replaced")]
    Whole,
    #[error("testing value failed")]
    Test,
    #[error("the container would nest deeper than {MAX_DEPTH} levels")]
    Deep,
    #[error("the operations copy and move more than {} KiB", MAX_CARRIED / 1024)]
    Much,
}

/// A list of operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ContainerPatch(Vec<Map<String, Value>>);

impl ContainerPatch {
    /// Reads an annotation's value; empty and `null` are no operations.
    pub(crate) fn parse(text: &str) -> Result<Self, SyntaxError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let value = serde_json::from_str(text).map_err(|error| SyntaxError::Json {
            line: error.line(),
            column: error.column(),
        })?;
        let operations = match value {
            Value::Null => Vec::new(),
            Value::Array(operations) => operations,
            _ => return Err(SyntaxError::Shape),
        };
        if operations.len() > MAX_OPERATIONS {
            return Err(SyntaxError::Many);
        }
        let object = |operation| match operation {
            Value::Object(operation) => Ok(operation),
            Value::Null => Ok(Map::new()),
            _ => Err(SyntaxError::Shape),
        };
        operations
            .into_iter()
            .map(object)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an operation may change one of these fields of the container.
    pub(crate) fn touches(&self, fields: &[&str]) -> bool {
        self.0.iter().any(|operation| {
            let paths = ["path", "from"].into_iter();
            let mut paths = paths.filter_map(|member| operation.get(member)?.as_str());
            paths.any(|path| {
                let field = path.split('/').nth(1);
                field.is_none_or(|field| fields.contains(&field))
            })
        })
    }

    /// Applies the operations in order.
    pub(crate) fn apply(&self, container: &mut Value) -> Result<(), ApplyError> {
        let mut left = MAX_CARRIED;
        self.0
            .iter()
            .try_for_each(|operation| apply(operation, container, &mut left))
    }
}

fn apply(
    operation: &Map<String, Value>,
    document: &mut Value,
    left: &mut usize,
) -> Result<(), ApplyError> {
    let text = |member: &str| operation.get(member).and_then(Value::as_str);
    let kind = match text("op") {
        Some("add") => "add",
        Some("remove") => "remove",
        Some("replace") => "replace",
        Some("move") => "move",
        Some("copy") => "copy",
        Some("test") => "test",
        Some(other) => return Err(ApplyError::Kind(other.to_owned())),
        None => return Err(ApplyError::Kind("unknown".to_owned())),
    };
    let path = text("path").unwrap_or_default();
    let step = || {
        if !operation.contains_key("path") {
            return Err(Problem::Member("path"));
        }
        let value = || operation.get("value").cloned().unwrap_or_default();
        let new = || {
            let value = value();
            fits(&value, path).map(|_| value)
        };
        let mut carry = |value: &Value| {
            *left = left.checked_sub(fits(value, path)?).ok_or(Problem::Much)?;
            Ok(())
        };
        let from = || text("from").ok_or(Problem::Member("from"));
        match kind {
            "add" => add(document, path, new()?),
            "remove" => remove(document, path).map(drop),
            "replace" => replace(document, path, new()?),
            "move" => {
                let value = remove(document, from()?)?;
                carry(&value)?;
                add(document, path, value)
            }
            "copy" => {
                let value = get(document, from()?)?.unwrap_or(&Value::Null);
                carry(value)?;
                let value = value.clone();
                add(document, path, value)
            }
            _ => {
                // An absent key equals null.
                let same = get(document, path)?.unwrap_or(&Value::Null) == &value();
                if same { Ok(()) } else { Err(Problem::Test) }
            }
        }
    };
    let mut step = step;
    step().map_err(|problem| ApplyError::Operation {
        kind,
        path: path.to_owned(),
        problem,
    })
}

/// The bytes of what is about to be put at `path`, where it may be.
fn fits(value: &Value, path: &str) -> Result<usize, Problem> {
    let depth = MAX_DEPTH.checked_sub(tokens(path).count());
    let weight = depth.and_then(|depth| weight(value, depth));
    weight.ok_or(Problem::Deep)
}

/// The bytes of a value in memory, roughly; none where it nests deeper than that.
fn weight(value: &Value, depth: usize) -> Option<usize> {
    let below = || depth.checked_sub(1);
    let inside = match value {
        Value::Object(object) => {
            let depth = below()?;
            object.iter().try_fold(0, |sum, (key, value)| {
                Some(sum + key.len() + weight(value, depth)?)
            })?
        }
        Value::Array(list) => {
            let depth = below()?;
            list.iter()
                .try_fold(0, |sum, value| Some(sum + weight(value, depth)?))?
        }
        Value::String(text) => text.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    };
    Some(inside + size_of::<Value>())
}

fn tokens(path: &str) -> impl Iterator<Item = String> + '_ {
    path.split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// The object or list that holds the last token of `path`, and that token.
fn parent<'v>(document: &'v mut Value, path: &str) -> Result<(&'v mut Value, String), Problem> {
    let mut steps: Vec<String> = tokens(path).collect();
    let key = steps.pop().ok_or(Problem::Whole)?;
    let mut place = document;
    for token in steps {
        place = match place {
            Value::Object(object) => object.get_mut(&token),
            Value::Array(list) => index(&token, list.len()).and_then(|at| list.get_mut(at)),
            _ => None,
        }
        .ok_or(Problem::Parent)?;
    }
    Ok((place, key))
}

/// The value at `path`: an error where its parent is not there, `None` where the key is not.
fn get<'v>(document: &'v Value, path: &str) -> Result<Option<&'v Value>, Problem> {
    let mut place = Some(document);
    for token in tokens(path) {
        place = match place.ok_or(Problem::Parent)? {
            Value::Object(object) => object.get(&token),
            Value::Array(list) => {
                let at = index(&token, list.len()).filter(|at| *at < list.len());
                Some(&list[at.ok_or(Problem::Index(token))?])
            }
            _ => return Err(Problem::Parent),
        };
    }
    Ok(place)
}

/// A list index; below zero it counts from the end.
fn index(token: &str, length: usize) -> Option<usize> {
    let at: isize = token.parse().ok()?;
    if at < 0 {
        length.checked_sub(at.unsigned_abs())
    } else {
        Some(at.unsigned_abs())
    }
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), Problem> {
    match parent(document, path)? {
        (Value::Object(object), key) => {
            object.insert(key, value);
        }
        (Value::Array(list), token) => {
            // Counted from the end, the place behind the last element is -1.
            let at = if token == "-" {
                Some(list.len())
            } else {
                index(&token, list.len() + 1)
            };
            let at = at
                .filter(|at| *at <= list.len())
                .ok_or(Problem::Index(token))?;
            list.insert(at, value);
        }
        _ => return Err(Problem::Parent),
    }
    Ok(())
}

fn remove(document: &mut Value, path: &str) -> Result<Value, Problem> {
    match parent(document, path)? {
        (Value::Object(object), key) => object.remove(&key).ok_or(Problem::Key(key)),
        (Value::Array(list), token) => {
            let at = index(&token, list.len()).filter(|at| *at < list.len());
            Ok(list.remove(at.ok_or(Problem::Index(token))?))
        }
        _ => Err(Problem::Parent),
    }
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), Problem> {
    match parent(document, path)? {
        (Value::Object(object), key) => {
            object.insert(key, value);
        }
        (Value::Array(list), token) => {
            let at = index(&token, list.len()).filter(|at| *at < list.len());
            list[at.ok_or(Problem::Index(token))?] = value;
        }
        _ => return Err(Problem::Parent),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
