//! Maps.

use text_template::{Arguments, CallError, List, Map, Signature, Type, Value};

use super::{Function, function};
use crate::functions::bytes;
use crate::functions::map::{Over, merged_into};

const DICT: &[Type] = &[Type::OBJECT];
const DICT_KEY: &[Type] = &[Type::OBJECT, Type::String];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::variadic("sprig_dict", &[], Type::Any),
        "sprig_dict KEY VALUE...",
        "A map of keys and values.",
        |_, arguments| {
            let entries = arguments.chunks(2).map(|pair| {
                let key = text_template::fmt::sprint(&pair[..1], 1 << 16)?;
                Ok((
                    Value::string(key),
                    pair.get(1).cloned().unwrap_or_else(|| "".into()),
                ))
            });
            let entries: Result<Vec<_>, CallError> = entries.collect();
            Ok(Map::open(&Type::String, &Type::Any, entries?).into())
        },
    ),
    function(
        Signature::new("sprig_get", DICT_KEY),
        "sprig_get MAP KEY",
        "The value of a key, an empty string where there is none.",
        |_, arguments| {
            Ok(dict(&arguments[0])
                .get(&arguments[1])
                .unwrap_or_else(|| "".into()))
        },
    ),
    function(
        Signature::new("sprig_set", &[Type::OBJECT, Type::String, Type::Any]),
        "sprig_set MAP KEY VALUE",
        "Sets a key and gives the map.",
        |_, arguments| change(arguments, Some(arguments[2].clone())),
    ),
    function(
        Signature::new("sprig_unset", DICT_KEY),
        "sprig_unset MAP KEY",
        "Removes a key and gives the map.",
        |_, arguments| change(arguments, None),
    ),
    function(
        Signature::new("sprig_hasKey", DICT_KEY),
        "sprig_hasKey MAP KEY",
        "Whether a map has a key.",
        |_, arguments| Ok(dict(&arguments[0]).get(&arguments[1]).is_some().into()),
    ),
    function(
        Signature::variadic("sprig_keys", &[], Type::OBJECT),
        "sprig_keys MAP...",
        "The keys of maps, sorted map by map (sprig's own order is random).",
        |_, arguments| {
            let mut keys = Vec::new();
            for map in arguments {
                let snapshot = dict(map).snapshot();
                keys.extend(
                    snapshot
                        .entries()
                        .iter()
                        .filter_map(|(key, _)| key.as_text().cloned()),
                );
            }
            Ok(List::of_strings(keys).into())
        },
    ),
    function(
        Signature::new("sprig_values", DICT),
        "sprig_values MAP",
        "The values of a map in key order (sprig's own order is random).",
        |_, arguments| {
            let snapshot = dict(&arguments[0]).snapshot();
            let values = snapshot.entries().iter().map(|(_, value)| value.clone());
            Ok(List::of_any(values.collect()).into())
        },
    ),
    function(
        Signature::variadic("sprig_pick", DICT, Type::String),
        "sprig_pick MAP KEY...",
        "A map of these keys alone.",
        |_, arguments| Ok(filtered(arguments, true)),
    ),
    function(
        Signature::variadic("sprig_omit", DICT, Type::String),
        "sprig_omit MAP KEY...",
        "A map without these keys.",
        |_, arguments| Ok(filtered(arguments, false)),
    ),
    function(
        Signature::variadic("sprig_pluck", &[Type::String], Type::OBJECT),
        "sprig_pluck KEY MAP...",
        "The values that maps have for a key.",
        |_, arguments| {
            let maps = arguments[1..].iter();
            let values = maps.filter_map(|map| dict(map).get(&arguments[0]));
            Ok(List::of_any(values.collect()).into())
        },
    ),
    function(
        Signature::variadic("sprig_merge", DICT, Type::OBJECT),
        "sprig_merge MAP OTHER...",
        "A map with what the others have and it lacks.",
        |_, arguments| merge(arguments, Over::Never),
    ),
    function(
        Signature::variadic("sprig_mustMerge", DICT, Type::OBJECT),
        "sprig_mustMerge MAP OTHER...",
        "As sprig_merge.",
        |_, arguments| merge(arguments, Over::Never),
    ),
    function(
        Signature::variadic("sprig_mergeOverwrite", DICT, Type::OBJECT),
        "sprig_mergeOverwrite MAP OTHER...",
        "A map with what the others have; they win.",
        |_, arguments| merge(arguments, Over::Always),
    ),
    function(
        Signature::variadic("sprig_mustMergeOverwrite", DICT, Type::OBJECT),
        "sprig_mustMergeOverwrite MAP OTHER...",
        "As sprig_mergeOverwrite.",
        |_, arguments| merge(arguments, Over::Always),
    ),
    function(
        Signature::variadic("sprig_dig", &[], Type::Any),
        "sprig_dig KEY... DEFAULT MAP",
        "The value behind keys one in the other, or the default.",
        |_, arguments| dig(arguments),
    ),
];

/// An argument that the signature says is a map.
fn dict(argument: &Value) -> Map {
    match argument {
        Value::Map(map) => map.clone(),
        _ => Map::nil(&Type::String, &Type::Any),
    }
}

fn change(arguments: Arguments<'_>, value: Option<Value>) -> Result<Value, CallError> {
    dict(&arguments[0]).set(arguments[1].clone(), value)?;
    Ok(arguments[0].clone())
}

fn filtered(arguments: Arguments<'_>, keep: bool) -> Value {
    let snapshot = dict(&arguments[0]).snapshot();
    let named = |key: &Value| arguments[1..].iter().any(|name| bytes(name) == bytes(key));
    let entries = snapshot
        .entries()
        .iter()
        .filter(|(key, _)| named(key) == keep);
    Map::open(&Type::String, &Type::Any, entries.cloned().collect()).into()
}

fn merge(arguments: Arguments<'_>, over: Over) -> Result<Value, CallError> {
    let mut into = dict(&arguments[0]);
    for other in &arguments[1..] {
        into = merged_into(&into, &dict(other), over)?;
    }
    Ok(into.into())
}

fn dig(arguments: Arguments<'_>) -> Result<Value, CallError> {
    let [keys @ .., default, map] = arguments else {
        return Err(CallError::new("dig needs at least three arguments"));
    };
    if keys.is_empty() {
        return Err(CallError::new("dig needs at least three arguments"));
    }
    let mut value = map.clone();
    for key in keys {
        let Value::Map(map) = &value else {
            let ty = value.type_name();
            return Err(CallError::new(format!(
                "dig needs maps all the way, not a {ty}"
            )));
        };
        if !matches!(key, Value::String(_)) {
            return Err(CallError::new("dig needs strings as keys"));
        }
        match map.get(key) {
            Some(next) => value = next,
            None => return Ok(default.clone()),
        }
    }
    Ok(value)
}
