//! What a list or a string contains, and counting.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use memchr::memmem::find;
use text_template::{Arguments, CallError, IntKind, Method, Object, Signature, Type, Value};

use super::{Function, function};

/// A loop that goes further exhausts the steps of a template anyway.
const MOST_TURNS: i64 = 1_000_000;

const SOME_IN: &[Type] = &[Type::ANYS, Type::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("contains", &[Type::Any, Type::Any]),
        "contains VALUE LIST",
        "Whether a list has a value, or a string has another in it.",
        |_, arguments| Ok(has(&arguments[1], &arguments[0])?.into()),
    ),
    function(
        Signature::new("in", &[Type::Any, Type::Any]),
        "in LIST VALUE",
        "As contains, with its arguments the other way round.",
        |_, arguments| Ok(has(&arguments[0], &arguments[1])?.into()),
    ),
    function(
        Signature::new("containsAll", SOME_IN),
        "containsAll VALUES LIST",
        "Whether a list has all of the values.",
        |_, arguments| Ok(first(arguments, false)?.is_none().into()),
    ),
    function(
        Signature::new("containsAny", SOME_IN),
        "containsAny VALUES LIST",
        "Whether a list has any of the values.",
        |_, arguments| Ok(first(arguments, true)?.is_some().into()),
    ),
    function(
        Signature::new("containsNone", SOME_IN),
        "containsNone VALUES LIST",
        "Whether a list has none of the values.",
        |_, arguments| Ok(first(arguments, true)?.is_none().into()),
    ),
    function(
        Signature::new("containsNotAll", SOME_IN),
        "containsNotAll VALUES LIST",
        "Whether a list lacks any of the values.",
        |_, arguments| Ok(first(arguments, false)?.is_some().into()),
    ),
    function(
        Signature::variadic("loop", &[], Type::Any),
        "loop [START] STOP",
        "The whole numbers from START, or 0, up to STOP, which is left out. They are for one range; sprig_untilStep makes a list.",
        |_, arguments| turns(arguments),
    ),
];

/// The first of the values that a list has, or that it lacks.
fn first(arguments: Arguments<'_>, is_there: bool) -> Result<Option<&Value>, CallError> {
    let Value::List(values) = &arguments[0] else {
        return Ok(None);
    };
    for value in values.items() {
        if has(&arguments[1], value)? == is_there {
            return Ok(Some(value));
        }
    }
    Ok(None)
}

/// Whether a list has a value, or a text another: maps and other values have none.
fn has(list: &Value, value: &Value) -> Result<bool, CallError> {
    let items = match list {
        Value::List(list) => list.items(),
        text => std::slice::from_ref(text),
    };
    if matches!(value, Value::Nil) && items.iter().any(|item| item.as_text().is_some()) {
        // A text cannot be compared with it.
        return Err(CallError::new(
            "reflect: call of reflect.Value.Type on zero Value",
        ));
    }
    Ok(match (list, value) {
        (Value::List(_), _) => items.iter().any(|item| same(item, value)),
        (Value::String(text), Value::String(part)) | (Value::Number(text), Value::Number(part)) => {
            find(text.as_bytes(), part.as_bytes()).is_some()
        }
        _ => false,
    })
}

/// As consul-template compares: ints of any width, floats, and texts of one type, but neither
/// booleans nor unsigned numbers.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
        #[allow(clippy::float_cmp)] // The template asks for exactly this.
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::String(a), Value::String(b)) | (Value::Number(a), Value::Number(b)) => a == b,
        _ => false,
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
    let next = AtomicI64::new(start);
    Ok(Value::Object(Arc::new(Turns { next, stop })))
}

/// Numbers that come one by one, and go when they were taken, as from a channel of Go.
struct Turns {
    next: AtomicI64,
    stop: i64,
}

impl Object for Turns {
    fn type_name(&self) -> &'static str {
        "<-chan int64"
    }

    fn methods(&self) -> &'static [Method] {
        &[]
    }

    fn is_channel(&self) -> bool {
        true
    }

    fn receive(&self) -> Option<Value> {
        let next = |turn: i64| (turn < self.stop).then(|| turn + 1);
        let turn = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        turn.ok().map(|turn| Value::Int(IntKind::Int64, turn))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
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
