//! Words: their letters' case, how names are written, lines of a width.

use std::sync::LazyLock;

use regex_syntax::hir::ClassUnicode;
use text_template::{Signature, Type, Value};

use super::text::number;
use super::{Function, INT_STRING, STRING, function};
use crate::functions::regex::{class, contains};
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

/// A run of characters of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    /// Letters in lower case, or without a case.
    Lower,
    /// A capital and what belongs to it, or an abbreviation in capitals.
    Capital,
    Digits,
    Connector,
    Punctuation,
    /// What is none of these, such as `=`: a word of its own.
    Symbol,
}

fn run_of(c: char) -> Run {
    match c {
        '-' | '_' => Run::Connector,
        c if c.is_whitespace() => Run::Connector,
        c if c.is_numeric() => Run::Digits,
        c if is_punctuation(c) => Run::Punctuation,
        c if !is_letter(c) => Run::Symbol,
        c if c.is_uppercase() => Run::Capital,
        _ => Run::Lower,
    }
}

fn is_punctuation(c: char) -> bool {
    static CLASS: LazyLock<Option<ClassUnicode>> = LazyLock::new(|| class("P"));
    if c.is_ascii() {
        return c.is_ascii_punctuation() && !"$+<=>^`|~".contains(c);
    }
    CLASS.as_ref().is_some_and(|class| contains(class, c))
}

/// Ideographs are words of their own.
fn is_letter(c: char) -> bool {
    static CLASS: LazyLock<Option<ClassUnicode>> = LazyLock::new(|| class("L"));
    if c.is_ascii() {
        return c.is_ascii_alphabetic();
    }
    let is_ideograph =
        matches!(c, '\u{3400}'..='\u{4d85}' | '\u{4e00}'..='\u{9fcc}' | '\u{20000}'..='\u{2b81d}');
    !is_ideograph && CLASS.as_ref().is_some_and(|class| contains(class, c))
}

/// A character with the broken bytes in front of it, which belong to it; behind the last character,
/// broken bytes that count as another of its kind.
struct Letter<'t> {
    c: char,
    run: Run,
    bytes: &'t [u8],
}

impl<'t> Letter<'t> {
    fn new(c: char, bytes: &'t [u8]) -> Self {
        let run = run_of(c);
        Self { c, run, bytes }
    }
}

fn letters(text: &[u8]) -> Vec<Letter<'_>> {
    let mut letters: Vec<Letter<'_>> = Vec::new();
    let (mut begin, mut end) = (0, 0);
    for (c, own) in characters(text) {
        end += own.len();
        if c != char::REPLACEMENT_CHARACTER {
            letters.push(Letter::new(c, &text[begin..end]));
            begin = end;
        }
    }
    if begin < end {
        let c = letters
            .last()
            .map_or(char::REPLACEMENT_CHARACTER, |last| last.c);
        letters.push(Letter::new(c, &text[begin..]));
    }
    letters
}

/// The runs of a name. A capital goes with the small letters behind it; several in a row are one
/// run, up to the last one that small letters follow.
fn runs(text: &[u8]) -> Vec<(Run, &[u8])> {
    let letters = letters(text);
    let mut runs = Vec::new();
    let mut at = 0;
    let mut rest = text;
    while at < letters.len() {
        let run = letters[at].run;
        let while_run = |from: usize, run: Run| {
            let same = letters[from..]
                .iter()
                .take_while(|letter| letter.run == run);
            from + same.count()
        };
        let mut end = match run {
            Run::Connector => at + 1,
            // Hyphens and underscores behind other punctuation belong to it.
            Run::Punctuation => {
                let goes_on = |letter: &&Letter<'_>| {
                    letter.run == Run::Punctuation || matches!(letter.c, '-' | '_')
                };
                at + letters[at..].iter().take_while(goes_on).count()
            }
            _ => while_run(at, run),
        };
        if run == Run::Capital && letters.get(end).is_some_and(|next| next.run == Run::Lower) {
            end = if end - at > 1 {
                end - 1
            } else {
                while_run(end, Run::Lower)
            };
        }
        let length = letters[at..end]
            .iter()
            .map(|letter| letter.bytes.len())
            .sum();
        let (own, others) = rest.split_at(length);
        runs.push((run, own));
        (rest, at) = (others, end);
    }
    runs
}

/// Words in lower case with a connector between them. A number stays with the word before it,
/// unless small letters follow: then it begins a word of its own.
fn joined(text: &[u8], connector: char) -> Vec<u8> {
    let runs = runs(text);
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    // Does the next word need a connector in front?
    let mut open = false;
    while at < runs.len() {
        let (run, text) = runs[at];
        match run {
            Run::Connector => {
                push_mapped(&mut out, text, |c| match run_of(c) {
                    Run::Connector => connector,
                    _ => c,
                });
                open = false;
                at += 1;
            }
            Run::Punctuation => {
                out.extend_from_slice(text);
                open = false;
                at += 1;
            }
            _ => {
                let with_letters = run == Run::Digits
                    && runs
                        .get(at + 1)
                        .is_some_and(|(next, _)| *next == Run::Lower);
                if open && (run != Run::Digits || with_letters) {
                    push(&mut out, connector);
                }
                match run {
                    Run::Capital => push_mapped(&mut out, text, |c| match run_of(c) {
                        Run::Capital => case::lower_of(c),
                        _ => c,
                    }),
                    _ => out.extend_from_slice(text),
                }
                open = true;
                at += 1;
                if run == Run::Digits {
                    while let Some((Run::Lower | Run::Digits, text)) = runs.get(at) {
                        out.extend_from_slice(text);
                        at += 1;
                    }
                }
            }
        }
    }
    out
}

/// Adds a text character by character: sprig does not keep broken bytes there.
fn push_mapped(out: &mut Vec<u8>, text: &[u8], change: impl Fn(char) -> char) {
    for (c, _) in characters(text) {
        push(out, change(c));
    }
}

fn push(out: &mut Vec<u8>, c: char) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Words joined, each with a capital; connectors at the start stay.
fn camel(text: &str) -> String {
    let start = text.len()
        - text
            .trim_start_matches(|c| run_of(c) == Run::Connector)
            .len();
    let mut out = text[..start].to_owned();
    if start == text.len() {
        // sprig writes the last of nothing but connectors twice.
        out.extend(text.chars().next_back());
    }
    let chars: Vec<char> = text[start..].chars().collect();
    let mut at = 0;
    // The first letters in a row of capitals become one word.
    let leading = chars
        .iter()
        .take_while(|c| run_of(**c) == Run::Capital)
        .count();
    let mut word_start = true;
    while at < chars.len() {
        let c = chars[at];
        if run_of(c) == Run::Connector {
            let end = at
                + chars[at..]
                    .iter()
                    .take_while(|c| run_of(**c) == Run::Connector)
                    .count();
            // One of them joins the words; others stay.
            let kept = if end == chars.len() { end } else { end - 1 };
            out.extend(&chars[at..kept]);
            at = end;
            word_start = true;
            continue;
        }
        let in_capitals = leading > 1 && at < leading
            || (at > 0
                && run_of(c) == Run::Capital
                && run_of(chars[at - 1]) == Run::Capital
                && out_is_joined(&chars[..at]));
        out.push(match (word_start, in_capitals) {
            (true, _) => case::upper_of(c),
            (false, true) => case::lower_of(c),
            (false, false) => c,
        });
        word_start = false;
        at += 1;
    }
    out
}

/// Did a connector come before the current run of capitals?
fn out_is_joined(before: &[char]) -> bool {
    let run = before
        .iter()
        .rev()
        .take_while(|c| run_of(**c) == Run::Capital)
        .count();
    before
        .len()
        .checked_sub(run + 1)
        .is_some_and(|at| run_of(before[at]) == Run::Connector)
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
