//! `eq ne lt le gt ge`: of one kind only, except that signed and unsigned integers meet.

use std::cmp::Ordering;

use crate::exec::Slot;
use crate::function::CallError;
use crate::value::Value;

/// Is `first` equal to any of the others?
pub(super) fn eq(first: &Slot, others: &[Slot]) -> Result<bool, CallError> {
    if others.is_empty() {
        return Err(CallError::new("missing argument for comparison"));
    }
    for other in others {
        if equal(&first.value, &other.value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(a: &Value, b: &Value) -> Result<bool, CallError> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Int(_, a), Value::Int(_, b)) => Ok(a == b),
        (Value::Uint(_, a), Value::Uint(_, b)) => Ok(a == b),
        (Value::Int(_, int), Value::Uint(_, uint)) | (Value::Uint(_, uint), Value::Int(_, int)) => {
            Ok(u64::try_from(*int).is_ok_and(|int| int == *uint))
        }
        #[allow(clippy::float_cmp)] // The template asks for exactly this.
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        #[allow(clippy::float_cmp)]
        (Value::Complex(a, x), Value::Complex(b, y)) => Ok(a == b && x == y),
        (Value::String(a) | Value::Number(a), Value::String(b) | Value::Number(b)) => Ok(a == b),
        _ => other_kinds(a, b),
    }
}

/// Everything is comparable to nil; the rest only where Go can compare it.
fn other_kinds(a: &Value, b: &Value) -> Result<bool, CallError> {
    let (a_nil, b_nil) = (matches!(a, Value::Nil), matches!(b, Value::Nil));
    if a_nil || b_nil {
        return Ok(a.is_nil() && b.is_nil());
    }
    if is_basic(a) != is_basic(b) || (is_basic(a) && is_basic(b)) {
        return Err(incompatible(a, b));
    }
    if std::mem::discriminant(a) != std::mem::discriminant(b) {
        return Err(non_comparable(a, Some(b)));
    }
    if a.is_nil() || b.is_nil() {
        return Ok(a.is_nil() == b.is_nil());
    }
    match (a, b) {
        (Value::Pointer(..) | Value::Object(_), _) if a.type_of() != b.type_of() => Ok(false),
        (Value::Pointer(_, Some(a)), Value::Pointer(_, Some(b))) => Ok(a.same(b)),
        (Value::Object(a), Value::Object(b)) => Ok(std::sync::Arc::ptr_eq(a, b)),
        (Value::Record(x), Value::Record(y)) if x.is_comparable() && a.type_of() == b.type_of() => {
            for ((.., x), (.., y)) in x.fields().zip(y.fields()) {
                if x.type_of() != y.type_of() || !equal(x, y)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => Err(non_comparable(b, None)),
    }
}

fn incompatible(a: &Value, b: &Value) -> CallError {
    let (a, b) = (a.type_name(), b.type_name());
    CallError::new(format!("incompatible types for comparison: {a} and {b}"))
}

fn is_basic(value: &Value) -> bool {
    !matches!(
        value,
        Value::Nil
            | Value::List(_)
            | Value::Map(_)
            | Value::Record(_)
            | Value::Pointer(..)
            | Value::Object(_)
    )
}

/// Go's text puts the second value behind its type.
fn non_comparable(a: &Value, b: Option<&Value>) -> CallError {
    let ty = a.type_name();
    match b {
        None => {
            with_value(CallError::new("non-comparable type "), b"%s", a).words(format!(": {ty}"))
        }
        Some(b) => {
            let error = with_value(CallError::new("non-comparable types "), b"%s", a);
            with_value(
                error.words(format!(": {ty}, {}: ", b.type_name())),
                b"%v",
                b,
            )
        }
    }
}

fn with_value(error: CallError, verb: &[u8], value: &Value) -> CallError {
    let shown = crate::fmt::sprintf(verb, std::slice::from_ref(value), 1 << 10);
    let shown = shown.map_or_else(
        |_| String::from("..."),
        |text| String::from_utf8_lossy(&text).into_owned(),
    );
    // An empty container holds no secret.
    if value.is_true() {
        error.value(shown)
    } else {
        error.words(shown)
    }
}

pub(super) fn lt(a: &Slot, b: &Slot) -> Result<bool, CallError> {
    Ok(order(&a.value, &b.value)? == Some(Ordering::Less))
}

pub(super) fn le(a: &Slot, b: &Slot) -> Result<bool, CallError> {
    Ok(matches!(
        order(&a.value, &b.value)?,
        Some(Ordering::Less | Ordering::Equal)
    ))
}

/// `None` where a number is not a number.
fn order(a: &Value, b: &Value) -> Result<Option<Ordering>, CallError> {
    Ok(match (a, b) {
        (Value::Int(_, a), Value::Int(_, b)) => Some(a.cmp(b)),
        (Value::Uint(_, a), Value::Uint(_, b)) => Some(a.cmp(b)),
        (Value::Int(_, a), Value::Uint(_, b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Uint(_, a), Value::Int(_, b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::String(a) | Value::Number(a), Value::String(b) | Value::Number(b)) => {
            Some(a.cmp(b))
        }
        _ => {
            let same = std::mem::discriminant(a) == std::mem::discriminant(b);
            if same || !is_basic(a) || !is_basic(b) {
                return Err(CallError::new("invalid type for comparison"));
            }
            return Err(incompatible(a, b));
        }
    })
}
