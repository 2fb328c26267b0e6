//! One `template` block.

use std::time::Duration;

use super::{Problem, Scope};
use crate::GoDuration;
use crate::agent_config::{DurationText, Template as Written, Wait as WrittenWait};

/// The longest wait where only the shortest is given, as a multiple of it.
const MAX_OF_MIN: u32 = 4;

/// What a block says of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateBlock<'a> {
    /// The template.
    pub source: Source<'a>,
    /// The file's mode, where it is not to be kept.
    pub mode: Option<u32>,
    /// Quiet time before the file is written again.
    pub wait: Option<QuietTime>,
    /// Longest run of the command, where that is said.
    pub command_timeout: Option<Duration>,
}

/// Where a template's text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// It stands in the configuration.
    Contents(&'a str),
    /// A file holds it.
    File(&'a str),
}

/// A wait for changes to settle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietTime {
    /// From the last change.
    pub min: Duration,
    /// From the first change.
    pub max: Duration,
}

/// What messages call a block.
pub fn place(written: &Written, index: usize) -> String {
    match written.destination.as_str() {
        "" => format!("template[{index}]"),
        destination => format!("template[{index}] ({destination})"),
    }
}

/// Reads a block.
///
/// # Errors
///
/// What is wrong with it.
pub fn template(written: &Written, index: usize) -> Result<TemplateBlock<'_>, Problem> {
    let place = || place(written, index);
    let wrong = |name: &str, reason: &dyn std::fmt::Display| {
        Problem::value(format!("{}.{name}", place()), reason)
    };
    let source = source(&written.source, &written.contents).ok_or_else(|| {
        let words = "template: must specify exactly one of 'source' or 'contents'";
        Problem::rule(
            Scope::within(format!("template[{index}]")),
            format!("{words}, in {}", place()),
        )
    })?;
    if written.destination.is_empty() && !may_write_elsewhere(source) {
        let reason = "a destination is required: only a template whose whole text goes through \
                      writeToFile does without";
        return Err(wrong("destination", &reason));
    }
    let command_timeout = command_times(written, &wrong)?;
    Ok(TemplateBlock {
        source,
        mode: written
            .perms
            .mode()
            .map_err(|error| wrong("perms", &error))?,
        wait: written
            .wait
            .as_ref()
            .map(|wait| quiet_time(wait).map_err(|reason| wrong("wait", &reason)))
            .transpose()?
            .flatten(),
        command_timeout,
    })
}

/// Whether a template may write its whole text with `writeToFile`. What a file holds is not known here.
fn may_write_elsewhere(source: Source<'_>) -> bool {
    match source {
        Source::Contents(text) => text.contains("writeToFile"),
        Source::File(_) => true,
    }
}

/// The time limit of the command. The others have no effect, but a mistake in them is one all the
/// same.
fn command_times(
    written: &Written,
    wrong: &dyn Fn(&str, &dyn std::fmt::Display) -> Problem,
) -> Result<Option<Duration>, Problem> {
    let duration =
        |name: &str, text: &DurationText| text.duration().map_err(|error| wrong(name, &error));
    let block = written.exec.as_ref();
    let of_block = block.map(|block| duration("exec.timeout", &block.timeout));
    let limit = match of_block.transpose()?.flatten() {
        Some(limit) => Some(limit),
        None => duration("command_timeout", &written.command_timeout)?,
    };
    if let Some(block) = block {
        duration("exec.kill_timeout", &block.kill_timeout)?;
        duration("exec.splay", &block.splay)?;
    }
    Ok(limit)
}

/// Exactly one of the two.
pub fn source<'a>(source: &'a str, contents: &'a str) -> Option<Source<'a>> {
    match (source, contents) {
        ("", "") => None,
        (source, "") => Some(Source::File(source)),
        ("", contents) => Some(Source::Contents(contents)),
        _ => None,
    }
}

/// Reads a `wait`; `None` where it is switched off.
///
/// # Errors
///
/// It is not made of durations, or they contradict each other.
pub fn quiet_time(written: &WrittenWait) -> Result<Option<QuietTime>, String> {
    let read = |text: &DurationText| text.duration().map_err(|error| error.to_string());
    // The reader has seen to the units of a block.
    let with_unit = |text: &str| match text.trim() {
        "" => Ok(None),
        text => {
            let unit: Result<GoDuration, _> = text.parse();
            unit.map_err(|error| error.to_string())?;
            read(&DurationText::new(text))
        }
    };
    let (enabled, min, max) = match written {
        WrittenWait::Text(text) => {
            let (min, max) = text.split_once(':').unwrap_or((text, ""));
            (None, with_unit(min)?, with_unit(max)?)
        }
        WrittenWait::Block(block) => {
            let enabled = block.enabled.map(|switch| switch.0);
            (enabled, read(&block.min)?, read(&block.max)?)
        }
    };
    let min = min.unwrap_or_default();
    let max = max.unwrap_or(min * MAX_OF_MIN);
    if max < min {
        return Err(format!(
            "the longest wait, {max:?}, is shorter than the shortest, {min:?}"
        ));
    }
    Ok((enabled.unwrap_or(true) && !min.is_zero()).then_some(QuietTime { min, max }))
}
