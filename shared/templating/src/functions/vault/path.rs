//! The paths of Vault's API that templates ask for.

use std::fmt;

use text_template::{CallError, Value};

use super::utf8;

/// How a call uses its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// A write or a list: the path only has to be there.
    Any,
    /// A read, or a certificate: the path is parsed as an address without a host. One that no address
    /// can have, such as the `secret/%!d(string=x)` that a failed `printf` writes, is an error in
    /// consul-template too.
    Relative,
}

/// Why a call refuses a path, whatever the server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault<'p> {
    /// There is none.
    Empty,
    /// A percent sign without two hexadecimal digits behind it.
    Escape(&'p str),
    /// Not an address; the text is that of Go.
    Form(&'static str),
}

/// What is wrong, and what to write instead.
impl fmt::Display for PathFault<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Escape(escape) if escape.starts_with("%!") => write!(
                f,
                "invalid URL escape {escape:?}, which printf writes if its arguments do not fit: \
                 correct the format"
            ),
            Self::Escape(escape) => {
                write!(f, "invalid URL escape {escape:?}: write % as %25")
            }
            Self::Empty => f.write_str("it is empty: write one such as \"secret/data/app\""),
            Self::Form(words) => write!(f, "{words}: write one such as \"secret/data/app\""),
        }
    }
}

/// The path without the spaces and slashes around it, if a call takes it.
pub(crate) fn accepted(written: &str, use_of_path: Use) -> Result<&str, PathFault<'_>> {
    let path = written.trim().trim_matches('/');
    let fault = match use_of_path {
        _ if path.is_empty() => Some(PathFault::Empty),
        Use::Any => None,
        Use::Relative => fault(path),
    };
    fault.map_or(Ok(path), Err)
}

/// The path of a call of this kind.
pub(super) fn read(kind: &str, written: &Value, use_of_path: Use) -> Result<String, CallError> {
    let written = utf8(written);
    let path = || written.trim().trim_matches('/').as_bytes();
    accepted(&written, use_of_path)
        .map(str::to_owned)
        .map_err(|fault| match fault {
            PathFault::Empty => CallError::new(format!("vault.{kind}: invalid format: \"\"")),
            PathFault::Escape(escape) => CallError::new("parse ")
                .quoted(path())
                .words(": invalid URL escape ")
                .quoted(escape.as_bytes()),
            PathFault::Form(words) => CallError::new("parse ")
                .quoted(path())
                .words(format!(": {words}")),
        })
}

/// The rules of Go's `net/url.Parse` for what has no host.
fn fault(path: &str) -> Option<PathFault<'_>> {
    let (address, fragment) = path.split_once('#').unwrap_or((path, ""));
    if address.bytes().any(|byte| byte.is_ascii_control()) {
        return Some(PathFault::Form("net/url: invalid control character in URL"));
    }
    let (plain, _) = address.split_once('?').unwrap_or((address, ""));
    if plain.starts_with(':') {
        return Some(PathFault::Form("missing protocol scheme"));
    }
    let checked = match scheme(plain) {
        // What stands behind `scheme:` is opaque, unless a slash begins it.
        Some(rest) if rest.starts_with('/') => rest,
        Some(_) => "",
        None if plain.split('/').next()?.contains(':') => {
            let words = "first path segment in URL cannot contain colon";
            return Some(PathFault::Form(words));
        }
        None => plain,
    };
    [checked, fragment]
        .into_iter()
        .find_map(broken_escape)
        .map(PathFault::Escape)
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
        let colon = PathFault::Form("first path segment in URL cannot contain colon");
        let control = PathFault::Form("net/url: invalid control character in URL");
        for (path, expected) in [
            (":=x", PathFault::Form("missing protocol scheme")),
            ("%!e", PathFault::Escape("%!e")),
            ("secret/%!d(string=x)", PathFault::Escape("%!d")),
            ("a%", PathFault::Escape("%")),
            ("a%2", PathFault::Escape("%2")),
            ("a/%41%4g", PathFault::Escape("%4g")),
            ("a%é", PathFault::Escape("%é")),
            ("a#%zz", PathFault::Escape("%zz")),
            ("a:/%zz", PathFault::Escape("%zz")),
            ("[::1]/a", colon),
            (
                "a_b:c",
                PathFault::Form("first path segment in URL cannot contain colon"),
            ),
            (
                "é:a",
                PathFault::Form("first path segment in URL cannot contain colon"),
            ),
            (
                "1a:b/c",
                PathFault::Form("first path segment in URL cannot contain colon"),
            ),
            ("a\nb", control),
            (
                "a?b\x7f",
                PathFault::Form("net/url: invalid control character in URL"),
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
