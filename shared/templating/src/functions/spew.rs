//! Values with their types, for whoever looks for what a template really sees.

use text_template::buffer::append;
use text_template::fmt::{Printed, quote, sprintf};
use text_template::{Arguments, CallError, Signature, Type, Value};

use super::{Function, bytes, function};
use crate::pass::Pass;

/// A map that a template put into itself would never end.
const MAX_DEPTH: usize = 100;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::variadic("spew_dump", &[], Type::Any),
        "spew_dump VALUE...",
        "Nothing: what would go to the agent's output is no place for secrets.",
        |_, _| Ok("".into()),
    ),
    function(
        Signature::variadic("spew_printf", &[Type::String], Type::Any),
        "spew_printf FORMAT VALUE...",
        "Nothing, for the same reason.",
        |_, _| Ok("".into()),
    ),
    function(
        Signature::variadic("spew_sdump", &[], Type::Any),
        "spew_sdump VALUE...",
        "Values on lines of their own, with their types and lengths.",
        sdump,
    ),
    function(
        Signature::variadic("spew_sprintf", &[Type::String], Type::Any),
        "spew_sprintf FORMAT VALUE...",
        "As printf; %#v also shows types.",
        spew_sprintf,
    ),
];

fn sdump(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let mut dump = Dump {
        out: Printed::default(),
        limit: pass.limit,
    };
    for value in arguments {
        dump.lines(value, 0)?;
        dump.push("\n")?;
    }
    Ok(Value::string(dump.out))
}

struct Dump {
    out: Printed,
    limit: usize,
}

impl Dump {
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

    fn lines(&mut self, value: &Value, depth: usize) -> Result<(), CallError> {
        if depth > MAX_DEPTH {
            return Err(CallError::new("the value is nested too deep"));
        }
        self.push(format!("({}) ", type_name(value)))?;
        match value {
            Value::String(text) if text.is_empty() => self.push("\"\""),
            Value::String(text) => {
                self.push(format!("(len={}) {}", text.len(), quote(text.as_bytes())))
            }
            Value::Number(text) => {
                self.push(format!("(len={}) {}", text.len(), text.to_str_lossy()))
            }
            Value::List(list) if list.is_nil() => self.push("<nil>"),
            Value::List(list) => {
                let length = list.len();
                if length > 0 {
                    self.push(format!("(len={length} cap={length}) "))?;
                }
                self.entries(list.items().iter().map(|item| (None, item)), depth)
            }
            Value::Map(map) if map.is_nil() => self.push("<nil>"),
            Value::Map(map) => {
                if !map.is_empty() {
                    self.push(format!("(len={}) ", map.len()))?;
                }
                let snapshot = map.snapshot();
                let entries = snapshot.entries().iter();
                self.entries(
                    entries.map(|(key, item)| (Some(Name::Key(key)), item)),
                    depth,
                )
            }
            Value::Record(record) | Value::Pointer(_, Some(record)) => {
                let fields = record.fields();
                self.entries(
                    fields.map(|(name, _, item)| (Some(Name::Field(name)), item)),
                    depth,
                )
            }
            other => {
                let text = sprintf(b"%v", std::slice::from_ref(other), self.limit)?;
                self.push(text.as_slice())
            }
        }
    }

    fn entries<'v>(
        &mut self,
        entries: impl Iterator<Item = (Option<Name<'v>>, &'v Value)>,
        depth: usize,
    ) -> Result<(), CallError> {
        self.push("{\n")?;
        let mut first = true;
        for (name, item) in entries {
            if !first {
                self.push(",\n")?;
            }
            first = false;
            self.push(" ".repeat(depth + 1))?;
            match name {
                Some(Name::Key(key)) => {
                    self.lines(key, depth + 1)?;
                    self.push(": ")?;
                }
                Some(Name::Field(name)) => self.push(format!("{name}: "))?,
                None => {}
            }
            self.lines(item, depth + 1)?;
        }
        if !first {
            self.push("\n")?;
        }
        self.push(" ".repeat(depth))?;
        self.push("}")
    }

    /// On one line; `interface` where the static type does not say the value's.
    fn typed(&mut self, value: &Value, interface: bool, depth: usize) -> Result<(), CallError> {
        if depth > MAX_DEPTH {
            return Err(CallError::new("the value is nested too deep"));
        }
        if interface {
            self.push(format!("({})", type_name(value)))?;
        }
        match value {
            Value::List(list) => {
                let any = list.element_type() == Type::Any;
                self.push("[")?;
                for (index, item) in list.items().iter().enumerate() {
                    self.push(if index > 0 { " " } else { "" })?;
                    self.typed(item, any, depth + 1)?;
                }
                self.push("]")
            }
            Value::Map(map) => {
                let (keys, any) = (map.key_type() == Type::Any, map.element_type() == Type::Any);
                self.push("map[")?;
                for (index, (key, item)) in map.snapshot().entries().iter().enumerate() {
                    self.push(if index > 0 { " " } else { "" })?;
                    self.typed(key, keys, depth + 1)?;
                    self.push(":")?;
                    self.typed(item, any, depth + 1)?;
                }
                self.push("]")
            }
            other => {
                let text = sprintf(b"%v", std::slice::from_ref(other), self.limit)?;
                self.push(text.as_slice())
            }
        }
    }
}

enum Name<'v> {
    Key(&'v Value),
    Field(&'static str),
}

fn type_name(value: &Value) -> String {
    match value {
        Value::Nil => String::from("interface {}"),
        other => other.type_name(),
    }
}

/// As `printf`, with `%v` free of width and `%#v` with types.
fn spew_sprintf(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let format = bytes(&arguments[0]);
    let mut values = arguments[1..].to_vec();
    let mut rewritten = Vec::with_capacity(format.len());
    let mut next = 0;
    let mut rest = format;
    while let Some(at) = rest.iter().position(|byte| *byte == b'%') {
        rewritten.extend_from_slice(&rest[..at]);
        let verb = rest[at + 1..]
            .iter()
            .position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b'#' | b'+' | b'-' | b' '));
        let Some(verb) = verb.map(|verb| at + 1 + verb) else {
            rewritten.extend_from_slice(&rest[at..]);
            rest = &[];
            break;
        };
        match rest[verb] {
            b'v' => {
                if rest[at..verb].contains(&b'#')
                    && let Some(value) = values.get_mut(next)
                {
                    let mut dump = Dump {
                        out: Printed::default(),
                        limit: pass.limit,
                    };
                    dump.typed(value, true, 0)?;
                    *value = Value::string(dump.out);
                }
                rewritten.extend_from_slice(b"%v");
            }
            _ => rewritten.extend_from_slice(&rest[at..=verb]),
        }
        next += usize::from(rest[verb] != b'%');
        rest = &rest[verb + 1..];
    }
    rewritten.extend_from_slice(rest);
    Ok(Value::string(sprintf(&rewritten, &values, pass.limit)?))
}
