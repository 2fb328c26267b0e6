//! Durations as Go reads and prints them: `1h30m`, `300ms`, `-1.5s`.
//!
//! Grammar and rounding follow the documentation of Go's `time.ParseDuration`; arithmetic is in
//! integer nanoseconds and checked, so no input can overflow or lose precision silently.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use thiserror::Error;

/// A signed count of nanoseconds, the range of Go's `time.Duration` (about 292 years either way).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(i64);

/// Why a text is not a duration. The words are Go's, which users already search for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    /// Not a sequence of decimal numbers with units, or out of range.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit such as `s` or `m`.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit other than `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The whole text.
        text: String,
    },
    /// A number of seconds or days that does not fit.
    #[error("duration {0:?} is too long: at most 2562047h47m16.854775807s")]
    TooLong(String),
    /// A value that has to be zero or more is negative.
    #[error("duration {0:?} is negative")]
    Negative(String),
}

const SECOND: i64 = 1_000_000_000;

impl GoDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A duration of `nanoseconds`.
    pub const fn from_nanos(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// The duration in nanoseconds.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// A duration of whole `seconds`, or `None` where it does not fit.
    pub const fn checked_from_secs(seconds: i64) -> Option<Self> {
        match seconds.checked_mul(SECOND) {
            Some(nanoseconds) => Some(Self(nanoseconds)),
            None => None,
        }
    }

    /// `self + other`, or `None` on overflow.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// As an unsigned [`Duration`], or `None` where it is negative.
    pub fn to_std(self) -> Option<Duration> {
        u64::try_from(self.0).ok().map(Duration::from_nanos)
    }

    /// Reads what Vault's configuration calls a duration: a Go duration, whole days (`5d`), or a
    /// bare number of seconds; an empty text is zero.
    ///
    /// ```
    /// use std::time::Duration;
    /// use contract::GoDuration;
    ///
    /// let minutes = GoDuration::parse_seconds("90")?.to_std();
    /// assert_eq!(minutes, Some(Duration::from_secs(90)));
    /// assert_eq!(GoDuration::parse_seconds("1m30s")?.to_std(), minutes);
    /// # Ok::<(), contract::duration::DurationError>(())
    /// ```
    pub fn parse_seconds(text: &str) -> Result<Self, DurationError> {
        if text.is_empty() {
            return Ok(Self::ZERO);
        }
        if let Some(days) = text.strip_suffix('d')
            && let Ok(days) = days.parse::<i64>()
        {
            return days
                .checked_mul(24 * 3600)
                .and_then(Self::checked_from_secs)
                .ok_or_else(|| DurationError::TooLong(text.to_owned()));
        }
        if let Ok(seconds) = text.parse::<i64>() {
            return Self::checked_from_secs(seconds)
                .ok_or_else(|| DurationError::TooLong(text.to_owned()));
        }
        text.parse()
    }
}

/// The duration that a text most likely means: blanks left out and units as people write them turned
/// into Go's; `None` where that does not make one.
///
/// ```
/// assert_eq!(contract::duration::meant("5 min").as_deref(), Some("5m"));
/// assert_eq!(contract::duration::meant("soon"), None);
/// ```
pub fn meant(text: &str) -> Option<String> {
    // Longer than any duration that somebody means, and anybody's text.
    if text.len() > 40 {
        return None;
    }
    let text: String = text.split_whitespace().collect();
    let text = text.to_lowercase();
    let mut meant = String::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (_, unit) = split_number(rest)?;
        let number = &rest[..rest.len() - unit.len()];
        let end = unit
            .find(|letter: char| letter == '.' || letter.is_ascii_digit())
            .unwrap_or(unit.len());
        let (unit, after) = unit.split_at(end);
        meant.push_str(number);
        meant.push_str(match unit {
            "sec" | "secs" | "second" | "seconds" => "s",
            "min" | "mins" | "minute" | "minutes" => "m",
            "hr" | "hrs" | "hour" | "hours" => "h",
            "msec" | "millis" | "milliseconds" => "ms",
            "day" | "days" => "d",
            other => other,
        });
        rest = after;
    }
    GoDuration::parse_seconds(&meant).is_ok().then_some(meant)
}

impl FromStr for GoDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if unsigned == "0" {
            return Ok(Self::ZERO);
        }
        if unsigned.is_empty() {
            return Err(invalid());
        }
        let mut total: i128 = 0;
        let mut rest = unsigned;
        while !rest.is_empty() {
            let (number, after) = split_number(rest).ok_or_else(invalid)?;
            let unit_end = after
                .find(|c: char| c == '.' || c.is_ascii_digit())
                .unwrap_or(after.len());
            let (unit, remaining) = after.split_at(unit_end);
            if unit.is_empty() {
                return Err(DurationError::MissingUnit(text.to_owned()));
            }
            let scale = unit_nanos(unit).ok_or_else(|| DurationError::UnknownUnit {
                unit: unit.to_owned(),
                text: text.to_owned(),
            })?;
            total = number
                .scaled(scale)
                .and_then(|nanoseconds| total.checked_add(nanoseconds))
                .ok_or_else(invalid)?;
            rest = remaining;
        }
        let signed = if negative { -total } else { total };
        i64::try_from(signed).map(Self).map_err(|_| invalid())
    }
}

/// An unsigned decimal: the digits before and after the point.
struct Decimal<'a> {
    whole: &'a str,
    fraction: &'a str,
}

impl Decimal<'_> {
    /// The number times `scale`, the fraction cut off, or `None` where it does not fit.
    fn scaled(&self, scale: i64) -> Option<i128> {
        let scale = i128::from(scale);
        let whole = if self.whole.is_empty() {
            0
        } else {
            self.whole.parse::<i64>().ok()?
        };
        let mut result = i128::from(whole).checked_mul(scale)?;
        // More digits than an hour has nanoseconds cannot change the result.
        let digits = &self.fraction[..self.fraction.len().min(18)];
        if !digits.is_empty() {
            let denominator = 10_i128.checked_pow(u32::try_from(digits.len()).ok()?)?;
            result += digits.parse::<i128>().ok()? * scale / denominator;
        }
        Some(result)
    }
}

fn split_number(text: &str) -> Option<(Decimal<'_>, &str)> {
    let digits_end = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let (whole, after) = text.split_at(digits_end(text));
    let (fraction, after) = match after.strip_prefix('.') {
        Some(after) => after.split_at(digits_end(after)),
        None => ("", after),
    };
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    Some((Decimal { whole, fraction }, after))
}

fn unit_nanos(unit: &str) -> Option<i64> {
    Some(match unit {
        "ns" => 1,
        // Go accepts the micro sign and the Greek letter.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3600 * SECOND,
        _ => return None,
    })
}

impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let second = SECOND.unsigned_abs();
        match nanoseconds {
            0 => f.write_str("0s"),
            1..1_000 => write!(f, "{nanoseconds}ns"),
            1_000..1_000_000 => write!(f, "{}\u{b5}s", decimal(nanoseconds, 1_000)),
            1_000_000..1_000_000_000 => write!(f, "{}ms", decimal(nanoseconds, 1_000_000)),
            _ => {
                let (hours, minutes) =
                    (nanoseconds / second / 3600, nanoseconds / second / 60 % 60);
                if hours > 0 {
                    write!(f, "{hours}h")?;
                }
                if hours > 0 || minutes > 0 {
                    write!(f, "{minutes}m")?;
                }
                write!(f, "{}s", decimal(nanoseconds % (60 * second), second))
            }
        }
    }
}

/// `value / unit` with as many decimals as it needs.
fn decimal(value: u64, unit: u64) -> String {
    let (whole, rest) = (value / unit, value % unit);
    if rest == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let fraction = format!("{rest:0width$}");
    format!("{whole}.{}", fraction.trim_end_matches('0'))
}

impl Serialize for GoDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = GoDuration;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"1h30m\", or a number of seconds")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<GoDuration, E> {
                GoDuration::parse_seconds(text).map_err(E::custom)
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<GoDuration, E> {
                GoDuration::checked_from_secs(seconds)
                    .ok_or_else(|| E::custom(DurationError::TooLong(seconds.to_string())))
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<GoDuration, E> {
                i64::try_from(seconds)
                    .ok()
                    .and_then(GoDuration::checked_from_secs)
                    .ok_or_else(|| E::custom(DurationError::TooLong(seconds.to_string())))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests;
