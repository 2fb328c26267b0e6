//! Switches, numbers, durations and quantities.

use contract::GoDuration;
use contract::diagnostics::startup;
use contract::values;
use injection::vocabulary::quantity;

use super::{Given, Problem};

/// The largest user and group id that Kubernetes takes.
const LARGEST_ID: i64 = i32::MAX as i64;

/// What the agent takes where only one of the two backoffs is given.
const BACKOFFS: [(&str, &str); 2] = [("auth-min-backoff", "1s"), ("auth-max-backoff", "5m")];

pub(super) fn boolean(text: &str) -> Result<(), Problem> {
    values::parse_bool(text).map(drop).map_err(|_| {
        let text = format!("{text:?} is not a boolean (write true or false)");
        Problem::new(startup::NUMBER, text)
    })
}

pub(super) fn user(text: &str) -> Result<(), Problem> {
    within(text, LARGEST_ID, "user id")
}

pub(super) fn group(text: &str) -> Result<(), Problem> {
    within(text, LARGEST_ID, "group id")
}

/// Below zero is no limit.
pub(super) fn count(text: &str) -> Result<(), Problem> {
    values::parse_int(text).map(drop).map_err(|_| {
        let text = format!("{text:?} is not a whole number");
        Problem::new(startup::NUMBER, text)
    })
}

fn within(text: &str, largest: i64, what: &str) -> Result<(), Problem> {
    match values::parse_int(text) {
        Ok(number) if (0..=largest).contains(&number) => Ok(()),
        _ => {
            let text = format!(
                "{text:?} is not a whole number from 0 to {largest}, as a {what} has to be"
            );
            Err(Problem::new(startup::NUMBER, text))
        }
    }
}

/// 0 is not given.
pub(super) fn fraction(text: &str) -> Result<(), Problem> {
    match values::parse_float(text) {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(()),
        _ => {
            let text = format!("{text:?} is not a number from 0 to 1, such as 0.9");
            Err(Problem::new(startup::NUMBER, text))
        }
    }
}

fn no_duration(text: &str) -> Problem {
    let text = format!("{text:?} is not a duration (write a number with a unit: 30s, 5m, 1h30m)");
    Problem::new(startup::DURATION, text)
}

fn negative(text: &str) -> Problem {
    let text = format!("{text:?} is below zero (write 0s or more)");
    Problem::new(startup::DURATION, text)
}

/// A bare number is seconds.
pub(super) fn seconds(text: &str) -> Result<(), Problem> {
    match GoDuration::parse_seconds(text) {
        Ok(duration) if duration >= GoDuration::ZERO => Ok(()),
        Ok(_) => Err(negative(text)),
        Err(_) => Err(no_duration(text)),
    }
}

/// The same; empty is not given, and zero means the same to an agent.
pub(super) fn interval(text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Ok(());
    }
    seconds(text)
}

/// Upstream takes no bare number here. Zero is the agent's default.
pub(super) fn backoff(limit: &str, text: &str) -> Result<(), Problem> {
    match text.parse::<GoDuration>() {
        _ if text.is_empty() => Ok(()),
        Ok(duration) if duration >= GoDuration::ZERO => Ok(()),
        Ok(_) => Err(negative(text)),
        Err(error) => Err(Problem {
            established: format!("Error parsing {limit} backoff as duration: {error}; "),
            ..no_duration(text)
        }),
    }
}

/// A shortest pause that is longer than the longest.
pub(super) fn backoffs(given: &Given) -> Option<(&'static str, Problem)> {
    let [(min, least), (max, most)] = BACKOFFS;
    let text = match (given.get(min), given.get(max)) {
        (Some(shortest), Some(longest)) if is_longer(shortest, longest) => {
            format!("{shortest} is more than {longest} of {}", given.name(max))
        }
        (Some(shortest), None) if is_longer(shortest, most) => {
            format!("{shortest} is longer than the default of -{max} ({most}): set -{max} as well")
        }
        (None, Some(longest)) if is_longer(least, longest) => {
            format!("{longest} is shorter than the default of -{min} ({least}): set -{min} as well")
        }
        _ => return None,
    };
    let blamed = if given.get(min).is_some() { min } else { max };
    Some((blamed, Problem::new(startup::CONTRADICTION, text)))
}

/// Whether both can be used, and the first is longer.
fn is_longer(text: &str, other: &str) -> bool {
    let read = |text: &str| text.parse::<GoDuration>().ok();
    let is_some_time = |text: &str| read(text) > Some(GoDuration::ZERO);
    is_some_time(text) && is_some_time(other) && read(text) > read(other)
}

pub(super) fn cpu(text: &str) -> Result<(), Problem> {
    amount(text, "250m or 0.25")
}

pub(super) fn memory(text: &str) -> Result<(), Problem> {
    amount(text, "64Mi or 64M")
}

fn amount(text: &str, example: &str) -> Result<(), Problem> {
    match quantity::nanos(text) {
        Ok(nanos) if nanos >= 0 => Ok(()),
        _ if text.is_empty() => Ok(()),
        _ => {
            let text = format!("{text:?} is not a quantity (write {example})");
            Err(Problem::new(startup::QUANTITY, text))
        }
    }
}

/// Whether both are quantities, and the first is the larger.
pub(super) fn is_more(asked: &str, most: &str) -> bool {
    match (quantity::nanos(asked), quantity::nanos(most)) {
        (Ok(asked), Ok(most)) => asked > most,
        _ => false,
    }
}
