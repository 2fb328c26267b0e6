//! JSON text into values, in one pass and without intermediate copies of what may be secret.

mod string;

use text_template::{CallError, List, Map, Type, Value};

/// What becomes of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// `json.Number`: its literal text. Objects are fixed, because they belong to a secret.
    Literal,
    /// `float64`. Objects may be changed by the template that parsed them.
    Float,
}

/// No document that people write nests deeper, and the stack must not be what ends reading.
const MAX_DEPTH: usize = 200;

/// Reads one JSON value. The error is Go's text.
pub(crate) fn read(bytes: &[u8], numbers: Numbers) -> Result<Value, CallError> {
    let mut reader = Reader {
        bytes,
        at: 0,
        numbers,
        depth: 0,
    };
    let value = reader.value()?;
    match reader.peek_non_space() {
        None => Ok(value),
        Some(byte) => Err(invalid(byte, "after top-level value")),
    }
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    numbers: Numbers,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn peek_non_space(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.peek()
    }

    fn value(&mut self) -> Result<Value, CallError> {
        match self.peek_non_space().ok_or_else(end)? {
            b'{' => self.nested(Self::object),
            b'[' => self.nested(Self::array),
            b'"' => Ok(Value::String(self.string()?)),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Nil),
            b'-' | b'0'..=b'9' => self.number(),
            byte => Err(invalid(byte, "looking for beginning of value")),
        }
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Value, CallError>,
    ) -> Result<Value, CallError> {
        if self.depth == MAX_DEPTH {
            return Err(CallError::new("exceeded max depth"));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn object(&mut self) -> Result<Value, CallError> {
        let mut entries = Vec::new();
        if self.peek_non_space() == Some(b'}') {
            self.at += 1;
            return Ok(self.map(entries));
        }
        loop {
            match self.peek_non_space().ok_or_else(end)? {
                b'"' => {}
                byte => return Err(invalid(byte, "looking for beginning of object key string")),
            }
            let key = Value::String(self.string()?);
            match self.peek_non_space().ok_or_else(end)? {
                b':' => self.at += 1,
                byte => return Err(invalid(byte, "after object key")),
            }
            entries.push((key, self.value()?));
            match self.peek_non_space().ok_or_else(end)? {
                b',' => self.at += 1,
                b'}' => {
                    self.at += 1;
                    return Ok(self.map(entries));
                }
                byte => return Err(invalid(byte, "after object key:value pair")),
            }
        }
    }

    fn map(&self, entries: Vec<(Value, Value)>) -> Value {
        Value::Map(match self.numbers {
            Numbers::Literal => Map::of_any(entries),
            Numbers::Float => Map::open(&Type::String, &Type::Any, entries),
        })
    }

    fn array(&mut self) -> Result<Value, CallError> {
        let mut items = Vec::new();
        if self.peek_non_space() == Some(b']') {
            self.at += 1;
            return Ok(List::of_any(items).into());
        }
        loop {
            items.push(self.value()?);
            match self.peek_non_space().ok_or_else(end)? {
                b',' => self.at += 1,
                b']' => {
                    self.at += 1;
                    return Ok(List::of_any(items).into());
                }
                byte => return Err(invalid(byte, "after array element")),
            }
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, CallError> {
        for expected in word.bytes() {
            match self.peek().ok_or_else(end)? {
                byte if byte == expected => self.at += 1,
                byte => {
                    let expected = char::from(expected);
                    return Err(invalid(
                        byte,
                        &format!("in literal {word} (expecting '{expected}')"),
                    ));
                }
            }
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), CallError> {
        match self.peek().ok_or_else(end)? {
            b'0'..=b'9' => {}
            byte => return Err(invalid(byte, context)),
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, CallError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let literal = &self.bytes[start..self.at];
        if self.numbers == Numbers::Literal {
            return Ok(Value::Number(literal.into()));
        }
        let text = std::str::from_utf8(literal).expect("a number must be ASCII");
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(Value::Float(value)),
            _ => Err(CallError::new("json: cannot unmarshal number ")
                .value(text)
                .words(" into Go value of type float64")),
        }
    }
}

fn end() -> CallError {
    CallError::new("unexpected end of JSON input")
}

fn invalid(byte: u8, context: &str) -> CallError {
    let c = char::from(byte);
    let shown = match c {
        '\'' => String::from("\\'"),
        '"' => String::from("\""),
        _ => {
            let quoted = text_template::fmt::quote(c.encode_utf8(&mut [0; 4]).as_bytes());
            quoted[1..quoted.len() - 1].to_owned()
        }
    };
    CallError::new("invalid character '")
        .value(shown)
        .words(format!("' {context}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read(text.as_bytes(), Numbers::Float) {
            Ok(value) => {
                let bytes = text_template::fmt::sprintf(b"%#v", &[value], 1000).unwrap();
                String::from_utf8(bytes.to_vec()).unwrap()
            }
            Err(error) => error.reveal(),
        }
    }

    #[test]
    fn errors_are_in_the_words_of_go() {
        for (text, error) in [
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            (
                "{bad",
                "invalid character 'b' looking for beginning of object key string",
            ),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            (
                "{\"a\":1 2}",
                "invalid character '2' after object key:value pair",
            ),
            ("[1 2]", "invalid character '2' after array element"),
            (
                "[1,]",
                "invalid character ']' looking for beginning of value",
            ),
            ("1 2", "invalid character '2' after top-level value"),
            (
                "trux",
                "invalid character 'x' in literal true (expecting 'e')",
            ),
            ("-x", "invalid character 'x' in numeric literal"),
            (
                "1.x",
                "invalid character 'x' after decimal point in numeric literal",
            ),
            (
                "1ex",
                "invalid character 'x' in exponent of numeric literal",
            ),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            (
                "\"\\u12x4\"",
                "invalid character 'x' in \\u hexadecimal character escape",
            ),
            (
                "'",
                "invalid character '\\'' looking for beginning of value",
            ),
            (
                "1e400",
                "json: cannot unmarshal number 1e400 into Go value of type float64",
            ),
        ] {
            assert_eq!(shown(text), error, "{text}");
        }
    }

    #[test]
    fn escapes_and_broken_text_become_characters() {
        assert_eq!(
            shown(r#""a\n\u00e9\ud83d\ude00\ud800x\/""#),
            "\"a\\né😀\u{fffd}x/\""
        );
        let broken = read(b"\"a\xffb\\n\"", Numbers::Float).unwrap();
        assert_eq!(broken.as_text().unwrap().to_str_lossy(), "a\u{fffd}b\n");
    }

    #[test]
    fn of_equal_keys_the_last_counts() {
        let text = r#"{"b":1,"a":2,"b":3}"#;
        assert_eq!(shown(text), "map[string]interface {}{\"a\":2, \"b\":3}");
    }

    #[test]
    fn nesting_is_bounded() {
        assert_eq!(shown(&"[".repeat(100_000)), "exceeded max depth");
    }
}
