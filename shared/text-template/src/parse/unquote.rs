//! Go's string and character literals.

/// The bytes of a literal with its quotes; `None` where it is malformed.
pub(super) fn string(literal: &str) -> Option<Vec<u8>> {
    let mark = literal.chars().next()?;
    let inner = literal.strip_prefix(mark)?.strip_suffix(mark)?;
    if mark == '`' {
        // Carriage returns are dropped from raw strings.
        return Some(inner.bytes().filter(|byte| *byte != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (unit, after) = unit(rest, mark)?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    Some(out)
}

/// The code of a character literal's first character and what follows it: the closing quote.
pub(super) fn character(literal: &str) -> Option<(u32, &str)> {
    let inner = literal.strip_prefix('\'')?;
    let (unit, rest) = unit(inner, '\'')?;
    let code = match unit {
        Unit::Byte(byte) => byte.into(),
        Unit::Char(c) => c.into(),
    };
    Some((code, rest))
}

enum Unit {
    /// `\x41` and `\101` are bytes, not characters.
    Byte(u8),
    Char(char),
}

fn unit(text: &str, mark: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    let c = chars.next()?;
    if c == mark || c == '\n' {
        return None;
    }
    if c != '\\' {
        return Some((Unit::Char(c), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => '\x07',
        'b' => '\x08',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '\\' => '\\',
        '\'' | '"' if escape == mark => mark,
        'x' => return byte(rest, 2, 16),
        '0'..='7' => return byte(&text[1..], 3, 8),
        'u' => return code(rest, 4),
        'U' => return code(rest, 8),
        _ => return None,
    };
    Some((Unit::Char(simple), rest))
}

fn digits(text: &str, count: usize, radix: u32) -> Option<(u32, &str)> {
    let (digits, rest) = text.split_at_checked(count)?;
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    Some((u32::from_str_radix(digits, radix).ok()?, rest))
}

fn byte(text: &str, count: usize, radix: u32) -> Option<(Unit, &str)> {
    let (code, rest) = digits(text, count, radix)?;
    Some((Unit::Byte(u8::try_from(code).ok()?), rest))
}

fn code(text: &str, count: usize) -> Option<(Unit, &str)> {
    let (code, rest) = digits(text, count, 16)?;
    Some((Unit::Char(char::from_u32(code)?), rest))
}
