//! Between lists and strings: joined, split, sorted.

use memchr::memmem::find;
use text_template::buffer::append;
use text_template::fmt::Printed;
use text_template::{CallError, List, Map, Signature, Text, Type, Value};

use super::convert::{text, texts};
use super::text::number;
use super::{ANY, Function, TWO_STRINGS, function};
use crate::functions::bytes;
use crate::functions::text::char_length;
use crate::pass::Pass;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_join", &[Type::String, Type::Any]),
        "sprig_join SEPARATOR LIST",
        "The items of any list as one string.",
        |pass, arguments| {
            let mut out = Printed::default();
            for (index, item) in texts(&arguments[1], pass.limit)?.iter().enumerate() {
                if index > 0 {
                    append(&mut out, bytes(&arguments[0]));
                }
                append(&mut out, item.as_bytes());
                pass.check_size(out.len())?;
            }
            Ok(Value::string(out))
        },
    ),
    function(
        Signature::new("sprig_sortAlpha", ANY),
        "sprig_sortAlpha LIST",
        "The items as strings, sorted.",
        |pass, arguments| {
            let mut items = match &arguments[0] {
                list @ Value::List(_) => texts(list, pass.limit)?,
                other => vec![text(other, pass.limit)?.0],
            };
            items.sort();
            Ok(List::of_strings(items).into())
        },
    ),
    function(
        Signature::new("sprig_splitList", TWO_STRINGS),
        "sprig_splitList SEPARATOR STRING",
        "The parts of a string as a list.",
        |pass, arguments| {
            let parts = split(pass, bytes(&arguments[1]), bytes(&arguments[0]), usize::MAX)?;
            Ok(List::of_strings(parts).into())
        },
    ),
    function(
        Signature::new("sprig_split", TWO_STRINGS),
        "sprig_split SEPARATOR STRING",
        "The parts of a string as a map with the keys _0, _1, and so on.",
        |pass, arguments| {
            let parts = split(pass, bytes(&arguments[1]), bytes(&arguments[0]), usize::MAX)?;
            Ok(numbered(parts))
        },
    ),
    function(
        Signature::new("sprig_splitn", &[Type::String, Type::INT, Type::String]),
        "sprig_splitn SEPARATOR COUNT STRING",
        "As sprig_split, into at most COUNT parts.",
        |pass, arguments| {
            let most = match number(&arguments[1]) {
                most @ 0.. => usize::try_from(most).unwrap_or(usize::MAX),
                _ => usize::MAX,
            };
            let parts = split(pass, bytes(&arguments[2]), bytes(&arguments[0]), most)?;
            Ok(numbered(parts))
        },
    ),
];

fn split(
    pass: &Pass<'_>,
    text: &[u8],
    separator: &[u8],
    most: usize,
) -> Result<Vec<Text>, CallError> {
    let mut parts = Vec::new();
    let mut rest = text;
    while parts.len() + 1 < most {
        let (end, next) = if separator.is_empty() {
            let length = char_length(rest);
            if length == 0 || length == rest.len() {
                break;
            }
            (length, length)
        } else {
            let Some(at) = find(rest, separator) else {
                break;
            };
            (at, at + separator.len())
        };
        parts.push(Text::from(&rest[..end]));
        rest = &rest[next..];
        pass.check_size(parts.len().saturating_mul(size_of::<Value>()))?;
    }
    if most > 0 && !(separator.is_empty() && text.is_empty()) {
        parts.push(rest.into());
    }
    Ok(parts)
}

fn numbered(parts: Vec<Text>) -> Value {
    let entries = parts.into_iter().enumerate();
    let entries = entries.map(|(index, part)| (Value::string(format!("_{index}")), part));
    let entries = entries.map(|(key, part)| (key, Value::String(part)));
    Map::open(&Type::String, &Type::String, entries.collect()).into()
}
