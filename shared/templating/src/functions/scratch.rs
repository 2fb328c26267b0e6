//! `scratch`: values that a template keeps by name while it is executed.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use text_template::{
    Arguments, CallError, List, Map, Method, Object, Signature, Text, Type, Value,
};

use super::{Function, function};

pub(super) const FUNCTIONS: &[Function] = &[function(
    Signature::new("scratch", &[]),
    "scratch.Set KEY VALUE",
    "Values kept by name: Key, Get, Set, SetX, MapSet, MapSetX, MapValues.",
    |pass, _| Ok(Value::Object(Arc::clone(&pass.scratch) as Arc<dyn Object>)),
)];

/// The values of one execution, shared by all its templates.
#[derive(Default)]
pub(crate) struct Scratch(Mutex<BTreeMap<Text, Value>>);

const KEY: &[Type] = &[Type::String];
const KEY_VALUE: &[Type] = &[Type::String, Type::Any];
const MAP_VALUE: &[Type] = &[Type::String, Type::String, Type::Any];

impl Object for Scratch {
    fn type_name(&self) -> &'static str {
        "*template.Scratch"
    }

    fn methods(&self) -> &'static [Method] {
        const METHODS: &[Method] = &[
            Method {
                signature: Signature::new("Key", KEY),
                body: key,
            },
            Method {
                signature: Signature::new("Get", KEY),
                body: get,
            },
            Method {
                signature: Signature::new("Set", KEY_VALUE),
                body: |receiver, arguments| Ok(set(receiver, arguments, true)),
            },
            Method {
                signature: Signature::new("SetX", KEY_VALUE),
                body: |receiver, arguments| Ok(set(receiver, arguments, false)),
            },
            Method {
                signature: Signature::new("MapSet", MAP_VALUE),
                body: |receiver, arguments| map_set(receiver, arguments, true),
            },
            Method {
                signature: Signature::new("MapSetX", MAP_VALUE),
                body: |receiver, arguments| map_set(receiver, arguments, false),
            },
            Method {
                signature: Signature::new("MapValues", KEY),
                body: map_values,
            },
        ];
        METHODS
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The values behind a receiver.
fn values(receiver: &Value) -> Option<MutexGuard<'_, BTreeMap<Text, Value>>> {
    let Value::Object(object) = receiver else {
        return None;
    };
    let scratch = object.as_any().downcast_ref::<Scratch>()?;
    Some(scratch.0.lock().expect("the lock must not be poisoned"))
}

fn stored(receiver: &Value, key: &Value) -> Option<Value> {
    values(receiver)?.get(key.as_text()?).cloned()
}

fn store(receiver: &Value, key: &Value, value: Value) {
    if let (Some(mut values), Some(key)) = (values(receiver), key.as_text()) {
        values.insert(key.clone(), value);
    }
}

#[allow(clippy::unnecessary_wraps)] // The shape of a method.
fn key(receiver: &Value, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(stored(receiver, &arguments[0]).is_some().into())
}

#[allow(clippy::unnecessary_wraps)] // The shape of a method.
fn get(receiver: &Value, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(stored(receiver, &arguments[0]).unwrap_or_default())
}

/// Prints nothing; `over` a value that is there already or not.
fn set(receiver: &Value, arguments: Arguments<'_>, over: bool) -> Value {
    if over || stored(receiver, &arguments[0]).is_none() {
        store(receiver, &arguments[0], arguments[1].clone());
    }
    Value::from("")
}

fn not_a_map(key: &Value) -> CallError {
    CallError::default()
        .quoted(super::bytes(key))
        .words(" is not a map")
}

fn map_set(receiver: &Value, arguments: Arguments<'_>, over: bool) -> Result<Value, CallError> {
    let name = &arguments[0];
    let map = match stored(receiver, name) {
        Some(Value::Map(map)) if map.type_of() == Type::OBJECT => map,
        Some(_) => return Err(not_a_map(name)),
        None => {
            let map = Map::open(&Type::String, &Type::Any, Vec::new());
            store(receiver, name, Value::Map(map.clone()));
            map
        }
    };
    if over || map.get(&arguments[1]).is_none() {
        map.set(arguments[1].clone(), Some(arguments[2].clone()))?;
    }
    Ok(Value::from(""))
}

/// Of a map that `MapSet` could have made; no value has others.
#[allow(clippy::unnecessary_wraps)] // The shape of a method.
fn map_values(receiver: &Value, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(match stored(receiver, &arguments[0]) {
        Some(Value::Map(map)) if map.type_of() == Type::OBJECT => {
            let snapshot = map.snapshot();
            let values = snapshot.entries().iter().map(|(_, value)| value.clone());
            List::of_any(values.collect()).into()
        }
        _ => List::nil(&Type::Any).into(),
    })
}
