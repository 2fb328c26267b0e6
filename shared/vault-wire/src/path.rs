//! Which paths may be asked for.

/// Why no request is made for a path, from a template or an application. Servers and proxies on the way differ in how
/// often they undo escapes and in what they take for a slash; one that resolves a dot segment ends at
/// another path than the one that was checked here.
///
/// ```
/// assert!(vault_wire::path_refusal("secret/data/app").is_none());
/// assert!(vault_wire::path_refusal("secret/%2e%2e/sys").is_some());
/// ```
pub fn refusal(path: &str) -> Option<&'static str> {
    // A URL parser takes one for a slash, after earlier checks took it for a letter.
    if path.contains('\\') {
        return Some("it has a backslash; write %5C where one is meant");
    }
    let decoded = decoded(path);
    let is_slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    if decoded.split(is_slash).any(is_dot_segment) {
        return Some("it has a . or .. segment, as it is or escaped");
    }
    let has_control = String::from_utf8_lossy(&decoded).contains(char::is_control);
    has_control.then_some("it has a control character, as it is or escaped")
}

/// Some servers drop what follows a semicolon before they resolve the segment.
fn is_dot_segment(segment: &[u8]) -> bool {
    let name = segment.split(|byte| *byte == b';').next();
    matches!(name, Some(b"." | b".."))
}

/// A path with all escapes undone, those that other escapes hide (`%252e`) too.
pub fn decoded(path: &str) -> Vec<u8> {
    let mut plain = Vec::with_capacity(path.len());
    for byte in path.bytes() {
        plain.push(byte);
        // What comes out of one escape may complete another.
        while let [.., b'%', high, low] = plain[..]
            && let (Some(high), Some(low)) = (digit(high), digit(low))
        {
            plain.truncate(plain.len() - 3);
            plain.push(high << 4 | low);
        }
    }
    plain
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_and_escapes_in_a_name_are_its_own() {
        for path in [
            "kv/a..b",
            "kv/...",
            "kv/.env",
            "kv/100%25",
            "kv/a%5Cb",
            "kv/%zz%2",
            "kv/é",
        ] {
            assert_eq!(refusal(path), None, "{path}");
        }
        assert_eq!(decoded("/a%2Fb%252fc%"), b"/a/b/c%");
    }

    #[test]
    fn a_path_that_could_end_elsewhere_is_refused_with_the_reason() {
        for (path, reason) in [
            ("kv/../sys", ". or .. segment"),
            ("./kv", ". or .. segment"),
            ("kv/%252e%252e/sys", ". or .. segment"),
            ("kv/..;x/sys", ". or .. segment"),
            ("kv/%5C../sys", ". or .. segment"),
            ("kv\\..\\sys", "backslash"),
            ("kv/a%00", "control character"),
            ("kv/a\n", "control character"),
        ] {
            let refused = refusal(path).unwrap_or_default();
            assert!(refused.contains(reason), "{path}: {refused}");
        }
    }

    #[test]
    fn a_path_of_nested_escapes_is_read_in_one_go() {
        let nested = format!("%{}2e", "25".repeat(200_000));
        assert_eq!(decoded(&nested), b".");
    }
}
