//! Times as API users write them: `3600`, `"3600"`, `"1h30m"`, `"2d"`.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::answer::Refusal;

/// A hundred years, so that no time that a user writes leaves the calendar.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Field `name` of a body as a time; `None` when it is absent, empty or `null`.
pub(crate) fn field(body: &Map<String, Value>, name: &str) -> Result<Option<Duration>, Refusal> {
    let refuse = || {
        Refusal::bad_request(format!(
            "error converting input for field {name:?}: not a duration"
        ))
    };
    match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let seconds = number.as_u64().ok_or_else(refuse)?;
            Ok(Some(Duration::from_secs(seconds).min(LONGEST)))
        }
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) => parse(text).map(Some).ok_or_else(refuse),
        Some(_) => Err(refuse()),
    }
}

/// The first of several names for the same field that is there.
pub(crate) fn any_field(
    body: &Map<String, Value>,
    names: &[&str],
) -> Result<Option<Duration>, Refusal> {
    for name in names {
        if let Some(duration) = field(body, name)? {
            return Ok(Some(duration));
        }
    }
    Ok(None)
}

/// A time as Vault's users write it: `3600`, `1h30m`, `2d`. More than a hundred years are a hundred.
pub fn parse(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_length = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let millis = match &rest[..unit_length] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(Duration::from_millis(number.checked_mul(millis)?))?;
        rest = &rest[unit_length..];
    }
    Some(total.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_numbers_with_units() {
        let seconds = |text| parse(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("3600"), Some(3600));
        assert_eq!(seconds("1h30m"), Some(5400));
        assert_eq!(seconds("2d"), Some(172_800));
        assert_eq!(parse("1500ms"), Some(Duration::from_millis(1500)));
        for text in ["h", "1x", "-1s", "1h3"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_time_that_the_calendar_does_not_have_is_cut() {
        let written = serde_json::json!({ "ttl": u64::MAX });
        let field = field(written.as_object().unwrap(), "ttl").unwrap();
        for time in [field, parse("18446744073709551615"), parse("99999999d")] {
            assert_eq!(time, Some(LONGEST));
        }
    }
}
