//! JSON as Go's `encoding/json` reads and writes it: its error texts, its escapes, its numbers.

mod read;
mod write;

pub use read::Numbers;
pub(crate) use read::read;
pub(crate) use write::{Fault, Style, write};
