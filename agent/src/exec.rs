//! Exec mode: signals by name.

mod signal;

pub use signal::{SignalName, UnknownSignal};
