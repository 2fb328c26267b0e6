//! Heredocs: lines up to one that holds the closing word alone.
//!
//! * `<<WORD`: the closing line may be indented; its indentation is then the end of the text.
//! * `<<-WORD`: the closing line has to be indented. If every line begins with its indentation,
//!   that is taken off each; else all lines stay as they are.

use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};

/// Reads a heredoc from `<<` to the line break after its closing word.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<String, ParseError> {
    let start = cursor.position();
    let bad_anchor = || ParseError::new(start, Problem::Anchor);
    cursor.bump();
    if !cursor.eat('<') {
        return Err(bad_anchor());
    }
    let indented = cursor.eat('-');
    let anchor = cursor.take_while(|c| c == '_' || c.is_alphanumeric());
    if anchor.is_empty() || !cursor.eat('\n') {
        return Err(bad_anchor());
    }
    let unclosed = || ParseError::new(start, Problem::UnclosedHeredoc);
    let mut lines = Vec::new();
    let indent = loop {
        let line = cursor.take_while(|c| c != '\n' && c != '\0');
        if !cursor.eat('\n') {
            return Err(unclosed());
        }
        match line.strip_suffix(anchor) {
            Some(indent) if is_blank(indent) && !(indented && indent.is_empty()) => break indent,
            _ => lines.push(line),
        }
    };
    let strip = indented && lines.iter().all(|line| line.starts_with(indent));
    let mut text = String::new();
    for line in lines {
        text.push_str(if strip { &line[indent.len()..] } else { line });
        text.push('\n');
    }
    if !indented {
        text.push_str(indent);
    }
    Ok(text)
}

fn is_blank(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c))
}
