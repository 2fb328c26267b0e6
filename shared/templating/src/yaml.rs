//! YAML as Go's `yaml.v2` reads and writes it: YAML 1.1, its scalars, its choice of quotes.

mod key;
mod read;
mod resolve;
mod scalar;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;
