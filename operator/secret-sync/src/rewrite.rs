//! Other names for what `dataFrom` found.

use operator_api::{ConflictPolicy, MergeRewrite, MergeStrategy, PriorityPolicy};
use templating::go::{self, Regexp};
use text_template::Value;
use thiserror::Error;

use crate::Data;
use crate::template::{Template, TemplateError};
use crate::value::{object_of, text_of, without_values};

/// A rewrite that cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RewriteError {
    /// The expression, in the words of Go's library.
    #[error("{0}")]
    Expression(String),
    /// The template of a key.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// Two secrets have the same keys.
    #[error("merge failed with conflicts: {}", .0.join(", "))]
    Conflicts(Vec<String>),
    /// A key of `priority` is not there.
    #[error("merge failed with key {0:?} not found in input map")]
    NoPriority(String),
    /// The strategy JSON needs a key for the result.
    #[error("merge failed with missing 'into' field")]
    NoTarget,
    /// What is merged is no JSON object.
    #[error("merge failed with failed to unmarshal value of key {key:?}: {reason}")]
    NotAnObject {
        /// Its key.
        key: String,
        /// Go's words, or why the result cannot be written.
        reason: String,
    },
}

/// Replaces in each key all matches of an expression; `$1` and `${name}` stand for groups. Where two
/// keys become one, that of the last in order stays.
///
/// # Errors
/// The expression cannot be read.
pub fn rename(source: &str, target: &str, data: &Data) -> Result<Data, RewriteError> {
    let expression =
        Regexp::new(source).map_err(|error| RewriteError::Expression(error.reveal()))?;
    data.iter()
        .map(|(key, value)| {
            let key = expression
                .replace_all(key, target)
                .map_err(|error| RewriteError::Expression(error.reveal()))?;
            Ok((key, value.clone()))
        })
        .collect()
}

/// Renders each key by a template; `{{ .value }}` is the old one. Where two keys become one, that of
/// the last in order stays.
///
/// # Errors
/// The template cannot be read, or not be rendered.
pub fn transform(template: &str, data: &Data) -> Result<Data, RewriteError> {
    let template = Template::lenient(template)?;
    data.iter()
        .map(|(key, value)| {
            let dot = Data::from([("value".to_owned(), key.clone().into_bytes())]);
            let key = template.render(&dot)?;
            Ok((String::from_utf8_lossy(&key).into_owned(), value.clone()))
        })
        .collect()
}

/// Merges values that are JSON objects.
///
/// # Errors
/// See [`RewriteError`].
pub fn merge(merge: &MergeRewrite, data: &Data) -> Result<Data, RewriteError> {
    if merge.strategy == MergeStrategy::Json && merge.into.is_empty() {
        return Err(RewriteError::NoTarget);
    }
    let mut merged = Vec::<(String, Value)>::new();
    let mut conflicts = Vec::new();
    for key in order(merge, data)? {
        let object = object_of(&data[key]).map_err(|error| RewriteError::NotAnObject {
            key: key.to_owned(),
            reason: error.to_string(),
        })?;
        let Some(fields) = object else { continue };
        for (field, value) in fields.snapshot().entries() {
            let field = field
                .as_text()
                .map(|field| field.to_str_lossy().into_owned())
                .unwrap_or_default();
            match merged.iter_mut().find(|(known, _)| *known == field) {
                Some((_, known)) => {
                    conflicts.push(field);
                    *known = value.clone();
                }
                None => merged.push((field, value.clone())),
            }
        }
    }
    if merge.conflict_policy == ConflictPolicy::Error && !conflicts.is_empty() {
        conflicts.sort();
        conflicts.dedup();
        return Err(RewriteError::Conflicts(conflicts));
    }
    let not_written = |error: String| RewriteError::NotAnObject {
        key: merge.into.clone(),
        reason: error,
    };
    match merge.strategy {
        MergeStrategy::Extract => merged
            .into_iter()
            .map(|(field, value)| {
                let text = text_of(&value).map_err(|error| not_written(error.to_string()))?;
                Ok((field, text))
            })
            .collect(),
        MergeStrategy::Json => {
            let fields = merged
                .into_iter()
                .map(|(field, value)| (Value::string(field), value))
                .collect();
            let object = Value::Map(text_template::Map::of_any(fields));
            let text = go::to_json(&object).map_err(|error| not_written(without_values(&error)))?;
            let mut data = data.clone();
            data.insert(merge.into.clone(), text.to_vec());
            Ok(data)
        }
    }
}

/// The keys in the order in which they are merged.
fn order<'d>(merge: &MergeRewrite, data: &'d Data) -> Result<Vec<&'d str>, RewriteError> {
    let mut last = Vec::new();
    for key in &merge.priority {
        match data.get_key_value(key) {
            Some((key, _)) => last.push(key.as_str()),
            None if merge.priority_policy == PriorityPolicy::IgnoreNotFound => {}
            None => return Err(RewriteError::NoPriority(key.clone())),
        }
    }
    let first = data.keys().map(String::as_str);
    let mut order: Vec<_> = first.filter(|key| !last.contains(key)).collect();
    order.append(&mut last);
    Ok(order)
}
