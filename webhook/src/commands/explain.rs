//! `vault-injector explain`: the documentation of an annotation, or of a message by its code.

use std::io::Write;
use std::process::ExitCode;

use contract::annotations::{self, AnnotationSpec, Classification, GROUPS, nearest};
use contract::diagnostics::{self, Code};
use contract::names::ANNOTATION_PREFIX;
use serde::Serialize;
use serde_json::json;

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

pub(super) fn run(
    arguments: &ExplainArguments,
    out: &mut dyn Write,
) -> Result<ExitCode, CommandError> {
    let asked = arguments.annotation.as_deref();
    if let Some(code) = asked.and_then(|it| it.parse().ok()) {
        return message(code, arguments.output, out);
    }
    let one = asked.map(find).transpose()?;
    let pages: Vec<Page> = GROUPS
        .iter()
        .flat_map(|(group, specs)| specs.iter().map(move |spec| (*group, *spec)))
        .filter(|(_, spec)| one.is_none_or(|one| one == *spec))
        .map(|(group, spec)| page(group, spec))
        .collect();
    match (arguments.output, one) {
        (Output::Json, _) => {
            let text = serde_json::to_string_pretty(&pages).expect("keys must be text");
            writeln!(out, "{text}")?;
        }
        (Output::Text, None) => {
            for Page { key, meaning, .. } in &pages {
                writeln!(out, "{key}\n    {meaning}")?;
            }
        }
        (Output::Text, Some(_)) => {
            for page in &pages {
                let Page {
                    key,
                    value,
                    default,
                    meaning,
                    group,
                } = page;
                let default = if default.is_empty() { "none" } else { default };
                let default = default.replace('`', "");
                writeln!(
                    out,
                    "{key}\n\n    {meaning}\n\nvalue:    {value}\ndefault:  {default}\ngroup:    {group}"
                )?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What a message means, and what to do about it.
fn message(code: Code, output: Output, out: &mut dyn Write) -> Result<ExitCode, CommandError> {
    let row = diagnostics::find(code).ok_or(CommandError::UnknownCode(code))?;
    let [seen, cause, fix] = [row.seen, row.cause, row.fix].map(|it| it.replace('`', ""));
    match output {
        Output::Json => {
            let row = json!({
                "code": code.to_string(), "message": seen, "cause": cause, "fix": fix,
            });
            writeln!(out, "{row:#}")?;
        }
        Output::Text => writeln!(
            out,
            "{code}\n\n    {seen}\n\ncause:    {cause}\ndo:       {fix}"
        )?,
    }
    Ok(ExitCode::SUCCESS)
}

fn page(group: &'static str, spec: &AnnotationSpec) -> Page {
    Page {
        key: format!("{ANNOTATION_PREFIX}{}", spec.written_key()),
        value: spec.kind.to_string().replace('`', ""),
        default: spec.default,
        meaning: spec.doc,
        group,
    }
}

/// The entry that a key means: whole or short, with or without a name.
fn find(key: &str) -> Result<&'static AnnotationSpec, CommandError> {
    let short = annotations::split_prefix(key).map_or(key, |(_, short)| short);
    let exact = annotations::TABLE
        .iter()
        .find(|spec| spec.key == short || spec.written_key() == short);
    if let Some(spec) = exact {
        return Ok(spec);
    }
    match annotations::classify(&format!("{ANNOTATION_PREFIX}{short}")) {
        Classification::Known { spec, .. } => Ok(spec),
        _ => Err(CommandError::UnknownAnnotation {
            key: key.to_owned(),
            nearest: nearest(short),
        }),
    }
}
