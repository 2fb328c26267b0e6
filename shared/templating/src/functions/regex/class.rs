//! Sets of characters: in brackets, by name and behind a backslash.

use std::fmt::Write;

use super::fold::others;
use super::reader::{Reader, character};
use super::syntax::{Misfit, misfit};

/// The last character.
pub(super) const LAST: u32 = 0x10_ffff;
/// Behind this no character has another case.
const LAST_CASED: u32 = 0x1_e943;
/// Characters that an expression may ask the other cases of.
const MOST_FOLDED: usize = 1 << 20;

/// Ranges of characters, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Class(Vec<(u32, u32)>);

impl Class {
    /// A character, with those that differ in their case only where `fold`.
    pub(super) fn of(c: char, fold: bool, reader: &mut Reader<'_>) -> Result<Self, Misfit> {
        let class = Self(vec![(c.into(), c.into())]);
        if fold {
            class.folded(reader)
        } else {
            Ok(class)
        }
    }

    /// Sorted, without overlaps.
    fn clean(mut self) -> Self {
        self.0.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for (low, high) in self.0 {
            match merged.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        Self(merged)
    }

    fn negated(self) -> Self {
        let mut out = Vec::new();
        let mut next = 0;
        for (low, high) in self.clean().0 {
            if next < low {
                out.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= LAST {
            out.push((next, LAST));
        }
        Self(out)
    }

    fn folded(self, reader: &mut Reader<'_>) -> Result<Self, Misfit> {
        let mut class = self.clean();
        let mut more = Vec::new();
        for (low, high) in &class.0 {
            for c in *low..=*high.min(&LAST_CASED) {
                reader.folded += 1;
                if reader.folded > MOST_FOLDED {
                    return misfit("expression too large", reader.source);
                }
                let Some(c) = char::from_u32(c) else { continue };
                more.extend(others(c).map(|c| (u32::from(c), u32::from(c))));
            }
        }
        class.0.append(&mut more);
        Ok(class.clean())
    }

    /// As the engine reads it.
    pub(super) fn written(&self) -> String {
        // A character by itself costs the engine less.
        if let [(low, high)] = self.0[..]
            && low == high
            && outside(low, 0) == low
        {
            return format!("\\x{{{low:x}}}");
        }
        let mut out = String::from("[");
        for (low, high) in &self.0 {
            let (low, high) = (outside(*low, 0xe000), outside(*high, 0xd7ff));
            if low <= high {
                // A string takes all that is written.
                let _ = write!(out, "\\x{{{low:x}}}-\\x{{{high:x}}}");
            }
        }
        if out.len() == 1 {
            return String::from(r"[^\x{0}-\x{10ffff}]");
        }
        out.push(']');
        out
    }
}

/// Code units of UTF-16 are no characters.
fn outside(c: u32, instead: u32) -> u32 {
    if (0xd800..0xe000).contains(&c) {
        instead
    } else {
        c
    }
}

/// A class by the letter behind its backslash.
fn by_letter(letter: char) -> Option<Class> {
    Some(Class(match letter.to_ascii_lowercase() {
        'd' => vec![(0x30, 0x39)],
        's' => vec![(9, 10), (12, 13), (32, 32)],
        'w' => vec![(0x30, 0x39), (0x41, 0x5a), (0x5f, 0x5f), (0x61, 0x7a)],
        _ => return None,
    }))
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
        .map(|c| (c.into(), c.into()))
        .collect();
    Some(Class(ranges))
}

/// `\d`, `\W` and the like, if one is next.
pub(super) fn escaped(reader: &mut Reader<'_>, fold: bool) -> Result<Option<Class>, Misfit> {
    let rest = reader.rest();
    let Some(letter) = rest.strip_prefix('\\').and_then(|rest| rest.chars().next()) else {
        return Ok(None);
    };
    if letter.eq_ignore_ascii_case(&'p') {
        let end = rest.find('}').map_or(rest.len(), |end| end + 1);
        let end = if rest[2..].starts_with('{') { end } else { 3 };
        return misfit(
            "Unicode character classes are not supported",
            rest.get(..end).unwrap_or(rest),
        );
    }
    let Some(class) = by_letter(letter) else {
        return Ok(None);
    };
    reader.at += 2;
    grouped(class, letter.is_ascii_uppercase(), fold, reader).map(Some)
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
    let (mut class, mut single) = (Class::default(), Class::default());
    let mut first = true;
    while first || !reader.rest().starts_with(']') {
        first = false;
        if let Some(named) = posix(reader, fold)? {
            class.0.extend(named.0);
            continue;
        }
        if let Some(escaped) = escaped(reader, fold)? {
            class.0.extend(escaped.0);
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
            return misfit("invalid character class range", reader.since(from));
        }
        single.0.push((low, high));
    }
    reader.skip("]");
    let single = if fold { single.folded(reader)? } else { single };
    class.0.extend(single.0);
    Ok(if negate {
        class.negated()
    } else {
        class.clean()
    })
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
        return misfit("invalid character class range", reader.since(begin));
    };
    grouped(class, negate, fold, reader).map(Some)
}
