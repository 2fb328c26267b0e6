//! Strings: cutting, padding, quoting.

use memchr::memmem::find;
use text_template::buffer::append;
use text_template::fmt::{Printed, quote, sprintf};
use text_template::{Arguments, CallError, Signature, Type, Value};

use super::convert::text;
use super::{Function, INT_STRING, STRING, THREE_STRINGS, TWO_STRINGS, function};
use crate::functions::text::{case, replaced, trim};
use crate::functions::{bytes, utf8};
use crate::pass::Pass;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_hello", &[]),
        "sprig_hello",
        "A greeting.",
        |_, _| Ok("Hello!".into()),
    ),
    function(
        Signature::new("sprig_upper", STRING),
        "sprig_upper STRING",
        "In upper case.",
        |_, arguments| Ok(case::upper(&arguments[0])),
    ),
    function(
        Signature::new("sprig_lower", STRING),
        "sprig_lower STRING",
        "In lower case.",
        |_, arguments| Ok(case::lower(&arguments[0])),
    ),
    function(
        Signature::new("sprig_title", STRING),
        "sprig_title STRING",
        "The first letter of each word in upper case.",
        |_, arguments| Ok(case::title(&arguments[0])),
    ),
    function(
        Signature::new("sprig_trim", STRING),
        "sprig_trim STRING",
        "Without white space at both ends.",
        |_, arguments| {
            Ok(Value::string(trim(
                bytes(&arguments[0]),
                char::is_whitespace,
            )))
        },
    ),
    function(
        Signature::new("sprig_trimAll", TWO_STRINGS),
        "sprig_trimAll CUTSET STRING",
        "Without the characters of the cutset at both ends.",
        |_, arguments| Ok(trim_all(arguments)),
    ),
    function(
        Signature::new("sprig_trimall", TWO_STRINGS),
        "sprig_trimall CUTSET STRING",
        "As sprig_trimAll.",
        |_, arguments| Ok(trim_all(arguments)),
    ),
    function(
        Signature::new("sprig_trimPrefix", TWO_STRINGS),
        "sprig_trimPrefix PREFIX STRING",
        "Without a prefix, if it is there.",
        |_, arguments| {
            let text = bytes(&arguments[1]);
            Ok(Value::string(
                text.strip_prefix(bytes(&arguments[0])).unwrap_or(text),
            ))
        },
    ),
    function(
        Signature::new("sprig_trimSuffix", TWO_STRINGS),
        "sprig_trimSuffix SUFFIX STRING",
        "Without a suffix, if it is there.",
        |_, arguments| {
            let text = bytes(&arguments[1]);
            Ok(Value::string(
                text.strip_suffix(bytes(&arguments[0])).unwrap_or(text),
            ))
        },
    ),
    function(
        Signature::new("sprig_contains", TWO_STRINGS),
        "sprig_contains PART STRING",
        "Whether a string has another in it.",
        |_, arguments| {
            Ok(find(bytes(&arguments[1]), bytes(&arguments[0]))
                .is_some()
                .into())
        },
    ),
    function(
        Signature::new("sprig_hasPrefix", TWO_STRINGS),
        "sprig_hasPrefix PREFIX STRING",
        "Whether a string begins with another.",
        |_, arguments| {
            Ok(bytes(&arguments[1])
                .starts_with(bytes(&arguments[0]))
                .into())
        },
    ),
    function(
        Signature::new("sprig_hasSuffix", TWO_STRINGS),
        "sprig_hasSuffix SUFFIX STRING",
        "Whether a string ends with another.",
        |_, arguments| Ok(bytes(&arguments[1]).ends_with(bytes(&arguments[0])).into()),
    ),
    function(
        Signature::new("sprig_replace", THREE_STRINGS),
        "sprig_replace FROM TO STRING",
        "Replaces every occurrence of a text.",
        |pass, arguments| {
            let text = bytes(&arguments[2]);
            replaced(pass, text, bytes(&arguments[0]), bytes(&arguments[1])).map(Value::string)
        },
    ),
    function(
        Signature::new("sprig_repeat", INT_STRING),
        "sprig_repeat COUNT STRING",
        "A string several times.",
        repeat,
    ),
    function(
        Signature::new("sprig_indent", INT_STRING),
        "sprig_indent SPACES STRING",
        "Puts spaces in front of every line.",
        |pass, arguments| indented(pass, arguments, ""),
    ),
    function(
        Signature::new("sprig_nindent", INT_STRING),
        "sprig_nindent SPACES STRING",
        "As sprig_indent, after a newline.",
        |pass, arguments| indented(pass, arguments, "\n"),
    ),
    function(
        Signature::new("sprig_trunc", INT_STRING),
        "sprig_trunc LENGTH STRING",
        "The first bytes of a string; the last ones where LENGTH is negative.",
        |_, arguments| {
            let (length, text) = (number(&arguments[0]), bytes(&arguments[1]));
            let size = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
            let cut = match length {
                _ if size >= text.len() => text,
                0.. => &text[..size],
                _ => &text[text.len() - size..],
            };
            Ok(Value::string(cut))
        },
    ),
    function(
        Signature::new("sprig_substr", &[Type::INT, Type::INT, Type::String]),
        "sprig_substr START END STRING",
        "The bytes from START up to END.",
        substring,
    ),
    function(
        Signature::new("sprig_abbrev", INT_STRING),
        "sprig_abbrev WIDTH STRING",
        "A string cut to a width, with an ellipsis.",
        |_, arguments| {
            let width = usize::try_from(number(&arguments[0])).unwrap_or(0);
            Ok(Value::string(abbreviated(bytes(&arguments[1]), 0, width)))
        },
    ),
    function(
        Signature::new("sprig_abbrevboth", &[Type::INT, Type::INT, Type::String]),
        "sprig_abbrevboth OFFSET WIDTH STRING",
        "A string cut at both ends, with ellipses.",
        |_, arguments| {
            let (offset, width) = (number(&arguments[0]), number(&arguments[1]));
            let text = bytes(&arguments[2]);
            if width < 4 || (offset > 0 && width < 7) {
                return Ok(Value::string(text));
            }
            let size = |number| usize::try_from(number).unwrap_or(0);
            // What remains of the text behind the least offsets is more than Go can count: it
            // becomes less than nothing, as behind the largest ones.
            let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
            let offset = match length.checked_sub(offset) {
                Some(_) => size(offset),
                None => usize::MAX,
            };
            Ok(Value::string(abbreviated(text, offset, size(width))))
        },
    ),
    function(
        Signature::variadic("sprig_quote", &[], Type::Any),
        "sprig_quote VALUE...",
        "Values in double quotes, with a space between them.",
        |pass, arguments| quoted(pass, arguments, |text| quote(text).into_bytes()),
    ),
    function(
        Signature::variadic("sprig_squote", &[], Type::Any),
        "sprig_squote VALUE...",
        "Values in single quotes, with a space between them.",
        |pass, arguments| quoted(pass, arguments, |text| [b"'", text, b"'"].concat()),
    ),
    function(
        Signature::variadic("sprig_cat", &[], Type::Any),
        "sprig_cat VALUE...",
        "Values with a space between them.",
        |pass, arguments| {
            let mut parts = Vec::new();
            for value in arguments
                .iter()
                .filter(|value| !matches!(value, Value::Nil))
            {
                parts.push(sprintf(b"%v", std::slice::from_ref(value), pass.limit)?);
            }
            Ok(Value::string(
                parts
                    .iter()
                    .map(|part| &part[..])
                    .collect::<Vec<_>>()
                    .join(&b' '),
            ))
        },
    ),
    function(
        Signature::new("sprig_plural", &[Type::String, Type::String, Type::INT]),
        "sprig_plural ONE MANY COUNT",
        "The first word for a count of one, else the second.",
        |_, arguments| {
            let one = number(&arguments[2]) == 1;
            Ok(arguments[usize::from(!one)].clone())
        },
    ),
];

/// An argument that the signature says is an int.
pub(super) fn number(argument: &Value) -> i64 {
    match argument {
        Value::Int(_, int) => *int,
        _ => 0,
    }
}

fn trim_all(arguments: Arguments<'_>) -> Value {
    let cutset = utf8(&arguments[0]);
    Value::string(trim(bytes(&arguments[1]), |c| cutset.contains(c)))
}

fn repeat(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let text = bytes(&arguments[1]);
    let count = usize::try_from(number(&arguments[0]))
        .map_err(|_| CallError::new("strings: negative Repeat count"))?;
    pass.check_size(text.len().saturating_mul(count))?;
    Ok(Value::string(text.repeat(count)))
}

fn indented(
    pass: &mut Pass<'_>,
    arguments: Arguments<'_>,
    front: &str,
) -> Result<Value, CallError> {
    let spaces = usize::try_from(number(&arguments[0]))
        .map_err(|_| CallError::new("strings: negative Repeat count"))?;
    pass.check_size(spaces)?;
    let pad = vec![b' '; spaces];
    let mut out = Printed::default();
    append(&mut out, front.as_bytes());
    append(&mut out, &pad);
    for line in bytes(&arguments[1]).split_inclusive(|byte| *byte == b'\n') {
        append(&mut out, line);
        if line.ends_with(b"\n") {
            append(&mut out, &pad);
        }
        pass.check_size(out.len())?;
    }
    Ok(Value::string(out))
}

fn substring(_: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let (start, end) = (number(&arguments[0]), number(&arguments[1]));
    let text = bytes(&arguments[2]);
    let index = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
    let range = if start < 0 {
        0..index(end)
    } else if end < 0 || index(end) > text.len() {
        index(start)..text.len()
    } else {
        index(start)..index(end)
    };
    let part = text.get(range);
    part.map(Value::string)
        .ok_or_else(|| CallError::new("runtime error: slice bounds out of range"))
}

/// At most `width` bytes from about `offset` on, with dots where something is left out.
fn abbreviated(text: &[u8], offset: usize, width: usize) -> Vec<u8> {
    const DOTS: &[u8] = b"...";
    if width < 4 || text.len() <= width {
        return text.to_vec();
    }
    let room = width - DOTS.len();
    let offset = offset.min(text.len() - room);
    if offset <= 4 {
        return [&text[..room], DOTS].concat();
    }
    if width < 7 {
        return Vec::new();
    }
    if offset + room < text.len() {
        let rest = abbreviated(&text[offset..], 0, room);
        return [DOTS, &rest].concat();
    }
    [DOTS, &text[text.len() - room..]].concat()
}

fn quoted(
    pass: &Pass<'_>,
    values: &[Value],
    quote: fn(&[u8]) -> Vec<u8>,
) -> Result<Value, CallError> {
    let mut parts = Vec::new();
    for value in values.iter().filter(|value| !matches!(value, Value::Nil)) {
        parts.push(quote(text(value, pass.limit)?.0.as_bytes()));
    }
    Ok(Value::string(parts.join(&b' ')))
}
