//! Go's `text/template` language: the language of Go 1.24, with Go's output and Go's error texts.
//!
//! ```text
//! text -> lex (tokens) -> parse (trees; knows functions and variables) -> exec (+ Host) -> bytes
//!                                                          values, fmt, built-ins ----^
//! ```
//!
//! The crate knows the language and Go's `fmt`, and nothing of what templates are for: further
//! functions come as a [`FunctionSet`] of signatures, and a [`Host`] runs them.
//!
//! Invariants: no input makes it panic or run without end ([`Limits`]); values are shared and never
//! copied; text is wiped when dropped; errors keep values apart from words ([`CallError`]), so that
//! a caller can leave them out.
#![deny(missing_docs)]

mod ast;
pub mod buffer;
mod builtin;
mod error;
mod exec;
pub mod fmt;
mod function;
mod lex;
mod parse;
mod template;
mod value;
pub mod view;

pub use error::{Error, Phase};
pub use function::{CallError, FunctionSet, Host, NoHost, Signature};
pub use template::{Limits, MissingKey, Options, Template};
pub use value::{
    Arguments, IntKind, List, Map, MapError, Method, Object, Record, RecordType, Text, Type,
    UintKind, Value,
};
