//! The established agent's configuration language: HCL in its first version, and JSON.
//!
//! ```text
//! text -> cursor -> lex (tokens) -> native (HCL) ┐
//!              └──────────────────> json (JSON)  ┴> tree (Object) -> generic (plain JSON values)
//! ```
//!
//! Both languages become one tree that keeps what was written: order, repeated keys, labels, and
//! where each thing stands. What a key means is the caller's business.
//!
//! Files that the established agent reads are read here, with the same meaning. That includes
//! mistakes which its reader passes over, such as what follows the closing brace of a JSON
//! document; [`Object::unread`] tells where that begins.
//!
//! Invariants: no text makes it panic, nesting is bounded ([`MAX_DEPTH`]), the time is linear, and
//! neither errors nor `Debug` show values or labels, which may be secrets.
#![deny(missing_docs)]

mod cursor;
mod error;
mod escape;
mod generic;
mod json;
mod lex;
mod native;
mod tree;

pub use error::ParseError;
pub use generic::{GenericError, generic};
pub use tree::{Item, Key, Object, Position, Value, ValueKind};

/// How deep objects, lists and labels may stand in each other.
pub const MAX_DEPTH: usize = 128;

/// Reads a configuration: JSON where the first character that is not blank is `{`, else HCL.
///
/// # Errors
///
/// Says where the text is not of the language, and what was expected there.
pub fn parse(text: &str) -> Result<Object, ParseError> {
    if text.trim_start().starts_with('{') {
        json::parse(text)
    } else {
        native::parse(text)
    }
}
