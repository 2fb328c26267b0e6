//! `html`, `js` and `urlquery`.

use std::fmt::Write as _;

use crate::buffer::append;
use crate::fmt::{FormatError, Printed, is_print};

/// Text for HTML, in elements and attributes.
pub(super) fn html(bytes: &[u8], limit: usize) -> Result<Printed, FormatError> {
    each_byte(bytes, limit, |byte| {
        Some(match byte {
            b'"' => "&#34;",
            b'\'' => "&#39;",
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            0 => "\u{fffd}",
            _ => return None,
        })
    })
}

fn each_byte(
    bytes: &[u8],
    limit: usize,
    replacement: impl Fn(u8) -> Option<&'static str>,
) -> Result<Printed, FormatError> {
    let mut out = Printed::default();
    for byte in bytes {
        match replacement(*byte) {
            Some(text) => append(&mut out, text.as_bytes()),
            None => append(&mut out, &[*byte]),
        }
    }
    bounded(out, limit)
}

/// Every escape makes a text at most a few times longer, so that looking afterwards is enough.
fn bounded(out: Printed, limit: usize) -> Result<Printed, FormatError> {
    if out.len() > limit {
        Err(FormatError::TooLong { limit })
    } else {
        Ok(out)
    }
}

/// Text for a JavaScript string.
pub(super) fn js(bytes: &[u8], limit: usize) -> Result<Printed, FormatError> {
    let mut out = Printed::default();
    let mut escaped = String::new();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            escaped.clear();
            match c {
                '\\' => escaped.push_str("\\\\"),
                '\'' => escaped.push_str("\\'"),
                '"' => escaped.push_str("\\\""),
                '<' | '>' | '&' | '=' => push_code(&mut escaped, c),
                c if c < ' ' || (!c.is_ascii() && !is_print(c)) => push_code(&mut escaped, c),
                c => escaped.push(c),
            }
            append(&mut out, escaped.as_bytes());
        }
        append(&mut out, chunk.invalid());
    }
    bounded(out, limit)
}

fn push_code(out: &mut String, c: char) {
    write!(out, "\\u{:04X}", u32::from(c)).expect("writing to a string must succeed");
}

/// Text for the query of a URL.
pub(super) fn url_query(bytes: &[u8], limit: usize) -> Result<Printed, FormatError> {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = Printed::default();
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                append(&mut out, &[*byte]);
            }
            b' ' => append(&mut out, b"+"),
            _ => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                append(&mut out, &[b'%', high, low]);
            }
        }
    }
    bounded(out, limit)
}
