//! Times read by one of Go's layouts.

use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

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
const DAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// The elements of a layout. Longer ones come before those that they begin with.
const ELEMENTS: &[&str] = &[
    "January",
    "Jan",
    "Monday",
    "Mon",
    "MST",
    "2006",
    "-07:00:00",
    "-07:00",
    "-070000",
    "-0700",
    "-07",
    "Z07:00:00",
    "Z07:00",
    "Z070000",
    "Z0700",
    "Z07",
    "002",
    "__2",
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "15",
    "PM",
    "pm",
    "_2",
    "1",
    "2",
    "3",
    "4",
    "5",
];

/// What was read so far.
#[derive(Default)]
struct Parts {
    year: i16,
    month: Option<i8>,
    day: Option<i8>,
    day_of_year: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    afternoon: Option<bool>,
    offset: Option<Offset>,
}

/// A time; without a zone in it, in UTC. `None` where the text does not fit the layout.
pub(super) fn parse(layout: &str, text: &str) -> Option<Zoned> {
    let mut parts = Parts::default();
    let (mut layout, mut text) = (layout, text);
    while let Some(c) = layout.chars().next() {
        let element = ELEMENTS.iter().find(|element| {
            let word = matches!(**element, "Jan" | "Mon");
            let after = layout.strip_prefix(**element);
            after.is_some_and(|after| !word || !after.starts_with(|c: char| c.is_ascii_lowercase()))
        });
        if let Some(length) = fraction(layout) {
            let digits = text.strip_prefix(['.', ',']);
            text = match digits {
                Some(digits) => parts.fraction(digits)?,
                // Nines may be missing altogether.
                None if layout[1..].starts_with('9') => text,
                None => return None,
            };
            layout = &layout[length..];
        } else if let Some(element) = element {
            text = parts.element(element, text)?;
            layout = &layout[element.len()..];
            let more = text.starts_with('.') && text[1..].starts_with(|c: char| c.is_ascii_digit());
            if *element == "05" || *element == "5" {
                // A fraction may follow where the layout has none.
                if more && fraction(layout).is_none() {
                    text = parts.fraction(&text[1..])?;
                }
            }
        } else {
            text = text.strip_prefix(c)?;
            layout = &layout[c.len_utf8()..];
        }
    }
    if !text.is_empty() {
        return None;
    }
    parts.time()
}

/// The length of `.000` or `,999`, not followed by another digit.
fn fraction(layout: &str) -> Option<usize> {
    let digits = layout.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|c| matches!(c, '0' | '9'))?;
    let rest = digits.trim_start_matches(digit);
    (!rest.starts_with(|c: char| c.is_ascii_digit())).then_some(layout.len() - rest.len())
}

/// A number of at least and at most so many digits, and what follows.
fn number<T: std::str::FromStr>(text: &str, least: usize, most: usize) -> Option<(T, &str)> {
    let digits = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    if digits < least {
        return None;
    }
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

/// The index of the name that the text begins with, in whole or by its first three letters.
fn name<'t>(names: &[&str], whole: bool, text: &'t str) -> Option<(usize, &'t str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = if whole { name } else { &name[..3] };
        let found = text.get(..name.len())?;
        let is_it = found.eq_ignore_ascii_case(name);
        is_it.then(|| (index, &text[name.len()..]))
    })
}

impl Parts {
    fn element<'t>(&mut self, element: &str, text: &'t str) -> Option<&'t str> {
        let rest;
        match element {
            "2006" => (self.year, rest) = number(text, 4, 4)?,
            "06" => {
                let year: i16;
                (year, rest) = number(text, 2, 2)?;
                self.year = if year >= 69 { 1900 + year } else { 2000 + year };
            }
            "January" | "Jan" => {
                let index;
                (index, rest) = name(&MONTHS, element == "January", text)?;
                self.month = i8::try_from(index + 1).ok();
            }
            "Monday" | "Mon" => (_, rest) = name(&DAYS, element == "Monday", text)?,
            "01" | "1" => {
                let month;
                (month, rest) = number(text, element.len(), 2)?;
                self.month = Some(month);
            }
            "02" | "2" | "_2" => {
                let text = if element == "_2" {
                    text.trim_start_matches(' ')
                } else {
                    text
                };
                let day;
                (day, rest) = number(text, if element == "02" { 2 } else { 1 }, 2)?;
                self.day = Some(day);
            }
            "002" | "__2" => {
                let text = if element == "__2" {
                    text.trim_start_matches(' ')
                } else {
                    text
                };
                let day;
                (day, rest) = number(text, if element == "002" { 3 } else { 1 }, 3)?;
                self.day_of_year = Some(day);
            }
            "15" => (self.hour, rest) = number(text, 1, 2)?,
            "03" | "3" => {
                (self.hour, rest) = number(text, element.len(), 2)?;
                if self.hour > 12 {
                    return None;
                }
            }
            "04" | "4" => (self.minute, rest) = number(text, element.len(), 2)?,
            "05" | "5" => (self.second, rest) = number(text, element.len(), 2)?,
            "PM" | "pm" => {
                let (half, after) = (text.get(..2)?, &text[2..]);
                let upper = half.to_ascii_uppercase();
                let is_right = (element == "PM") == (half == upper);
                self.afternoon = Some(match upper.as_str() {
                    "PM" if is_right => true,
                    "AM" if is_right => false,
                    _ => return None,
                });
                rest = after;
            }
            "MST" => rest = self.zone_name(text)?,
            zone => rest = self.zone(zone, text)?,
        }
        Some(rest)
    }

    /// The digits of a fraction of the second.
    fn fraction<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let length = text.bytes().take_while(u8::is_ascii_digit).count();
        if length == 0 {
            return None;
        }
        let digits = format!("{:0<9.9}", &text[..length]);
        self.nanosecond = digits.parse().ok()?;
        Some(&text[length..])
    }

    /// The short name of a zone: one that is not UTC counts as UTC, as Go has it where the local
    /// zone does not know the name.
    fn zone_name<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let length = text.bytes().take_while(u8::is_ascii_uppercase).count();
        if !(3..=5).contains(&length) {
            return None;
        }
        self.offset.get_or_insert(Offset::UTC);
        Some(&text[length..])
    }

    /// The difference from UTC.
    fn zone<'t>(&mut self, layout: &str, text: &'t str) -> Option<&'t str> {
        if layout.starts_with('Z')
            && let Some(rest) = text.strip_prefix('Z')
        {
            self.offset = Some(Offset::UTC);
            return Some(rest);
        }
        let sign = match text.chars().next()? {
            '+' => 1,
            '-' => -1,
            _ => return None,
        };
        let (hours, mut rest) = number::<i32>(&text[1..], 2, 2)?;
        let mut seconds = hours * 3600;
        let parts = (layout.bytes().filter(u8::is_ascii_digit).count() / 2).saturating_sub(1);
        for unit in [60, 1].into_iter().take(parts) {
            if layout.contains(':') {
                rest = rest.strip_prefix(':')?;
            }
            let (part, after) = number::<i32>(rest, 2, 2)?;
            seconds += part * unit;
            rest = after;
        }
        self.offset = Some(Offset::from_seconds(sign * seconds).ok()?);
        Some(rest)
    }

    fn time(&self) -> Option<Zoned> {
        let hour = match (self.afternoon, self.hour) {
            (Some(true), hour) if hour < 12 => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        let mut date = Date::new(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1)).ok()?;
        if let Some(day) = self.day_of_year {
            date = date.with().day_of_year(day).build().ok()?;
        }
        let time = Time::new(hour, self.minute, self.second, self.nanosecond).ok()?;
        let zone = match self.offset {
            Some(offset) if !offset.is_zero() => TimeZone::fixed(offset),
            _ => TimeZone::UTC,
        };
        DateTime::from_parts(date, time).to_zoned(zone).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_by_layouts_as_go_reads_them() {
        for (layout, text, expected) in [
            ("2006-01-02", "2024-02-29", Some("2024-02-29T00:00:00Z")),
            ("2006-01-02", "2023-02-29", None),
            ("2006-01-02", "2024-2-1", None),
            ("2006-01-02", "2024-02-01 ", None),
            (
                "2006-1-2 15:04:05",
                "2024-2-1 3:04:05.5",
                Some("2024-02-01T03:04:05.5Z"),
            ),
            (
                "2006-01-02T15:04:05Z07:00",
                "2024-02-29T13:04:05+01:00",
                Some("2024-02-29T12:04:05Z"),
            ),
            (
                "2006-01-02T15:04:05Z07:00",
                "2024-02-29T13:04:05Z",
                Some("2024-02-29T13:04:05Z"),
            ),
            (
                "Jan _2, 2006 at 3:04pm (MST)",
                "Feb  3, 2013 at 7:54pm (UTC)",
                Some("2013-02-03T19:54:00Z"),
            ),
            (
                "Monday, 02-Jan-06 15:04:05 MST",
                "Sunday, 06-Nov-94 08:49:37 GMT",
                Some("1994-11-06T08:49:37Z"),
            ),
            ("2006-002", "2024-060", Some("2024-02-29T00:00:00Z")),
            ("15:04:05.000", "01:02:03", None),
            ("15:04:05.999", "01:02:03", Some("0000-01-01T01:02:03Z")),
            (
                "2006-01-02 -0700",
                "2024-01-01 -0130",
                Some("2024-01-01T01:30:00Z"),
            ),
        ] {
            let found = parse(layout, text).map(|time| time.timestamp().to_string());
            assert_eq!(found.as_deref(), expected, "{layout} {text}");
        }
    }

    #[test]
    fn odd_texts_are_refused() {
        for text in [
            "",
            "é",
            "2024-é1-01",
            "９",
            "-",
            "+",
            "99999999999999999999",
        ] {
            for layout in ["2006-01-02", "PM", "MST", "-0700", "Jan", ".000", "Z07"] {
                assert!(parse(layout, text).is_none(), "{layout} {text}");
            }
        }
    }
}
