//! `vault-injector explain`: the documentation of an annotation, of a message by its code, or of all
//! that have a word in them.

use std::io::Write;
use std::process::ExitCode;

use contract::annotations::{
    self, AnnotationSpec, Classification, Counterpart, GROUPS, Meant, meant, nearest_of,
};
use contract::diagnostics::{self, Code, Diagnostic};
use contract::names::ANNOTATION_PREFIX;
use serde::Serialize;

use super::{CommandError, ExplainArguments, Output};

/// An annotation's documentation, for machines.
#[derive(Serialize)]
struct Page {
    key: String,
    value: String,
    default: &'static str,
    meaning: &'static str,
    group: &'static str,
}

/// A message's documentation, for machines.
#[derive(Serialize)]
struct Row {
    code: Code,
    message: String,
    cause: String,
    fix: String,
}

/// Everything with a word in it, for machines.
#[derive(Serialize)]
struct Found {
    annotations: Vec<Page>,
    messages: Vec<Row>,
}

/// What is asked for.
enum Asked {
    All,
    Annotation {
        spec: &'static AnnotationSpec,
        /// What others call it, where that was asked.
        called: Option<String>,
    },
    Message(&'static Diagnostic),
    /// All keys and messages with this word, and the key that others call so.
    Word {
        word: String,
        also: Option<&'static AnnotationSpec>,
    },
    /// A key that is not ours, and what to do instead.
    Instead(String, &'static str),
}

pub(super) fn run(
    arguments: &ExplainArguments,
    out: &mut dyn Write,
) -> Result<ExitCode, CommandError> {
    let asked = match arguments.word.as_deref() {
        None => Asked::All,
        Some(word) => find(word)?,
    };
    let pages = pages(&asked);
    let rows = rows(&asked);
    match (arguments.output, asked) {
        (Output::Text, Asked::Instead(key, text)) => {
            writeln!(out, "{key}: there is no such annotation; {text}")?;
        }
        (Output::Text, Asked::Annotation { called, .. }) => {
            for page in &pages {
                if let Some(other) = &called {
                    writeln!(out, "{other} is called {} here.\n", page.key)?;
                }
                page.whole(out)?;
            }
        }
        (Output::Text, Asked::Message(_)) => rows.iter().try_for_each(|it| it.whole(out))?,
        (Output::Text, Asked::All | Asked::Word { .. }) => {
            for Page { key, meaning, .. } in &pages {
                writeln!(out, "{key}\n    {meaning}")?;
            }
            for Row { code, message, .. } in &rows {
                writeln!(out, "{code}\n    {message}")?;
            }
        }
        (_, Asked::Message(_)) => json(out, &rows.first())?,
        (_, Asked::Word { .. }) => {
            let found = Found {
                annotations: pages,
                messages: rows,
            };
            json(out, &found)?;
        }
        (_, Asked::Instead(key, text)) => {
            json(out, &serde_json::json!([{"key": key, "instead": text}]))?;
        }
        (_, Asked::All | Asked::Annotation { .. }) => json(out, &pages)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn json(out: &mut dyn Write, value: &impl Serialize) -> Result<(), CommandError> {
    let text = serde_json::to_string_pretty(value).expect("keys must be text");
    writeln!(out, "{text}")?;
    Ok(())
}

/// What a word asks for: a code; a key, whole or short, with or without a name, or one that others
/// use; else whatever has it in its text.
fn find(word: &str) -> Result<Asked, CommandError> {
    if let Ok(code) = word.parse::<Code>() {
        let row = diagnostics::find(code).ok_or(CommandError::UnknownCode(code))?;
        return Ok(Asked::Message(row));
    }
    // A code without its prefix.
    let code = format!("VI-{word}").parse().ok();
    if let Some(row) = code.and_then(diagnostics::find) {
        return Ok(Asked::Message(row));
    }
    // Whatever the prefix is.
    let short = word.rsplit_once('/').map_or(word, |(_, short)| short);
    if let Some(spec) = exact(short) {
        return Ok(Asked::Annotation { spec, called: None });
    }
    let also = match annotations::counterpart(short) {
        Some(Counterpart::Instead(text)) => return Ok(Asked::Instead(word.to_owned(), text)),
        Some(Counterpart::Key(key)) => exact(&key),
        None => None,
    };
    if let Some(spec) = also.filter(|_| !is_in_a_key(short)) {
        return Ok(Asked::Annotation {
            spec,
            called: Some(word.to_owned()),
        });
    }
    let asked = Asked::Word {
        word: short.to_lowercase(),
        also,
    };
    let is_found = !pages(&asked).is_empty() || !rows(&asked).is_empty();
    if is_found && !short.is_empty() {
        return Ok(asked);
    }
    Err(CommandError::UnknownAnnotation {
        key: word.to_owned(),
        nearest: match meant(short) {
            Some(Meant::Key(key)) => Some(key),
            Some(Meant::WithName(spec)) => Some(spec.written_key()),
            Some(Meant::Instead(_)) | None => nearest_word(short),
        },
    })
}

/// The word of a key that is written almost like that.
fn nearest_word(short: &str) -> Option<String> {
    let words = annotations::TABLE
        .iter()
        .flat_map(|spec| spec.key.split('-'))
        .filter(|word| word.len() > 3);
    nearest_of(&short.to_lowercase(), words).map(ToOwned::to_owned)
}

fn exact(short: &str) -> Option<&'static AnnotationSpec> {
    let written = annotations::TABLE
        .iter()
        .find(|spec| spec.key == short || spec.written_key() == short);
    match (written, annotations::classify_short(short)) {
        (Some(spec), _) => Some(spec),
        (None, Classification::Known { spec, .. }) => Some(spec),
        (None, _) => None,
    }
}

fn is_in_a_key(word: &str) -> bool {
    annotations::TABLE
        .iter()
        .any(|spec| spec.key.contains(word))
}

fn pages(asked: &Asked) -> Vec<Page> {
    let is_wanted = |spec: &AnnotationSpec| match asked {
        Asked::All => true,
        Asked::Annotation { spec: one, .. } => *one == spec,
        Asked::Word { word, also } => spec.key.contains(word.as_str()) || *also == Some(spec),
        Asked::Message(_) | Asked::Instead(..) => false,
    };
    GROUPS
        .iter()
        .flat_map(|(group, specs)| specs.iter().map(move |spec| (*group, *spec)))
        .filter(|(_, spec)| is_wanted(spec))
        .map(|(group, spec)| Page {
            key: format!("{ANNOTATION_PREFIX}{}", spec.written_key()),
            value: spec.kind.to_string().replace('`', ""),
            default: spec.default,
            meaning: spec.doc,
            group,
        })
        .collect()
}

fn rows(asked: &Asked) -> Vec<Row> {
    let is_wanted = |row: &Diagnostic| match asked {
        Asked::Message(one) => *one == row,
        Asked::Word { word, .. } => row.seen.to_lowercase().contains(word.as_str()),
        Asked::All | Asked::Annotation { .. } | Asked::Instead(..) => false,
    };
    diagnostics::SECTIONS
        .iter()
        .flat_map(|section| section.rows)
        .filter(|row| is_wanted(row))
        .map(|row| {
            let [message, cause, fix] =
                [row.seen, row.cause, row.fix].map(|it| it.replace('`', ""));
            Row {
                code: row.code,
                message,
                cause,
                fix,
            }
        })
        .collect()
}

impl Page {
    fn whole(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Self {
            key,
            value,
            default,
            meaning,
            group,
        } = self;
        let default = if default.is_empty() { "none" } else { default };
        let default = default.replace('`', "");
        writeln!(
            out,
            "{key}\n\n    {meaning}\n\nvalue:    {value}\ndefault:  {default}\ngroup:    {group}"
        )
    }
}

impl Row {
    fn whole(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Self {
            code,
            message,
            cause,
            fix,
        } = self;
        writeln!(
            out,
            "{code}\n\n    {message}\n\ncause:    {cause}\ndo:       {fix}"
        )
    }
}
