//! Values that are taken as they are, or parse by accident, and are not what their annotation
//! takes.

use contract::annotations::{self, AnnotationSpec, Classification, Kind};
use contract::diagnostics::{Code, keys, secrets};
use contract::{GoDuration, values};

use super::subject::Subject;
use crate::ask::words;
use crate::vocabulary::warning::Certainty::{self, Likely, Sure};
use crate::vocabulary::warning::Warning;

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (short, value) in subject.annotations.iter() {
        let Classification::Known { spec, name } = annotations::classify_short(short) else {
            continue;
        };
        if value.is_empty() && spec.key == annotations::SECRET.key {
            warnings.extend(no_path(subject, name.unwrap_or_default()));
            continue;
        }
        if let Some((certainty, code, problem)) = problem(spec, value) {
            let text = format!("{short} {problem}");
            let warning = Warning::new(code, text).with_certainty(certainty);
            warnings.push(warning.at(subject.annotations.whole_key(short)));
        }
    }
    warnings
}

/// A secret without a path, which is one only if a template says what to read.
fn no_path(subject: Subject<'_, '_>, name: &str) -> Option<Warning> {
    let templates = [&annotations::TEMPLATE, &annotations::TEMPLATE_FILE];
    let is_written = |spec| {
        let template = subject.annotations.get_for(spec, name);
        template.is_some_and(|text| !text.trim().is_empty())
    };
    if templates.into_iter().any(is_written) {
        return None;
    }
    let spec = &annotations::SECRET;
    let text = format!(
        "{}-{name} is empty and is ignored, because no template says what to read: write the path of \
         a secret, or add agent-inject-template-{name}",
        spec.key
    );
    Some(Warning::sure(secrets::NO_PATH, text).at(subject.annotations.key_for(spec, name)))
}

/// What is wrong with a value, and how surely so. Values that deny the pod are not seen here.
fn problem(spec: &AnnotationSpec, value: &str) -> Option<(Certainty, Code, &'static str)> {
    if value.is_empty() {
        return (spec.kind == Kind::Bool).then_some((
            Likely,
            keys::EMPTY_SWITCH,
            "is empty, which means false",
        ));
    }
    if spec.key == annotations::PERMS.key && !words::is_mode(value) {
        return Some((
            Sure,
            keys::NOT_A_MODE,
            "is not an octal mode: write three or four digits from 0 to 7, such as 0640",
        ));
    }
    if spec.key == annotations::CACHE_LISTENER_PORT.key && value.parse::<u16>().is_err() {
        return Some((Sure, keys::NOT_A_PORT, "is not a port number"));
    }
    if spec.key == annotations::LEASE_RENEWAL_THRESHOLD.key
        && value
            .parse()
            .is_ok_and(|part: f64| part <= 0.0 || part >= 1.0)
    {
        let what = "is not between 0 and 1: write the part of a lease after which it is renewed, such as 0.9";
        return Some((Sure, keys::OUT_OF_RANGE, what));
    }
    match spec.kind {
        Kind::List if value.split(',').any(|it| it != it.trim()) => Some((
            Sure,
            keys::BLANKS_IN_LIST,
            "has blanks around a comma, which are taken for part of the names",
        )),
        Kind::Duration if GoDuration::parse_seconds(value).is_err() => Some((
            Sure,
            keys::NOT_A_DURATION,
            "is not a duration such as 1m30s",
        )),
        Kind::Int if values::parse_int(value).is_err() => {
            Some((Sure, keys::NOT_A_NUMBER, "is not a whole number"))
        }
        Kind::Text | Kind::Path | Kind::VaultPath
            if value != value.trim() && !is_free_text(spec) =>
        {
            Some(if value.trim().is_empty() {
                (Sure, keys::BLANKS, "holds nothing but blanks")
            } else {
                (Likely, keys::BLANKS, "begins or ends with a blank")
            })
        }
        _ => None,
    }
}

/// Text in which a blank may be meant.
fn is_free_text(spec: &AnnotationSpec) -> bool {
    [
        &annotations::LEFT_DELIMITER,
        &annotations::RIGHT_DELIMITER,
        &annotations::COMMAND,
        &annotations::EXTRA_ENV,
    ]
    .iter()
    .any(|free| free.key == spec.key)
}
