//! How long a server asks to be left alone.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

/// Longer waits than this are not granted: a maintenance page that asks for an hour would keep an
/// agent away long after Vault is back.
const LONGEST: Duration = Duration::from_secs(60);

/// `Retry-After` in both forms of RFC 9110, seconds or a date (past dates are "now"), at most a
/// minute. `None` if it is neither.
///
/// ```
/// use std::time::Duration;
/// use jiff::Timestamp;
///
/// let now = Timestamp::UNIX_EPOCH;
/// assert_eq!(vault_wire::retry_after("5", now), Some(Duration::from_secs(5)));
/// assert_eq!(vault_wire::retry_after("3600", now), Some(Duration::from_secs(60)));
/// assert_eq!(vault_wire::retry_after("soon", now), None);
/// ```
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // Too many digits for a number are more than a minute, too.
        let seconds = value.parse().unwrap_or(u64::MAX);
        return Some(Duration::from_secs(seconds).min(LONGEST));
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    let wait = Duration::try_from(date.duration_since(now)).unwrap_or_default();
    Some(wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_at_most_a_minute() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        let seconds = |value| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("20"), Some(20));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        for long in [
            "3600",
            "9223372036854775807",
            "99999999999999999999999",
            "Sat, 06 Nov 2094 08:49:37 GMT",
        ] {
            assert_eq!(seconds(long), Some(60), "{long}");
        }
        for neither in ["soon", "-1", "", "1.5"] {
            assert_eq!(seconds(neither), None, "{neither}");
        }
    }
}
