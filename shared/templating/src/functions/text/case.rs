//! Upper, lower and title case, character by character as Go maps them.

use text_template::Value;
use zeroize::Zeroizing;

use crate::functions::utf8;

pub(in crate::functions) fn upper(argument: &Value) -> Value {
    map(argument, |c, _| upper_of(c))
}

pub(in crate::functions) fn lower(argument: &Value) -> Value {
    map(argument, |c, _| lower_of(c))
}

/// A word begins after anything but a letter, a digit or an underscore.
pub(in crate::functions) fn title(argument: &Value) -> Value {
    map(argument, |c, before| match before {
        Some(before) if !is_separator(before) => c,
        _ => title_of(c),
    })
}

/// A character in title case.
pub(in crate::functions) fn title_of(c: char) -> char {
    match c {
        // Two letters in one, of which only the first becomes a capital.
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        _ => upper_of(c),
    }
}

/// A character in lower case.
pub(in crate::functions) fn lower_of(c: char) -> char {
    match c {
        // The one letter that Rust maps to two and Go to one.
        '\u{130}' => 'i',
        _ => single(c, c.to_lowercase()),
    }
}

/// A character in upper case. Rust maps Greek letters with an iota below to two, Go to one.
pub(in crate::functions) fn upper_of(c: char) -> char {
    let below = matches!(c, 'ᾀ'..='ᾇ' | 'ᾐ'..='ᾗ' | 'ᾠ'..='ᾧ');
    let up = if below { 8 } else { 9 };
    match c {
        _ if below || matches!(c, 'ᾳ' | 'ῃ' | 'ῳ') => {
            char::from_u32(u32::from(c) + up).unwrap_or(c)
        }
        _ => single(c, c.to_uppercase()),
    }
}

/// Letters whose case is title case.
pub(in crate::functions) fn is_title(c: char) -> bool {
    matches!(
        c,
        'ǅ' | 'ǈ' | 'ǋ' | 'ǲ' | 'ᾈ'..='ᾏ' | 'ᾘ'..='ᾟ' | 'ᾨ'..='ᾯ' | 'ᾼ' | 'ῌ' | 'ῼ'
    )
}

/// In ASCII all but letters, digits and underscores separate; beyond it only spaces do.
fn is_separator(c: char) -> bool {
    if c.is_ascii() {
        !(c.is_ascii_alphanumeric() || c == '_')
    } else {
        c.is_whitespace()
    }
}

/// Go maps a character to one character; where there is none, to itself.
fn single(c: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(mapped), None) => mapped,
        _ => c,
    }
}

fn map(argument: &Value, change: impl Fn(char, Option<char>) -> char) -> Value {
    let text = utf8(argument);
    // A character in another case may be longer; counted first, so that nothing is left behind in
    // memory by growing.
    let mapped = || {
        text.chars()
            .scan(None, |before, c| Some(change(c, before.replace(c))))
    };
    let mut out = Zeroizing::new(Vec::with_capacity(mapped().map(char::len_utf8).sum()));
    for c in mapped() {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    Value::string(out)
}
