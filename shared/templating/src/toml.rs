//! Values into TOML text, laid out as Go's `BurntSushi/toml` does: plain keys of a table before the
//! tables in it, two spaces a level.

use text_template::buffer::append;
use text_template::fmt::{Printed, format_float};
use text_template::{CallError, Map, Type, Value};

/// A map that a template put into itself would never end.
const MAX_DEPTH: usize = 200;

/// Writes a map as a document, and any other value as it stands behind a key.
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
        Value::Map(map) => writer.table(&mut Vec::new(), map)?,
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
    fn push(&mut self, text: &str) -> Result<(), CallError> {
        if self.out.len() + text.len() > self.limit {
            let limit = self.limit;
            return Err(CallError::new(format!(
                "the value takes more than {limit} bytes"
            )));
        }
        append(&mut self.out, text.as_bytes());
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

    fn table(&mut self, path: &mut Vec<String>, map: &Map) -> Result<(), CallError> {
        let entries = entries(map)?;
        let is_table = |value: &Value| matches!(value, Value::Map(_)) || is_tables(value);
        for (key, value) in entries.iter().filter(|(_, value)| !is_table(value)) {
            if value.is_nil() {
                continue;
            }
            self.push(&"  ".repeat(path.len()))?;
            self.push(&quoted_key(key))?;
            self.push(" = ")?;
            self.inline(value)?;
            self.push("\n")?;
        }
        for (key, value) in entries.iter().filter(|(_, value)| is_table(value)) {
            path.push(quoted_key(key));
            match value {
                Value::List(list) => {
                    for item in list.items() {
                        self.push("\n")?;
                        self.header(path, "[[", "]]")?;
                        self.inner_table(path, item)?;
                    }
                }
                map if map.is_nil() => {}
                map => {
                    if path.len() == 1 {
                        self.push("\n")?;
                    }
                    self.header(path, "[", "]")?;
                    self.inner_table(path, map)?;
                }
            }
            path.pop();
        }
        Ok(())
    }

    fn header(&mut self, path: &[String], open: &str, close: &str) -> Result<(), CallError> {
        let indent = "  ".repeat(path.len() - 1);
        self.push(&format!("{indent}{open}{}{close}\n", path.join(".")))
    }

    fn inner_table(&mut self, path: &mut Vec<String>, value: &Value) -> Result<(), CallError> {
        match value {
            Value::Map(map) => self.nested(|writer| writer.table(path, map)),
            _ => Ok(()),
        }
    }

    fn inline(&mut self, value: &Value) -> Result<(), CallError> {
        match value {
            Value::Bool(truth) => self.push(if *truth { "true" } else { "false" }),
            Value::Int(_, int) => self.push(&int.to_string()),
            Value::Uint(_, uint) => self.push(&uint.to_string()),
            Value::Float(value) => self.push(&float(*value)),
            Value::String(text) => self.push(&quoted(&text.to_str_lossy())),
            Value::Number(text) => {
                let text = text.to_str_lossy();
                if let Ok(int) = text.parse::<i64>() {
                    return self.push(&int.to_string());
                }
                match text.parse::<f64>() {
                    Ok(value) if value.is_finite() => self.push(&float(value)),
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
            Value::Map(map) => self.nested(|writer| {
                writer.push("{")?;
                let entries = entries(map)?;
                let entries = entries.iter().filter(|(_, value)| !value.is_nil());
                for (index, (key, value)) in entries.enumerate() {
                    writer.push(if index == 0 { "" } else { ", " })?;
                    writer.push(&quoted_key(key))?;
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

/// Is it a list of tables, all of them?
fn is_tables(value: &Value) -> bool {
    match value {
        Value::List(list) => {
            !list.is_empty()
                && list
                    .items()
                    .iter()
                    .all(|item| matches!(item, Value::Map(_)))
        }
        _ => false,
    }
}

fn entries(map: &Map) -> Result<Vec<(String, Value)>, CallError> {
    if map.key_type() != Type::String {
        return Err(CallError::new(
            "toml: cannot encode a map with non-string key type",
        ));
    }
    let snapshot = map.snapshot();
    let entries = snapshot.entries().iter().map(|(key, value)| {
        let key = key.as_text().map(|key| key.to_str_lossy().into_owned());
        (key.unwrap_or_default(), value.clone())
    });
    Ok(entries.collect())
}

fn quoted_key(key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.is_empty() && key.chars().all(bare) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\x1f' | '\x7f' => out.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            _ => out.push(c),
        }
    }
    out.push('"');
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
