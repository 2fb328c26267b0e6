//! YAML text into values: the first document, its anchors and merge keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, StrInput, Tag};
use text_template::{CallError, List, Map, Type, Value};

use super::resolve;

/// No document that people write nests deeper, and the stack must not be what ends reading.
const MAX_DEPTH: usize = 100;

/// Reads the first document; of none the value is `nil`.
pub(crate) fn read(text: &str) -> Result<Value, CallError> {
    // YAML 1.2 lets tabs stand in front; 1.1 does not.
    if text.trim_start_matches(['\n', ' ']).starts_with('\t') {
        return Err(CallError::new(
            "yaml: found character that cannot start any token",
        ));
    }
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        open_end: open_end(text),
        anchors: BTreeMap::new(),
        depth: 0,
    };
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(Value::Nil),
            Event::StreamStart | Event::DocumentStart(..) => {}
            event => {
                let value = reader.node(event)?;
                // What stands behind the value and ends no document makes all of it no YAML.
                return reader.next().map(|_| value);
            }
        }
    }
}

/// Where a text ends, in characters, if its last line has words and no line break.
fn open_end(text: &str) -> Option<usize> {
    let is_open = !text.trim_end_matches([' ', '\t']).ends_with(['\n', '\r']);
    is_open.then(|| text.chars().count())
}

struct Reader<'t> {
    parser: Parser<'t, StrInput<'t>>,
    /// As [`open_end`] says.
    open_end: Option<usize>,
    anchors: BTreeMap<usize, Value>,
    depth: usize,
}

impl<'t> Reader<'t> {
    /// The next event that carries data; comments do not.
    fn next(&mut self) -> Result<Event<'t>, CallError> {
        loop {
            match self.parser.next_event() {
                None => return Ok(Event::StreamEnd),
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((
                    Event::Scalar(
                        text,
                        style @ (ScalarStyle::Literal | ScalarStyle::Folded),
                        anchor,
                        tag,
                    ),
                    span,
                ))) if self.open_end == Some(span.end.index()) => {
                    // The parser adds the line break that the last line of the text lacks.
                    let mut text = text.into_owned();
                    if text.ends_with('\n') {
                        text.pop();
                    }
                    return Ok(Event::Scalar(text.into(), style, anchor, tag));
                }
                Some(Ok((event, _))) => return Ok(event),
                Some(Err(error)) => {
                    let line = error.marker().line();
                    return Err(CallError::new(format!(
                        "yaml: line {line}: the text is not YAML"
                    )));
                }
            }
        }
    }

    fn node(&mut self, event: Event<'t>) -> Result<Value, CallError> {
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag)?, anchor),
            Event::SequenceStart(_, anchor, _) => (self.nested(Self::sequence)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.nested(Self::mapping)?, anchor),
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned();
                return value.ok_or_else(|| CallError::new("yaml: unknown anchor"));
            }
            _ => return Err(CallError::new("yaml: the text is not YAML")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<Value, CallError>,
    ) -> Result<Value, CallError> {
        if self.depth == MAX_DEPTH {
            return Err(CallError::new("yaml: exceeded max depth"));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn sequence(&mut self) -> Result<Value, CallError> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(List::of_any(items).into()),
                event => items.push(self.node(event)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Value, CallError> {
        let mut merged = Vec::new();
        let mut entries = Vec::new();
        loop {
            let event = match self.next()? {
                Event::MappingEnd => break,
                event => event,
            };
            let is_merge = matches!(
                &event,
                Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<"
            );
            let key = self.node(event)?;
            let event = self.next()?;
            let value = self.node(event)?;
            if is_merge {
                merge(&mut merged, &value)?;
                continue;
            }
            if matches!(key, Value::List(_) | Value::Map(_)) {
                return Err(CallError::new("yaml: a key must be a scalar"));
            }
            entries.push((key, value));
        }
        // Of equal keys the last counts: the map's own.
        merged.append(&mut entries);
        Ok(Map::open(&Type::Any, &Type::Any, merged).into())
    }
}

/// Puts the entries of a map, or of each in a list, in front: earlier ones of a list win.
fn merge(into: &mut Vec<(Value, Value)>, value: &Value) -> Result<(), CallError> {
    match value {
        Value::Map(map) => into.extend_from_slice(map.snapshot().entries()),
        Value::List(list) => {
            for item in list.items().iter().rev() {
                let Value::Map(map) = item else {
                    return Err(CallError::new("yaml: map merge requires maps"));
                };
                into.extend_from_slice(map.snapshot().entries());
            }
        }
        _ => {
            return Err(CallError::new(
                "yaml: map merge requires map or sequence of maps as the value",
            ));
        }
    }
    Ok(())
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<Cow<'_, Tag>>) -> Result<Value, CallError> {
    let Some(tag) = tag else {
        return Ok(match style {
            ScalarStyle::Plain => resolve::plain(text),
            _ => text.into(),
        });
    };
    let cannot = || CallError::new("yaml: cannot decode a scalar as its tag asks");
    let plain = resolve::plain(text);
    let kind = tag.suffix_in_namespace("tag:yaml.org,2002:");
    match (kind.as_deref().unwrap_or_default(), &plain) {
        ("null", Value::Nil) => Ok(Value::Nil),
        ("bool", Value::Bool(_))
        | ("int", Value::Int(..) | Value::Uint(..))
        | ("float", Value::Float(_)) => Ok(plain),
        #[allow(clippy::cast_precision_loss)] // As Go converts.
        ("float", Value::Int(_, int)) => Ok(Value::Float(*int as f64)),
        ("null" | "bool" | "int" | "float", _) => Err(cannot()),
        ("binary", _) => {
            let compact: String = text.split_ascii_whitespace().collect();
            let bytes = crate::functions::decode_base64(compact.as_bytes());
            bytes.map(Value::string).map_err(|_| cannot())
        }
        _ => Ok(text.into()),
    }
}
