//! Regular expressions, as in `regexMatch`. Those that begin with `must` are the same.

use text_template::{Arguments, CallError, List, Signature, Text, Type, Value};

use super::text::number;
use super::{Function, STRING, THREE_STRINGS, TWO_STRINGS, function};
use crate::functions::bytes;
use crate::functions::regex::{compiled, parsed, replaced, searched};
use crate::pass::Pass;

const TWO_STRINGS_INT: &[Type] = &[Type::String, Type::String, Type::INT];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_regexMatch", TWO_STRINGS),
        "sprig_regexMatch EXPRESSION STRING",
        "Whether an expression matches; false where it is none.",
        |_, arguments| {
            let text = searched(&arguments[1])?;
            match parsed(&arguments[0]) {
                Err(_) => Ok(false.into()),
                Ok(expression) => Ok(expression.compiled(&text)?.is_match(&text).into()),
            }
        },
    ),
    function(
        Signature::new("sprig_mustRegexMatch", TWO_STRINGS),
        "sprig_mustRegexMatch EXPRESSION STRING",
        "As sprig_regexMatch; an error where it is no expression.",
        |_, arguments| {
            let text = searched(&arguments[1])?;
            Ok(compiled(&arguments[0], &text)?.is_match(&text).into())
        },
    ),
    function(
        Signature::new("sprig_regexFind", TWO_STRINGS),
        "sprig_regexFind EXPRESSION STRING",
        "The first match, empty where there is none.",
        first,
    ),
    function(
        Signature::new("sprig_mustRegexFind", TWO_STRINGS),
        "sprig_mustRegexFind EXPRESSION STRING",
        "As sprig_regexFind.",
        first,
    ),
    function(
        Signature::new("sprig_regexFindAll", TWO_STRINGS_INT),
        "sprig_regexFindAll EXPRESSION STRING COUNT",
        "At most COUNT matches; all for -1.",
        all,
    ),
    function(
        Signature::new("sprig_mustRegexFindAll", TWO_STRINGS_INT),
        "sprig_mustRegexFindAll EXPRESSION STRING COUNT",
        "As sprig_regexFindAll.",
        all,
    ),
    function(
        Signature::new("sprig_regexReplaceAll", THREE_STRINGS),
        "sprig_regexReplaceAll EXPRESSION STRING REPLACEMENT",
        "Replaces all matches; $1 and ${1} stand for what a group matched.",
        |pass, arguments| replaced(pass, [&arguments[0], &arguments[2], &arguments[1]], true),
    ),
    function(
        Signature::new("sprig_mustRegexReplaceAll", THREE_STRINGS),
        "sprig_mustRegexReplaceAll EXPRESSION STRING REPLACEMENT",
        "As sprig_regexReplaceAll.",
        |pass, arguments| replaced(pass, [&arguments[0], &arguments[2], &arguments[1]], true),
    ),
    function(
        Signature::new("sprig_regexReplaceAllLiteral", THREE_STRINGS),
        "sprig_regexReplaceAllLiteral EXPRESSION STRING REPLACEMENT",
        "Replaces all matches by a text as it is.",
        |pass, arguments| replaced(pass, [&arguments[0], &arguments[2], &arguments[1]], false),
    ),
    function(
        Signature::new("sprig_mustRegexReplaceAllLiteral", THREE_STRINGS),
        "sprig_mustRegexReplaceAllLiteral EXPRESSION STRING REPLACEMENT",
        "As sprig_regexReplaceAllLiteral.",
        |pass, arguments| replaced(pass, [&arguments[0], &arguments[2], &arguments[1]], false),
    ),
    function(
        Signature::new("sprig_regexSplit", TWO_STRINGS_INT),
        "sprig_regexSplit EXPRESSION STRING COUNT",
        "At most COUNT parts between matches; all for -1.",
        split,
    ),
    function(
        Signature::new("sprig_mustRegexSplit", TWO_STRINGS_INT),
        "sprig_mustRegexSplit EXPRESSION STRING COUNT",
        "As sprig_regexSplit.",
        split,
    ),
    function(
        Signature::new("sprig_regexQuoteMeta", STRING),
        "sprig_regexQuoteMeta STRING",
        "An expression that matches exactly this string.",
        |_, arguments| {
            let mut out = Vec::new();
            for byte in bytes(&arguments[0]) {
                if b"\\.+*?()|[]{}^$".contains(byte) {
                    out.push(b'\\');
                }
                out.push(*byte);
            }
            Ok(Value::string(out))
        },
    ),
];

fn most(argument: &Value) -> usize {
    usize::try_from(number(argument)).unwrap_or(usize::MAX)
}

fn first(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let text = searched(&arguments[1])?;
    let found = compiled(&arguments[0], &text)?
        .find(&text)
        .map(|found| Value::string(text.bytes(found.range())));
    Ok(found.unwrap_or_else(|| "".into()))
}

/// Go leaves out an empty match right behind another one, as this engine does.
fn all(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let text = searched(&arguments[1])?;
    let regex = compiled(&arguments[0], &text)?;
    let found = regex.find_iter(&text).take(most(&arguments[2]));
    let found: Vec<Text> = found
        .map(|found| text.bytes(found.range()).into())
        .collect();
    pass.check_size(found.len().saturating_mul(size_of::<Value>()))?;
    Ok(List::of_strings(found).into())
}

fn split(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let text = searched(&arguments[1])?;
    let regex = compiled(&arguments[0], &text)?;
    let most = most(&arguments[2]);
    if most == 0 {
        return Ok(List::nil(&Type::String).into());
    }
    let mut parts: Vec<Text> = Vec::new();
    let mut begin = 0;
    let mut end = 0;
    if !text.is_empty() || bytes(&arguments[0]).is_empty() {
        for found in regex.find_iter(&text) {
            if parts.len() + 1 == most {
                break;
            }
            end = found.start();
            if found.end() != 0 {
                parts.push(text.bytes(begin..end).into());
            }
            begin = found.end();
        }
    }
    if end != text.len() || text.is_empty() {
        parts.push(text.bytes(begin..text.len()).into());
    }
    pass.check_size(parts.len().saturating_mul(size_of::<Value>()))?;
    Ok(List::of_strings(parts).into())
}
