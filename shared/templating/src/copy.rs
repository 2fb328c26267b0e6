//! Copies of values whose maps a template may change.

use text_template::{CallError, Map, Value};

/// Nesting deeper than any document's.
const MAX_DEPTH: usize = 200;

/// A copy with maps of its own, those in lists included. Texts are shared.
pub(crate) fn deep_copy(value: &Value) -> Result<Value, CallError> {
    copied(value, 0)
}

fn copied(value: &Value, depth: usize) -> Result<Value, CallError> {
    if depth > MAX_DEPTH {
        return Err(CallError::new("the value is nested too deep"));
    }
    match value {
        Value::Map(map) if !map.is_nil() => {
            let snapshot = map.snapshot();
            let entries = snapshot.entries().iter();
            let entries = entries.map(|(key, value)| Ok((key.clone(), copied(value, depth + 1)?)));
            let entries: Result<Vec<_>, CallError> = entries.collect();
            Ok(Map::open_like(map, entries?).into())
        }
        Value::List(list) if !list.is_nil() => {
            let items = list.items().iter().map(|item| copied(item, depth + 1));
            let items: Result<Vec<_>, CallError> = items.collect();
            Ok(list.with_items(items?).into())
        }
        other => Ok(other.clone()),
    }
}
