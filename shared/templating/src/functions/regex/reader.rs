//! The text of an expression, read from its begin to its end.

use super::syntax::{Misfit, misfit};

/// Characters that an expression may ask the other cases of.
const MOST_SPENT: usize = 1 << 22;

/// The text of an expression and how far it was read.
pub(super) struct Reader<'a> {
    pub(super) source: &'a str,
    pub(super) at: usize,
    /// Characters that the other cases of were asked.
    spent: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            at: 0,
            spent: 0,
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        self.from(self.at)
    }

    pub(super) fn from(&self, begin: usize) -> &'a str {
        &self.source[begin..]
    }

    pub(super) fn since(&self, begin: usize) -> &'a str {
        &self.source[begin..self.at]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn skip(&mut self, text: &str) -> bool {
        let there = self.rest().starts_with(text);
        if there {
            self.at += text.len();
        }
        there
    }

    /// Counts work that an expression asks for beyond its own length.
    pub(super) fn spend(&mut self, characters: usize) -> Result<(), Misfit> {
        self.spent += characters;
        if self.spent > MOST_SPENT {
            return misfit("expression too large", self.source);
        }
        Ok(())
    }

    /// Reads `{2}`, `{2,}` or `{2,5}`; anything else is text and stays.
    pub(super) fn counts(&mut self) -> Option<(u32, Option<u32>)> {
        let (inner, _) = self.rest().strip_prefix('{')?.split_once('}')?;
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
            let plain = digits && (text.len() == 1 || !text.starts_with('0'));
            plain.then(|| text.parse().unwrap_or(u32::MAX))
        };
        let counts = match inner.split_once(',') {
            None => (number(inner)?, Some(number(inner)?)),
            Some((least, "")) => (number(least)?, None),
            Some((least, most)) => (number(least)?, Some(number(most)?)),
        };
        self.at += inner.len() + 2;
        Some(counts)
    }
}

/// One character, perhaps behind a backslash.
pub(super) fn character(reader: &mut Reader<'_>) -> Result<u32, Misfit> {
    let begin = reader.at;
    let Some(c) = reader.next() else {
        return misfit("missing closing ]", reader.source);
    };
    if c != '\\' {
        return Ok(c.into());
    }
    let Some(c) = reader.next() else {
        return misfit("trailing backslash at end of expression", "");
    };
    let octal = |c: Option<char>| c.and_then(|c| c.to_digit(8));
    match c {
        // A single digit would be a back reference.
        '1'..='7' if octal(reader.peek()).is_none() => {}
        '0'..='7' => {
            let mut value = octal(Some(c)).unwrap_or_default();
            for _ in 0..2 {
                let Some(digit) = octal(reader.peek()) else {
                    break;
                };
                reader.next();
                value = value * 8 + digit;
            }
            return Ok(value);
        }
        'x' => {
            if let Some(value) = hexadecimal(reader) {
                return Ok(value);
            }
        }
        'a' => return Ok(7),
        'f' => return Ok(12),
        'n' => return Ok(10),
        'r' => return Ok(13),
        't' => return Ok(9),
        'v' => return Ok(11),
        _ if c.is_ascii() && !c.is_ascii_alphanumeric() => return Ok(c.into()),
        _ => {}
    }
    misfit("invalid escape sequence", reader.since(begin))
}

/// The number behind `\x`: two digits, or any in braces. What is no such number is read up to where
/// it fails.
fn hexadecimal(reader: &mut Reader<'_>) -> Option<u32> {
    if !reader.skip("{") {
        let (high, low) = (reader.next()?, reader.next()?);
        return Some(high.to_digit(16)? * 16 + low.to_digit(16)?);
    }
    let (mut value, mut any) = (0, false);
    loop {
        let digit = match reader.next()? {
            '}' => return any.then_some(value),
            c => c.to_digit(16)?,
        };
        (value, any) = (value * 16 + digit, true);
        if value > u32::from(char::MAX) {
            return None;
        }
    }
}
