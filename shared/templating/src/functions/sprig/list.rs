//! Lists: their ends, what is added, taken out or looked for. Those that begin with `must` are the
//! same: in sprig they return an error where the others panic, which a template cannot tell apart.

use text_template::{Arguments, CallError, List, Signature, Type, Value};

use super::logic::same;
use super::text::number;
use super::{ANY, Function, TWO_ANY, function};
use crate::pass::Pass;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::variadic("sprig_list", &[], Type::Any),
        "sprig_list VALUE...",
        "A list of the values.",
        |_, arguments| Ok(List::of_any(arguments.to_vec()).into()),
    ),
    function(
        Signature::variadic("sprig_tuple", &[], Type::Any),
        "sprig_tuple VALUE...",
        "As sprig_list.",
        |_, arguments| Ok(List::of_any(arguments.to_vec()).into()),
    ),
    function(
        Signature::new("sprig_first", ANY),
        "sprig_first LIST",
        "The first item.",
        first,
    ),
    function(
        Signature::new("sprig_mustFirst", ANY),
        "sprig_mustFirst LIST",
        "As sprig_first.",
        first,
    ),
    function(
        Signature::new("sprig_last", ANY),
        "sprig_last LIST",
        "The last item.",
        last,
    ),
    function(
        Signature::new("sprig_mustLast", ANY),
        "sprig_mustLast LIST",
        "As sprig_last.",
        last,
    ),
    function(
        Signature::new("sprig_rest", ANY),
        "sprig_rest LIST",
        "All but the first item.",
        rest,
    ),
    function(
        Signature::new("sprig_mustRest", ANY),
        "sprig_mustRest LIST",
        "As sprig_rest.",
        rest,
    ),
    function(
        Signature::new("sprig_initial", ANY),
        "sprig_initial LIST",
        "All but the last item.",
        initial,
    ),
    function(
        Signature::new("sprig_mustInitial", ANY),
        "sprig_mustInitial LIST",
        "As sprig_initial.",
        initial,
    ),
    function(
        Signature::new("sprig_append", TWO_ANY),
        "sprig_append LIST VALUE",
        "A list with one more item at its end.",
        push,
    ),
    function(
        Signature::new("sprig_mustAppend", TWO_ANY),
        "sprig_mustAppend LIST VALUE",
        "As sprig_append.",
        push,
    ),
    function(
        Signature::new("sprig_push", TWO_ANY),
        "sprig_push LIST VALUE",
        "As sprig_append.",
        push,
    ),
    function(
        Signature::new("sprig_mustPush", TWO_ANY),
        "sprig_mustPush LIST VALUE",
        "As sprig_append.",
        push,
    ),
    function(
        Signature::new("sprig_prepend", TWO_ANY),
        "sprig_prepend LIST VALUE",
        "A list with one more item in front.",
        prepend,
    ),
    function(
        Signature::new("sprig_mustPrepend", TWO_ANY),
        "sprig_mustPrepend LIST VALUE",
        "As sprig_prepend.",
        prepend,
    ),
    function(
        Signature::variadic("sprig_concat", &[], Type::Any),
        "sprig_concat LIST...",
        "Lists one after the other.",
        |_, arguments| {
            let mut all = Vec::new();
            for list in arguments {
                all.extend_from_slice(items("concat", list)?);
            }
            Ok(List::of_any(all).into())
        },
    ),
    function(
        Signature::new("sprig_reverse", ANY),
        "sprig_reverse LIST",
        "The other way round.",
        reverse,
    ),
    function(
        Signature::new("sprig_mustReverse", ANY),
        "sprig_mustReverse LIST",
        "As sprig_reverse.",
        reverse,
    ),
    function(
        Signature::new("sprig_uniq", ANY),
        "sprig_uniq LIST",
        "Each item once.",
        uniq,
    ),
    function(
        Signature::new("sprig_mustUniq", ANY),
        "sprig_mustUniq LIST",
        "As sprig_uniq.",
        uniq,
    ),
    function(
        Signature::new("sprig_compact", ANY),
        "sprig_compact LIST",
        "Without empty items.",
        compact,
    ),
    function(
        Signature::new("sprig_mustCompact", ANY),
        "sprig_mustCompact LIST",
        "As sprig_compact.",
        compact,
    ),
    function(
        Signature::variadic("sprig_without", ANY, Type::Any),
        "sprig_without LIST VALUE...",
        "Without these items.",
        without,
    ),
    function(
        Signature::variadic("sprig_mustWithout", ANY, Type::Any),
        "sprig_mustWithout LIST VALUE...",
        "As sprig_without.",
        without,
    ),
    function(
        Signature::new("sprig_has", TWO_ANY),
        "sprig_has VALUE LIST",
        "Whether a list has an item.",
        has,
    ),
    function(
        Signature::new("sprig_mustHas", TWO_ANY),
        "sprig_mustHas VALUE LIST",
        "As sprig_has.",
        has,
    ),
    function(
        Signature::variadic("sprig_slice", ANY, Type::Any),
        "sprig_slice LIST [START [END]]",
        "The items from START up to END.",
        slice,
    ),
    function(
        Signature::variadic("sprig_mustSlice", ANY, Type::Any),
        "sprig_mustSlice LIST [START [END]]",
        "As sprig_slice.",
        slice,
    ),
    function(
        Signature::new("sprig_chunk", &[Type::INT, Type::Any]),
        "sprig_chunk SIZE LIST",
        "A list of lists of a size.",
        chunk,
    ),
    function(
        Signature::new("sprig_mustChunk", &[Type::INT, Type::Any]),
        "sprig_mustChunk SIZE LIST",
        "As sprig_chunk.",
        chunk,
    ),
];

fn items<'v>(name: &str, value: &'v Value) -> Result<&'v [Value], CallError> {
    match value {
        Value::List(list) => Ok(list.items()),
        other => {
            let ty = other.type_name();
            Err(CallError::new(format!("Cannot {name} on type {ty}")))
        }
    }
}

fn of_any<'v>(items: impl IntoIterator<Item = &'v Value>) -> Value {
    List::of_any(items.into_iter().cloned().collect()).into()
}

fn first(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let items = items("find first", &arguments[0])?;
    Ok(items.first().cloned().unwrap_or_default())
}

fn last(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let items = items("find last", &arguments[0])?;
    Ok(items.last().cloned().unwrap_or_default())
}

fn rest(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(match items("find rest", &arguments[0])? {
        [] => List::nil(&Type::Any).into(),
        [_, rest @ ..] => of_any(rest),
    })
}

fn initial(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(match items("find initial", &arguments[0])? {
        [] => List::nil(&Type::Any).into(),
        [initial @ .., _] => of_any(initial),
    })
}

fn push(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(of_any(
        items("push", &arguments[0])?.iter().chain([&arguments[1]]),
    ))
}

fn prepend(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(of_any(
        [&arguments[1]]
            .into_iter()
            .chain(items("prepend", &arguments[0])?),
    ))
}

fn reverse(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    Ok(of_any(items("find reverse", &arguments[0])?.iter().rev()))
}

/// Is a value among others? Each comparison is a step that counts.
fn is_among(value: &Value, others: &[Value]) -> Result<bool, CallError> {
    for other in others {
        if same(value, other, 0)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Longer lists would be compared item by item for minutes.
const MOST_COMPARED: usize = 10_000;

fn uniq(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let items = items("find uniq", &arguments[0])?;
    if items.len() > MOST_COMPARED {
        return Err(CallError::new(format!(
            "the list has more than {MOST_COMPARED} items"
        )));
    }
    let mut seen: Vec<Value> = Vec::new();
    for item in items {
        if !is_among(item, &seen)? {
            seen.push(item.clone());
        }
    }
    Ok(List::of_any(seen).into())
}

fn compact(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let items = items("compact", &arguments[0])?;
    Ok(of_any(items.iter().filter(|item| item.is_true())))
}

fn without(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let mut kept = Vec::new();
    for item in items("find without", &arguments[0])? {
        if !is_among(item, &arguments[1..])? {
            kept.push(item.clone());
        }
    }
    Ok(List::of_any(kept).into())
}

fn has(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    if matches!(arguments[1], Value::Nil) {
        return Ok(false.into());
    }
    let items = items("find has", &arguments[1])?;
    Ok(is_among(&arguments[0], items)?.into())
}

fn slice(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let Value::List(list) = &arguments[0] else {
        items("find slice", &arguments[0])?;
        return Ok(Value::Nil);
    };
    if list.is_empty() {
        return Ok(Value::Nil);
    }
    let index = |place: usize, default: usize| match arguments.get(place) {
        Some(value) => usize::try_from(super::convert::int(value)).unwrap_or(usize::MAX),
        None => default,
    };
    let range = index(1, 0)..index(2, list.len());
    let part = list.items().get(range);
    let part = part.ok_or_else(|| CallError::new("runtime error: slice bounds out of range"))?;
    Ok(list.with_items(part.to_vec()).into())
}

fn chunk(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let items = items("chunk", &arguments[1])?;
    let size = usize::try_from(number(&arguments[0]))
        .ok()
        .filter(|size| *size > 0);
    let size = size.ok_or_else(|| CallError::new("runtime error: integer divide by zero"))?;
    let chunks = items.chunks(size).map(of_any).collect();
    Ok(List::new(&Type::ANYS, chunks).into())
}
