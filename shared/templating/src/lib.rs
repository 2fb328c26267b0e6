//! (crate documentation)
#![deny(missing_docs)]
