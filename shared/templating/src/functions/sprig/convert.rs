//! Values as text and as numbers, and what they are.

use std::num::{IntErrorKind, ParseIntError};

use text_template::fmt::sprintf;
use text_template::{CallError, IntKind, List, Signature, Text, Type, Value};

use super::{ANY, Function, STRING, function};
use crate::functions::utf8;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_toString", ANY),
        "sprig_toString VALUE",
        "A value as a string.",
        |pass, arguments| Ok(text(&arguments[0], pass.limit)?.into_value()),
    ),
    function(
        Signature::new("sprig_toStrings", ANY),
        "sprig_toStrings LIST",
        "A list of strings.",
        |pass, arguments| Ok(List::of_strings(texts(&arguments[0], pass.limit)?).into()),
    ),
    function(
        Signature::new("sprig_atoi", STRING),
        "sprig_atoi STRING",
        "A string as a number, 0 where it is none.",
        |_, arguments| Ok(Value::int(atoi(&utf8(&arguments[0])))),
    ),
    function(
        Signature::new("sprig_int", ANY),
        "sprig_int VALUE",
        "A value as an int, 0 where it is no number.",
        |_, arguments| Ok(Value::int(int(&arguments[0]))),
    ),
    function(
        Signature::new("sprig_int64", ANY),
        "sprig_int64 VALUE",
        "As sprig_int, as an int64.",
        |_, arguments| Ok(Value::Int(IntKind::Int64, int(&arguments[0]))),
    ),
    function(
        Signature::new("sprig_float64", ANY),
        "sprig_float64 VALUE",
        "A value as a floating-point number, 0 where it is none.",
        |_, arguments| Ok(Value::Float(float(&arguments[0]))),
    ),
    function(
        Signature::new("sprig_toDecimal", ANY),
        "sprig_toDecimal VALUE",
        "An octal number, such as a file's mode, as a decimal one.",
        |pass, arguments| {
            let text = text(&arguments[0], pass.limit)?;
            let number = i64::from_str_radix(&text.0.to_str_lossy(), 8).unwrap_or(0);
            Ok(Value::Int(IntKind::Int64, number))
        },
    ),
    function(
        Signature::new("sprig_typeOf", ANY),
        "sprig_typeOf VALUE",
        "The type's name.",
        |_, arguments| Ok(Value::string(arguments[0].type_name())),
    ),
    function(
        Signature::new("sprig_typeIs", &[Type::String, Type::Any]),
        "sprig_typeIs NAME VALUE",
        "Whether a value has a type of this name.",
        |_, arguments| Ok((*utf8(&arguments[0]) == arguments[1].type_name()).into()),
    ),
    function(
        Signature::new("sprig_typeIsLike", &[Type::String, Type::Any]),
        "sprig_typeIsLike NAME VALUE",
        "As sprig_typeIs, also for a pointer to the type.",
        |_, arguments| {
            let (wanted, name) = (utf8(&arguments[0]), arguments[1].type_name());
            Ok((*wanted == name || format!("*{wanted}") == name).into())
        },
    ),
    function(
        Signature::new("sprig_kindOf", ANY),
        "sprig_kindOf VALUE",
        "The kind: string, int, slice, map, and so on.",
        |_, arguments| Ok(Value::string(kind(&arguments[0]))),
    ),
    function(
        Signature::new("sprig_kindIs", &[Type::String, Type::Any]),
        "sprig_kindIs NAME VALUE",
        "Whether a value is of a kind.",
        |_, arguments| Ok((*utf8(&arguments[0]) == *kind(&arguments[1])).into()),
    ),
];

/// A string made of a value.
pub(super) struct Shown(pub(super) Text);

impl Shown {
    pub(super) fn into_value(self) -> Value {
        Value::String(self.0)
    }
}

/// A value as a string; a string as it is.
pub(super) fn text(value: &Value, limit: usize) -> Result<Shown, CallError> {
    Ok(Shown(match value.as_text() {
        Some(text) => text.clone(),
        None => sprintf(b"%v", std::slice::from_ref(value), limit)?.into(),
    }))
}

/// A list of strings: of a list its items without `nil`, of anything else itself.
pub(super) fn texts(value: &Value, limit: usize) -> Result<Vec<Text>, CallError> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(list) => {
            let items = list
                .items()
                .iter()
                .filter(|item| !matches!(item, Value::Nil));
            items.map(|item| Ok(text(item, limit)?.0)).collect()
        }
        other => Ok(vec![text(other, limit)?.0]),
    }
}

/// A decimal number; of one that is out of range the nearest. Go reads digits until they exceed 64
/// bits without a sign, and only then ignores what follows.
fn atoi(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_too_large = |error: ParseIntError| *error.kind() == IntErrorKind::PosOverflow;
    if digits.starts_with('+')
        || digits
            .parse::<u64>()
            .is_err_and(|error| !is_too_large(error))
    {
        return 0;
    }
    let nearest = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    text.parse().unwrap_or(nearest)
}

/// A value as a whole number, 0 where it is none.
#[allow(clippy::cast_possible_truncation)] // As Go converts.
pub(super) fn int(value: &Value) -> i64 {
    match value {
        Value::Bool(truth) => i64::from(*truth),
        Value::Int(_, int) => *int,
        Value::Uint(_, uint) => uint.cast_signed(),
        // What is out of range becomes the least number.
        Value::Float(float) if float.abs() >= 9.3e18 => i64::MIN,
        Value::Float(float) => *float as i64,
        Value::String(_) | Value::Number(_) => parse_int(&utf8(value)).unwrap_or(0),
        _ => 0,
    }
}

/// With a prefix such as `0x`; zeros behind a point are cut off.
fn parse_int(text: &str) -> Option<i64> {
    let text = match text.split_once('.') {
        Some((whole, zeros)) if zeros.bytes().all(|byte| byte == b'0') => whole,
        _ => text,
    };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    // Underscores stand between digits, and behind a prefix.
    if lower.split('_').any(str::is_empty) {
        return None;
    }
    let digits = digits.replace('_', "");
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = i128::from_str_radix(&digits, radix).ok()?;
    i64::try_from(if negative { -magnitude } else { magnitude }).ok()
}

/// A value as a floating-point number, 0 where it is none.
#[allow(clippy::cast_precision_loss)] // As Go converts.
pub(super) fn float(value: &Value) -> f64 {
    match value {
        Value::Bool(truth) => f64::from(u8::from(*truth)),
        Value::Int(_, int) => *int as f64,
        Value::Uint(_, uint) => *uint as f64,
        Value::Float(float) => *float,
        Value::String(_) | Value::Number(_) => {
            let text = utf8(value);
            let float: Option<f64> = text.replace('_', "").parse().ok();
            // Infinite in words, not by digits that no float can hold.
            let is_right =
                |float: &f64| float.is_finite() || !text.contains(|c: char| c.is_ascii_digit());
            float.filter(is_right).unwrap_or(0.0)
        }
        _ => 0.0,
    }
}

pub(super) fn kind(value: &Value) -> String {
    String::from(match value {
        Value::Nil => "invalid",
        Value::String(_) | Value::Number(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
        Value::Record(_) => "struct",
        Value::Object(object) if object.is_channel() => "chan",
        Value::Pointer(..) | Value::Object(_) => "ptr",
        other => return other.type_name(),
    })
}
