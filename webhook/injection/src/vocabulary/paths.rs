//! Slash-separated paths joined and cleaned by the rules of Go's `path.Join`, which established
//! annotations were written against.

use std::borrow::Cow;

/// `base` and `tail` joined and cleaned; `..` may climb out of `base`, but not above the root.
pub(crate) fn join(base: &str, tail: &str) -> String {
    match (base.is_empty(), tail.is_empty()) {
        (true, true) => String::new(),
        (true, false) => clean(tail),
        (false, true) => clean(base),
        (false, false) => clean(&format!("{base}/{tail}")),
    }
}

/// Whether `path` is `directory` or below it.
pub(crate) fn covers(directory: &str, path: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A path as it is compared with others: cleaned, where it is not clean.
pub(crate) fn normal(path: &str) -> Cow<'_, str> {
    let is_clean = !path.contains("//") && !path.contains("/.");
    match path {
        "" | "/" => path.into(),
        _ if is_clean => path.trim_end_matches('/').into(),
        _ => clean(path).into(),
    }
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if matches!(parts.last(), Some(&last) if last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_paths_compare_equal_however_they_are_written() {
        for path in ["/a/b", "/a/b/", "/a//b", "/a/./b", "/a/c/../b", "//a/b"] {
            assert_eq!(normal(path), "/a/b", "{path}");
        }
        for path in ["", "/", "/a/.b", "a"] {
            assert_eq!(normal(path), path);
        }
    }

    #[test]
    fn joined_paths_are_clean() {
        for (base, tail, expected) in [
            (
                "/vault/secrets",
                "nested/file",
                "/vault/secrets/nested/file",
            ),
            ("/vault/secrets/", "token", "/vault/secrets/token"),
            ("/vault/secrets", "/abs", "/vault/secrets/abs"),
            ("/vault/secrets", "../../etc/x", "/etc/x"),
            ("/vault/secrets", "../../../../x", "/x"),
            ("", "token", "token"),
            ("", "", ""),
            ("a", "../..", ".."),
            ("a", "..", "."),
        ] {
            assert_eq!(join(base, tail), expected, "{base} + {tail}");
        }
    }
}
