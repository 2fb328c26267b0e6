//! Words: their letters' case, how names are written, lines of a width.

mod name;

use text_template::{Signature, Type, Value};

use self::name::{Run, camel, joined, run_of};
use super::text::number;
use super::{Function, INT_STRING, STRING, function};
use crate::functions::text::case;
use crate::functions::utf8::characters;
use crate::functions::{bytes, utf8};

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("sprig_untitle", STRING),
        "sprig_untitle STRING",
        "The first letter of each word in lower case.",
        |_, arguments| {
            Ok(by_word(&utf8(&arguments[0]), |c, first| {
                if first { case::lower_of(c) } else { c }
            }))
        },
    ),
    function(
        Signature::new("sprig_swapcase", STRING),
        "sprig_swapcase STRING",
        "Upper case for lower case, and the other way round.",
        |_, arguments| {
            Ok(by_word(&utf8(&arguments[0]), |c, first| match run_of(c) {
                Run::Capital => case::lower_of(c),
                Run::Lower if case::title_of(c) == c => case::lower_of(c),
                Run::Lower if first => case::title_of(c),
                Run::Lower => case::upper_of(c),
                _ => c,
            }))
        },
    ),
    function(
        Signature::new("sprig_nospace", STRING),
        "sprig_nospace STRING",
        "Without any white space.",
        |_, arguments| {
            let text = bytes(&arguments[0]);
            let mut out = Vec::with_capacity(text.len());
            for (_, own) in characters(text).filter(|(c, _)| !c.is_whitespace()) {
                out.extend_from_slice(own);
            }
            Ok(Value::string(out))
        },
    ),
    function(
        Signature::new("sprig_initials", STRING),
        "sprig_initials STRING",
        "The first byte of each word.",
        |_, arguments| {
            // Of characters with more bytes than one, too, those that alone are white space.
            let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0);
            let words = bytes(&arguments[0]).split(is_space);
            let firsts = words.filter_map(|word| word.first().copied().map(char::from));
            Ok(Value::string(firsts.collect::<String>()))
        },
    ),
    function(
        Signature::new("sprig_snakecase", STRING),
        "sprig_snakecase STRING",
        "A name in snake_case.",
        |_, arguments| Ok(Value::string(joined(bytes(&arguments[0]), '_'))),
    ),
    function(
        Signature::new("sprig_kebabcase", STRING),
        "sprig_kebabcase STRING",
        "A name in kebab-case.",
        |_, arguments| Ok(Value::string(joined(bytes(&arguments[0]), '-'))),
    ),
    function(
        Signature::new("sprig_camelcase", STRING),
        "sprig_camelcase STRING",
        "A name in CamelCase.",
        |_, arguments| Ok(Value::string(camel(&utf8(&arguments[0])))),
    ),
    function(
        Signature::new("sprig_wrap", INT_STRING),
        "sprig_wrap WIDTH STRING",
        "Lines of a width; longer words stay whole.",
        |_, arguments| {
            let text = wrapped(bytes(&arguments[1]), number(&arguments[0]), b"\n", false);
            Ok(Value::string(text))
        },
    ),
    function(
        Signature::new("sprig_wrapWith", &[Type::INT, Type::String, Type::String]),
        "sprig_wrapWith WIDTH SEPARATOR STRING",
        "Lines of a width with a separator of their own; longer words are cut.",
        |_, arguments| {
            let separator = match bytes(&arguments[1]) {
                b"" => b"\n",
                separator => separator,
            };
            let text = wrapped(bytes(&arguments[2]), number(&arguments[0]), separator, true);
            Ok(Value::string(text))
        },
    ),
];

/// Each character changed, with whether it begins a word.
fn by_word(text: &str, change: impl Fn(char, bool) -> char) -> Value {
    let mut first = true;
    let changed = text.chars().map(|c| {
        let changed = change(c, first);
        first = c.is_whitespace();
        changed
    });
    Value::string(changed.collect::<String>())
}

/// Lines of at most `width` bytes, broken at spaces; a longer word is cut or left whole.
fn wrapped(bytes: &[u8], width: i64, separator: &[u8], cut: bool) -> Vec<u8> {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / width);
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        let line = &bytes[at..=at + width];
        let (end, next) = match line.iter().rposition(|byte| *byte == b' ') {
            Some(space) => (at + space, at + space + 1),
            None if cut => (at + width, at + width),
            None => match bytes[at + width..].iter().position(|byte| *byte == b' ') {
                Some(space) => (at + width + space, at + width + space + 1),
                None => break,
            },
        };
        out.extend_from_slice(&bytes[at..end]);
        out.extend_from_slice(separator);
        at = next;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}
