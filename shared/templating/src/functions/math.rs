//! Arithmetic. The last argument is the left operand, so that it can be piped in: `10 | subtract 3`
//! is 7. Integers stay integers; with a float on either side the result is one, except of `minimum`
//! and `maximum`, which return one of their operands as it is.

use std::cmp::Ordering;

use text_template::{Arguments, CallError, IntKind, Signature, Type, UintKind, Value};

use super::{Function, function};

const TWO: &[Type] = &[Type::Any, Type::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("add", TWO),
        "add B A",
        "A + B.",
        |_, arguments| {
            apply("add", arguments, Some(|a, b| a + b), |a, b| {
                Some(a.wrapping_add(b))
            })
        },
    ),
    function(
        Signature::new("subtract", TWO),
        "subtract B A",
        "A - B.",
        |_, arguments| {
            apply("subtract", arguments, Some(|a, b| a - b), |a, b| {
                Some(a.wrapping_sub(b))
            })
        },
    ),
    function(
        Signature::new("multiply", TWO),
        "multiply B A",
        "A * B.",
        |_, arguments| {
            apply("multiply", arguments, Some(|a, b| a * b), |a, b| {
                Some(a.wrapping_mul(b))
            })
        },
    ),
    function(
        Signature::new("divide", TWO),
        "divide B A",
        "A / B; of integers the whole part.",
        |_, arguments| {
            apply("divide", arguments, Some(|a, b| a / b), |a, b| {
                a.checked_div(b)
            })
        },
    ),
    function(
        Signature::new("modulo", TWO),
        "modulo B A",
        "What remains of A divided by B, both integers.",
        |_, arguments| apply("modulo", arguments, None, i128::checked_rem),
    ),
    function(
        Signature::new("minimum", TWO),
        "minimum B A",
        "The smaller of two numbers.",
        |_, arguments| extreme("minimum", arguments, Ordering::Less),
    ),
    function(
        Signature::new("maximum", TWO),
        "maximum B A",
        "The larger of two numbers.",
        |_, arguments| extreme("maximum", arguments, Ordering::Greater),
    ),
];

#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

impl Number {
    fn new(name: &str, value: &Value, floats: bool) -> Result<Self, CallError> {
        match value {
            Value::Int(_, int) => Ok(Self::Int(*int)),
            Value::Uint(_, uint) => Ok(Self::Uint(*uint)),
            Value::Float(float) if floats => Ok(Self::Float(*float)),
            other => {
                let ty = other.type_name();
                let error = CallError::new(format!("{name}: unknown type for "));
                let error = match other.as_text() {
                    Some(text) => error.quoted(text.as_bytes()),
                    None => error.words("a value"),
                };
                Err(error.words(format!(" ({ty})")))
            }
        }
    }

    #[allow(clippy::cast_precision_loss)] // As Go converts.
    fn float(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Uint(uint) => uint as f64,
            Self::Float(float) => float,
        }
    }

    /// As 64 bits with a sign, wrapping as Go converts.
    fn int(self) -> i64 {
        match self {
            Self::Int(int) => int,
            Self::Uint(uint) => uint.cast_signed(),
            Self::Float(_) => 0,
        }
    }

    /// As Go compares after it converted; `None` with a NaN.
    fn compared(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Float(_), _) | (_, Self::Float(_)) => self.float().partial_cmp(&other.float()),
            (Self::Uint(a), Self::Uint(b)) => Some(a.cmp(&b)),
            _ => Some(self.int().cmp(&other.int())),
        }
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(int) => Self::Int(IntKind::Int64, int),
            Number::Uint(uint) => Self::Uint(UintKind::Uint64, uint),
            Number::Float(float) => Self::Float(float),
        }
    }
}

/// The left operand where it compares as wanted, else the right one.
fn extreme(name: &str, arguments: Arguments<'_>, wanted: Ordering) -> Result<Value, CallError> {
    let a = Number::new(name, &arguments[1], true)?;
    let b = Number::new(name, &arguments[0], true)?;
    let is_wanted = a.compared(b) == Some(wanted);
    Ok(if is_wanted { a } else { b }.into())
}

/// Wide enough for both kinds of integers; the result is cut to the kind's 64 bits.
type OfInts = fn(i128, i128) -> Option<i128>;
type OfFloats = fn(f64, f64) -> f64;

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Go's integers wrap.
fn apply(
    name: &str,
    arguments: Arguments<'_>,
    floats: Option<OfFloats>,
    ints: OfInts,
) -> Result<Value, CallError> {
    // Go looks at the left operand first.
    let a = Number::new(name, &arguments[1], floats.is_some())?;
    let b = Number::new(name, &arguments[0], floats.is_some())?;
    let zero = || CallError::new("runtime error: integer divide by zero");
    match (a, b, floats) {
        (Number::Float(_), _, Some(floats)) | (_, Number::Float(_), Some(floats)) => {
            Ok(Value::Float(floats(a.float(), b.float())))
        }
        (Number::Uint(a), Number::Uint(b), _) => {
            let result = ints(a.into(), b.into()).ok_or_else(zero)?;
            Ok(Value::Uint(UintKind::Uint64, result as u64))
        }
        _ => {
            let result = ints(a.int().into(), b.int().into()).ok_or_else(zero)?;
            Ok(Value::Int(IntKind::Int64, result as i64))
        }
    }
}
