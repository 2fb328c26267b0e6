//! A tree as plain JSON values, as `hashicorp/hcl` 1.0.1 decodes it into a map without a type.
//!
//! * A block, and a map that is assigned, is a list of objects; a label is one more such list.
//! * A key that repeats: lists and blocks are joined; of scalars the last one counts, if the type
//!   of the first can hold it.
//! * A key has labels each time or never.
//! * In JSON, an object that holds nothing but objects is as many blocks with labels, and lists
//!   lose `true` and `false`.

mod go_int;
mod joined;
mod occurrence;

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use thiserror::Error;

use crate::{Object, Position};
use joined::Joined;

/// Values under one key that do not go together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{position}: {name:?} is {found} here, which cannot be joined with {before} before")]
pub struct GenericError {
    position: Position,
    name: String,
    found: &'static str,
    before: &'static str,
}

impl GenericError {
    /// Where the second of the values is.
    pub fn position(&self) -> Position {
        self.position
    }
}

/// The object as JSON values.
///
/// # Errors
///
/// A key that repeats has values that cannot be joined.
///
/// ```
/// let object = hcl::parse("vault { address = \"http://vault\" }")?;
/// let json = hcl::generic(&object)?;
/// assert_eq!(json["vault"][0]["address"], "http://vault");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn generic(object: &Object) -> Result<Json, GenericError> {
    let mut values: Vec<(&str, Joined)> = Vec::new();
    let mut places = HashMap::new();
    for occurrence in occurrence::all(object) {
        let name = occurrence.name.text.as_str();
        if let Some(&place) = places.get(name) {
            let (_, before): &mut (_, Joined) = &mut values[place];
            before.join(&occurrence)?;
        } else {
            places.insert(name, values.len());
            values.push((name, Joined::first(&occurrence)?));
        }
    }
    let values = values.into_iter();
    let map: Map<_, _> = values
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    Ok(Json::Object(map))
}
