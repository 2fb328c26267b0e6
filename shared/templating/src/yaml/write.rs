//! Values into YAML text, in block style.

use text_template::buffer::append;
use text_template::fmt::{Printed, format_float};
use text_template::{CallError, Value};

use super::key;
use super::scalar::{Style, is_break, is_printable, is_simple_key, style};

/// A map that a template put into itself would never end.
const MAX_DEPTH: usize = 200;
/// Longer lines of words are broken at a space.
const WIDTH: usize = 80;

/// Writes a value, with a newline at the end.
pub(crate) fn write(value: &Value, limit: usize) -> Result<Printed, CallError> {
    let mut writer = Writer {
        out: Printed::default(),
        limit,
        column: 0,
        depth: 0,
    };
    writer.node(
        value,
        Place {
            indent: 0,
            sequence: false,
            top: true,
        },
    )?;
    writer.line(0)?;
    Ok(writer.out)
}

/// Where a node stands.
#[derive(Clone, Copy)]
struct Place {
    /// The column of the entries around it.
    indent: usize,
    /// It is an item of a list, so its first line goes on after the dash.
    sequence: bool,
    /// There is nothing around it.
    top: bool,
}

struct Writer {
    out: Printed,
    limit: usize,
    column: usize,
    depth: usize,
}

impl Writer {
    fn push(&mut self, text: &str) -> Result<(), CallError> {
        if self.out.len() + text.len() > self.limit {
            let limit = self.limit;
            return Err(CallError::new(format!(
                "the value takes more than {limit} bytes"
            )));
        }
        append(&mut self.out, text.as_bytes());
        self.column += text.chars().count();
        Ok(())
    }

    fn line(&mut self, indent: usize) -> Result<(), CallError> {
        self.push("\n")?;
        self.column = 0;
        self.push(&" ".repeat(indent))
    }

    fn node(&mut self, value: &Value, place: Place) -> Result<(), CallError> {
        match value {
            Value::Map(map) if !map.is_empty() => {
                let mut entries = map.snapshot().entries().to_vec();
                entries.sort_by(|(a, _), (b, _)| key::compare(a, b));
                self.nested(|writer| writer.mapping(&entries, place))
            }
            Value::List(list) if !list.is_empty() => {
                self.nested(|writer| writer.sequence(list.items(), place))
            }
            Value::List(_) => self.flow("[]", place),
            Value::Record(record) | Value::Pointer(_, Some(record)) => {
                let entries: Vec<_> = record
                    .fields()
                    .map(|(name, _, value)| (Value::string(name.to_lowercase()), value.clone()))
                    .collect();
                self.nested(|writer| writer.mapping(&entries, place))
            }
            Value::Object(object) if object.is_channel() => {
                let ty = object.type_name();
                Err(CallError::new(format!("cannot marshal type: {ty}")))
            }
            Value::Map(_) | Value::Object(_) => self.flow("{}", place),
            scalar => {
                if !place.top {
                    self.push(" ")?;
                }
                self.scalar(scalar, place, false)
            }
        }
    }

    fn flow(&mut self, text: &str, place: Place) -> Result<(), CallError> {
        self.push(if place.top { "" } else { " " })?;
        self.push(text)
    }

    fn nested(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        if self.depth == MAX_DEPTH {
            return Err(CallError::new("yaml: the value is nested too deep"));
        }
        self.depth += 1;
        write(self)?;
        self.depth -= 1;
        Ok(())
    }

    /// Moves to where the first entry of a collection stands, and says at which column that is.
    fn enter(&mut self, place: Place, inner: usize) -> Result<usize, CallError> {
        if place.sequence {
            self.push(" ")?;
            return Ok(place.indent + 2);
        }
        if !place.top {
            self.line(inner)?;
        }
        Ok(inner)
    }

    fn mapping(&mut self, entries: &[(Value, Value)], place: Place) -> Result<(), CallError> {
        let inner = if place.top { 0 } else { place.indent + 2 };
        let indent = self.enter(place, inner)?;
        let place = Place {
            indent,
            sequence: false,
            top: false,
        };
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                self.line(indent)?;
            }
            let simple = match key {
                Value::List(_) | Value::Map(_) | Value::Record(_) | Value::Pointer(..) => false,
                key => key
                    .as_text()
                    .is_none_or(|text| is_simple_key(&text.to_str_lossy())),
            };
            if simple {
                self.scalar(key, place, true)?;
                self.push(":")?;
                self.node(value, place)?;
            } else {
                let part = Place {
                    sequence: true,
                    ..place
                };
                self.push("?")?;
                self.node(key, part)?;
                self.line(indent)?;
                self.push(":")?;
                self.node(value, part)?;
            }
        }
        Ok(())
    }

    /// Below a key, the dashes stand in the key's own column.
    fn sequence(&mut self, items: &[Value], place: Place) -> Result<(), CallError> {
        let indent = self.enter(place, place.indent)?;
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.line(indent)?;
            }
            self.push("-")?;
            self.node(
                item,
                Place {
                    indent,
                    sequence: true,
                    top: false,
                },
            )?;
        }
        Ok(())
    }

    fn scalar(&mut self, value: &Value, place: Place, key: bool) -> Result<(), CallError> {
        match value {
            Value::Bool(truth) => self.push(if *truth { "true" } else { "false" }),
            Value::Int(_, int) => self.push(&int.to_string()),
            Value::Uint(_, uint) => self.push(&uint.to_string()),
            Value::Float(float) => self.float(*float),
            Value::Number(text) => match text.to_str_lossy() {
                text if text.is_empty() => self.string("", place, key),
                text => match (text.parse::<i64>(), text.parse::<f64>()) {
                    (Ok(int), _) => self.push(&int.to_string()),
                    (_, Ok(float)) if float.is_finite() => self.float(float),
                    _ => self.string(&text, place, key),
                },
            },
            Value::String(text) => {
                if let Ok(text) = std::str::from_utf8(text.as_bytes()) {
                    return self.string(text, place, key);
                }
                let encoded = crate::functions::encode_base64(text.as_bytes());
                let encoded = encoded.as_text().cloned().unwrap_or_default();
                self.push("!!binary ")?;
                self.string(&encoded.to_str_lossy(), place, key)
            }
            _ => self.push("null"),
        }
    }

    fn float(&mut self, value: f64) -> Result<(), CallError> {
        if value.is_nan() {
            return self.push(".nan");
        }
        if value.is_infinite() {
            return self.push(if value > 0.0 { ".inf" } else { "-.inf" });
        }
        self.push(&format_float(value, 'g', None))
    }

    fn string(&mut self, text: &str, place: Place, key: bool) -> Result<(), CallError> {
        let indent = place.indent + 2;
        match style(text, key) {
            Style::Plain => self.words(text, "", indent, key),
            Style::Single => self.words(text, "'", indent, key),
            Style::Double => self.double(text, indent, key),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Plain, or in single quotes. A long line is broken at a single space.
    fn words(
        &mut self,
        text: &str,
        quote: &str,
        indent: usize,
        key: bool,
    ) -> Result<(), CallError> {
        self.push(quote)?;
        let chars: Vec<char> = text.chars().collect();
        let (mut spaces, mut breaks) = (false, false);
        for (index, &c) in chars.iter().enumerate() {
            if breaks && !is_break(c) {
                self.push(&" ".repeat(indent.saturating_sub(self.column)))?;
            }
            let inside = index > 0 && index + 1 < chars.len();
            let single = chars.get(index + 1) != Some(&' ');
            if c == ' ' && !key && !spaces && self.column > WIDTH && inside && single {
                self.line(indent)?;
            } else {
                self.push(c.encode_utf8(&mut [0; 4]))?;
                if c == '\'' && !quote.is_empty() {
                    self.push("'")?;
                }
            }
            breaks = is_break(c);
            if breaks {
                self.column = 0;
            }
            spaces = c == ' ';
        }
        self.push(quote)
    }

    fn double(&mut self, text: &str, indent: usize, key: bool) -> Result<(), CallError> {
        self.push("\"")?;
        let chars: Vec<char> = text.chars().collect();
        let mut spaces = false;
        for (index, &c) in chars.iter().enumerate() {
            let inside = index > 0 && index + 1 < chars.len();
            if c == ' ' && !key && !spaces && self.column > WIDTH && inside {
                self.line(indent)?;
                if chars[index + 1] == ' ' {
                    self.push("\\")?;
                }
            } else if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                self.push(&escaped(c))?;
            } else {
                self.push(c.encode_utf8(&mut [0; 4]))?;
            }
            spaces = c == ' ';
        }
        self.push("\"")
    }

    /// Lines as they are, with a header that says how they begin and end.
    fn literal(&mut self, text: &str, indent: usize) -> Result<(), CallError> {
        self.push("|")?;
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.push("2")?;
        }
        let kept = text.strip_suffix('\n');
        let (body, chomp) = match kept {
            None => (text, "-"),
            Some("") => ("", "+"),
            Some(rest) if rest.ends_with('\n') => (rest, "+"),
            Some(rest) => (rest, ""),
        };
        self.push(chomp)?;
        for line in body.split('\n') {
            if line.is_empty() {
                self.line(0)?;
            } else {
                self.line(indent)?;
                self.push(line)?;
            }
        }
        Ok(())
    }
}

fn escaped(c: char) -> String {
    let short = match c {
        '\0' => '0',
        '\x07' => 'a',
        '\x08' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\x0b' => 'v',
        '\x0c' => 'f',
        '\r' => 'r',
        '\x1b' => 'e',
        '"' | '\\' => c,
        '\u{85}' => 'N',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => {
            return match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            };
        }
    };
    format!("\\{short}")
}
