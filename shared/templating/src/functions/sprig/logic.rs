//! Choices: defaults, conditions, errors.

use std::sync::Arc;

use text_template::{CallError, Record, Signature, Type, Value};

use super::{ANY, Function, STRING, TWO_ANY, function};
use crate::copy::deep_copy;
use crate::functions::utf8;
use crate::json::{Fault, Numbers, Style, read, write};
use crate::pass::Pass;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::variadic("sprig_default", ANY, Type::Any),
        "sprig_default DEFAULT [VALUE]",
        "The value, or the default where it is empty.",
        |_, arguments| match arguments {
            [_, given, ..] if given.is_true() => Ok(given.clone()),
            _ => Ok(arguments[0].clone()),
        },
    ),
    function(
        Signature::new("sprig_empty", ANY),
        "sprig_empty VALUE",
        "Whether a value is empty.",
        |_, arguments| Ok((!arguments[0].is_true()).into()),
    ),
    function(
        Signature::variadic("sprig_coalesce", &[], Type::Any),
        "sprig_coalesce VALUE...",
        "The first value that is not empty.",
        |_, arguments| {
            let first = arguments.iter().find(|value| value.is_true());
            Ok(first.cloned().unwrap_or_default())
        },
    ),
    function(
        Signature::variadic("sprig_all", &[], Type::Any),
        "sprig_all VALUE...",
        "Whether no value is empty.",
        |_, arguments| Ok(arguments.iter().all(Value::is_true).into()),
    ),
    function(
        Signature::variadic("sprig_any", &[], Type::Any),
        "sprig_any VALUE...",
        "Whether any value is not empty.",
        |_, arguments| Ok(arguments.iter().any(Value::is_true).into()),
    ),
    function(
        Signature::new("sprig_ternary", &[Type::Any, Type::Any, Type::Bool]),
        "sprig_ternary YES NO CONDITION",
        "One of two values, as the condition says.",
        |_, arguments| match &arguments[2] {
            Value::Bool(true) => Ok(arguments[0].clone()),
            _ => Ok(arguments[1].clone()),
        },
    ),
    function(
        Signature::new("sprig_fail", STRING),
        "sprig_fail MESSAGE",
        "Ends the template with an error.",
        |_, arguments| Err(CallError::default().value(utf8(&arguments[0]))),
    ),
    function(
        Signature::new("sprig_deepEqual", TWO_ANY),
        "sprig_deepEqual A B",
        "Whether two values are the same, types included.",
        |_, arguments| Ok(same(&arguments[0], &arguments[1], 0)?.into()),
    ),
    function(
        Signature::new("sprig_deepCopy", ANY),
        "sprig_deepCopy VALUE",
        "A copy whose maps can be changed on their own.",
        |_, arguments| copy(&arguments[0]),
    ),
    function(
        Signature::new("sprig_mustDeepCopy", ANY),
        "sprig_mustDeepCopy VALUE",
        "As sprig_deepCopy.",
        |_, arguments| copy(&arguments[0]),
    ),
    function(
        Signature::new("sprig_toJson", ANY),
        "sprig_toJson VALUE",
        "A value as JSON; an empty string where it has none.",
        |pass, arguments| json(pass, &arguments[0], PLAIN, false),
    ),
    function(
        Signature::new("sprig_mustToJson", ANY),
        "sprig_mustToJson VALUE",
        "As sprig_toJson; an error where the value has no JSON.",
        |pass, arguments| json(pass, &arguments[0], PLAIN, true),
    ),
    function(
        Signature::new("sprig_toPrettyJson", ANY),
        "sprig_toPrettyJson VALUE",
        "As sprig_toJson, indented.",
        |pass, arguments| json(pass, &arguments[0], PRETTY, false),
    ),
    function(
        Signature::new("sprig_mustToPrettyJson", ANY),
        "sprig_mustToPrettyJson VALUE",
        "As sprig_toPrettyJson; an error where the value has no JSON.",
        |pass, arguments| json(pass, &arguments[0], PRETTY, true),
    ),
    function(
        Signature::new("sprig_toRawJson", ANY),
        "sprig_toRawJson VALUE",
        "A value as JSON, with <, > and & as they are.",
        |pass, arguments| json(pass, &arguments[0], RAW, true),
    ),
    function(
        Signature::new("sprig_mustToRawJson", ANY),
        "sprig_mustToRawJson VALUE",
        "As sprig_toRawJson.",
        |pass, arguments| json(pass, &arguments[0], RAW, true),
    ),
    function(
        Signature::new("sprig_fromJson", STRING),
        "sprig_fromJson STRING",
        "The value of a JSON text, nil where it is none.",
        |_, arguments| {
            let value = read(super::super::bytes(&arguments[0]), Numbers::Float);
            Ok(value.unwrap_or_default())
        },
    ),
    function(
        Signature::new("sprig_mustFromJson", STRING),
        "sprig_mustFromJson STRING",
        "The value of a JSON text.",
        |_, arguments| read(super::super::bytes(&arguments[0]), Numbers::Float),
    ),
];

/// Nesting deeper than any document's.
const MAX_DEPTH: usize = 100;

/// A value as JSON. Where `must` is not set, what has no JSON is an empty text.
fn json(pass: &Pass<'_>, value: &Value, style: Style, must: bool) -> Result<Value, CallError> {
    match write(value, style, pass.limit) {
        Ok(text) => Ok(Value::string(text)),
        Err(Fault::Unsupported(_)) if !must => Ok("".into()),
        Err(fault) => Err(fault.into()),
    }
}

const PLAIN: Style = Style {
    pretty: false,
    escape_html: true,
};
const PRETTY: Style = Style {
    pretty: true,
    ..PLAIN
};
const RAW: Style = Style {
    escape_html: false,
    ..PLAIN
};

/// Are two values the same, to the last type in them?
pub(super) fn same(a: &Value, b: &Value, depth: usize) -> Result<bool, CallError> {
    if depth > MAX_DEPTH {
        return Err(CallError::new("the value is nested too deep"));
    }
    if a.type_of() != b.type_of() || a.is_nil() != b.is_nil() {
        return Ok(false);
    }
    let all = |mut pairs: Box<dyn Iterator<Item = (&Value, &Value)> + '_>| {
        pairs.try_fold(true, |equal, (a, b)| {
            Ok::<bool, CallError>(equal && same(a, b, depth + 1)?)
        })
    };
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            Ok(a.len() == b.len() && all(Box::new(a.items().iter().zip(b.items())))?)
        }
        (Value::Map(a), Value::Map(b)) => {
            let (a, b) = (a.snapshot(), b.snapshot());
            let (a, b) = (a.entries(), b.entries());
            let keys = a.iter().zip(b).map(|((a, _), (b, _))| (a, b));
            let values = a.iter().zip(b).map(|((_, a), (_, b))| (a, b));
            Ok(a.len() == b.len() && all(Box::new(keys.chain(values)))?)
        }
        (Value::Object(a), Value::Object(b)) => Ok(Arc::ptr_eq(a, b)),
        (Value::Record(_) | Value::Pointer(..), _) => all(Box::new(fields(a).zip(fields(b)))),
        _ => Ok(plain_same(a, b)),
    }
}

/// The values of a record's fields; of a nil pointer none.
fn fields(value: &Value) -> impl Iterator<Item = &Value> {
    let record = value.as_record().into_iter();
    record.flat_map(Record::fields).map(|(_, _, value)| value)
}

#[allow(clippy::float_cmp)] // The template asks for exactly this.
fn plain_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Nil, Value::Nil) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(_, a), Value::Int(_, b)) => a == b,
        (Value::Uint(_, a), Value::Uint(_, b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        _ => a.as_text().is_some() && a.as_text() == b.as_text(),
    }
}

fn copy(value: &Value) -> Result<Value, CallError> {
    match value {
        Value::Nil => Err(CallError::new("nil cannot be copied")),
        value => deep_copy(value),
    }
}
