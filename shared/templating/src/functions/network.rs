//! Addresses of the machine.

use text_template::{CallError, Signature, Type, Value};

use super::{Function, function, utf8};

pub(super) const FUNCTIONS: &[Function] = &[function(
    Signature::new("sockaddr", &[Type::String]),
    "sockaddr TEMPLATE",
    "What a template of go-sockaddr says of the machine's addresses.",
    |_, arguments| {
        crate::sockaddr(&utf8(&arguments[0]))
            .map(Value::string)
            .map_err(CallError::new)
    },
)];
