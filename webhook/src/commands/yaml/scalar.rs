//! What a text without quotes means. The rules are those of YAML 1.1 as `kubectl` reads it, so that
//! `yes` is a boolean and `0644` is octal.

use serde_json::{Number, Value};

use crate::commands::node::{Node, Plain};

const TRUE: [&str; 11] = [
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON",
];
const FALSE: [&str; 11] = [
    "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF",
];
const NULL: [&str; 5] = ["", "~", "null", "Null", "NULL"];

pub(super) fn plain(text: &str) -> Node {
    if NULL.contains(&text) {
        return Node::Null;
    }
    let value = if TRUE.contains(&text) {
        Some(Value::Bool(true))
    } else if FALSE.contains(&text) {
        Some(Value::Bool(false))
    } else {
        number(text).map(Value::Number)
    };
    match value {
        Some(value) => Node::Plain(Plain {
            written: text.to_owned(),
            value,
        }),
        None => Node::Text(text.to_owned()),
    }
}

/// Infinity and NaN are text: JSON has neither.
fn number(text: &str) -> Option<Number> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    let plain = text.replace('_', "");
    whole(&plain).or_else(|| decimal(&plain))
}

fn whole(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix(['+', '-']) {
        Some(digits) => (&text[..1], digits),
        None => ("", text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|it| it.is_ascii_alphanumeric()) {
        return None;
    }
    let signed = i64::from_str_radix(&format!("{}{digits}", sign.replace('+', "")), radix);
    match signed {
        Ok(number) => Some(number.into()),
        Err(_) if sign != "-" => u64::from_str_radix(digits, radix).ok().map(Number::from),
        Err(_) => None,
    }
}

fn decimal(text: &str) -> Option<Number> {
    let is_decimal = |it: u8| it.is_ascii_digit() || matches!(it, b'.' | b'e' | b'E' | b'+' | b'-');
    let number: f64 = text.bytes().all(is_decimal).then(|| text.parse().ok())??;
    Number::from_f64(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_quoted_means_what_kubectl_takes_it_for() {
        for (text, value) in [
            ("true", json!(true)),
            ("yes", json!(true)),
            ("off", json!(false)),
            ("3000", json!(3000)),
            ("0644", json!(420)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("-1_000", json!(-1000)),
            (
                "18446744073709551615",
                json!(18_446_744_073_709_551_615_u64),
            ),
            ("1.5e3", json!(1500.0)),
            (".5", json!(0.5)),
        ] {
            let written = text.to_owned();
            assert_eq!(plain(text), Node::Plain(Plain { written, value }), "{text}");
        }
        for text in [
            "a",
            "1.2.3",
            "10m",
            "-",
            ".inf",
            "2020-01-01",
            "0x",
            "1:30",
            "v1",
        ] {
            assert_eq!(plain(text), Node::Text(text.to_owned()), "{text}");
        }
        assert_eq!(plain("~"), Node::Null);
    }
}
