//! Each time that a key stands in an object, with its labels.

use crate::tree::Syntax;
use crate::{Key, Object, Position, Value, ValueKind};

/// A key with one of its values.
pub(super) struct Occurrence<'a> {
    pub(super) name: &'a Key,
    pub(super) labels: Vec<&'a Key>,
    pub(super) value: &'a Value,
    pub(super) syntax: Syntax,
}

impl Occurrence<'_> {
    /// Where the value stands, or the first label.
    pub(super) fn position(&self) -> Position {
        self.labels
            .first()
            .map_or(self.value.position, |label| label.position)
    }
}

/// All occurrences in the order of the text.
pub(super) fn all(object: &Object) -> Vec<Occurrence<'_>> {
    let mut found = Vec::new();
    for item in &object.items {
        let Some((name, labels)) = item.keys.split_first() else {
            continue;
        };
        let occurrence = |value| Occurrence {
            name,
            labels: labels.iter().collect(),
            value,
            syntax: object.syntax,
        };
        match (object.syntax, &item.value.kind) {
            (Syntax::Json, ValueKind::List(values)) if only_objects(values) => {
                let objects = values.iter().filter(|value| is_object(value));
                objects.for_each(|value| spread(occurrence(value), &mut found));
            }
            (Syntax::Json, _) => spread(occurrence(&item.value), &mut found),
            (Syntax::Native, _) => found.push(occurrence(&item.value)),
        }
    }
    found
}

/// Does a list of JSON hold objects and nothing else? `true` and `false` do not count.
fn only_objects(values: &[Value]) -> bool {
    let mut values = values
        .iter()
        .filter(|value| !matches!(value.kind, ValueKind::Bool(_)))
        .peekable();
    values.peek().is_some() && values.all(is_object)
}

fn is_object(value: &Value) -> bool {
    matches!(value.kind, ValueKind::Object(_))
}

/// The keys of an object that holds nothing but objects are labels.
fn spread<'a>(occurrence: Occurrence<'a>, found: &mut Vec<Occurrence<'a>>) {
    let inner = match &occurrence.value.kind {
        ValueKind::Object(object) => object.items.as_slice(),
        _ => &[],
    };
    if inner.is_empty() || !inner.iter().all(|item| is_object(&item.value)) {
        found.push(occurrence);
        return;
    }
    for item in inner {
        let mut labels = occurrence.labels.clone();
        labels.extend(&item.keys);
        let (value, name, syntax) = (&item.value, occurrence.name, occurrence.syntax);
        spread(
            Occurrence {
                name,
                labels,
                value,
                syntax,
            },
            found,
        );
    }
}
