//! Sets of characters: in brackets, by name and behind a backslash.

use std::fmt::Write;

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::reader::{Reader, character};
use super::syntax::{Misfit, misfit};
use super::unicode;

/// Behind this no character has another case.
const LAST_CASED: char = '\u{1e943}';
/// What a class of Unicode costs, as characters whose other cases are asked.
const NAME_COST: usize = 1 << 15;
const INVALID: &str = "invalid character class range";

/// A set of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Class(ClassUnicode);

impl Class {
    pub(super) fn new(ranges: Vec<ClassUnicodeRange>) -> Self {
        Self(ClassUnicode::new(ranges))
    }

    /// A character, with those that differ in their case only where `fold`.
    pub(super) fn of(c: char, fold: bool, reader: &mut Reader<'_>) -> Result<Self, Misfit> {
        grouped(
            Self::new(vec![ClassUnicodeRange::new(c, c)]),
            false,
            fold,
            reader,
        )
    }

    fn negated(mut self) -> Self {
        self.0.negate();
        self
    }

    fn folded(mut self, reader: &mut Reader<'_>) -> Result<Self, Misfit> {
        let mut cased = self.0.clone();
        cased.intersect(&ClassUnicode::new([ClassUnicodeRange::new(
            '\0', LAST_CASED,
        )]));
        reader.spend(cased.iter().map(ClassUnicodeRange::len).sum())?;
        cased.case_fold_simple();
        self.0.union(&cased);
        Ok(self)
    }

    /// As the engine reads it.
    pub(super) fn written(&self) -> String {
        // A character by itself costs the engine less.
        if let [one] = self.0.ranges()
            && one.start() == one.end()
        {
            return format!("\\x{{{:x}}}", u32::from(one.start()));
        }
        if self.0.ranges().is_empty() {
            return String::from(r"[^\x{0}-\x{10ffff}]");
        }
        let mut out = String::from("[");
        for range in self.0.iter() {
            let (low, high) = (u32::from(range.start()), u32::from(range.end()));
            // A string takes all that is written.
            let _ = write!(out, "\\x{{{low:x}}}-\\x{{{high:x}}}");
        }
        out.push(']');
        out
    }
}

/// What lies between two code points, both included. Code units of UTF-16 are no characters.
fn between(low: u32, high: u32) -> Option<ClassUnicodeRange> {
    let low = char::from_u32(low).unwrap_or('\u{e000}');
    let high = char::from_u32(high).unwrap_or('\u{d7ff}');
    (low <= high).then(|| ClassUnicodeRange::new(low, high))
}

/// A class by the letter behind its backslash.
fn by_letter(letter: char) -> Option<Class> {
    let ranges: &[(char, char)] = match letter.to_ascii_lowercase() {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return None,
    };
    let ranges = ranges.iter();
    Some(Class::new(
        ranges
            .map(|(low, high)| ClassUnicodeRange::new(*low, *high))
            .collect(),
    ))
}

/// A class by its POSIX name.
fn by_name(name: &str) -> Option<Class> {
    let fits: fn(&char) -> bool = match name {
        "alnum" => char::is_ascii_alphanumeric,
        "alpha" => char::is_ascii_alphabetic,
        "ascii" => char::is_ascii,
        "blank" => |c| matches!(c, ' ' | '\t'),
        "cntrl" => char::is_ascii_control,
        "digit" => char::is_ascii_digit,
        "graph" => char::is_ascii_graphic,
        "lower" => char::is_ascii_lowercase,
        "print" => |c| c.is_ascii_graphic() || *c == ' ',
        "punct" => char::is_ascii_punctuation,
        "space" => |c| matches!(c, '\t'..='\r' | ' '),
        "upper" => char::is_ascii_uppercase,
        "word" => |c| c.is_ascii_alphanumeric() || *c == '_',
        "xdigit" => char::is_ascii_hexdigit,
        _ => return None,
    };
    let ranges = ('\0'..='\x7f')
        .filter(fits)
        .map(|c| ClassUnicodeRange::new(c, c))
        .collect();
    Some(Class::new(ranges))
}

/// `\d`, `\W`, `\pL` and the like, if one is next.
pub(super) fn escaped(reader: &mut Reader<'_>, fold: bool) -> Result<Option<Class>, Misfit> {
    let rest = reader.rest().strip_prefix('\\');
    let Some(letter) = rest.and_then(|rest| rest.chars().next()) else {
        return Ok(None);
    };
    if letter.eq_ignore_ascii_case(&'p') {
        return named(reader, letter == 'P', fold).map(Some);
    }
    let Some(class) = by_letter(letter) else {
        return Ok(None);
    };
    reader.at += 2;
    grouped(class, letter.is_ascii_uppercase(), fold, reader).map(Some)
}

/// `\pL`, `\p{Greek}` or `\p{^Greek}`, which is next.
fn named(reader: &mut Reader<'_>, negate: bool, fold: bool) -> Result<Class, Misfit> {
    let begin = reader.at;
    reader.at += 2;
    let name = if reader.skip("{") {
        let Some((name, _)) = reader.rest().split_once('}') else {
            return misfit(INVALID, reader.from(begin));
        };
        reader.at += name.len() + 1;
        name
    } else {
        reader.next();
        reader.since(begin + 2)
    };
    let (negate, name) = match name.strip_prefix('^') {
        Some(name) => (!negate, name),
        None => (negate, name),
    };
    reader.spend(NAME_COST)?;
    let Some(class) = unicode::class(name) else {
        return misfit(INVALID, reader.since(begin));
    };
    grouped(Class(class), negate, fold, reader)
}

fn grouped(
    class: Class,
    negate: bool,
    fold: bool,
    reader: &mut Reader<'_>,
) -> Result<Class, Misfit> {
    let class = if fold { class.folded(reader)? } else { class };
    Ok(if negate { class.negated() } else { class })
}

/// A class in brackets, which is next.
pub(super) fn bracketed(reader: &mut Reader<'_>, fold: bool) -> Result<Class, Misfit> {
    let begin = reader.at;
    reader.skip("[");
    let negate = reader.skip("^");
    let (mut ranges, mut single) = (Vec::new(), Vec::new());
    let mut first = true;
    while first || !reader.rest().starts_with(']') {
        first = false;
        if let Some(named) = posix(reader, fold)? {
            ranges.extend_from_slice(named.0.ranges());
            continue;
        }
        if let Some(escaped) = escaped(reader, fold)? {
            ranges.extend_from_slice(escaped.0.ranges());
            continue;
        }
        let from = reader.at;
        let missing = "missing closing ]";
        if reader.peek().is_none() {
            return misfit(missing, reader.from(begin));
        }
        let low = character(reader)?;
        let mut high = low;
        let rest = reader.rest();
        if rest.len() > 1 && rest.starts_with('-') && !rest.starts_with("-]") {
            reader.skip("-");
            high = character(reader)?;
        }
        if high < low {
            return misfit(INVALID, reader.since(from));
        }
        single.extend(between(low, high));
    }
    reader.skip("]");
    let single = grouped(Class::new(single), false, fold, reader)?;
    ranges.extend_from_slice(single.0.ranges());
    grouped(Class::new(ranges), negate, false, reader)
}

/// `[:alpha:]` and the like, if one is next.
fn posix(reader: &mut Reader<'_>, fold: bool) -> Result<Option<Class>, Misfit> {
    let inner = reader.rest().strip_prefix("[:");
    let Some((name, _)) = inner.and_then(|inner| inner.split_once(":]")) else {
        return Ok(None);
    };
    let begin = reader.at;
    reader.at += name.len() + 4;
    let (negate, known) = match name.strip_prefix('^') {
        Some(name) => (true, by_name(name)),
        None => (false, by_name(name)),
    };
    let Some(class) = known else {
        return misfit(INVALID, reader.since(begin));
    };
    grouped(class, negate, fold, reader).map(Some)
}
