//! Functions that exist and never run.

use text_template::{CallError, Signature, Type};

use super::{Function, function};

pub(super) const FUNCTIONS: &[Function] = &[function(
    Signature::variadic("plugin", &[Type::String], Type::String),
    "plugin COMMAND [ARGUMENT]...",
    "Refused: a template starts no program.",
    |_, _| Err(CallError::new("function is disabled")),
)];
