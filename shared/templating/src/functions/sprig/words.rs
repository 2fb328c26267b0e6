//! Words: their letters' case, how names are written, lines of a width.

use std::sync::LazyLock;

use regex_syntax::hir::ClassUnicode;
use text_template::{Signature, Type, Value};

use super::text::number;
use super::{Function, INT_STRING, STRING, function};
use crate::functions::regex::{class, contains};
use crate::functions::text::case;
use crate::functions::utf8;

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
            let text = utf8(&arguments[0]);
            Ok(Value::string(
                text.chars()
                    .filter(|c| !c.is_whitespace())
                    .collect::<String>(),
            ))
        },
    ),
    function(
        Signature::new("sprig_initials", STRING),
        "sprig_initials STRING",
        "The first byte of each word.",
        |_, arguments| {
            let text = utf8(&arguments[0]);
            // Of characters with more bytes than one, too, those that alone are white space.
            let is_space = |byte: &u8| matches!(byte, b'\t'..=b'\r' | b' ' | 0x85 | 0xa0);
            let words = text.as_bytes().split(is_space);
            let firsts = words.filter_map(|word| word.first().copied().map(char::from));
            Ok(Value::string(firsts.collect::<String>()))
        },
    ),
    function(
        Signature::new("sprig_snakecase", STRING),
        "sprig_snakecase STRING",
        "A name in snake_case.",
        |_, arguments| Ok(Value::string(joined(&utf8(&arguments[0]), '_'))),
    ),
    function(
        Signature::new("sprig_kebabcase", STRING),
        "sprig_kebabcase STRING",
        "A name in kebab-case.",
        |_, arguments| Ok(Value::string(joined(&utf8(&arguments[0]), '-'))),
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
            let text = wrapped(&utf8(&arguments[1]), number(&arguments[0]), "\n", false);
            Ok(Value::string(text))
        },
    ),
    function(
        Signature::new("sprig_wrapWith", &[Type::INT, Type::String, Type::String]),
        "sprig_wrapWith WIDTH SEPARATOR STRING",
        "Lines of a width with a separator of their own; longer words are cut.",
        |_, arguments| {
            let separator = utf8(&arguments[1]);
            let separator = if separator.is_empty() {
                "\n"
            } else {
                &separator
            };
            let text = wrapped(&utf8(&arguments[2]), number(&arguments[0]), separator, true);
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

/// The runs of a name. A capital goes with the small letters behind it; several in a row are one
/// run, up to the last one that small letters follow.
fn runs(text: &str) -> Vec<(Run, String)> {
    let chars: Vec<char> = text.chars().collect();
    let mut runs = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        let run = run_of(chars[at]);
        let while_run = |from: usize, run: Run| {
            from + chars[from..]
                .iter()
                .take_while(|c| run_of(**c) == run)
                .count()
        };
        let mut end = match run {
            Run::Connector => at + 1,
            // Hyphens and underscores behind other punctuation belong to it.
            Run::Punctuation => {
                let goes_on = |c: &&char| matches!(**c, '-' | '_') || is_punctuation(**c);
                at + chars[at..].iter().take_while(goes_on).count()
            }
            _ => while_run(at, run),
        };
        if run == Run::Capital && chars.get(end).is_some_and(|c| run_of(*c) == Run::Lower) {
            end = if end - at > 1 {
                end - 1
            } else {
                while_run(end, Run::Lower)
            };
        }
        runs.push((run, chars[at..end].iter().collect()));
        at = end;
    }
    runs
}

/// Words in lower case with a connector between them. A number stays with the word before it,
/// unless small letters follow: then it begins a word of its own.
fn joined(text: &str, connector: char) -> String {
    let runs = runs(text);
    let mut out = String::new();
    let mut at = 0;
    // Does the next word need a connector in front?
    let mut open = false;
    while at < runs.len() {
        let (run, text) = &runs[at];
        match run {
            Run::Connector => {
                out.push(connector);
                open = false;
                at += 1;
            }
            Run::Punctuation => {
                out.push_str(text);
                open = false;
                at += 1;
            }
            _ => {
                let with_letters = *run == Run::Digits
                    && runs
                        .get(at + 1)
                        .is_some_and(|(next, _)| *next == Run::Lower);
                if open && (*run != Run::Digits || with_letters) {
                    out.push(connector);
                }
                match run {
                    Run::Capital => out.extend(text.chars().map(|c| match run_of(c) {
                        Run::Capital => case::lower_of(c),
                        _ => c,
                    })),
                    _ => out.push_str(text),
                }
                open = true;
                at += 1;
                if *run == Run::Digits {
                    while let Some((Run::Lower | Run::Digits, text)) = runs.get(at) {
                        out.push_str(text);
                        at += 1;
                    }
                }
            }
        }
    }
    out
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
fn wrapped(text: &str, width: i64, separator: &str, cut: bool) -> Vec<u8> {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    let bytes = text.as_bytes();
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
        out.extend_from_slice(separator.as_bytes());
        at = next;
    }
    out.extend_from_slice(&bytes[at..]);
    out
}
