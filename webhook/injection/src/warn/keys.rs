//! Keys of annotations that mean nothing, or that Kubernetes refuses.

use contract::annotations::{self, Classification, Meant};
use contract::diagnostics::keys;

use crate::pod::AnnotationList;
use crate::vocabulary::warning::Warning;

/// For so many unknown keys the nearest known one is looked up. API servers pass on no more than
/// 4096 characters of warnings.
pub(crate) const LOOKED_UP: usize = 40;

/// Keys under our prefixes that mean nothing: most likely misspelt, so the pod does not get what
/// its author thinks.
pub(crate) fn about_keys(all: &AnnotationList<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (key, _) in all.iter() {
        let short = annotations::split_prefix(key).map_or(key, |(_, short)| short);
        match annotations::classify(key) {
            Classification::Foreign => continue,
            Classification::Known { name, .. } => {
                warnings.extend(name.and_then(|name| not_a_key(key, short, name)));
                continue;
            }
            Classification::Unknown => {}
        }
        let is_looked_up = warnings.len() < LOOKED_UP;
        let unknown = format!("unknown annotation {short} is ignored");
        let (code, text) = match is_looked_up.then(|| annotations::meant(short)).flatten() {
            Some(Meant::WithName(spec)) if short == spec.key => (
                keys::NO_NAME,
                format!("annotation {short} needs a -NAME behind it and is ignored"),
            ),
            Some(Meant::WithName(spec)) => (
                keys::NO_NAME,
                format!(
                    "annotation {short} has no name behind the dash and is ignored: write {}",
                    spec.written_key()
                ),
            ),
            Some(Meant::Key(key)) => (keys::UNKNOWN, format!("{unknown}: did you mean {key}?")),
            Some(Meant::Instead(advice)) => (keys::NOT_HERE, format!("{unknown}: {advice}")),
            None => (keys::UNKNOWN, unknown),
        };
        warnings.push(Warning::sure(code, text).at(key.to_owned()));
    }
    warnings.sort_by(|left, right| left.text().cmp(right.text()));
    warnings
}

/// The longest name of a key, behind its prefix.
const LONGEST_NAME: usize = 63;

/// A key that Kubernetes refuses, because of the name that is part of it.
fn not_a_key(key: &str, short: &str, name: &str) -> Option<Warning> {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let ends_well = name.ends_with(|last: char| last.is_ascii_alphanumeric());
    let problem = if short.len() > LONGEST_NAME {
        "is longer than 63 characters"
    } else if !name.bytes().all(is_of_a_name) || !ends_well {
        "has more than letters, digits, dashes, dots and underscores"
    } else {
        return None;
    };
    let text = format!(
        "{short} {problem}, and Kubernetes refuses the key: write a short NAME, and the path of the \
         file in agent-inject-file-NAME"
    );
    Some(Warning::sure(keys::NOT_A_KEY, text).at(key.to_owned()))
}
