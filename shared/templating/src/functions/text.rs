//! Strings: trimming, cutting, joining, case. They are bytes, and mostly UTF-8.

pub(super) mod case;
mod title;

use memchr::memmem::find;
use text_template::buffer::append;
use text_template::fmt::Printed;
use text_template::{Arguments, CallError, List, Signature, Text, Type, Value};

use super::utf8::characters;
use super::{Function, bytes, function, utf8};
use crate::pass::Pass;

const ONE: &[Type] = &[Type::String];
const TWO: &[Type] = &[Type::String, Type::String];
const THREE: &[Type] = &[Type::String, Type::String, Type::String];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("trim", TWO),
        "trim CUTSET STRING",
        "Removes the characters of the cutset from both ends.",
        |_, arguments| {
            let cutset = utf8(&arguments[0]);
            Ok(trimmed(&arguments[1], |c| cutset.contains(c)))
        },
    ),
    function(
        Signature::new("trimPrefix", TWO),
        "trimPrefix PREFIX STRING",
        "Removes a prefix, if it is there.",
        |_, arguments| {
            let text = bytes(&arguments[1]);
            let rest = text.strip_prefix(bytes(&arguments[0]));
            Ok(rest.map_or_else(|| arguments[1].clone(), Value::string))
        },
    ),
    function(
        Signature::new("trimSuffix", TWO),
        "trimSuffix SUFFIX STRING",
        "Removes a suffix, if it is there.",
        |_, arguments| {
            let text = bytes(&arguments[1]);
            let rest = text.strip_suffix(bytes(&arguments[0]));
            Ok(rest.map_or_else(|| arguments[1].clone(), Value::string))
        },
    ),
    function(
        Signature::new("trimSpace", ONE),
        "trimSpace STRING",
        "Removes white space from both ends.",
        |_, arguments| Ok(trimmed(&arguments[0], char::is_whitespace)),
    ),
    function(
        Signature::new("split", TWO),
        "split SEPARATOR STRING",
        "The parts of a string, which is trimmed first; none of an empty one.",
        |pass, arguments| {
            let mut parts = Vec::new();
            for part in split(bytes(&arguments[1]), bytes(&arguments[0])) {
                parts.push(Text::from(part));
                pass.check_size(parts.len().saturating_mul(size_of::<Value>()))?;
            }
            Ok(List::of_strings(parts).into())
        },
    ),
    function(
        Signature::new("join", &[Type::String, Type::STRINGS]),
        "join SEPARATOR LIST",
        "A list of strings as one string.",
        join,
    ),
    function(
        Signature::new("replaceAll", THREE),
        "replaceAll FROM TO STRING",
        "Replaces every occurrence of a text.",
        replace_all,
    ),
    function(
        Signature::new("toLower", ONE),
        "toLower STRING",
        "In lower case.",
        |_, arguments| Ok(case::lower(&arguments[0])),
    ),
    function(
        Signature::new("toUpper", ONE),
        "toUpper STRING",
        "In upper case.",
        |_, arguments| Ok(case::upper(&arguments[0])),
    ),
    function(
        Signature::new("indent", &[Type::INT, Type::String]),
        "indent SPACES STRING",
        "Puts spaces in front of every line that is not empty.",
        indent,
    ),
    function(
        Signature::new("toTitle", ONE),
        "toTitle STRING",
        "The first letter of each word in upper case.",
        |_, arguments| Ok(title::title_words(&arguments[0])),
    ),
];

fn trimmed(argument: &Value, cut: impl Fn(char) -> bool) -> Value {
    let text = bytes(argument);
    let kept = trim(text, cut);
    if kept.len() == text.len() {
        argument.clone()
    } else {
        Value::string(kept)
    }
}

/// Without the characters of a kind at both ends.
pub(super) fn trim(text: &[u8], cut: impl Fn(char) -> bool) -> &[u8] {
    if let Ok(text) = std::str::from_utf8(text) {
        return text.trim_matches(cut).as_bytes();
    }
    let (mut start, mut end) = (None, 0);
    let mut at = 0;
    for (c, own) in characters(text) {
        if !cut(c) {
            start = start.or(Some(at));
            end = at + own.len();
        }
        at += own.len();
    }
    &text[start.unwrap_or(end)..end]
}

/// The parts between separators; without one, the characters. Of nothing there is no part.
pub(super) fn split<'t>(text: &'t [u8], separator: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
    let text = trim(text, char::is_whitespace);
    let mut rest = (!text.is_empty()).then_some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (part, next) = if separator.is_empty() {
            let (first, others) = text.split_at(char_length(text));
            (first, (!others.is_empty()).then_some(others))
        } else {
            match find(text, separator) {
                Some(at) => (&text[..at], Some(&text[at + separator.len()..])),
                None => (text, None),
            }
        };
        rest = next;
        Some(part)
    })
}

/// The bytes of the first character; one that is broken has one.
pub(super) fn char_length(text: &[u8]) -> usize {
    let window = &text[..text.len().min(4)];
    characters(window).next().map_or(0, |(_, own)| own.len())
}

fn join(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let separator = bytes(&arguments[0]);
    let Value::List(list) = &arguments[1] else {
        return Ok(Value::from(""));
    };
    let mut out = Printed::default();
    for (index, item) in list.items().iter().enumerate() {
        if index > 0 {
            append(&mut out, separator);
        }
        append(&mut out, bytes(item));
        pass.check_size(out.len())?;
    }
    Ok(Value::string(out))
}

fn replace_all(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let (from, to) = (bytes(&arguments[0]), bytes(&arguments[1]));
    replaced(pass, bytes(&arguments[2]), from, to).map(Value::string)
}

/// A text with `to` in place of each `from`.
pub(super) fn replaced(
    pass: &Pass<'_>,
    text: &[u8],
    from: &[u8],
    to: &[u8],
) -> Result<Printed, CallError> {
    let mut rest = text;
    let mut out = Printed::default();
    loop {
        // An empty text stands before every character and at the end.
        let at = if from.is_empty() {
            Some(0)
        } else {
            find(rest, from)
        };
        let Some(at) = at else { break };
        append(&mut out, &rest[..at]);
        append(&mut out, to);
        rest = &rest[at + from.len()..];
        if from.is_empty() {
            let length = char_length(rest);
            append(&mut out, &rest[..length]);
            if length == 0 {
                break;
            }
            rest = &rest[length..];
        }
        pass.check_size(out.len())?;
    }
    append(&mut out, rest);
    Ok(out)
}

fn indent(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let Value::Int(_, spaces) = arguments[0] else {
        return Ok(arguments[1].clone());
    };
    let spaces = usize::try_from(spaces)
        .map_err(|_| CallError::new("indent value must be a positive integer"))?;
    pass.check_size(spaces)?;
    let prefix = vec![b' '; spaces];
    let mut out = Printed::default();
    for line in bytes(&arguments[1]).split_inclusive(|byte| *byte == b'\n') {
        if line != b"\n" {
            append(&mut out, &prefix);
        }
        append(&mut out, line);
        pass.check_size(out.len())?;
    }
    Ok(Value::string(out))
}
