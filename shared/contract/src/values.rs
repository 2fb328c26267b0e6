//! The scalar grammars that annotations, flags and environment variables share.
//!
//! They are those of Go's `strconv`, because established values were written against it, and the
//! error texts keep Go's words, because alerts and tests match on them.

use thiserror::Error;

/// Why a text is not the value it has to be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ValueError {
    /// Not one of Go's spellings of true and false.
    #[error("cannot parse '' as bool: strconv.ParseBool: parsing {0:?}: invalid syntax")]
    Bool(String),
    /// Not a whole number in the range of 64 bits.
    #[error("strconv.ParseInt: parsing {0:?}: {1}")]
    Int(String, Reason),
    /// Not a whole number of zero or more in the range of 64 bits.
    #[error("strconv.ParseUint: parsing {0:?}: {1}")]
    Uint(String, Reason),
    /// Not a decimal number.
    #[error("strconv.ParseFloat: parsing {0:?}: {1}")]
    Float(String, Reason),
}

/// What is wrong with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Reason {
    /// The text is not a number.
    #[error("invalid syntax")]
    Syntax,
    /// The number does not fit.
    #[error("value out of range")]
    Range,
}

/// Reads one of `1 t T TRUE true True 0 f F FALSE false False`; nothing is trimmed, and an empty
/// text is false.
///
/// ```
/// use contract::values::parse_bool;
///
/// assert_eq!(parse_bool("T"), Ok(true));
/// assert!(parse_bool("yes").is_err());
/// ```
pub fn parse_bool(text: &str) -> Result<bool, ValueError> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        other => Err(ValueError::Bool(other.to_owned())),
    }
}

/// Reads a signed whole number; an empty text is zero.
pub fn parse_int(text: &str) -> Result<i64, ValueError> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse()
        .map_err(|_| ValueError::Int(text.to_owned(), whole_number_reason(text, true)))
}

/// Reads a whole number of zero or more; an empty text is an error.
pub fn parse_uint(text: &str) -> Result<u64, ValueError> {
    let error = |reason| ValueError::Uint(text.to_owned(), reason);
    // Rust accepts a leading plus where Go's ParseUint does not.
    if text.starts_with('+') {
        return Err(error(Reason::Syntax));
    }
    text.parse()
        .map_err(|_| error(whole_number_reason(text, false)))
}

/// Reads a decimal number; an empty text is an error.
pub fn parse_float(text: &str) -> Result<f64, ValueError> {
    let error = |reason| ValueError::Float(text.to_owned(), reason);
    let number: f64 = text.parse().map_err(|_| error(Reason::Syntax))?;
    // Go knows no sign of what is not a number.
    if number.is_nan() && text.starts_with(['+', '-']) {
        return Err(error(Reason::Syntax));
    }
    if number.is_infinite() && text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(error(Reason::Range));
    }
    Ok(number)
}

fn whole_number_reason(text: &str, signed: bool) -> Reason {
    let digits = if signed {
        text.strip_prefix(['-', '+']).unwrap_or(text)
    } else {
        text
    };
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if all_digits {
        Reason::Range
    } else {
        Reason::Syntax
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_exactly_the_spellings_of_go() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(parse_bool(text), Ok(true), "{text}");
        }
        for text in ["", "0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(parse_bool(text), Ok(false), "{text}");
        }
        for text in ["yes", "on", "tRuE", " true", "true ", "2"] {
            let message = parse_bool(text).unwrap_err().to_string();
            let start = format!(
                "cannot parse '' as bool: strconv.ParseBool: parsing \"{text}\": invalid syntax"
            );
            assert!(message.starts_with(&start), "{message}");
        }
    }

    #[test]
    fn numbers_follow_strconv() {
        assert_eq!(parse_int(""), Ok(0));
        assert_eq!(parse_int("-7"), Ok(-7));
        assert_eq!(parse_int("+7"), Ok(7));
        assert_eq!(parse_uint("01"), Ok(1));
        assert_eq!(parse_float("0.75"), Ok(0.75));
        let text = |error: ValueError| error.to_string();
        assert_eq!(
            text(parse_int("root").unwrap_err()),
            "strconv.ParseInt: parsing \"root\": invalid syntax"
        );
        assert_eq!(
            text(parse_int("9223372036854775808").unwrap_err()),
            "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"
        );
        assert_eq!(
            text(parse_uint("-1").unwrap_err()),
            "strconv.ParseUint: parsing \"-1\": invalid syntax"
        );
        assert_eq!(
            text(parse_uint("").unwrap_err()),
            "strconv.ParseUint: parsing \"\": invalid syntax"
        );
        assert_eq!(
            text(parse_float("x").unwrap_err()),
            "strconv.ParseFloat: parsing \"x\": invalid syntax"
        );
        assert!(parse_float("1e999").is_err());
        assert!(parse_float("").is_err());
        assert!(parse_float("-nan").is_err());
        assert_eq!(parse_float("-Inf"), Ok(f64::NEG_INFINITY));
    }
}
