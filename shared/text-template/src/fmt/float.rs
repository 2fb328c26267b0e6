//! Floating-point numbers as Go's `strconv` formats them.

use super::quote::push;

/// No 64-bit number has more digits than this before only zeros follow, neither significant ones nor
/// behind the point. Rust's formatter takes no precision beyond 65,535.
const MOST_DIGITS: usize = 1_100;

/// The significant digits of a number: `0.d₁d₂… × 10^point`.
struct Digits {
    digits: Vec<u8>,
    point: i32,
}

impl Digits {
    /// The shortest digits that read back as the same number, or `count` correctly rounded ones.
    fn new(value: f64, count: Option<usize>) -> Self {
        let text = match count {
            Some(count) => {
                let places = count.saturating_sub(1).min(MOST_DIGITS);
                format!("{:.places$e}", value.abs())
            }
            None => shortest(value.abs()),
        };
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
        while digits.last() == Some(&b'0') {
            digits.pop();
        }
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let point = if digits.is_empty() { 0 } else { exponent + 1 };
        Self { digits, point }
    }

    /// The digit `index` places after the first, `0` beyond the last.
    fn at(&self, index: i32) -> u8 {
        usize::try_from(index)
            .ok()
            .and_then(|index| self.digits.get(index))
            .map_or(b'0', |d| *d)
    }

    fn count(&self) -> i32 {
        i32::try_from(self.digits.len()).unwrap_or(i32::MAX)
    }
}

/// The shortest text with an exponent that reads back as the same number. Of two that are as near
/// to it Go takes the one with the even digit, Rust the larger one.
fn shortest(value: f64) -> String {
    const LEAST_PLACES_OF_TWO: usize = 15;
    let text = format!("{value:e}");
    let mantissa = text.split('e').next().unwrap_or(&text);
    let places = mantissa.len().saturating_sub("0.".len());
    if places < LEAST_PLACES_OF_TWO {
        return text;
    }
    let even = format!("{value:.places$e}");
    let is_same = even
        .parse::<f64>()
        .is_ok_and(|read| read.to_bits() == value.to_bits());
    if is_same { even } else { text }
}

/// Formats `value` by `verb` (`e E f g G x X b`); without a precision the shortest text that reads
/// back as the same number.
pub fn format_float(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return String::from("NaN");
    }
    if value.is_infinite() {
        return String::from(if value > 0.0 { "+Inf" } else { "-Inf" });
    }
    let mut out = String::new();
    if value.is_sign_negative() {
        out.push('-');
    }
    match verb {
        'e' | 'E' => {
            let digits = Digits::new(value, precision.map(|p| p + 1));
            let places = precision.unwrap_or(digits.digits.len().saturating_sub(1));
            push_exponent_form(&mut out, &digits, places, verb);
        }
        'f' | 'F' => match precision {
            Some(precision) => {
                let places = precision.min(MOST_DIGITS);
                push(&mut out, format_args!("{:.places$}", value.abs()));
                out.extend(std::iter::repeat_n('0', precision - places));
            }
            None => push_plain(&mut out, &Digits::new(value, None)),
        },
        'g' | 'G' => {
            let count = precision.map(|p| p.max(1));
            let digits = Digits::new(value, count);
            let shown = digits.count();
            let threshold = match count {
                None => 6,
                Some(count) => {
                    let count = i32::try_from(count).unwrap_or(i32::MAX);
                    if count > shown && shown >= digits.point {
                        shown
                    } else {
                        count
                    }
                }
            };
            let exponent = digits.point - 1;
            if exponent < -4 || exponent >= threshold {
                let verb = if verb == 'g' { 'e' } else { 'E' };
                let places = digits.digits.len().saturating_sub(1);
                push_exponent_form(&mut out, &digits, places, verb);
            } else {
                push_plain(&mut out, &digits);
            }
        }
        'x' | 'X' => push_hex(&mut out, value, precision, verb),
        _ => push_binary(&mut out, value),
    }
    out
}

fn push_exponent_form(out: &mut String, digits: &Digits, places: usize, verb: char) {
    out.push(char::from(digits.at(0)));
    if places > 0 {
        out.push('.');
        for index in 0..places {
            out.push(char::from(
                digits.at(i32::try_from(index + 1).unwrap_or(i32::MAX)),
            ));
        }
    }
    let exponent = if digits.digits.is_empty() {
        0
    } else {
        digits.point - 1
    };
    let sign = if exponent < 0 { '-' } else { '+' };
    push(out, format_args!("{verb}{sign}{:02}", exponent.abs()));
}

fn push_plain(out: &mut String, digits: &Digits) {
    if digits.point > 0 {
        for index in 0..digits.point {
            out.push(char::from(digits.at(index)));
        }
    } else {
        out.push('0');
    }
    if digits.count() > digits.point {
        out.push('.');
        for index in digits.point..digits.count() {
            out.push(char::from(digits.at(index)));
        }
    }
}

/// Mantissa as an integer and binary exponent.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, exponent - 1075)
    }
}

fn push_binary(out: &mut String, value: f64) {
    let (mantissa, exponent) = parts(value);
    push(out, format_args!("{mantissa}p{exponent:+}"));
}

fn push_hex(out: &mut String, value: f64, precision: Option<usize>, verb: char) {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        // One bit before the point, 60 after it.
        let shift = mantissa.leading_zeros() - 3;
        mantissa <<= shift;
        exponent += 60 - i32::try_from(shift).unwrap_or(0);
    }
    if let Some(places) = precision.filter(|p| *p < 15) {
        let cut = 60 - 4 * u32::try_from(places).unwrap_or(0);
        let rest = mantissa & ((1 << cut) - 1);
        let half = 1 << (cut - 1);
        mantissa >>= cut;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= cut;
        if mantissa >> 61 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let mut fraction = format!("{:015x}", mantissa & ((1 << 60) - 1));
    match precision {
        None => fraction.truncate(fraction.trim_end_matches('0').len()),
        Some(places) => {
            fraction.truncate(places);
            while fraction.len() < places {
                fraction.push('0');
            }
        }
    }
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!(
        "0x{}{point}{fraction}p{sign}{:02}",
        mantissa >> 60,
        exponent.abs()
    );
    out.push_str(&if verb == 'X' {
        text.to_uppercase()
    } else {
        text
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_shortest_texts_the_even_one_is_taken() {
        for (value, text) in [
            (2_914_484_316_324_157.0 / 4.0, "7.286210790810392e+14"),
            (7_054_673_657_848_325.0 / 4.0, "1.7636684144620812e+15"),
            (7_054_673_657_848_327.0 / 4.0, "1.7636684144620818e+15"),
            (0.1 + 0.2, "0.30000000000000004"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(format_float(value, 'g', None), text);
        }
    }
}
