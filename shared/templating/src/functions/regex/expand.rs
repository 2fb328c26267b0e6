//! Replacements: `$1`, `${1}`, `$name` and `${name}` stand for what a group matched, `$$` for a sign.

use regex::Captures;
use text_template::buffer::append;
use text_template::fmt::Printed;

/// Writes a replacement for a match. A sign that begins no name stays as it is.
pub(super) fn expand(
    out: &mut Printed,
    mut template: &str,
    captures: &Captures<'_>,
    names: &[Option<String>],
) {
    while let Some((before, rest)) = template.split_once('$') {
        append(out, before.as_bytes());
        if let Some(rest) = rest.strip_prefix('$') {
            append(out, b"$");
            template = rest;
            continue;
        }
        let Some((name, rest)) = reference(rest) else {
            append(out, b"$");
            template = rest;
            continue;
        };
        template = rest;
        let group = match number(name) {
            Some(group) => captures.get(group),
            // Groups may share a name: it stands for the first of them that took part.
            None => (1..)
                .zip(names)
                .filter(|(_, own)| own.as_deref() == Some(name))
                .find_map(|(group, _)| captures.get(group)),
        };
        append(out, group.map_or("", |group| group.as_str()).as_bytes());
    }
    append(out, template.as_bytes());
}

/// The name behind a sign, as long as it goes, and what is behind it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{');
    let text = inner.unwrap_or(text);
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = match inner {
        Some(_) => rest.strip_prefix('}')?,
        None => rest,
    };
    (!name.is_empty()).then_some((name, rest))
}

fn number(name: &str) -> Option<usize> {
    let digits = name.bytes().all(|c| c.is_ascii_digit());
    let plain = digits && (name.len() == 1 || !name.starts_with('0'));
    plain.then(|| name.parse().unwrap_or(usize::MAX))
}
