//! Go's libraries where others than templates need the same behavior: JSON, numbers and regular
//! expressions with Go's texts.

use text_template::fmt::{Printed, format_float as formatted};
use text_template::{CallError, Value};

use crate::json::{Style, read, write};

pub use crate::functions::Regexp;
pub use crate::json::Numbers;

/// Secrets are smaller than this, in bytes of JSON: etcd takes no object of more.
const LIMIT: usize = 8 << 20;

/// Reads one JSON value, as `encoding/json` does.
///
/// # Errors
/// Go's text for what is wrong.
///
/// ```
/// use templating::go::{Numbers, parse_json, to_json};
///
/// let value = parse_json(br#"{"b": 1e3, "a": "<x>"}"#, Numbers::Literal)?;
/// assert_eq!(to_json(&value)?, br#"{"a":"\u003cx\u003e","b":1e3}"#);
/// # Ok::<(), text_template::CallError>(())
/// ```
pub fn parse_json(text: &[u8], numbers: Numbers) -> Result<Value, CallError> {
    read(text, numbers)
}

/// Writes a value on one line: keys in order, `<`, `>` and `&` escaped.
///
/// # Errors
/// A value that JSON cannot hold, or one of more than 8 MiB.
pub fn to_json(value: &Value) -> Result<Printed, CallError> {
    let style = Style {
        pretty: false,
        escape_html: true,
    };
    Ok(write(value, style, LIMIT)?)
}

/// A number without an exponent, in the fewest digits that read back as the same.
pub fn format_float(number: f64) -> String {
    formatted(number, 'f', None)
}
