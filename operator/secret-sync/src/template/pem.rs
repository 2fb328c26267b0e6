//! PEM as Go's `encoding/pem` reads and writes it.

use std::collections::BTreeMap;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use memchr::memmem::{find, rfind};
use text_template::CallError;
use zeroize::Zeroizing;

use operator_api::DecodingStrategy;

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"\n-----END ";
const DASHES: &[u8] = b"-----";

/// One block.
pub(super) struct Block {
    /// What stands behind `BEGIN`.
    pub(super) kind: String,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// The first block and what follows it. Text in front is skipped, as are blocks with mistakes.
pub(super) fn decode(data: &[u8]) -> Option<(Block, &[u8])> {
    let mut rest = data;
    loop {
        let end = find(rest, END)?;
        if let Some(found) = block(rest, end) {
            return Some(found);
        }
        rest = &rest[end + END.len()..];
    }
}

/// All blocks, up to the first place from which no more can be read.
pub(super) fn blocks(mut data: &[u8]) -> Vec<Block> {
    let mut found = Vec::new();
    while let Some((block, rest)) = decode(data) {
        found.push(block);
        data = rest;
    }
    found
}

/// The blocks of a kind, whose letters' case does not matter.
pub(super) fn of_kind(kind: &str, text: &[u8]) -> Result<String, CallError> {
    let (mut found, mut rest) = (String::new(), without_preface(text));
    while let Some((block, next)) = decode(rest) {
        if block.kind.eq_ignore_ascii_case(kind) {
            found.push_str(&encode(&block));
        }
        rest = next;
    }
    if found.is_empty() && !rest.is_empty() {
        return Err(CallError::new("error filtering pem: found junk"));
    }
    Ok(found)
}

/// The text without what stands in front of its first block.
pub(super) fn without_preface(text: &[u8]) -> &[u8] {
    find(text, b"-----BEGIN").map_or(text, |start| &text[start..])
}

/// The block whose `END` line begins at `end`.
fn block(text: &[u8], end: usize) -> Option<(Block, &[u8])> {
    let begin = rfind(&text[..end], BEGIN)?;
    if begin > 0 && text[begin - 1] != b'\n' {
        return None;
    }
    let (first, mut body) = line(&text[begin + BEGIN.len()..]);
    let kind = first.strip_suffix(DASHES)?;
    let mut headers = BTreeMap::new();
    loop {
        if body.is_empty() {
            return None;
        }
        let (header, next) = line(body);
        let Some(colon) = header.iter().position(|byte| *byte == b':') else {
            break;
        };
        headers.insert(text_of(&header[..colon]), text_of(&header[colon + 1..]));
        body = next;
    }
    // A block without content ends right behind its first line, and the line break counts once.
    let (content, trailer) = match (text.len() - body.len()).checked_sub(end) {
        Some(1) if headers.is_empty() => (&body[..0], &body[END.len() - 1..]),
        Some(1..) => return None,
        _ => {
            let length = body.len() - (text.len() - end);
            (&body[..length], &body[length + END.len()..])
        }
    };
    let after = trailer.strip_prefix(kind)?.strip_prefix(DASHES)?;
    let (left, rest) = line(after);
    if !left.is_empty() {
        return None;
    }
    let content = content.iter().filter(|byte| !matches!(byte, b' ' | b'\t'));
    let content: Zeroizing<Vec<u8>> = Zeroizing::new(content.copied().collect());
    let bytes = crate::decode(DecodingStrategy::Base64, &content).ok()?;
    let block = Block {
        kind: String::from_utf8_lossy(kind).into_owned(),
        headers,
        bytes: Zeroizing::new(bytes),
    };
    Some((block, rest))
}

/// The first line, without blanks at its end, and what follows.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|byte| *byte == b'\n') {
        Some(newline) => (&text[..newline], &text[newline + 1..]),
        None => (text, &text[text.len()..]),
    };
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let blanks = line
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b' ' | b'\t'));
    (&line[..line.len() - blanks.count()], rest)
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
}

/// A block as text: lines of 64 characters.
pub(super) fn encode(block: &Block) -> String {
    use std::fmt::Write as _;

    let mut text = format!("-----BEGIN {}-----\n", block.kind);
    let first = |key: &&String| key.as_str() != "Proc-Type";
    let mut keys: Vec<_> = block.headers.keys().collect();
    keys.sort_by_key(first);
    for key in &keys {
        let _ = writeln!(text, "{key}: {}", block.headers[*key]);
    }
    if !keys.is_empty() {
        text.push('\n');
    }
    let mut rest = BASE64_STANDARD.encode(&block.bytes);
    while !rest.is_empty() {
        let tail = rest.split_off(rest.len().min(64));
        text.push_str(&rest);
        text.push('\n');
        rest = tail;
    }
    let _ = writeln!(text, "-----END {}-----", block.kind);
    text
}

/// A block of DER as text.
pub(super) fn of_der(kind: &str, der: &[u8]) -> String {
    encode(&Block {
        kind: kind.to_owned(),
        headers: BTreeMap::new(),
        bytes: Zeroizing::new(der.to_vec()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_found_behind_text_and_broken_blocks() {
        let text = b"junk\n-----BEGIN A-----\n!!\n-----END A-----\nmore\n-----BEGIN B-----\r\nX: 1\n\naGVs bG8=\n-----END B-----  \nrest";
        let (block, rest) = decode(text).unwrap();
        assert_eq!(
            (block.kind.as_str(), &block.bytes[..]),
            ("B", &b"hello"[..])
        );
        assert_eq!(rest, b"rest");
        assert_eq!(
            encode(&block),
            "-----BEGIN B-----\nX: 1\n\naGVsbG8=\n-----END B-----\n"
        );
        let empty = b"-----BEGIN E-----\n-----END E-----";
        assert!(decode(empty).unwrap().0.bytes.is_empty());
    }

    #[test]
    fn odd_text_ends_in_no_block() {
        for text in [
            "-----BEGIN A-----",
            "-----BEGIN A-----\n-----END B-----\n",
            "x-----BEGIN A-----\nAA==\n-----END A-----\n",
            "-----BEGIN A-----\nAA==\n-----END A-----x\n",
            "-----BEGIN A-----\nH: 1\n-----END A-----\n",
            "\n-----END A-----\n-----END A-----\n",
            "-----BEGIN -----BEGIN \n-----END ",
        ] {
            assert!(decode(text.as_bytes()).is_none(), "{text}");
        }
    }
}
