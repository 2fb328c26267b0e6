//! The current time, by Go's layouts: a layout is how the second of January 2006, 15:04:05, would
//! be written.

use std::fmt::Write as _;
use std::time::SystemTime;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use text_template::{Arguments, CallError, Signature, Type, Value};

use super::{Function, function, utf8};
use crate::pass::Pass;

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

pub(super) const FUNCTIONS: &[Function] = &[function(
    Signature::variadic("timestamp", &[], Type::String),
    "timestamp [LAYOUT]",
    "The current time in UTC, as RFC 3339, by a Go layout, or as seconds for \"unix\".",
    timestamp,
)];

fn timestamp(pass: &mut Pass<'_>, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let now = pass.context.now.unwrap_or_else(SystemTime::now);
    let now = Timestamp::try_from(now)
        .map_err(|_| CallError::new("timestamp: the clock is out of range"))?;
    let text = match arguments {
        [] => format(&now.to_zoned(TimeZone::UTC), RFC3339),
        [layout] if utf8(layout) == "unix" => now.as_second().to_string(),
        [layout] => format(&now.to_zoned(TimeZone::UTC), &utf8(layout)),
        _ => {
            let given = arguments.len();
            return Err(CallError::new(format!(
                "timestamp: wrong number of arguments, expected 0 or 1, but got {given}"
            )));
        }
    };
    Ok(Value::string(text))
}

/// An element of a layout. Longer ones come before those that they begin with.
const ELEMENTS: &[(&str, Element)] = &[
    ("January", |t| MONTHS[index(t.month(), 1)].into()),
    ("Jan", |t| MONTHS[index(t.month(), 1)][..3].into()),
    ("Monday", |t| day_name(t).into()),
    ("Mon", |t| day_name(t)[..3].into()),
    ("MST", abbreviation),
    ("2006", |t| format!("{:04}", t.year())),
    ("-07:00:00", |t| offset(t, ":", 3)),
    ("-07:00", |t| offset(t, ":", 2)),
    ("-070000", |t| offset(t, "", 3)),
    ("-0700", |t| offset(t, "", 2)),
    ("-07", |t| offset(t, "", 1)),
    ("Z07:00:00", |t| zulu(t, ":", 3)),
    ("Z07:00", |t| zulu(t, ":", 2)),
    ("Z070000", |t| zulu(t, "", 3)),
    ("Z0700", |t| zulu(t, "", 2)),
    ("Z07", |t| zulu(t, "", 1)),
    ("002", |t| format!("{:03}", t.day_of_year())),
    ("__2", |t| format!("{:3}", t.day_of_year())),
    ("01", |t| format!("{:02}", t.month())),
    ("02", |t| format!("{:02}", t.day())),
    ("03", |t| format!("{:02}", twelve(t))),
    ("04", |t| format!("{:02}", t.minute())),
    ("05", |t| format!("{:02}", t.second())),
    ("06", |t| format!("{:02}", t.year().rem_euclid(100))),
    ("15", |t| format!("{:02}", t.hour())),
    ("PM", |t| if t.hour() < 12 { "AM" } else { "PM" }.into()),
    ("pm", |t| if t.hour() < 12 { "am" } else { "pm" }.into()),
    ("_2006", |t| format!("_{:04}", t.year())),
    ("_2", |t| format!("{:2}", t.day())),
    ("1", |t| t.month().to_string()),
    ("2", |t| t.day().to_string()),
    ("3", |t| twelve(t).to_string()),
    ("4", |t| t.minute().to_string()),
    ("5", |t| t.second().to_string()),
];

type Element = fn(&Zoned) -> String;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn index(value: i8, first: i8) -> usize {
    usize::try_from(value - first).unwrap_or(0)
}

fn twelve(time: &Zoned) -> i8 {
    match time.hour() % 12 {
        0 => 12,
        hour => hour,
    }
}

fn day_name(time: &Zoned) -> &'static str {
    match time.weekday() {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

/// The short name of the zone at that time.
fn abbreviation(time: &Zoned) -> String {
    if time.time_zone().to_fixed_offset().is_ok() && !time.offset().is_zero() {
        return offset(time, "", 2);
    }
    let info = time.time_zone().to_offset_info(time.timestamp());
    info.abbreviation().to_owned()
}

/// How far the zone is from UTC: hours and, up to `parts`, minutes and seconds.
fn offset(time: &Zoned, separator: &str, parts: usize) -> String {
    let seconds = time.offset().seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let numbers = [seconds / 3600, seconds / 60 % 60, seconds % 60];
    let numbers = numbers[..parts].iter().map(|part| format!("{part:02}"));
    format!("{sign}{}", numbers.collect::<Vec<_>>().join(separator))
}

/// The same, with `Z` for UTC.
fn zulu(time: &Zoned, separator: &str, parts: usize) -> String {
    if time.offset().is_zero() {
        return String::from("Z");
    }
    offset(time, separator, parts)
}

/// A time by a Go layout.
pub(crate) fn format(time: &Zoned, layout: &str) -> String {
    let mut out = String::new();
    let mut rest = layout;
    while let Some(c) = rest.chars().next() {
        if let Some(length) = fraction(rest) {
            push_fraction(&mut out, time, &rest[..length]);
            rest = &rest[length..];
            continue;
        }
        let element = ELEMENTS.iter().find(|(text, _)| {
            // "Jan" and "Mon" inside a word are no elements: "January", "Monkey".
            let word = matches!(*text, "Jan" | "Mon");
            let after = rest.strip_prefix(*text);
            after.is_some_and(|after| !word || !after.starts_with(|c: char| c.is_ascii_lowercase()))
        });
        if let Some((text, write)) = element {
            out.push_str(&write(time));
            rest = &rest[text.len()..];
        } else {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// The length of `.000` or `,999`: a fraction of the second, not followed by another digit.
fn fraction(layout: &str) -> Option<usize> {
    let digits = layout.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let rest = digits.trim_start_matches(digit);
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(layout.len() - rest.len())
}

fn push_fraction(out: &mut String, time: &Zoned, element: &str) {
    let places = element.len() - 1;
    let mut digits = String::new();
    write!(digits, "{:09}", time.subsec_nanosecond()).expect("writing to a string must succeed");
    digits.truncate(places);
    if element.ends_with('9') {
        digits.truncate(digits.trim_end_matches('0').len());
        if digits.is_empty() {
            return;
        }
    }
    out.push_str(&element[..1]);
    out.push_str(&digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_give_what_go_gives() {
        let now: Timestamp = "2024-07-04T15:06:09.0456Z".parse().unwrap();
        for (layout, expected) in [
            (RFC3339, "2024-07-04T15:06:09Z"),
            ("2006-01-02T15:04:05.000Z07:00", "2024-07-04T15:06:09.045Z"),
            ("15:04:05.999999999", "15:06:09.0456"),
            ("15:04:05,000000", "15:06:09,045600"),
            (
                "Monday, 02-Jan-06 15:04:05 MST",
                "Thursday, 04-Jul-24 15:06:09 UTC",
            ),
            ("Mon Jan _2 3:4:5 2006 PM", "Thu Jul  4 3:6:9 2024 PM"),
            (
                "January 2, 2006 at 03:04pm (-0700)",
                "July 4, 2024 at 03:06pm (+0000)",
            ),
            ("002 __2 day", "186 186 day"),
            ("20060102150405", "20240704150609"),
            ("Janet Monkey", "Janet Monkey"),
        ] {
            let time = now.to_zoned(TimeZone::UTC);
            assert_eq!(format(&time, layout), expected, "{layout}");
        }
    }

    #[test]
    fn zones_are_written_as_go_writes_them() {
        let time: Zoned = "2024-07-04T15:06:09-03:30[-03:30]".parse().unwrap();
        for (layout, expected) in [
            (RFC3339, "2024-07-04T15:06:09-03:30"),
            (
                "15:04 -0700 Z07 -07:00:00 MST",
                "15:06 -0330 -03 -03:30:00 -0330",
            ),
        ] {
            assert_eq!(format(&time, layout), expected, "{layout}");
        }
    }
}
