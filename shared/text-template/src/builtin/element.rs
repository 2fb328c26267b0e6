//! `index`, `slice` and `len`.

use crate::exec::Slot;
use crate::function::CallError;
use crate::value::{Type, UintKind, Value};

pub(super) fn index(slots: Vec<Slot>) -> Result<Slot, CallError> {
    let mut slots = slots.into_iter();
    let mut item = slots.next().unwrap_or_default();
    if matches!(item.value, Value::Nil) {
        return Err(CallError::new("index of untyped nil"));
    }
    for index in slots {
        let index = index.value;
        item = match &item.value {
            Value::Nil | Value::Pointer(_, None) => {
                return Err(CallError::new("index of nil pointer"));
            }
            Value::List(list) => {
                let position = checked(&index, list.len())?;
                let element = list.items().get(position).cloned();
                Slot::typed(element.ok_or_else(beyond)?, list.element_type())
            }
            Value::String(text) | Value::Number(text) => {
                let position = checked(&index, text.len())?;
                let byte = *text.as_bytes().get(position).ok_or_else(beyond_string)?;
                Slot::plain(Value::Uint(UintKind::Uint8, byte.into()))
            }
            Value::Map(map) => {
                let key = as_key(index, map.key_type())?;
                let element = map.get(&key).unwrap_or_else(|| map.element_type().zero());
                Slot::typed(element, map.element_type())
            }
            other => {
                let ty = pointed_to(other);
                return Err(CallError::new(format!("can't index item of type {ty}")));
            }
        };
    }
    Ok(item)
}

/// The name of a value's type; of a pointer the type that it points to.
fn pointed_to(value: &Value) -> String {
    let name = value.type_name();
    match value {
        Value::Pointer(_, Some(_)) => name.trim_start_matches('*').to_owned(),
        _ => name,
    }
}

fn beyond() -> CallError {
    CallError::new("reflect: slice index out of range")
}

fn beyond_string() -> CallError {
    CallError::new("reflect: string index out of range")
}

/// A map takes keys of its own type, and integers of any width.
fn as_key(key: Value, wanted: Type) -> Result<Value, CallError> {
    if matches!(key, Value::Nil) {
        if wanted.can_be_nil() {
            return Ok(wanted.zero());
        }
        return Err(CallError::new(format!(
            "value is nil; should be of type {wanted}"
        )));
    }
    match (wanted, key) {
        (Type::Any, key @ (Value::List(_) | Value::Map(_))) => {
            let ty = key.type_name();
            Err(CallError::new(format!("hash of unhashable type {ty}")))
        }
        (Type::Any, key) => Ok(key),
        (Type::Int(kind), Value::Int(_, int)) => Ok(Value::Int(kind, int)),
        (Type::Uint(kind), Value::Uint(_, uint)) => Ok(Value::Uint(kind, uint)),
        (_, key) if key.type_of() == Some(wanted) => Ok(key),
        (_, key) => {
            let ty = key.type_name();
            Err(CallError::new(format!(
                "value has type {ty}; should be {wanted}"
            )))
        }
    }
}

/// A position from 0 up to and with `length`.
fn checked(index: &Value, length: usize) -> Result<usize, CallError> {
    let position = match index {
        Value::Int(_, int) => i128::from(*int),
        Value::Uint(_, uint) => i128::from(*uint),
        Value::Nil => return Err(CallError::new("cannot index slice/array with nil")),
        other => {
            let ty = other.type_name();
            return Err(CallError::new(format!(
                "cannot index slice/array with type {ty}"
            )));
        }
    };
    match usize::try_from(position) {
        Ok(position) if position <= length => Ok(position),
        _ => Err(CallError::new("index out of range: ").value(position.to_string())),
    }
}

pub(super) fn slice(slots: &[Slot]) -> Result<Slot, CallError> {
    let item = &slots[0].value;
    let indexes = &slots[1..];
    let length = match item {
        Value::Nil => return Err(CallError::new("slice of untyped nil")),
        Value::Pointer(_, None) => return Err(CallError::new("slice of nil pointer")),
        _ if indexes.len() > 3 => {
            return Err(CallError::new(format!(
                "too many slice indexes: {}",
                indexes.len()
            )));
        }
        Value::String(_) | Value::Number(_) if indexes.len() == 3 => {
            return Err(CallError::new("cannot 3-index slice a string"));
        }
        Value::String(text) | Value::Number(text) => text.len(),
        Value::List(list) => list.len(),
        other => {
            let ty = pointed_to(other);
            return Err(CallError::new(format!("can't slice item of type {ty}")));
        }
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, Go's `slice` does not look into an interface.
        if index.any {
            return Err(CallError::new(
                "cannot index slice/array with type interface {}",
            ));
        }
        *bound = checked(&index.value, length)?;
    }
    let [start, end, most] = bounds;
    if start > end {
        return Err(invalid_slice(start, end));
    }
    if end > most {
        return Err(invalid_slice(end, most));
    }
    Ok(Slot::plain(match item {
        Value::String(text) => Value::string(&text.as_bytes()[start..end]),
        Value::Number(text) => Value::Number(text.as_bytes()[start..end].into()),
        Value::List(list) => Value::List(list.slice(start, end)),
        other => other.clone(),
    }))
}

fn invalid_slice(start: usize, end: usize) -> CallError {
    CallError::new("invalid slice index: ").value(format!("{start} > {end}"))
}

pub(super) fn len(slot: &Slot) -> Result<Value, CallError> {
    let length = match &slot.value {
        Value::String(text) | Value::Number(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        // Nothing is buffered.
        Value::Object(object) if object.is_channel() => 0,
        Value::Nil if !slot.any => {
            return Err(CallError::new(
                "reflect: call of reflect.Value.Type on zero Value",
            ));
        }
        Value::Nil | Value::Pointer(_, None) => return Err(CallError::new("len of nil pointer")),
        other => {
            let ty = pointed_to(other);
            return Err(CallError::new(format!("len of type {ty}")));
        }
    };
    Ok(Value::count(length))
}
