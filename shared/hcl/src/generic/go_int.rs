//! Whole numbers in text, as Go's `strconv.ParseInt` reads them when it is left the base.

/// Reads `42`, `-0x2a`, `052`, `0o52`, `0b101010`, `4_2`.
pub(super) fn parse(text: &str) -> Option<i64> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = unsigned.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    // An underscore stands between digits, or after the prefix.
    let prefixed = radix != 10;
    let well_placed =
        !digits.ends_with('_') && !digits.contains("__") && (prefixed || !digits.starts_with('_'));
    let digits = digits.replace('_', "");
    if !well_placed || !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    let sign = if negative { "-" } else { "" };
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers_in_text_follow_go() {
        for (text, expected) in [
            ("0", Some(0)),
            ("42", Some(42)),
            ("+42", Some(42)),
            ("-0x2A", Some(-42)),
            ("052", Some(42)),
            ("0o52", Some(42)),
            ("0b101010", Some(42)),
            ("4_2", Some(42)),
            ("0x_2a", Some(42)),
            ("0_52", Some(42)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("", None),
            ("-", None),
            ("+-1", None),
            ("0x", None),
            ("0x+1", None),
            ("08", None),
            ("_4", None),
            ("4_", None),
            ("4__2", None),
            (" 4", None),
            ("4.5", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
