//! Strings and their escapes.

use text_template::{CallError, Text};
use zeroize::Zeroizing;

use super::{Reader, end, invalid};

impl Reader<'_> {
    pub(super) fn string(&mut self) -> Result<Text, CallError> {
        self.at += 1;
        let start = self.at;
        let rest = &self.bytes[start..];
        let plain = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
        let plain = plain.ok_or_else(end)?;
        if rest[plain] == b'"' && std::str::from_utf8(&rest[..plain]).is_ok() {
            self.at += plain + 1;
            return Ok(rest[..plain].into());
        }
        self.string_with_escapes()
    }

    fn string_with_escapes(&mut self) -> Result<Text, CallError> {
        // As long as the text up to the closing quote: an escape never makes it longer, but each
        // broken byte becomes a replacement character of three.
        let mut out = Zeroizing::new(Vec::with_capacity(self.string_bound()));
        loop {
            let byte = self.peek().ok_or_else(end)?;
            self.at += 1;
            match byte {
                b'"' => return Ok(out.into()),
                b'\\' => {
                    let c = self.escape()?;
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                0..=0x1f => return Err(invalid(byte, "in string literal")),
                0x20..=0x7f => out.push(byte),
                _ => {
                    self.at -= 1;
                    let window = &self.bytes[self.at..self.bytes.len().min(self.at + 4)];
                    let chunk = window.utf8_chunks().next();
                    if let Some(c) = chunk.and_then(|chunk| chunk.valid().chars().next()) {
                        out.extend_from_slice(&window[..c.len_utf8()]);
                        self.at += c.len_utf8();
                    } else {
                        out.extend_from_slice("\u{fffd}".as_bytes());
                        self.at += 1;
                    }
                }
            }
        }
    }

    fn string_bound(&self) -> usize {
        let rest = &self.bytes[self.at..];
        let mut escaped = false;
        let closed = rest.iter().position(|byte| {
            let closes = *byte == b'"' && !escaped;
            escaped = *byte == b'\\' && !escaped;
            closes
        });
        closed.unwrap_or(rest.len()) * 3
    }

    fn escape(&mut self) -> Result<char, CallError> {
        let byte = self.peek().ok_or_else(end)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let first = self.hex()?;
                let pair =
                    (0xd800..0xdc00).contains(&first) && self.bytes[self.at..].starts_with(b"\\u");
                if pair {
                    let mark = self.at;
                    self.at += 2;
                    let second = self.hex()?;
                    if (0xdc00..0xe000).contains(&second) {
                        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                    }
                    self.at = mark;
                }
                char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            byte => return Err(invalid(byte, "in string escape code")),
        })
    }

    fn hex(&mut self) -> Result<u32, CallError> {
        let mut code = 0;
        for _ in 0..4 {
            let byte = self.peek().ok_or_else(end)?;
            let digit = char::from(byte).to_digit(16);
            let digit =
                digit.ok_or_else(|| invalid(byte, "in \\u hexadecimal character escape"))?;
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}
