//! The methods of `json.Number`.

use crate::function::{CallError, Signature};
use crate::value::{Arguments, IntKind, Method, Value};

pub(crate) const METHODS: &[Method] = &[
    Method {
        signature: Signature::new("Float64", &[]),
        body: float,
    },
    Method {
        signature: Signature::new("Int64", &[]),
        body: int,
    },
    Method {
        signature: Signature::new("String", &[]),
        body: string,
    },
];

#[allow(clippy::unnecessary_wraps)] // The shape of a method.
fn string(number: &Value, _: Arguments<'_>) -> Result<Value, CallError> {
    Ok(number
        .as_text()
        .map_or(Value::Nil, |text| Value::String(text.clone())))
}

fn int(number: &Value, _: Arguments<'_>) -> Result<Value, CallError> {
    let text = number.as_text().cloned().unwrap_or_default();
    let text = text.to_str_lossy();
    match text.parse::<i64>() {
        Ok(value) => Ok(Value::Int(IntKind::Int64, value)),
        Err(error) => {
            use std::num::IntErrorKind::{NegOverflow, PosOverflow};
            let overflow = matches!(error.kind(), PosOverflow | NegOverflow);
            let reason = if overflow {
                "value out of range"
            } else {
                "invalid syntax"
            };
            Err(CallError::new("strconv.ParseInt: parsing ")
                .quoted(text.as_bytes())
                .words(format!(": {reason}")))
        }
    }
}

fn float(number: &Value, _: Arguments<'_>) -> Result<Value, CallError> {
    let text = number.as_text().cloned().unwrap_or_default();
    let text = text.to_str_lossy();
    let error = |reason: &str| {
        CallError::new("strconv.ParseFloat: parsing ")
            .quoted(text.as_bytes())
            .words(format!(": {reason}"))
    };
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Value::Float(value)),
        Ok(_) => Err(error("value out of range")),
        Err(_) => Err(error("invalid syntax")),
    }
}
