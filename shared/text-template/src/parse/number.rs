//! Numeric literals: one text may stand for an int, an unsigned int, a float or a complex number.

use super::unquote;
use crate::ast::Number;
use crate::lex::Kind;

/// Reads a literal; the error is Go's text.
pub(super) fn parse(text: &str, kind: Kind) -> Result<Number, String> {
    let mut number = Number {
        text: text.into(),
        ..Number::default()
    };
    if kind == Kind::CharConstant {
        let code = match unquote::character(text) {
            Some((code, "'")) => code,
            Some(_) => return Err(format!("malformed character constant: {text}")),
            None => return Err(String::from("invalid syntax")),
        };
        number.int = Some(code.into());
        number.uint = Some(code.into());
        number.float = Some(code.into());
        return Ok(number);
    }
    let illegal = || {
        format!(
            "illegal number syntax: {}",
            crate::fmt::quote(text.as_bytes())
        )
    };
    if kind == Kind::Complex {
        let (re, im) = complex(text)?;
        set_complex(&mut number, re, im);
        return Ok(number);
    }
    if let Some(im) = text.strip_suffix('i').and_then(float) {
        set_complex(&mut number, 0.0, im);
        return Ok(number);
    }
    number.uint = unsigned(text);
    number.int = signed(text);
    if number.int == Some(0) {
        number.uint = Some(0);
    }
    if let Some(int) = number.int {
        number.float = Some(int_to_float(int));
    } else if let Some(uint) = number.uint {
        number.float = Some(uint_to_float(uint));
    } else if let Some(value) = float(text) {
        if !text.contains(['.', 'e', 'E', 'p', 'P']) {
            return Err(format!(
                "integer overflow: {}",
                crate::fmt::quote(text.as_bytes())
            ));
        }
        set_float(&mut number, value);
    }
    if number.int.is_none() && number.uint.is_none() && number.float.is_none() {
        return Err(illegal());
    }
    Ok(number)
}

fn set_float(number: &mut Number, value: f64) {
    number.float = Some(value);
    number.int = float_to_int(value);
    number.uint = float_to_uint(value);
}

/// A complex number without an imaginary part stands for a float as well.
fn set_complex(number: &mut Number, re: f64, im: f64) {
    number.complex = Some((re, im));
    if im == 0.0 {
        set_float(number, re);
    }
}

#[allow(clippy::cast_precision_loss)] // As Go converts.
fn int_to_float(int: i64) -> f64 {
    int as f64
}

#[allow(clippy::cast_precision_loss)] // As Go converts.
fn uint_to_float(uint: u64) -> f64 {
    uint as f64
}

/// The integer that a float is, if it is one.
#[allow(clippy::cast_possible_truncation)] // Compared afterwards.
fn float_to_int(value: f64) -> Option<i64> {
    let in_range = (-9.223_372_036_854_775e18..9.223_372_036_854_775e18).contains(&value);
    (in_range && value.fract() == 0.0).then_some(value as i64)
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Range checked before.
fn float_to_uint(value: f64) -> Option<u64> {
    let in_range = (0.0..1.844_674_407_370_955e19).contains(&value);
    (in_range && value.fract() == 0.0).then_some(value as u64)
}

fn signed(text: &str) -> Option<i64> {
    let (negative, digits) = split_sign(text);
    let magnitude = unsigned(digits)?;
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

fn split_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Without a sign: decimal, or with a prefix that says the base.
fn unsigned(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, &text[2..]),
        Some("0b") => (2, &text[2..]),
        Some("0o") => (8, &text[2..]),
        _ if text.len() > 1 && text.starts_with('0') => (8, &text[1..]),
        _ => (10, text),
    };
    let digits = without_underscores(digits, radix)?;
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    u64::from_str_radix(&digits, radix).ok()
}

/// Underscores may stand between digits and, where these are not decimal, in front of them.
fn without_underscores(digits: &str, radix: u32) -> Option<String> {
    let mut digit_before = radix != 10;
    for (index, c) in digits.char_indices() {
        let digit_behind = digits[index + c.len_utf8()..].starts_with(|c: char| c.is_digit(radix));
        if c == '_' && !(digit_before && digit_behind) {
            return None;
        }
        digit_before = c.is_digit(radix);
    }
    Some(digits.replace('_', ""))
}

fn float(text: &str) -> Option<f64> {
    let (negative, digits) = split_sign(text);
    let magnitude = if digits.starts_with("0x") || digits.starts_with("0X") {
        hex_float(&digits[2..])?
    } else {
        if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
            return None;
        }
        without_underscores(digits, 10)?.parse().ok()?
    };
    let value: f64 = if negative { -magnitude } else { magnitude };
    value.is_finite().then_some(value)
}

/// `1.8p3`: a hexadecimal mantissa and a binary exponent.
fn hex_float(text: &str) -> Option<f64> {
    let text = without_underscores(text, 16)?;
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent: i32 = exponent.parse().ok()?;
    let mut value = 0.0;
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    for digit in whole.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let mut place = 1.0 / 16.0;
    for digit in fraction.chars() {
        value += f64::from(digit.to_digit(16)?) * place;
        place /= 16.0;
    }
    Some(value * 2f64.powi(exponent))
}

/// `1+2i`; the error is Go's text.
fn complex(text: &str) -> Result<(f64, f64), String> {
    let part = |text: &str| {
        let shown = crate::fmt::quote(text.as_bytes());
        float(text).ok_or_else(|| format!("strconv.ParseFloat: parsing {shown}: invalid syntax"))
    };
    let inner = text.strip_suffix('i').unwrap_or(text);
    let split = inner
        .char_indices()
        .skip(1)
        .filter(|(index, c)| {
            matches!(c, '+' | '-') && !inner[..*index].ends_with(['e', 'E', 'p', 'P'])
        })
        .last();
    match split {
        Some((split, _)) if split + 1 < inner.len() => {
            Ok((part(&inner[..split])?, part(&inner[split..])?))
        }
        _ => Err(String::from("syntax error scanning complex number")),
    }
}
