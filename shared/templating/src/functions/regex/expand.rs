//! Replacements: `$1`, `${1}`, `$name` and `${name}` stand for what a group matched, `$$` for a sign.

use memchr::memchr;
use text_template::buffer::append;
use text_template::fmt::Printed;

use crate::functions::utf8::characters;

/// Writes a replacement for a match, whose groups are found by number. A sign that begins no name
/// stays as it is.
pub(super) fn expand<'t>(
    out: &mut Printed,
    mut template: &[u8],
    group: impl Fn(usize) -> Option<&'t [u8]>,
    names: &[Option<String>],
) {
    while let Some(at) = memchr(b'$', template) {
        let (before, rest) = (&template[..at], &template[at + 1..]);
        append(out, before);
        if let Some(rest) = rest.strip_prefix(b"$") {
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
        let found = match number(name) {
            Some(number) => group(number),
            // Groups may share a name: it stands for the first of them that took part.
            None => (1..)
                .zip(names)
                .filter(|(_, own)| own.as_deref() == Some(name))
                .find_map(|(number, _)| group(number)),
        };
        append(out, found.unwrap_or_default());
    }
    append(out, template);
}

/// The name behind a sign, as long as it goes, and what is behind it.
fn reference(text: &[u8]) -> Option<(&str, &[u8])> {
    let inner = text.strip_prefix(b"{");
    let text = inner.unwrap_or(text);
    let name = characters(text).take_while(|(c, _)| c.is_alphanumeric() || *c == '_');
    let (name, rest) = text.split_at(name.map(|(_, own)| own.len()).sum());
    let rest = match inner {
        Some(_) => rest.strip_prefix(b"}")?,
        None => rest,
    };
    let name = std::str::from_utf8(name).ok()?;
    (!name.is_empty()).then_some((name, rest))
}

fn number(name: &str) -> Option<usize> {
    let digits = name.bytes().all(|c| c.is_ascii_digit());
    let plain = digits && (name.len() == 1 || !name.starts_with('0'));
    plain.then(|| name.parse().unwrap_or(usize::MAX))
}
