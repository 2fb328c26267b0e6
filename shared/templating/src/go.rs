//! Go's libraries where others than templates need the same behavior: JSON, YAML, numbers, times and
//! regular expressions with Go's texts.

use jiff::Zoned;
use text_template::fmt::{Printed, format_float as formatted};
use text_template::{CallError, Value};

use crate::json::{Style, read, write};
use crate::yaml;

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
/// assert_eq!(*to_json(&value)?, br#"{"a":"\u003cx\u003e","b":1e3}"#);
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

/// Reads the first document of a YAML 1.1 text, as `yaml.v2` does: of equal keys the last counts.
///
/// # Errors
/// Go's text, or as much of it as there is without the place.
pub fn parse_yaml(text: &str) -> Result<Value, CallError> {
    yaml::read(text)
}

/// Writes a value as YAML, as `yaml.v2` does.
///
/// # Errors
/// A value that YAML cannot hold, or one of more than `limit` bytes.
pub fn to_yaml(value: &Value, limit: usize) -> Result<Printed, CallError> {
    yaml::write(value, limit)
}

/// A time by one of Go's layouts, such as `2006-01-02`.
pub fn format_time(time: &Zoned, layout: &str) -> String {
    crate::functions::formatted_time(time, layout)
}
