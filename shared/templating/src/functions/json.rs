//! JSON, YAML and TOML text of values.

use text_template::{Arguments, CallError, Signature, Type, Value};

use super::text::trim;
use super::{Function, function};
use crate::json::{Style, write};
use crate::pass::Pass;
use crate::{toml, yaml};

const ANY: &[Type] = &[Type::Any];

pub(super) const FUNCTIONS: &[Function] = &[
    function(
        Signature::new("toJSON", ANY),
        "toJSON VALUE",
        "A value as JSON on one line.",
        |pass, arguments| {
            to_json(
                pass,
                "toJSON",
                arguments,
                Style {
                    pretty: false,
                    escape_html: true,
                },
            )
        },
    ),
    function(
        Signature::new("toJSONPretty", ANY),
        "toJSONPretty VALUE",
        "A value as JSON, indented by two spaces.",
        |pass, arguments| {
            to_json(
                pass,
                "toJSONPretty",
                arguments,
                Style {
                    pretty: true,
                    escape_html: true,
                },
            )
        },
    ),
    function(
        Signature::new("toUnescapedJSON", ANY),
        "toUnescapedJSON VALUE",
        "As toJSON, with <, > and & as they are.",
        |pass, arguments| {
            to_json(
                pass,
                "toUnescapedJSON",
                arguments,
                Style {
                    pretty: false,
                    escape_html: false,
                },
            )
        },
    ),
    function(
        Signature::new("toUnescapedJSONPretty", ANY),
        "toUnescapedJSONPretty VALUE",
        "As toJSONPretty, with <, > and & as they are.",
        |pass, arguments| {
            to_json(
                pass,
                "toUnescapedJSONPretty",
                arguments,
                Style {
                    pretty: true,
                    escape_html: false,
                },
            )
        },
    ),
    function(
        Signature::new("toYAML", ANY),
        "toYAML VALUE",
        "A value as YAML, without the newline at the end.",
        |pass, arguments| Ok(trimmed(&yaml::write(&arguments[0], pass.limit)?)),
    ),
    function(
        Signature::new("toTOML", ANY),
        "toTOML VALUE",
        "A map, certificate or secret as TOML; any other value as TOML writes it behind a key.",
        |pass, arguments| Ok(trimmed(&toml::write(&arguments[0], pass.limit)?)),
    ),
];

fn trimmed(text: &[u8]) -> Value {
    Value::string(trim(text, char::is_whitespace))
}

fn to_json(
    pass: &mut Pass<'_>,
    name: &str,
    arguments: Arguments<'_>,
    style: Style,
) -> Result<Value, CallError> {
    let text = write(&arguments[0], style, pass.limit);
    text.map(Value::string)
        .map_err(|fault| CallError::from(fault).within(format!("{name}: ")))
}
