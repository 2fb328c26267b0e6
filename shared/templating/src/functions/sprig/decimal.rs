//! Exact decimal numbers, with which sprig computes what is not whole.

use std::cmp::Ordering;

use text_template::CallError;
use text_template::fmt::format_float;

/// Products that grow beyond this many digits are a mistake, and slow.
const MOST_DIGITS: usize = 4096;

/// Places behind the point of a quotient.
const QUOTIENT_PLACES: i64 = 16;

/// `digits` (the first one first, none of zero) times ten to the power of `exponent`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decimal {
    is_negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    /// The shortest decimal number that is this float.
    pub(super) fn new(float: f64) -> Result<Self, CallError> {
        if !float.is_finite() {
            let shown = format_float(float, 'g', None);
            return Err(CallError::new(format!(
                "Cannot create a Decimal from {shown}"
            )));
        }
        let text = format_float(float.abs(), 'e', None);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let exponent: i64 = exponent.parse().unwrap_or(0);
        let places_count = i64::try_from(places.len()).unwrap_or(0);
        let digits = whole.bytes().chain(places.bytes()).map(|byte| byte - b'0');
        let digits: Vec<u8> = digits.collect();
        Self::of(float < 0.0, &digits, exponent - places_count)
    }

    /// The nearest float.
    pub(super) fn to_float(&self) -> f64 {
        let sign = if self.is_negative { "-" } else { "" };
        let digits: String = self
            .digits
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        format!("{sign}0{digits}e{}", self.exponent)
            .parse()
            .unwrap_or(0.0)
    }

    pub(super) fn plus(&self, other: &Self) -> Result<Self, CallError> {
        let exponent = self.exponent.min(other.exponent);
        let (a, b) = (self.padded(exponent)?, other.padded(exponent)?);
        if self.is_negative == other.is_negative {
            return Self::of(self.is_negative, &sum(&a, &b), exponent);
        }
        match compare(&a, &b) {
            Ordering::Less => Self::of(other.is_negative, &difference(&b, &a), exponent),
            _ => Self::of(self.is_negative, &difference(&a, &b), exponent),
        }
    }

    pub(super) fn minus(&self, other: &Self) -> Result<Self, CallError> {
        let is_negative = !other.is_negative;
        self.plus(&Self {
            is_negative,
            ..other.clone()
        })
    }

    pub(super) fn times(&self, other: &Self) -> Result<Self, CallError> {
        let is_negative = self.is_negative != other.is_negative;
        let exponent = self.exponent.saturating_add(other.exponent);
        Self::of(is_negative, &product(&self.digits, &other.digits), exponent)
    }

    /// Rounded to 16 places behind the point, a half away from zero.
    pub(super) fn divided_by(&self, other: &Self) -> Result<Self, CallError> {
        if other.digits.is_empty() {
            return Err(CallError::new("decimal division by 0"));
        }
        let power = self.exponent.saturating_add(QUOTIENT_PLACES);
        let exponent = power.min(other.exponent);
        let scaled = Self {
            exponent: power,
            ..self.clone()
        };
        let (a, b) = (scaled.padded(exponent)?, other.padded(exponent)?);
        let (mut quotient, rest) = divide(&a, &b);
        if compare(&sum(&rest, &rest), &b).is_ge() {
            quotient = sum(&quotient, &[1]);
        }
        let is_negative = self.is_negative != other.is_negative;
        Self::of(is_negative, &quotient, -QUOTIENT_PLACES)
    }

    /// In its shortest form; zero has no sign.
    fn of(is_negative: bool, digits: &[u8], exponent: i64) -> Result<Self, CallError> {
        let mut digits = trimmed(digits).to_vec();
        let used = digits
            .iter()
            .rposition(|digit| *digit != 0)
            .map_or(0, |at| at + 1);
        let zeros = digits.len() - used;
        digits.truncate(used);
        if digits.is_empty() {
            return Ok(Self::default());
        }
        check_length(digits.len())?;
        Ok(Self {
            is_negative,
            digits,
            exponent: exponent + i64::try_from(zeros).unwrap_or(0),
        })
    }

    /// The digits with zeros behind them, for a smaller exponent.
    fn padded(&self, exponent: i64) -> Result<Vec<u8>, CallError> {
        let mut digits = self.digits.clone();
        if !digits.is_empty() {
            let zeros = self.exponent.saturating_sub(exponent);
            let length = usize::try_from(zeros)
                .unwrap_or(0)
                .saturating_add(digits.len());
            check_length(length)?;
            digits.resize(length, 0);
        }
        Ok(digits)
    }
}

fn check_length(length: usize) -> Result<(), CallError> {
    if length <= MOST_DIGITS {
        return Ok(());
    }
    Err(CallError::new(format!(
        "the number has more than {MOST_DIGITS} digits"
    )))
}

/// Without zeros in front.
fn trimmed(digits: &[u8]) -> &[u8] {
    let first = digits.iter().position(|digit| *digit != 0);
    &digits[first.unwrap_or(digits.len())..]
}

fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (a, b) = (trimmed(a), trimmed(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn sum(a: &[u8], b: &[u8]) -> Vec<u8> {
    let (long, short) = if a.len() < b.len() { (b, a) } else { (a, b) };
    let mut out = vec![0; long.len() + 1];
    let shorts = short.iter().rev().chain(std::iter::repeat(&0));
    let mut carry = 0;
    for (at, (a, b)) in long.iter().rev().zip(shorts).enumerate() {
        let digit = a + b + carry;
        out[long.len() - at] = digit % 10;
        carry = digit / 10;
    }
    out[0] = carry;
    out
}

/// `a` less `b`, which is not larger.
fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = a.to_vec();
    let subtrahend = trimmed(b).iter().rev().chain(std::iter::repeat(&0));
    let mut borrow = 0;
    for (digit, less) in out.iter_mut().rev().zip(subtrahend) {
        let less = less + borrow;
        borrow = u8::from(*digit < less);
        *digit = *digit + 10 * borrow - less;
    }
    out
}

fn product(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut out = vec![0u8; a.len() + b.len()];
    for (i, a) in a.iter().enumerate().rev() {
        let mut carry = 0;
        for (j, b) in b.iter().enumerate().rev() {
            let digit = out[i + j + 1] + a * b + carry;
            out[i + j + 1] = digit % 10;
            carry = digit / 10;
        }
        out[i] += carry;
    }
    out
}

/// Quotient and rest of whole numbers.
fn divide(a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut rest = Vec::new();
    let mut quotient = Vec::with_capacity(a.len());
    for digit in a {
        rest.push(*digit);
        let mut times = 0;
        while compare(&rest, b).is_ge() {
            rest = trimmed(&difference(&rest, b)).to_vec();
            times += 1;
        }
        quotient.push(times);
    }
    (quotient, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, CallError>;

    fn computed(a: f64, operation: Operation, b: f64) -> f64 {
        let (a, b) = (Decimal::new(a).unwrap(), Decimal::new(b).unwrap());
        operation(&a, &b).unwrap().to_float()
    }

    #[test]
    fn no_binary_rounding_shows() {
        for (result, expected) in [
            (computed(0.1, Decimal::plus, 0.2), 0.3),
            (computed(1e15, Decimal::plus, 1.0), 1_000_000_000_000_001.0),
            (computed(1e300, Decimal::minus, 1e-300), 1e300),
            (computed(1.0, Decimal::minus, 1.0), 0.0),
            (computed(-0.3, Decimal::minus, -0.1), -0.2),
            (computed(1.1, Decimal::times, 1.1), 1.21),
            (computed(99.9, Decimal::times, -99.9), -9980.01),
            (computed(1e308, Decimal::times, 10.0), f64::INFINITY),
        ] {
            assert_eq!(result.to_bits(), expected.to_bits(), "{result} {expected}");
        }
    }

    #[test]
    fn a_quotient_is_rounded_to_sixteen_places() {
        for (a, b, expected) in [
            (1.0, 3.0, 0.333_333_333_333_333_3),
            (2.0, -3.0, -0.666_666_666_666_666_7),
            (1.0, 1e-300, 1e300),
            (5.0, 1e17, 1e-16),
            (4.0, 1e17, 0.0),
            (0.0, 7.0, 0.0),
        ] {
            let result = computed(a, Decimal::divided_by, b);
            assert_eq!(
                result.to_bits(),
                f64::to_bits(expected),
                "{a} / {b} = {result}"
            );
        }
    }

    #[test]
    fn numbers_do_not_grow_for_ever() {
        let mut number = Decimal::new(1.234_567_890_123_456_7).unwrap();
        let grown = (0..10).try_for_each(|_| {
            number = number.times(&number)?;
            Ok::<(), CallError>(())
        });
        assert!(grown.is_err());
    }
}
