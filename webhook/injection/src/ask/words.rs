//! Annotations of this injector alone that take one of a few words, a mode or a quantity.

use contract::annotations::{AnnotationSpec, Annotations, Kind};

use crate::vocabulary::denial::RequestError;
use crate::vocabulary::quantity;

/// The value, where it is one of the annotation's words.
pub(crate) fn one_of<'p>(
    annotations: &Annotations<'p>,
    spec: &AnnotationSpec,
) -> Result<Option<&'p str>, RequestError> {
    annotations
        .get(spec)
        .map(|value| checked(spec, annotations.key(spec), value))
        .transpose()
}

/// The value for the secret `name`, else the one for all.
pub(crate) fn one_of_for<'p>(
    annotations: &Annotations<'p>,
    spec: &AnnotationSpec,
    name: &str,
) -> Result<Option<&'p str>, RequestError> {
    match annotations.get_for(spec, name) {
        Some(value) => checked(spec, annotations.key_for(spec, name), value).map(Some),
        None => one_of(annotations, spec),
    }
}

fn checked<'p>(
    spec: &AnnotationSpec,
    key: String,
    value: &'p str,
) -> Result<&'p str, RequestError> {
    match spec.kind {
        Kind::OneOf(words) if !words.contains(&value) => Err(RequestError::Word {
            key,
            value: value.to_owned(),
            accepted: words.join(", "),
        }),
        _ => Ok(value),
    }
}

/// A file mode, octal.
pub(crate) fn mode(
    annotations: &Annotations<'_>,
    spec: &AnnotationSpec,
) -> Result<Option<u32>, RequestError> {
    let Some(text) = annotations.get(spec).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    is_mode(text)
        .then(|| u32::from_str_radix(text, 8).ok())
        .flatten()
        .map(Some)
        .ok_or_else(|| RequestError::Mode(annotations.key(spec)))
}

/// Whether a text is an octal mode of permission bits alone.
pub(crate) fn is_mode(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && u32::from_str_radix(text, 8).is_ok_and(|mode| mode <= 0o777)
}

/// A quantity in its canonical form; empty is none.
pub(crate) fn quantity(
    annotations: &Annotations<'_>,
    spec: &AnnotationSpec,
) -> Result<Option<String>, RequestError> {
    annotations
        .get(spec)
        .filter(|text| !text.is_empty())
        .map(|text| {
            quantity::canonical(text).map_err(|source| RequestError::Quantity {
                key: annotations.key(spec),
                value: text.to_owned(),
                source,
            })
        })
        .transpose()
}
