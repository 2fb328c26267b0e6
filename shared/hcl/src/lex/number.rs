//! Numbers: `42`, `-7`, `0640` (octal), `0x1f`, `0.9`, `.5`, `1e3`.

use std::num::IntErrorKind;

use crate::cursor::Cursor;
use crate::error::{ParseError, Problem};
use crate::{Position, Value, ValueKind};

/// Reads a number, or nothing where a sign or a point has no digit after it.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Value>, ParseError> {
    let position = cursor.position();
    let start = cursor.rest();
    let second_is_digit = cursor.second().is_some_and(|c| c.is_ascii_digit());
    if matches!(cursor.peek(), Some('-' | '.')) && !second_is_digit {
        return Ok(None);
    }
    cursor.eat('-');
    if cursor.peek() == Some('0') && matches!(cursor.second(), Some('x' | 'X')) {
        cursor.bump();
        cursor.bump();
        if cursor.take_while(|c| c.is_ascii_hexdigit()).is_empty() {
            return Err(ParseError::new(position, Problem::Hexadecimal));
        }
        let literal = &start[..start.len() - cursor.rest().len()];
        let digits = literal.replacen(['x', 'X'], "", 1);
        return whole(&digits, 16, literal, position).map(Some);
    }
    cursor.take_while(|c| c.is_ascii_digit());
    let mut float = cursor.eat('.');
    if float {
        cursor.take_while(|c| c.is_ascii_digit());
    }
    if matches!(cursor.peek(), Some('e' | 'E')) {
        float = true;
        cursor.bump();
        if matches!(cursor.peek(), Some('+' | '-')) {
            cursor.bump();
        }
        if cursor.take_while(|c| c.is_ascii_digit()).is_empty() {
            return Err(ParseError::new(position, Problem::Exponent));
        }
    }
    let literal = &start[..start.len() - cursor.rest().len()];
    if float {
        return self::float(literal, position).map(Some);
    }
    let unsigned = literal.strip_prefix('-').unwrap_or(literal);
    if unsigned.len() > 1 && unsigned.starts_with('0') {
        return whole(literal, 8, literal, position).map(Some);
    }
    integer(literal, position).map(Some)
}

/// A decimal whole number.
pub(crate) fn integer(literal: &str, position: Position) -> Result<Value, ParseError> {
    whole(literal, 10, literal, position)
}

/// A number with a point or an exponent.
pub(crate) fn float(literal: &str, position: Position) -> Result<Value, ParseError> {
    let range = || ParseError::new(position, Problem::Range);
    let number: f64 = literal.parse().map_err(|_| range())?;
    if number.is_infinite() {
        return Err(range());
    }
    Ok(Value::new(ValueKind::Float(number), position))
}

fn whole(digits: &str, radix: u32, literal: &str, position: Position) -> Result<Value, ParseError> {
    let number = i64::from_str_radix(digits, radix).map_err(|error| {
        let problem = match error.kind() {
            IntErrorKind::InvalidDigit => Problem::Octal,
            _ => Problem::Range,
        };
        ParseError::new(position, problem)
    })?;
    let usual = number.to_string() == literal;
    Ok(Value {
        spelling: (!usual).then(|| literal.into()),
        ..Value::new(ValueKind::Integer(number), position)
    })
}
