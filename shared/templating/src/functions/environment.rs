//! The environment.

use text_template::{Arguments, CallError, Signature, Type, Value};

use super::{Function, function, utf8};
use crate::pass::Pass;

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("env", &[Type::String]),
        "env NAME",
        "A variable of the environment, empty where it is not set.",
        |pass, arguments| {
            Ok(Value::string(
                pass.env(&utf8(&arguments[0])).unwrap_or_default(),
            ))
        },
    ),
    function(
        Signature::new("envOrDefault", &[Type::String, Type::String]),
        "envOrDefault NAME DEFAULT",
        "A variable of the environment; the default only where it is not set.",
        |pass, arguments| {
            let value = pass.env(&utf8(&arguments[0]));
            Ok(value.map_or_else(|| arguments[1].clone(), Value::string))
        },
    ),
    function(
        Signature::new("mustEnv", &[Type::String]),
        "mustEnv NAME",
        "A variable of the environment; an error where it is empty.",
        must_env,
    ),
];

fn must_env(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let name = utf8(&arguments[0]);
    match pass.env(&name) {
        Some(value) if !value.is_empty() => Ok(Value::string(value)),
        _ => Err(CallError::new("required environment variable ")
            .value(name)
            .words(" is empty")),
    }
}
