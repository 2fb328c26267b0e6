//! The paths of Vault's API that templates ask for.

use text_template::{CallError, Value};

use super::utf8;

/// An API path without the spaces and slashes around it.
pub(super) fn trimmed(kind: &str, written: &Value) -> Result<String, CallError> {
    let path = utf8(written);
    let path = path.trim().trim_matches('/');
    if path.is_empty() {
        return Err(CallError::new(format!(
            "vault.{kind}: invalid format: \"\""
        )));
    }
    Ok(path.to_owned())
}

/// A path that is read as an address without a host. One that no address can have, such as the
/// `secret/%!d(string=x)` that a failed `printf` writes, is an error in consul-template too.
pub(super) fn relative(kind: &str, written: &Value) -> Result<String, CallError> {
    let path = trimmed(kind, written)?;
    match fault(&path) {
        None => Ok(path),
        Some(Fault::Escape(escape)) => Err(CallError::new("parse ")
            .quoted(path.as_bytes())
            .words(": invalid URL escape ")
            .quoted(escape.as_bytes())),
        Some(Fault::Form(words)) => Err(CallError::new("parse ")
            .quoted(path.as_bytes())
            .words(format!(": {words}"))),
    }
}

/// Why a path cannot stand in an address.
#[derive(Debug, PartialEq, Eq)]
enum Fault<'p> {
    /// A percent sign without two hexadecimal digits behind it.
    Escape(&'p str),
    Form(&'static str),
}

/// The rules of Go's `net/url.Parse` for what has no host.
fn fault(path: &str) -> Option<Fault<'_>> {
    let (address, fragment) = path.split_once('#').unwrap_or((path, ""));
    if address.bytes().any(|byte| byte.is_ascii_control()) {
        return Some(Fault::Form("net/url: invalid control character in URL"));
    }
    let (plain, _) = address.split_once('?').unwrap_or((address, ""));
    if plain.starts_with(':') {
        return Some(Fault::Form("missing protocol scheme"));
    }
    let checked = match scheme(plain) {
        // What stands behind `scheme:` is opaque, unless a slash begins it.
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) => "",
        None if plain.split('/').next()?.contains(':') => {
            let words = "first path segment in URL cannot contain colon";
            return Some(Fault::Form(words));
        }
        None => plain,
    };
    [checked, fragment]
        .into_iter()
        .find_map(broken_escape)
        .map(Fault::Escape)
}

/// What follows `scheme:`, if the text begins with one.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    (is_scheme && scheme.chars().all(is_letter)).then_some(rest)
}

/// The first percent sign that escapes nothing, with the two characters behind it.
fn broken_escape(text: &str) -> Option<&str> {
    let mut places = text.match_indices('%').map(|(at, _)| &text[at..]);
    let is_escape = |text: &str| {
        let mut digits = text.bytes().skip(1);
        let mut is_digit = || digits.next().is_some_and(|byte| byte.is_ascii_hexdigit());
        is_digit() && is_digit()
    };
    let rest = places.find(|rest| !is_escape(rest))?;
    let end = rest.char_indices().nth(3).map_or(rest.len(), |(at, _)| at);
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_address_can_have_is_a_fault() {
        let colon = Fault::Form("first path segment in URL cannot contain colon");
        let control = Fault::Form("net/url: invalid control character in URL");
        for (path, expected) in [
            (":=x", Fault::Form("missing protocol scheme")),
            ("%!e", Fault::Escape("%!e")),
            ("secret/%!d(string=x)", Fault::Escape("%!d")),
            ("a%", Fault::Escape("%")),
            ("a%2", Fault::Escape("%2")),
            ("a/%41%4g", Fault::Escape("%4g")),
            ("a%é", Fault::Escape("%é")),
            ("a#%zz", Fault::Escape("%zz")),
            ("a:/%zz", Fault::Escape("%zz")),
            ("[::1]/a", colon),
            (
                "a_b:c",
                Fault::Form("first path segment in URL cannot contain colon"),
            ),
            (
                "é:a",
                Fault::Form("first path segment in URL cannot contain colon"),
            ),
            (
                "1a:b/c",
                Fault::Form("first path segment in URL cannot contain colon"),
            ),
            ("a\nb", control),
            (
                "a?b\x7f",
                Fault::Form("net/url: invalid control character in URL"),
            ),
        ] {
            assert_eq!(fault(path), Some(expected), "{path:?}");
        }
    }

    #[test]
    fn any_other_path_may_be_one_of_vaults() {
        for path in [
            "secret/data/app",
            "secret/data/a b",
            "a/b:c",
            "a:b/%zz",
            "a+b:c",
            "a%2fb",
            "a?version=%zz",
            "a#b",
            "ä",
            "a//b",
            "x@y",
            "{a}",
            "?",
        ] {
            assert_eq!(fault(path), None, "{path:?}");
        }
    }
}
