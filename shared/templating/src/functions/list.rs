//! What a list or a string contains, and counting.

use memchr::memmem::find;
use text_template::{Arguments, CallError, IntKind, List, Signature, Type, Value};

use super::{Function, function};

/// A loop that goes further exhausts the steps of a template anyway.
const MOST_TURNS: i64 = 1_000_000;

const SOME_IN: &[Type] = &[Type::ANYS, Type::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("contains", &[Type::Any, Type::Any]),
        "contains VALUE LIST",
        "Whether a list has a value, or a string has another in it.",
        |_, arguments| Ok(has(&arguments[1], &arguments[0]).into()),
    ),
    function(
        Signature::new("in", &[Type::Any, Type::Any]),
        "in LIST VALUE",
        "As contains, with its arguments the other way round.",
        |_, arguments| Ok(has(&arguments[0], &arguments[1]).into()),
    ),
    function(
        Signature::new("containsAll", SOME_IN),
        "containsAll VALUES LIST",
        "Whether a list has all of the values.",
        |_, arguments| {
            Ok(wanted(arguments)
                .iter()
                .all(|value| has(&arguments[1], value))
                .into())
        },
    ),
    function(
        Signature::new("containsAny", SOME_IN),
        "containsAny VALUES LIST",
        "Whether a list has any of the values.",
        |_, arguments| {
            Ok(wanted(arguments)
                .iter()
                .any(|value| has(&arguments[1], value))
                .into())
        },
    ),
    function(
        Signature::new("containsNone", SOME_IN),
        "containsNone VALUES LIST",
        "Whether a list has none of the values.",
        |_, arguments| {
            Ok((!wanted(arguments)
                .iter()
                .any(|value| has(&arguments[1], value)))
            .into())
        },
    ),
    function(
        Signature::new("containsNotAll", SOME_IN),
        "containsNotAll VALUES LIST",
        "Whether a list lacks any of the values.",
        |_, arguments| {
            Ok((!wanted(arguments)
                .iter()
                .all(|value| has(&arguments[1], value)))
            .into())
        },
    ),
    function(
        Signature::variadic("loop", &[], Type::Any),
        "loop [START] STOP",
        "The whole numbers from START, or 0, up to STOP, which is left out.",
        |_, arguments| turns(arguments),
    ),
];

fn wanted(arguments: Arguments<'_>) -> &[Value] {
    match &arguments[0] {
        Value::List(list) => list.items(),
        _ => &[],
    }
}

/// Numbers equal numbers of their own kind only; strings are looked for in strings.
fn has(list: &Value, value: &Value) -> bool {
    match list {
        Value::List(list) => list.items().iter().any(|item| same(item, value)),
        Value::Map(map) => map
            .snapshot()
            .entries()
            .iter()
            .any(|(_, item)| same(item, value)),
        Value::String(text) => match value {
            Value::String(part) => find(text.as_bytes(), part.as_bytes()).is_some(),
            _ => false,
        },
        _ => false,
    }
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
        (Value::Uint(_, a), Value::Uint(_, b)) => a == b,
        #[allow(clippy::float_cmp)] // The template asks for exactly this.
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        _ => a.as_text().is_some() && a.as_text() == b.as_text(),
    }
}

fn turns(arguments: Arguments<'_>) -> Result<Value, CallError> {
    let (start, stop) = match arguments {
        [stop] => (0, bound(stop)?),
        [start, stop] => (bound(start)?, bound(stop)?),
        _ => {
            let given = arguments.len();
            return Err(CallError::new(format!(
                "loop: wrong number of arguments, expected 1 or 2, but got {given}"
            )));
        }
    };
    if stop.saturating_sub(start) > MOST_TURNS {
        return Err(CallError::new(format!(
            "loop: more than {MOST_TURNS} turns"
        )));
    }
    let items = (start..stop)
        .map(|turn| Value::Int(IntKind::Int64, turn))
        .collect();
    Ok(List::new(&Type::INT64, items).into())
}

/// A number, or digits in a string.
fn bound(value: &Value) -> Result<i64, CallError> {
    let number = match value {
        Value::Int(_, int) => Some(*int),
        Value::Uint(_, uint) => i64::try_from(*uint).ok(),
        other => other
            .as_text()
            .and_then(|text| text.to_str_lossy().parse().ok()),
    };
    number.ok_or_else(|| {
        let ty = value.type_name();
        CallError::new(format!("loop: a bound must be a whole number, not a {ty}"))
    })
}
