//! Values into JSON text.

use text_template::buffer::append;
use text_template::fmt::{Printed, format_float};
use text_template::{CallError, Map, Type, Value};

/// How JSON is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Style {
    /// On lines of its own, two spaces a level.
    pub(crate) pretty: bool,
    /// `<`, `>` and `&` as `\u003c` and so on.
    pub(crate) escape_html: bool,
}

/// A map that a template put into itself would never end.
const MAX_DEPTH: usize = 200;

/// Why a value is not written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// JSON cannot hold it, in Go's words.
    Unsupported(String),
    /// It is larger than we allow.
    Limit(String),
}

impl From<Fault> for CallError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unsupported(words) | Fault::Limit(words) => Self::new(words),
        }
    }
}

/// Writes a value.
pub(crate) fn write(value: &Value, style: Style, limit: usize) -> Result<Printed, Fault> {
    let mut writer = Writer {
        out: Printed::default(),
        style,
        limit,
        depth: 0,
    };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer {
    out: Printed,
    style: Style,
    limit: usize,
    depth: usize,
}

impl Writer {
    fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.out.len() + bytes.len() > self.limit {
            let limit = self.limit;
            return Err(Fault::Limit(format!(
                "the value takes more than {limit} bytes"
            )));
        }
        append(&mut self.out, bytes);
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), Fault> {
        match value {
            Value::Nil | Value::Pointer(_, None) => self.push(b"null"),
            Value::Bool(truth) => self.push(if *truth { b"true" } else { b"false" }),
            Value::Int(_, int) => self.push(int.to_string().as_bytes()),
            Value::Uint(_, uint) => self.push(uint.to_string().as_bytes()),
            Value::Float(float) => self.float(*float),
            Value::String(text) => self.string(text.as_bytes()),
            Value::Number(text) if text.is_empty() => self.push(b"0"),
            Value::Number(text) => self.push(text.as_bytes()),
            Value::List(list) if list.is_nil() => self.push(b"null"),
            Value::List(list) => {
                let items = list.items().iter();
                self.nest(b"[", b"]", items, Self::value)
            }
            Value::Map(map) if map.is_nil() => self.push(b"null"),
            Value::Map(map) => self.map(map),
            Value::Record(record) | Value::Pointer(_, Some(record)) => {
                self.nest(b"{", b"}", record.fields(), |writer, (name, _, value)| {
                    writer.entry(name.as_bytes(), value)
                })
            }
            other => {
                let ty = other.type_name();
                Err(Fault::Unsupported(format!("json: unsupported type: {ty}")))
            }
        }
    }

    fn map(&mut self, map: &Map) -> Result<(), Fault> {
        let snapshot = map.snapshot();
        let entries = snapshot.entries();
        match map.key_type() {
            Type::String => self.nest(b"{", b"}", entries.iter(), |writer, (key, value)| {
                let key = key.as_text().cloned().unwrap_or_default();
                writer.entry(key.as_bytes(), value)
            }),
            Type::Int(_) | Type::Uint(_) => {
                // Sorted as texts, not as numbers.
                let mut entries: Vec<(String, &Value)> = entries
                    .iter()
                    .map(|(key, value)| match key {
                        Value::Int(_, int) => (int.to_string(), value),
                        Value::Uint(_, uint) => (uint.to_string(), value),
                        _ => (String::new(), value),
                    })
                    .collect();
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                self.nest(b"{", b"}", entries.into_iter(), |writer, (key, value)| {
                    writer.entry(key.as_bytes(), value)
                })
            }
            _ => {
                let ty = map.type_of();
                Err(Fault::Unsupported(format!("json: unsupported type: {ty}")))
            }
        }
    }

    fn entry(&mut self, key: &[u8], value: &Value) -> Result<(), Fault> {
        self.string(key)?;
        self.push(if self.style.pretty { b": " } else { b":" })?;
        self.value(value)
    }

    fn nest<T>(
        &mut self,
        open: &[u8],
        close: &[u8],
        items: impl Iterator<Item = T>,
        mut write: impl FnMut(&mut Self, T) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        if self.depth == MAX_DEPTH {
            return Err(Fault::Limit(String::from(
                "json: the value is nested too deep",
            )));
        }
        self.depth += 1;
        self.push(open)?;
        let mut empty = true;
        for item in items {
            if !empty {
                self.push(b",")?;
            }
            empty = false;
            self.line()?;
            write(self, item)?;
        }
        self.depth -= 1;
        if !empty {
            self.line()?;
        }
        self.push(close)
    }

    fn line(&mut self) -> Result<(), Fault> {
        if !self.style.pretty {
            return Ok(());
        }
        self.push(b"\n")?;
        for _ in 0..self.depth {
            self.push(b"  ")?;
        }
        Ok(())
    }

    /// As in JavaScript: exponents only for the very large and the very small.
    fn float(&mut self, value: f64) -> Result<(), Fault> {
        if !value.is_finite() {
            let shown = format_float(value, 'g', None);
            return Err(Fault::Unsupported(format!(
                "json: unsupported value: {shown}"
            )));
        }
        let magnitude = value.abs();
        let exponent = magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude);
        let text = format_float(value, if exponent { 'e' } else { 'f' }, None);
        // e-09 is written e-9.
        let text = match text.split_once("e-0") {
            Some((mantissa, digit)) => format!("{mantissa}e-{digit}"),
            None => text,
        };
        self.push(text.as_bytes())
    }

    fn string(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.push(b"\"")?;
        for chunk in bytes.utf8_chunks() {
            let text = chunk.valid();
            let mut start = 0;
            for (index, c) in text.char_indices() {
                let Some(escape) = self.escape(c) else {
                    continue;
                };
                self.push(&text.as_bytes()[start..index])?;
                self.push(escape.as_bytes())?;
                start = index + c.len_utf8();
            }
            self.push(&text.as_bytes()[start..])?;
            for _ in chunk.invalid() {
                self.push(b"\\ufffd")?;
            }
        }
        self.push(b"\"")
    }

    fn escape(&self, c: char) -> Option<String> {
        Some(match c {
            '"' => String::from("\\\""),
            '\\' => String::from("\\\\"),
            '\n' => String::from("\\n"),
            '\r' => String::from("\\r"),
            '\t' => String::from("\\t"),
            '\x08' => String::from("\\b"),
            '\x0c' => String::from("\\f"),
            '<' | '>' | '&' if self.style.escape_html => format!("\\u{:04x}", u32::from(c)),
            '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(c)),
            c if c < ' ' => format!("\\u{:04x}", u32::from(c)),
            _ => return None,
        })
    }
}
