//! The value of a key, which further occurrences of the key join.

use serde_json::{Map, Number, Value as Json};

use super::occurrence::Occurrence;
use super::{GenericError, generic, go_int};
use crate::tree::Syntax;
use crate::{Value, ValueKind};

/// What the occurrences so far came to.
pub(super) enum Joined {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// From `[…]`.
    List(Vec<Json>),
    /// From `{…}`.
    Objects(Vec<Json>),
    /// From blocks with labels.
    Labelled(Vec<Json>),
}

impl Joined {
    /// What the first occurrence comes to.
    pub(super) fn first(occurrence: &Occurrence<'_>) -> Result<Self, GenericError> {
        if occurrence.labels.is_empty() {
            Self::new(occurrence.value, occurrence.syntax)
        } else {
            Ok(Self::Labelled(vec![labelled(occurrence)?]))
        }
    }

    fn new(value: &Value, syntax: Syntax) -> Result<Self, GenericError> {
        Ok(match &value.kind {
            ValueKind::Null => Self::Text(String::new()),
            ValueKind::Bool(flag) => Self::Bool(*flag),
            ValueKind::Integer(number) => Self::Integer(*number),
            ValueKind::Float(number) => Self::Float(*number),
            ValueKind::Text(text) => Self::Text(text.clone()),
            ValueKind::List(values) => Self::List(elements(values, syntax)?),
            ValueKind::Object(object) => Self::Objects(vec![generic(object)?]),
        })
    }

    /// Takes a further occurrence in.
    pub(super) fn join(&mut self, occurrence: &Occurrence<'_>) -> Result<(), GenericError> {
        let (labels, value) = (!occurrence.labels.is_empty(), occurrence.value);
        match (self, &value.kind) {
            (Self::Labelled(blocks), _) if labels => blocks.push(labelled(occurrence)?),
            (before, _) if labels => return Err(before.differs(occurrence)),

            (Self::Bool(before), ValueKind::Bool(flag)) => *before = *flag,
            (Self::Integer(before), ValueKind::Integer(number)) => *before = *number,
            (Self::Float(before), ValueKind::Float(number)) => *before = *number,
            (Self::Text(before), ValueKind::Text(text)) => before.clone_from(text),
            (Self::Text(before), ValueKind::Null) => before.clear(),
            // A number's text is text.
            (Self::Text(before), ValueKind::Integer(number)) => *before = spelling(value, *number),
            (Self::Float(before), ValueKind::Integer(number)) => {
                *before = spelling(value, *number)
                    .parse()
                    .map_err(|_| Self::Float(*before).differs(occurrence))?;
            }
            (Self::Integer(before), ValueKind::Text(text)) => {
                *before = go_int::parse(text)
                    .ok_or_else(|| Self::Integer(*before).differs(occurrence))?;
            }

            (Self::List(before), ValueKind::List(values)) => {
                before.extend(elements(values, occurrence.syntax)?);
            }
            (Self::List(before) | Self::Objects(before), ValueKind::Object(object)) => {
                before.push(generic(object)?);
            }
            (Self::Objects(before), ValueKind::List(values))
                if only_objects(values, occurrence.syntax) =>
            {
                before.extend(elements(values, occurrence.syntax)?);
            }
            (before, _) => return Err(before.differs(occurrence)),
        }
        Ok(())
    }

    fn differs(&self, occurrence: &Occurrence<'_>) -> GenericError {
        GenericError {
            position: occurrence.position(),
            name: occurrence.name.text.clone(),
            found: if occurrence.labels.is_empty() {
                occurrence.value.kind.describe()
            } else {
                "a block with labels"
            },
            before: match self {
                Self::Bool(_) => "true or false",
                Self::Integer(_) => "a whole number",
                Self::Float(_) => "a number with a fraction",
                Self::Text(_) => "text",
                Self::List(_) => "a list",
                Self::Objects(_) => "an object",
                Self::Labelled(_) => "a block with labels",
            },
        }
    }
}

impl From<Joined> for Json {
    fn from(joined: Joined) -> Self {
        match joined {
            Joined::Bool(flag) => flag.into(),
            Joined::Integer(number) => number.into(),
            Joined::Float(number) => Number::from_f64(number).into(),
            Joined::Text(text) => text.into(),
            Joined::List(values) | Joined::Objects(values) | Joined::Labelled(values) => {
                values.into()
            }
        }
    }
}

/// A block with labels: in each label's object a list with the next one's.
fn labelled(occurrence: &Occurrence<'_>) -> Result<Json, GenericError> {
    let mut value = Json::from(Joined::new(occurrence.value, occurrence.syntax)?);
    for (outer, label) in occurrence.labels.iter().enumerate().rev() {
        let map = Map::from_iter([(label.text.clone(), value)]);
        value = Json::Object(map);
        if outer > 0 {
            value = Json::Array(vec![value]);
        }
    }
    Ok(value)
}

/// The values of a list. An object in a list is not in one more list.
fn elements(values: &[Value], syntax: Syntax) -> Result<Vec<Json>, GenericError> {
    let values = values.iter().filter(|value| !left_out(value, syntax));
    values
        .map(|value| match &value.kind {
            ValueKind::Object(object) => generic(object),
            _ => Joined::new(value, syntax).map(Json::from),
        })
        .collect()
}

fn only_objects(values: &[Value], syntax: Syntax) -> bool {
    values
        .iter()
        .all(|value| left_out(value, syntax) || matches!(value.kind, ValueKind::Object(_)))
}

fn left_out(value: &Value, syntax: Syntax) -> bool {
    syntax == Syntax::Json && matches!(value.kind, ValueKind::Bool(_))
}

fn spelling(value: &Value, number: i64) -> String {
    value
        .spelling
        .as_ref()
        .map_or_else(|| number.to_string(), ToString::to_string)
}
