//! Maps: from strings, merged, and nested by the slashes of their keys.

use memchr::memmem::find;
use text_template::{Arguments, CallError, Map, Signature, Type, Value};

use super::{Function, bytes, function, text};

const TWO_MAPS: &[Type] = &[Type::OBJECT, Type::OBJECT];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("splitToMap", &[Type::String, Type::String, Type::String]),
        "splitToMap SEPARATOR KEY_SEPARATOR STRING",
        "A map from a string such as a=1,b=2.",
        |_, arguments| Ok(split_to_map(arguments)),
    ),
    function(
        Signature::new("mergeMap", TWO_MAPS),
        "mergeMap A B",
        "A with what B has and A lacks, nested maps included.",
        |_, arguments| merge(arguments, Over::Never),
    ),
    function(
        Signature::new("mergeMapWithOverride", TWO_MAPS),
        "mergeMapWithOverride A B",
        "A with what B has, nested maps included; B wins.",
        |_, arguments| merge(arguments, Over::Always),
    ),
    function(
        Signature::new("explodeMap", &[Type::OBJECT]),
        "explodeMap MAP",
        "Nested maps from keys with slashes.",
        |_, arguments| explode(arguments),
    ),
];

/// Which of two values wins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// The one that is there, unless it is empty and the other is not nil.
    Never,
    /// The other, nil and empty ones included.
    Always,
}

/// Nesting deeper than any document's.
const MAX_DEPTH: usize = 100;

fn object() -> Map {
    Map::open(&Type::String, &Type::Any, Vec::new())
}

fn split_to_map(arguments: Arguments<'_>) -> Value {
    let pairs = text::split(bytes(&arguments[2]), bytes(&arguments[0]));
    let separator = bytes(&arguments[1]);
    // What is not a pair is left out.
    let entries = pairs.filter_map(|pair| {
        let at = find(pair, separator)?;
        let value = &pair[at + separator.len()..];
        Some((Value::string(&pair[..at]), Value::string(value)))
    });
    Map::open(&Type::String, &Type::String, entries.collect()).into()
}

fn merge(arguments: Arguments<'_>, over: Over) -> Result<Value, CallError> {
    let [Value::Map(a), Value::Map(b)] = arguments else {
        return Ok(Value::Nil);
    };
    Ok(merged(a, b, over, 0)?.into())
}

/// As `mergeMap` and its relatives.
pub(super) fn merged_into(a: &Map, b: &Map, over: Over) -> Result<Map, CallError> {
    merged(a, b, over, 0)
}

/// Merges into `a`, unless that is nil.
fn merged(a: &Map, b: &Map, over: Over, depth: usize) -> Result<Map, CallError> {
    if depth > MAX_DEPTH {
        return Err(CallError::new("the map is nested too deep"));
    }
    let into = if a.is_nil() {
        Map::open_like(a, Vec::new())
    } else {
        a.clone()
    };
    for (key, new) in b.snapshot().entries() {
        assignable(b.key_type(), into.key_type(), "MapIndex")?;
        let value = match (into.get(key), new) {
            (Some(Value::Map(old)), Value::Map(new)) => nested(&old, new, over, depth + 1)?,
            (_, Value::Nil) if over == Over::Never => continue,
            (Some(old), _) if over == Over::Never && old.is_true() => continue,
            _ => {
                assignable(b.element_type(), into.element_type(), "SetMapIndex")?;
                new.clone()
            }
        };
        into.set(key.clone(), Some(value))?;
    }
    Ok(into)
}

fn nested(old: &Map, new: &Map, over: Over, depth: usize) -> Result<Value, CallError> {
    let merged = merged(old, new, over, depth)?;
    // Nils do not fill an empty map, so that it is still empty, and replaced as a whole.
    let is_replaced = over == Over::Never && merged.is_empty();
    Ok(if is_replaced { new.clone() } else { merged }.into())
}

/// Go's reflection takes values of a map's own types only, if these are not interfaces.
fn assignable(given: Type, wanted: Type, operation: &str) -> Result<(), CallError> {
    if wanted == Type::Any || wanted == given {
        return Ok(());
    }
    Err(CallError::new(format!(
        "reflect.Value.{operation}: value of type {given} is not assignable to type {wanted}"
    )))
}

fn explode(arguments: Arguments<'_>) -> Result<Value, CallError> {
    let Value::Map(map) = &arguments[0] else {
        return Ok(Value::Nil);
    };
    let root = object();
    for (key, value) in map.snapshot().entries() {
        insert(&root, bytes(key), value).map_err(|error| error.within("explodeMap: "))?;
    }
    Ok(root.into())
}

fn insert(root: &Map, path: &[u8], value: &Value) -> Result<(), CallError> {
    let mut map = root.clone();
    let mut parts = path.split(|byte| *byte == b'/').peekable();
    let mut nesting = 0;
    while let Some(part) = parts.next() {
        nesting += 1;
        if nesting > MAX_DEPTH {
            return Err(CallError::new("a key has too many slashes"));
        }
        let key = Value::string(part);
        if parts.peek().is_none() {
            if part.is_empty() {
                return Ok(());
            }
            return Ok(map.set(key, Some(value.clone()))?);
        }
        let next = map.get(&key).unwrap_or_else(|| object().into());
        let Value::Map(next) = next else {
            let shown = text_template::fmt::sprintf(b"%q", &[next], 1 << 10);
            let shown = shown.map_or_else(
                |_| String::from("..."),
                |shown| String::from_utf8_lossy(&shown).into_owned(),
            );
            return Err(CallError::new("not a map: ")
                .quoted(path)
                .words(": ")
                .quoted(part)
                .words(" already has value ")
                .value(shown));
        };
        map.set(key, Some(Value::Map(next.clone())))?;
        map = next;
    }
    Ok(())
}
