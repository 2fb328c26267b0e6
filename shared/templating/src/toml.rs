//! Values into TOML text, laid out as Go's `BurntSushi/toml` does: plain keys of a table before the
//! tables in it, two spaces a level.

use text_template::buffer::append;
use text_template::fmt::{Printed, format_float};
use text_template::{CallError, Text, Type, Value};

/// A map that a template put into itself would never end.
const MAX_DEPTH: usize = 200;

/// Writes a map or struct as a document, and any other value as it stands behind a key.
pub(crate) fn write(value: &Value, limit: usize) -> Result<Printed, CallError> {
    let mut writer = Writer {
        out: Printed::default(),
        limit,
        depth: 0,
    };
    match value {
        Value::Nil => {
            return Err(CallError::new(
                "reflect: call of reflect.Value.Type on zero Value",
            ));
        }
        table if is_table(table) => writer.table(&mut Vec::new(), table)?,
        list if is_tables(list) => {
            return Err(CallError::new("toml: top-level values must be maps"));
        }
        other => writer.inline(other)?,
    }
    Ok(writer.out)
}

struct Writer {
    out: Printed,
    limit: usize,
    depth: usize,
}

impl Writer {
    fn push(&mut self, text: impl AsRef<[u8]>) -> Result<(), CallError> {
        let text = text.as_ref();
        if self.out.len() + text.len() > self.limit {
            let limit = self.limit;
            return Err(CallError::new(format!(
                "the value takes more than {limit} bytes"
            )));
        }
        append(&mut self.out, text);
        Ok(())
    }

    fn nested(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        if self.depth == MAX_DEPTH {
            return Err(CallError::new("toml: the value is nested too deep"));
        }
        self.depth += 1;
        write(self)?;
        self.depth -= 1;
        Ok(())
    }

    fn table(&mut self, path: &mut Vec<Vec<u8>>, table: &Value) -> Result<(), CallError> {
        let entries = entries(table)?;
        let is_header = |value: &Value| is_table(value) || is_tables(value);
        for (key, value) in entries.iter().filter(|(_, value)| !is_header(value)) {
            self.push("  ".repeat(path.len()))?;
            self.push(quoted_key(key))?;
            self.push(" = ")?;
            self.inline(value)?;
            self.push("\n")?;
        }
        for (key, value) in entries.iter().filter(|(_, value)| is_header(value)) {
            path.push(quoted_key(key));
            match value {
                Value::List(list) => {
                    for item in list.items() {
                        self.push("\n")?;
                        self.header(path, "[[", "]]")?;
                        self.nested(|writer| writer.table(path, item))?;
                    }
                }
                table => {
                    if path.len() == 1 {
                        self.push("\n")?;
                    }
                    self.header(path, "[", "]")?;
                    self.nested(|writer| writer.table(path, table))?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    fn header(&mut self, path: &[Vec<u8>], open: &str, close: &str) -> Result<(), CallError> {
        self.push("  ".repeat(path.len() - 1))?;
        self.push(open)?;
        self.push(path.join(&b"."[..]))?;
        self.push(close)?;
        self.push("\n")
    }

    fn inline(&mut self, value: &Value) -> Result<(), CallError> {
        match value {
            Value::Bool(truth) => self.push(if *truth { "true" } else { "false" }),
            Value::Int(_, int) => self.push(int.to_string()),
            Value::Uint(_, uint) => self.push(uint.to_string()),
            Value::Float(value) => self.push(float(*value)),
            Value::String(text) => self.push(quoted(text.as_bytes())),
            Value::Number(text) => {
                let text = text.to_str_lossy();
                if let Ok(int) = text.parse::<i64>() {
                    return self.push(int.to_string());
                }
                match text.parse::<f64>() {
                    Ok(value) if value.is_finite() => self.push(float(value)),
                    _ => Err(CallError::new(
                        "toml: unable to convert a number to int64 or float64",
                    )),
                }
            }
            Value::List(list) => self.nested(|writer| {
                writer.push("[")?;
                for (index, item) in list.items().iter().enumerate() {
                    if matches!(item, Value::Nil) {
                        return Err(CallError::new("toml: cannot encode array with nil element"));
                    }
                    writer.push(if index == 0 { "" } else { ", " })?;
                    writer.inline(item)?;
                }
                writer.push("]")
            }),
            table if is_table(table) => self.nested(|writer| {
                writer.push("{")?;
                let mut entries = entries(table)?;
                // Tables come last here, too.
                entries.sort_by_key(|(_, value)| is_table(value) || is_tables(value));
                for (index, (key, value)) in entries.iter().enumerate() {
                    writer.push(if index == 0 { "" } else { ", " })?;
                    writer.push(quoted_key(key))?;
                    writer.push(" = ")?;
                    writer.inline(value)?;
                }
                writer.push("}")
            }),
            other => {
                let ty = other.type_name();
                Err(CallError::new(format!("toml: unsupported type: {ty}")))
            }
        }
    }
}

/// Has it keys? A pointer stands for what it points to.
fn is_table(value: &Value) -> bool {
    matches!(value, Value::Map(_)) || value.as_record().is_some()
}

/// Is it a list of tables, all of them?
fn is_tables(value: &Value) -> bool {
    match value {
        Value::List(list) => !list.is_empty() && list.items().iter().all(is_table),
        _ => false,
    }
}

/// The keys of a table and their values, without those that are nil.
fn entries(table: &Value) -> Result<Vec<(Text, Value)>, CallError> {
    let mut entries: Vec<(Text, Value)> = match (table, table.as_record()) {
        (_, Some(record)) => {
            let fields = record.fields();
            fields
                .map(|(name, _, value)| (name.into(), value.clone()))
                .collect()
        }
        (Value::Map(map), _) if map.key_type() == Type::String => {
            let snapshot = map.snapshot();
            let entries = snapshot.entries().iter();
            let entries =
                entries.filter_map(|(key, value)| Some((key.as_text()?.clone(), value.clone())));
            entries.collect()
        }
        _ => {
            return Err(CallError::new(
                "toml: cannot encode a map with non-string key type",
            ));
        }
    };
    entries.retain(|(_, value)| !value.is_nil());
    Ok(entries)
}

fn quoted_key(key: &Text) -> Vec<u8> {
    let key = key.as_bytes();
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.iter().all(bare) {
        key.to_vec()
    } else {
        quoted(key)
    }
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for byte in text {
        match byte {
            b'"' => out.extend(b"\\\""),
            b'\\' => out.extend(b"\\\\"),
            b'\x08' => out.extend(b"\\b"),
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            b'\x0c' => out.extend(b"\\f"),
            b'\r' => out.extend(b"\\r"),
            0..=0x1f | 0x7f => out.extend(format!("\\u{byte:04x}").bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
    out
}

/// A float shows that it is one.
fn float(value: f64) -> String {
    if value.is_nan() {
        return String::from("nan");
    }
    if value.is_infinite() {
        return String::from(if value > 0.0 { "inf" } else { "-inf" });
    }
    let text = format_float(value, 'f', None);
    if text.contains('.') {
        text
    } else {
        format!("{text}.0")
    }
}
