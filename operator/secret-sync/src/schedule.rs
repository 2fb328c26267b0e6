//! Times at which a store may be read by interval: cron in UTC, in the forms that `robfig/cron`
//! takes as a standard specification.

use std::time::Duration;

use contract::GoDuration;
use cronexpr::Crontab;
use jiff::Timestamp;
use thiserror::Error;

/// A schedule that is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("invalid schedule {text:?}: {reason}; use five fields of cron, @daily or @every 1h")]
pub struct ScheduleError {
    text: String,
    reason: String,
}

/// When something begins.
#[derive(Clone, Debug)]
pub enum Schedule {
    /// At these minutes.
    Cron(Box<Crontab>),
    /// So long after whatever moment is asked about, in whole seconds.
    Every(Duration),
}

impl Schedule {
    /// Reads five fields of cron, a name such as `@daily`, or `@every 1h30m`.
    ///
    /// # Errors
    /// Names the text and what is wrong with it.
    pub fn new(text: &str) -> Result<Self, ScheduleError> {
        let error = |reason: String| ScheduleError {
            text: text.to_owned(),
            reason,
        };
        if let Some(interval) = text.strip_prefix("@every ") {
            let interval = interval
                .parse::<GoDuration>()
                .map_err(|source| error(source.to_string()))?;
            let seconds = interval.to_std().unwrap_or_default().as_secs().max(1);
            return Ok(Self::Every(Duration::from_secs(seconds)));
        }
        let fields = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            fields => fields,
        };
        let read = cronexpr::parse_crontab(&format!("{fields} UTC"));
        let read = read.map_err(|source| error(source.to_string().replace('\n', " ")))?;
        Ok(Self::Cron(Box::new(read)))
    }

    /// The first moment after this one; `None` if there is none.
    fn next(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(interval) => {
                let whole = Timestamp::from_second(after.as_second()).ok()?;
                whole.checked_add(*interval).ok()
            }
            Self::Cron(fields) => Some(fields.find_next(after).ok()?.timestamp()),
        }
    }
}

/// A time that begins again and again.
#[derive(Clone, Debug)]
pub struct Window {
    /// When it begins.
    pub schedule: Schedule,
    /// How long it lasts.
    pub duration: Duration,
}

impl Window {
    /// Whether it is that time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use secret_sync::{Schedule, Window};
    ///
    /// let window = Window {
    ///     schedule: Schedule::new("0 22 * * *")?,
    ///     duration: Duration::from_secs(2 * 3600),
    /// };
    /// assert!(window.is_open("2026-11-30T23:59:00Z".parse()?));
    /// assert!(!window.is_open("2026-11-30T21:59:00Z".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn is_open(&self, now: Timestamp) -> bool {
        let second = Duration::from_secs(1);
        let before = self.duration.saturating_add(second);
        let begun = now
            .checked_sub(before)
            .ok()
            .and_then(|before| self.schedule.next(before));
        begun.is_some_and(|begun| {
            let ends = begun.checked_add(self.duration);
            begun <= now && ends.is_ok_and(|ends| now <= ends)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(schedule: &str, minutes: u64) -> impl Fn(&str) -> bool {
        let window = Window {
            schedule: Schedule::new(schedule).unwrap(),
            duration: Duration::from_secs(60 * minutes),
        };
        move |now| window.is_open(now.parse().unwrap())
    }

    #[test]
    fn a_window_is_open_from_its_minute_on_to_its_end() {
        let open = open("30 8 * * *", 60);
        for (now, is_open) in [
            ("2026-11-30T08:29:59Z", false),
            ("2026-11-30T08:30:00Z", true),
            ("2026-11-30T09:30:00Z", true),
            ("2026-11-30T09:30:01Z", false),
        ] {
            assert_eq!(open(now), is_open, "{now}");
        }
    }

    #[test]
    fn fields_take_names_ranges_lists_and_steps() {
        let at = |schedule, now| open(schedule, 1)(now);
        // 30 November 2026 is a Monday.
        assert!(at("*/15 * * NOV MON-FRI", "2026-11-30T10:45:00Z"));
        assert!(!at("*/15 * * * MON-FRI", "2026-11-29T10:45:00Z"));
        assert!(at("0 9,17 1-30 11 *", "2026-11-30T17:00:00Z"));
        assert!(at("@weekly", "2026-11-29T00:00:30Z"));
        assert!(at("@monthly", "2026-12-01T00:00:30Z"));
        assert!(at("@yearly", "2027-01-01T00:00:30Z") && !at("@yearly", "2026-12-01T00:00:30Z"));
        assert!(at("@hourly", "2026-11-30T10:00:30Z") && !at("@hourly", "2026-11-30T10:02:00Z"));
        assert!(at("@midnight", "2026-11-30T00:00:30Z"));
    }

    #[test]
    fn an_interval_is_open_if_the_window_is_as_long() {
        let now = "2026-11-30T10:00:00.7Z";
        assert!(open("@every 1h", 60)(now));
        assert!(!open("@every 1h", 59)(now));
    }

    #[test]
    fn what_is_no_schedule_is_named() {
        for text in ["not cron", "* * * *", "61 * * * *", "@every soon", "@noon"] {
            let error = Schedule::new(text).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("@daily"), "{error}");
        }
    }
}
