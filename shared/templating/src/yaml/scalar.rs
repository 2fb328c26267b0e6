//! How a string is written: plain, in quotes, or as a block of lines.

use super::resolve;

/// The ways to write a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// How a string is written; `key` where it must fit before a colon.
pub(super) fn style(text: &str, key: bool) -> Style {
    let shape = Shape::new(text);
    if !resolve::is_string(text) || is_base_60(text) {
        return Style::Double;
    }
    if text.contains('\n') {
        let block = shape.block && !key;
        return if block { Style::Literal } else { Style::Double };
    }
    match (shape.plain, shape.single) {
        (true, _) => Style::Plain,
        (false, true) => Style::Single,
        (false, false) => Style::Double,
    }
}

/// May a string stand in front of a colon on one line?
pub(super) fn is_simple_key(text: &str) -> bool {
    text.len() <= 128 && !text.contains(is_break)
}

/// Clock times were numbers once.
fn is_base_60(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut parts = body.split(':');
    let first = parts.next().unwrap_or_default();
    let mut rest: Vec<&str> = parts.collect();
    let Some(last) = rest.pop() else { return false };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let sixty = |text: &str| match text.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [ten, digit] => (b'0'..=b'5').contains(ten) && digit.is_ascii_digit(),
        _ => false,
    };
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && rest.into_iter().all(sixty)
        && sixty(last)
        && digits(fraction)
}

pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Characters beyond the basic plane count as unprintable.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
        && c != '\u{feff}'
}

/// Which ways of writing a string's characters allow.
struct Shape {
    plain: bool,
    single: bool,
    block: bool,
}

impl Shape {
    fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut special, mut breaks) = (false, false);
        let (mut space_break, mut break_space) = (false, false);
        for (index, &c) in chars.iter().enumerate() {
            let before = index.checked_sub(1).map(|before| chars[before]);
            let blank_before = before.is_none_or(is_blank);
            let blank_after = chars.get(index + 1).is_none_or(|c| is_blank(*c));
            indicators |= is_indicator(c, index == 0, blank_before, blank_after);
            special |= !is_printable(c);
            breaks |= is_break(c);
            space_break |= is_break(c) && before == Some(' ');
            break_space |= c == ' ' && before.is_some_and(is_break);
        }
        let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        let edges = edge(chars.first()) || edge(chars.last());
        let torn = space_break || special;
        Self {
            plain: !(chars.is_empty() || indicators || edges || torn || breaks),
            single: !(torn || break_space),
            block: !(torn || chars.last() == Some(&' ')),
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break(c)
}

/// Does a character mean something to YAML where it stands?
fn is_indicator(c: char, first: bool, blank_before: bool, blank_after: bool) -> bool {
    match c {
        ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@'
        | '`' => first,
        '?' | '-' => first && blank_after,
        ':' => blank_after,
        '#' => blank_before,
        _ => false,
    }
}
