//! Kubernetes quantities: checked and brought to their canonical text, as the API server would.
//!
//! Grammar and canonical form follow the documentation of `resource.Quantity`: a decimal number
//! with a binary (`Ki`…`Ei`), decimal (`n`…`E`) or exponent (`e3`) suffix. Nothing is finer than a
//! nano, and what is cut off rounds up. What is written with more than 18 digits is at most 2^63-1.
//! As in Kubernetes, a canonical text may read as yet another one: `1.953125Ki` is `2000`, which
//! is `2k`, and few digits with a large exponent may come out as more than 18.

mod meant;

use thiserror::Error;

pub(crate) use meant::meant;

/// Why a text is not a quantity. The words are those of Kubernetes, which users search for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum QuantityError {
    #[error(
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
    )]
    Format,
    #[error("unable to parse quantity's suffix")]
    Suffix,
    #[error("unable to parse numeric part of quantity")]
    Number,
}

const NANOS: u128 = 1_000_000_000;
const LARGEST: u128 = i64::MAX as u128 * NANOS;
const BINARY: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

#[derive(Clone, Copy)]
enum Scale {
    /// Powers of 1024.
    Binary(u32),
    /// Powers of ten with a letter.
    Decimal(i32),
    /// Powers of ten with an exponent.
    Exponent(i32),
}

/// The canonical text of a quantity: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`.
pub(crate) fn canonical(text: &str) -> Result<String, QuantityError> {
    let (negative, nanos, scale) = read(text)?;
    let text = write(nanos, scale);
    Ok(if negative && nanos != 0 {
        format!("-{text}")
    } else {
        text
    })
}

/// How much a quantity is, in nanos, for comparisons.
///
/// ```
/// use injection::vocabulary::quantity::nanos;
///
/// assert!(nanos("1Gi").unwrap() > nanos("1000M").unwrap());
/// assert!(nanos("-1m").unwrap() < nanos("0").unwrap());
/// assert!(nanos("64MB").is_err());
/// ```
pub fn nanos(text: &str) -> Result<i128, QuantityError> {
    let (negative, nanos, _) = read(text)?;
    let nanos = i128::try_from(nanos).unwrap_or(i128::MAX);
    Ok(if negative { -nanos } else { nanos })
}

/// Whether it is below zero, its size in nanos, and how it is written.
fn read(text: &str) -> Result<(bool, u128, Scale), QuantityError> {
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        Some(_) => (false, text),
        None => return Err(QuantityError::Format),
    };
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let (whole, rest) = unsigned.split_at(digits(unsigned));
    let (fraction, suffix) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    check_suffix_format(suffix)?;
    let scale = parse_suffix(suffix)?;
    if whole.is_empty() && fraction.is_empty() {
        return Err(QuantityError::Number);
    }
    let nanos = match scale {
        Scale::Binary(power) => binary_nanos(whole, fraction, power).min(LARGEST),
        Scale::Decimal(power) | Scale::Exponent(power) => decimal_nanos(whole, fraction, power),
    };
    Ok((negative, nanos, scale))
}

/// The suffix is letters of the set, a sign, digits, in this order.
fn check_suffix_format(suffix: &str) -> Result<(), QuantityError> {
    let after_letters = suffix.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let after_sign = after_letters
        .strip_prefix(['+', '-'])
        .unwrap_or(after_letters);
    if after_sign.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(())
    } else {
        Err(QuantityError::Format)
    }
}

fn parse_suffix(suffix: &str) -> Result<Scale, QuantityError> {
    if suffix.is_empty() {
        return Ok(Scale::Decimal(0));
    }
    if let Some(power) = (1_u32..)
        .zip(&BINARY[1..])
        .find_map(|(p, s)| (*s == suffix).then_some(p))
    {
        return Ok(Scale::Binary(power));
    }
    if let Some(power) = (-3_i32..)
        .zip(DECIMAL)
        .find_map(|(p, s)| (s == suffix).then_some(p))
    {
        return Ok(Scale::Decimal(power * 3));
    }
    match suffix.strip_prefix(['e', 'E']) {
        Some(exponent) if !exponent.is_empty() => exponent
            .parse()
            .map(Scale::Exponent)
            .map_err(|_| QuantityError::Suffix),
        _ => Err(QuantityError::Suffix),
    }
}

/// Nanos of `whole.fraction * 10^power`, rounded up.
fn decimal_nanos(whole: &str, fraction: &str, power: i32) -> u128 {
    let all = format!("{whole}{fraction}");
    let significant = all.trim_start_matches('0');
    // 36 digits are more than the range between a nano and the largest quantity holds.
    let (kept, dropped) = significant.split_at(significant.len().min(36));
    let Ok(digits) = (if kept.is_empty() {
        Ok(0)
    } else {
        kept.parse::<u128>()
    }) else {
        return LARGEST;
    };
    let largest = if significant.len() > 18 {
        LARGEST
    } else {
        u128::MAX
    };
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let shift = i64::from(power) + 9 - length(fraction) + length(dropped);
    let sticky = u128::from(dropped.bytes().any(|byte| byte != b'0'));
    if digits == 0 {
        return 0;
    }
    if let Ok(shift) = u32::try_from(shift) {
        let nanos = 10_u128
            .checked_pow(shift)
            .and_then(|factor| digits.checked_mul(factor));
        return nanos.map_or(LARGEST, |nanos| nanos.min(largest));
    }
    let divisor = u32::try_from(-shift)
        .ok()
        .and_then(|shift| 10_u128.checked_pow(shift));
    divisor.map_or(1, |divisor| {
        (digits + sticky).div_ceil(divisor).min(largest)
    })
}

/// Nanos of `whole.fraction * 1024^power`, rounded up.
fn binary_nanos(whole: &str, fraction: &str, power: u32) -> u128 {
    let factor = 1_u128 << (10 * power);
    let whole = whole.trim_start_matches('0');
    let whole: u128 = if whole.is_empty() {
        0
    } else {
        whole.parse().unwrap_or(u128::MAX)
    };
    // Ten digits keep the product within range; what they leave out rounds up.
    let (kept, dropped) = fraction.split_at(fraction.len().min(10));
    let sticky = u128::from(dropped.bytes().any(|byte| byte != b'0'));
    let numerator = kept.parse::<u128>().unwrap_or(0) + sticky;
    let denominator = 10_u128.pow(u32::try_from(kept.len()).unwrap_or(0));
    let part = (numerator * factor * NANOS).div_ceil(denominator);
    whole
        .checked_mul(factor * NANOS)
        .and_then(|whole| whole.checked_add(part))
        .unwrap_or(u128::MAX)
}

fn write(nanos: u128, scale: Scale) -> String {
    if nanos == 0 {
        return "0".to_owned();
    }
    // A part of a byte is shown in decimals rather than lost.
    if let Scale::Binary(_) = scale
        && nanos >= 1024 * NANOS
        && nanos.is_multiple_of(NANOS)
    {
        let mut value = nanos / NANOS;
        let mut power = 0;
        while value.is_multiple_of(1024) && power + 1 < BINARY.len() {
            value /= 1024;
            power += 1;
        }
        return format!("{value}{}", BINARY[power]);
    }
    let mut value = nanos;
    let mut thousands = 0;
    while value.is_multiple_of(1000) && thousands + 1 < DECIMAL.len() {
        value /= 1000;
        thousands += 1;
    }
    match scale {
        Scale::Exponent(_) if thousands == 3 => value.to_string(),
        Scale::Exponent(_) => {
            let exponent = i32::try_from(thousands).map_or(0, |thousands| thousands * 3 - 9);
            format!("{value}e{exponent}")
        }
        Scale::Binary(_) | Scale::Decimal(_) => format!("{value}{}", DECIMAL[thousands]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quantities_get_their_canonical_text() {
        for (text, expected) in [
            ("1000m", "1"),
            ("0.5", "500m"),
            ("1024Mi", "1Gi"),
            ("1G", "1G"),
            ("0", "0"),
            ("0Mi", "0"),
            ("128Mi", "128Mi"),
            ("1500m", "1500m"),
            ("1000", "1k"),
            ("100", "100"),
            ("1e3", "1e3"),
            ("12E", "12E"),
            ("1Ei", "1Ei"),
            ("9Ei", "9223372036854775807"),
            ("0.5Gi", "512Mi"),
            ("0.5Ki", "512"),
            ("1.5Ki", "1536"),
            ("1000Ki", "1000Ki"),
            ("1.1Gi", "1181116006400m"),
            ("1.953125Ki", "2000"),
            ("2000", "2k"),
            ("0.1n", "1n"),
            ("-1", "-1"),
            ("+1.", "1"),
            (".5", "500m"),
            ("1E-3", "1e-3"),
            ("5e0", "5"),
            ("1.5e0", "1500e-3"),
            ("99999999999999999999", "9223372036854775807"),
            ("10000000000000001e5", "1000000000000000100e3"),
            ("1000000000000000100e3", "9223372036854775807"),
        ] {
            assert_eq!(canonical(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_quantity_says_which_part_is_wrong() {
        for (text, expected) in [
            ("", QuantityError::Format),
            ("64mb", QuantityError::Format),
            ("abc", QuantityError::Format),
            (" 1", QuantityError::Format),
            ("1 Gi", QuantityError::Format),
            ("500mi", QuantityError::Suffix),
            ("1K", QuantityError::Suffix),
            ("1ee", QuantityError::Suffix),
            ("Mi", QuantityError::Number),
            (".", QuantityError::Number),
        ] {
            assert_eq!(canonical(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn quantities_compare_by_value_and_not_by_text() {
        for (less, more) in [
            ("64Mi", "128Mi"),
            ("999m", "1"),
            ("64M", "64Mi"),
            ("-1", "0"),
            ("1e3", "1001"),
            ("1m", "1e30"),
        ] {
            assert!(nanos(less).unwrap() < nanos(more).unwrap(), "{less} {more}");
        }
        assert_eq!(nanos("1000m"), nanos("1"));
        assert_eq!(nanos("1K"), Err(QuantityError::Suffix));
    }

    proptest! {
        #[test]
        fn a_canonical_text_settles_at_its_second_reading(text in "[+-]?[0-9]{0,25}\\.?[0-9]{0,25}(Ki|Mi|Ei|n|u|m|k|M|E|e[0-9]|e-[0-9])?") {
            if let Ok(once) = canonical(&text) {
                let twice = canonical(&once).expect("a canonical text is a quantity");
                prop_assert_eq!(canonical(&twice), Ok(twice.clone()));
            }
        }

        #[test]
        fn no_text_is_a_panic(text in ".{0,40}") {
            let _ = nanos(&text);
            let _ = canonical(&text);
        }
    }
}
