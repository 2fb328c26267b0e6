//! One log line. What others wrote may be in it, so nothing in it does anything to a terminal.

use std::fmt::{self, Write};

use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level};
use vault_wire::{shortened, visible};

use crate::exit::one_line;

/// Most bytes of one text: more than any error has, and less than a hostile server may name.
const LONGEST: usize = 32 * 1024;

/// An event taken apart.
pub(super) struct Line {
    level: Level,
    module: String,
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Line {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut line = Self {
            level: *event.metadata().level(),
            module: event.metadata().target().to_owned(),
            message: String::new(),
            fields: Vec::new(),
        };
        event.record(&mut line);
        line
    }

    /// The line for people, with its line feed.
    pub(super) fn standard(&self, now: Timestamp) -> String {
        let mut text = now.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let level = match self.level {
            Level::TRACE => "[TRACE]",
            Level::DEBUG => "[DEBUG]",
            Level::INFO => "[INFO] ",
            Level::WARN => "[WARN] ",
            Level::ERROR => "[ERROR]",
        };
        let message = visible(&self.message);
        for part in [" ", level, " ", &self.module, ": ", &message] {
            text.push_str(part);
        }
        for (index, (name, value)) in self.fields.iter().enumerate() {
            if index == 0 {
                text.push(':');
            }
            push_field(&mut text, name, value);
        }
        text.push('\n');
        text
    }

    /// The line as a JSON object, with its line feed. Text of several lines is put in one, which
    /// pipelines show whole.
    pub(super) fn json(&self, now: Timestamp) -> String {
        let level = match self.level {
            Level::TRACE => "trace",
            Level::DEBUG => "debug",
            Level::INFO => "info",
            Level::WARN => "warn",
            Level::ERROR => "error",
        };
        let mut object = Map::new();
        object.insert("@level".into(), level.into());
        object.insert(
            "@message".into(),
            in_one_line(&visible(&self.message)).into(),
        );
        object.insert("@module".into(), self.module.as_str().into());
        let timestamp = now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
        object.insert("@timestamp".into(), timestamp.into());
        for (name, value) in &self.fields {
            let value = match value {
                Value::String(text) => in_one_line(&visible(text)).into(),
                other => other.clone(),
            };
            object.insert((*name).to_owned(), value);
        }
        format!("{}\n", Value::Object(object))
    }

    fn push(&mut self, field: &Field, value: Value) {
        let value = match value {
            Value::String(text) => shortened(text, LONGEST).into(),
            other => other,
        };
        if field.name() == "message" {
            self.message = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
        } else {
            self.fields.push((field.name(), value));
        }
    }
}

fn in_one_line(text: &str) -> String {
    if text.contains('\n') {
        one_line(text)
    } else {
        text.to_owned()
    }
}

/// ` name=value`, quoted where needed; text of several lines is set off below, each line behind a bar.
fn push_field(text: &mut String, name: &str, value: &Value) {
    let value = match value {
        Value::String(value) => value.clone(),
        other => other.to_string(),
    };
    if value.contains('\n') {
        text.push_str("\n  ");
        text.push_str(name);
        text.push('=');
        for line in value.lines() {
            text.push_str("\n  | ");
            text.push_str(&visible(line));
        }
        text.push_str("\n ");
    } else if value.is_empty() || value.contains([' ', '"', '=', '\t']) {
        let _ = write!(text, " {name}={value:?}");
    } else {
        let _ = write!(text, " {name}={}", visible(&value));
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_line_does_anything_to_a_terminal() {
        let odd = "\u{1b}[2J\r\u{202e}\u{9b}";
        let line = Line {
            level: Level::WARN,
            module: "agent".into(),
            message: format!("said {odd}"),
            fields: vec![
                ("lease", odd.into()),
                ("quoted", format!("a {odd}").into()),
                ("error", format!("one\n{odd}").into()),
            ],
        };
        let now = "2006-01-02T15:04:05Z".parse().unwrap();
        for text in [line.standard(now), line.json(now)] {
            let acts = |letter: char| letter.is_control() || letter == '\u{202e}';
            assert!(!text.replace('\n', "").contains(acts), "{text:?}");
            assert!(text.matches("[2J").count() == 4, "{text}");
        }
    }

    fn mk_line(level: Level, fields: Vec<(&'static str, Value)>) -> String {
        let line = Line {
            level,
            module: "agent".into(),
            message: "said".into(),
            fields,
        };
        line.standard("2006-01-02T15:04:05.0009Z".parse().unwrap())
    }

    #[test]
    fn levels_are_padded_and_times_have_milliseconds() {
        assert_eq!(
            mk_line(Level::INFO, vec![]),
            "2006-01-02T15:04:05.000Z [INFO]  agent: said\n"
        );
        assert_eq!(
            mk_line(Level::ERROR, vec![]),
            "2006-01-02T15:04:05.000Z [ERROR] agent: said\n"
        );
    }

    #[test]
    fn fields_follow_a_colon_and_are_quoted_where_needed() {
        let fields = vec![
            ("n", 3.into()),
            ("why", "no way".into()),
            ("path", "/a".into()),
        ];
        let line = mk_line(Level::WARN, fields);
        assert!(
            line.ends_with("[WARN]  agent: said: n=3 why=\"no way\" path=/a\n"),
            "{line}"
        );
    }

    #[test]
    fn text_of_several_lines_is_set_off() {
        let line = mk_line(
            Level::WARN,
            vec![("error", "one\n\ntwo".into()), ("n", 1.into())],
        );
        assert!(
            line.ends_with("said:\n  error=\n  | one\n  | \n  | two\n  n=1\n"),
            "{line}"
        );
    }
}
