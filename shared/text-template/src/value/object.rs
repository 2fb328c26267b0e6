//! Native objects and methods.

use std::any::Any;

use super::Value;
use crate::function::{CallError, Signature};

/// Something with methods and without fields, held by reference.
pub trait Object: Any + Send + Sync {
    /// The type's name with its star, as `%T` shows it: `*template.Scratch`.
    fn type_name(&self) -> &'static str;

    /// What can be called on it.
    fn methods(&self) -> &'static [Method];

    /// The text that printing shows, where the type has one of its own (Go's `String` method).
    fn shown(&self) -> Option<String> {
        None
    }

    /// Whether it is a channel: `range` receives its values, which are then gone.
    fn is_channel(&self) -> bool {
        false
    }

    /// The next value of a channel; `None` once it is closed.
    fn receive(&self) -> Option<Value> {
        None
    }

    /// For a method's body to find its own type again.
    fn as_any(&self) -> &dyn Any;
}

/// The values that a call passes, checked against the signature.
pub type Arguments<'a> = &'a [Value];

/// A method: a function that also gets its receiver.
#[derive(Debug)]
pub struct Method {
    /// Name and parameters, without the receiver.
    pub signature: Signature,
    /// What it does.
    pub body: fn(&Value, Arguments<'_>) -> Result<Value, CallError>,
}
