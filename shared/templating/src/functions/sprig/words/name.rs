//! Names of several words: where a word begins, and how others write them.

use std::sync::LazyLock;

use regex_syntax::hir::ClassUnicode;

use crate::functions::regex::{class, contains};
use crate::functions::text::case;
use crate::functions::utf8::characters;

/// A run of characters of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
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

pub(super) fn run_of(c: char) -> Run {
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
pub(super) fn joined(text: &[u8], connector: char) -> Vec<u8> {
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
pub(super) fn camel(text: &str) -> String {
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
