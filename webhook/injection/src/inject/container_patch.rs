//! The user's JSON patches on the agent's containers (`agent-json-patch`, `agent-init-json-patch`).
//!
//! The operations are those of RFC 6902 with the leniencies of the library that established
//! patches were written against: `replace` of a key that is not there adds it, and an index below
//! zero counts from the end. What is wrong with an operation shows when it is applied; only what is
//! no list of objects is refused before.

use serde_json::{Map, Value};
use thiserror::Error;

/// A text that is no list of operations. No value of it is repeated.
#[derive(Debug, PartialEq, Eq, Error)]
pub enum SyntaxError {
    #[error("invalid JSON at line {line}, column {column}")]
    Json { line: usize, column: usize },
    #[error("not a JSON array of operations")]
    Shape,
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
}

/// A list of operations.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct ContainerPatch(Vec<Map<String, Value>>);

impl ContainerPatch {
    /// Reads an annotation's value; empty and `null` are no operations.
    pub(super) fn parse(text: &str) -> Result<Self, SyntaxError> {
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
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Applies the operations in order.
    pub(super) fn apply(&self, container: &mut Value) -> Result<(), ApplyError> {
        self.0
            .iter()
            .try_for_each(|operation| apply(operation, container))
    }
}

fn apply(operation: &Map<String, Value>, document: &mut Value) -> Result<(), ApplyError> {
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
        let from = || text("from").ok_or(Problem::Member("from"));
        match kind {
            "add" => add(document, path, value()),
            "remove" => remove(document, path).map(drop),
            "replace" => replace(document, path, value()),
            "move" => {
                let value = remove(document, from()?)?;
                add(document, path, value)
            }
            "copy" => {
                let value = get(document, from()?)?.cloned().unwrap_or_default();
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
mod tests {
    use serde_json::json;

    use super::*;

    fn applied(operations: &Value) -> Result<Value, ApplyError> {
        let mut container = json!({"name": "a", "args": ["x", "y"], "a/b": 1});
        let patch = ContainerPatch::parse(&operations.to_string()).unwrap();
        patch.apply(&mut container).map(|()| container)
    }

    #[test]
    fn operations_change_the_container_in_order() {
        let operations = json!([
            {"op": "replace", "path": "/name", "value": "b"},
            {"op": "add", "path": "/args/-", "value": "z"},
            {"op": "add", "path": "/args/0", "value": "w"},
            {"op": "remove", "path": "/a~1b"},
            {"op": "copy", "from": "/args/1", "path": "/copied"},
            {"op": "move", "from": "/copied", "path": "/moved"},
            {"op": "test", "path": "/moved", "value": "x"},
            {"op": "test", "path": "/nothing", "value": null},
        ]);
        let expected = json!({"name": "b", "args": ["w", "x", "y", "z"], "moved": "x"});
        assert_eq!(applied(&operations), Ok(expected));
    }

    #[test]
    fn established_leniencies_hold() {
        let replaced = applied(&json!([{"op": "replace", "path": "/new", "value": 1}])).unwrap();
        assert_eq!(replaced["new"], 1);
        let negative = applied(&json!([{"op": "remove", "path": "/args/-1"}])).unwrap();
        assert_eq!(negative["args"], json!(["x"]));
        let appended = applied(&json!([{"op": "add", "path": "/args/-1", "value": "z"}])).unwrap();
        assert_eq!(appended["args"], json!(["x", "y", "z"]));
    }

    #[test]
    fn an_operation_that_does_not_fit_says_why() {
        for (operation, text) in [
            (json!({"op": "invalid"}), "Unexpected kind: invalid"),
            (json!({}), "Unexpected kind: unknown"),
            (
                json!({"op": "remove", "path": "/livenessProbe"}),
                "error in remove for path: '/livenessProbe': Unable to remove nonexistent key: \
                 livenessProbe: missing value",
            ),
            (
                json!({"op": "add", "path": "/no/where", "value": 1}),
                "error in add for path: '/no/where': the document has no parent for it: \
                 missing value",
            ),
            (
                json!({"op": "test", "path": "/name", "value": "b"}),
                "error in test for path: '/name': testing value failed",
            ),
            (
                json!({"op": "replace", "path": "/args/7", "value": "b"}),
                "error in replace for path: '/args/7': Unable to access invalid index: 7: \
                 invalid index referenced",
            ),
            (
                json!({"op": "replace", "path": "", "value": {}}),
                "error in replace for path: '': the whole container cannot be replaced",
            ),
            (
                json!({"op": "move", "path": "/x"}),
                "error in move for path: '/x': the operation has no from",
            ),
        ] {
            assert_eq!(applied(&json!([operation])).unwrap_err().to_string(), text);
        }
    }

    #[test]
    fn only_a_list_of_objects_is_a_patch() {
        for text in ["", "null", "[]"] {
            assert_eq!(
                ContainerPatch::parse(text),
                Ok(ContainerPatch::default()),
                "{text}"
            );
        }
        for text in ["{}", "[1]", "7"] {
            assert_eq!(
                ContainerPatch::parse(text),
                Err(SyntaxError::Shape),
                "{text}"
            );
        }
        assert!(matches!(
            ContainerPatch::parse("abc"),
            Err(SyntaxError::Json { .. })
        ));
    }
}
