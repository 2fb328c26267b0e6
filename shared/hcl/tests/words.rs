//! Numbers, escapes, heredocs and comments at their limits, and the text that is skipped.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

use hcl::{MAX_DEPTH, generic, parse};
use serde_json::{Value, json};

fn read(text: &str) -> Value {
    let object = parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    generic(&object).unwrap()
}

fn refused(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("not refused: {text}"),
        Err(error) => error.to_string(),
    }
}

fn unread(text: &str) -> Option<String> {
    let place = parse(text).unwrap().unread();
    place.map(|place| place.to_string())
}

#[test]
fn numbers_in_all_their_spellings() {
    for (text, expected) in [
        ("a = 0", json!(0)),
        ("a = -0x1F", json!(-31)),
        ("a = 0X10", json!(16)),
        ("a = -017", json!(-15)),
        ("a = .5", json!(0.5)),
        ("a = 0.25", json!(0.25)),
        ("a = 1e3", json!(1000.0)),
        ("a = 2E+2", json!(200.0)),
        ("a = 5e-1", json!(0.5)),
        ("a = 9223372036854775807", json!(i64::MAX)),
        (r#"{"a": 0}"#, json!(0)),
        (r#"{"a": -12}"#, json!(-12)),
        (r#"{"a": .5}"#, json!(0.5)),
        (r#"{"a": 0.25}"#, json!(0.25)),
        (r#"{"a": 10}"#, json!(10)),
        (r#"{"a": 1e3}"#, json!(1000.0)),
        (r#"{"a": 2E+2}"#, json!(200.0)),
        (r#"{"a": 5e-1}"#, json!(0.5)),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
}

#[test]
fn malformed_numbers_are_refused_with_the_reason() {
    for (text, expected) in [
        ("a = 9223372036854775808", "at most 64 bits"),
        ("a = 0x8000000000000000", "at most 64 bits"),
        ("a = 1e999", "at most 64 bits"),
        ("a = 0x", "0x needs hexadecimal digits"),
        ("a = 1e", "an exponent needs digits"),
        ("a = 1e+", "an exponent needs digits"),
        ("a = 09", "octal"),
        ("a = -", "found a sign that no number follows"),
        ("a = +1", "found a sign that no number follows"),
        ("a = .x", "found a sign that no number follows"),
        (r#"{"a": 1e}"#, "an exponent needs digits"),
        (r#"{"a": 1e999}"#, "at most 64 bits"),
        (r#"{"a": 00}"#, "cannot begin with 0"),
        (r#"{"a": .x}"#, "found a point that no digit follows"),
        (r#"{"a": -x}"#, "this character cannot stand here"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn escapes_stand_for_what_they_do_in_go() {
    let escapes = r#""\a\b\f\n\r\t\v\\\"\x41\101\u00e9\U0001F600""#;
    let expected = json!({"a": "\u{7}\u{8}\u{c}\n\r\t\u{b}\\\"AA\u{e9}\u{1f600}"});
    assert_eq!(read(&format!("a = {escapes}")), expected);
    assert_eq!(read(&format!("{{\"a\": {escapes}}}")), expected);
    // Bytes that are no characters, and halves of a pair of UTF-16.
    assert_eq!(
        read(r#"a = "\xc3\xa9\xff""#),
        json!({"a": "\u{e9}\u{fffd}"})
    );
    assert_eq!(
        read(r#"a = "\xe2\x82.""#),
        json!({"a": "\u{fffd}\u{fffd}."})
    );
    assert_eq!(
        read(r#"a = "\ud800\udfff""#),
        json!({"a": "\u{fffd}\u{fffd}"})
    );
    for text in [
        r#"a = "\400""#,
        r#"a = "\U00110000""#,
        r#"a = "\x4""#,
        r#"a = "\u00e""#,
        r#"a = "\18""#,
        r#"{"a": "\ud800"}"#,
        r#"{"a": "\777"}"#,
    ] {
        let error = refused(text);
        assert!(error.contains("not an escape"), "{text}: {error}");
    }
}

#[test]
fn inside_of_an_interpolation_everything_stays_as_written() {
    for (text, expected) in [
        (r#"a = "${ {"x": {}} }y""#, r#"${ {"x": {}} }y"#),
        (r#"a = "${"\n"}\x41""#, r#"${"\n"}A"#),
        (r#"a = "${ {} "x" }y""#, r#"${ {} "x" }y"#),
        ("a = \"${\n}\"", "${\n}"),
        (r#"a = "{$}{x}""#, "{$}{x}"),
        (r#"a = "${a}${b}}""#, "${a}${b}}"),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
    for text in ["a = \"x\n\"", "a = \"${\"", "a = \"${a}\n\"", "a = \"x\0\""] {
        let error = refused(text);
        assert!(error.contains("no closing quote"), "{text}: {error}");
    }
}

#[test]
fn heredocs_end_at_their_word_alone() {
    for (text, expected) in [
        ("a = <<EOT\nx EOT\nEOTS\nEOT\n", "x EOT\nEOTS\n"),
        ("a = <<EOT\nx\n\t EOT\n", "x\n\t "),
        ("a = <<E_1\nx\nE_1\n", "x\n"),
        ("a = <<EOT\r\nx\r\nEOT\r\n", "x\n"),
        ("a = <<EOT\nEOT\n", ""),
        // With a dash, the word has to be indented, and lines keep what not all of them have.
        ("a = <<-EOT\nx\nEOT\n  EOT\n", "x\nEOT\n"),
        ("a = <<-EOT\n  x\n y\n  EOT\n", "  x\n y\n"),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
    for text in [
        "a = <<EOT x\n",
        "a = <EOT\nEOT\n",
        "a = <<\n\n",
        "a = <<-\n",
    ] {
        let error = refused(text);
        assert!(error.contains("a heredoc begins with"), "{text}: {error}");
    }
    for text in [
        "a = <<EOT\nx\nEOT",
        "a = <<EOT\nx\0\nEOT\n",
        "a = <<-EOT\nEOT\n",
    ] {
        let error = refused(text);
        assert!(error.contains("no closing line"), "{text}: {error}");
    }
}

#[test]
fn comments_and_names_at_their_limits() {
    assert_eq!(read("a = 1 # x"), json!({"a": 1}));
    assert_eq!(read("/**/a = 1 /* * / **/"), json!({"a": 1}));
    assert_eq!(read("//\r\na = 1 //"), json!({"a": 1}));
    assert_eq!(read("_a-b.c\u{e9}1 = 1"), json!({"_a-b.c\u{e9}1": 1}));
    for (text, expected) in [
        (
            "a = 1 /* x",
            "line 1, column 7: the comment has no closing */",
        ),
        ("a = 1 /* x *", "the comment has no closing */"),
        ("a = 1 /x", "a comment begins with"),
        ("# x\0", "line 1, column 4: a null character"),
        ("/* \0 */", "a null character"),
        ("a\0 = 1", "a null character"),
        ("\u{feff}a = 1", "byte order mark"),
        ("a = %", "this character cannot stand here"),
        ("a = b", "expected a value, found a word without quotes"),
        ("a = [b]", "expected a value or ] in the list, found a word"),
        ("a \"b\" = 1", "expected { after the labels, found ="),
        (
            "a = [<<E\nx\nE\n{}]",
            "expected a comma or ] in the list, found {",
        ),
        ("a <<E\nx\nE\n", "found a heredoc"),
        ("= 1", "expected a key, found ="),
        ("a = 1 { }", "expected a key, found {"),
        ("a 1", "found a whole number"),
        ("a = [1 1.5]", "found a number with a fraction"),
        ("a = ,", "found a comma"),
        ("a = [1 \"x\"]", "found text in quotes"),
        ("a [", "found ["),
        ("a = [1", "found the end"),
        ("a = [", "expected a value or ] in the list, found the end"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn places_count_lines_and_characters() {
    for (text, expected) in [
        ("a = 1\r\n\r\n  b = %", "line 3, column 7"),
        ("a = \"\u{e9}\u{e9}\" %", "line 1, column 10"),
        ("a = <<EOT\nx\nEOT\n%", "line 4, column 1"),
        ("{\r\n \"a\": \"\u{e9}\", %}", "line 2, column 12"),
    ] {
        let error = parse(text).unwrap_err();
        assert_eq!(error.position().to_string(), expected, "{text:?}");
        assert!(error.to_string().starts_with(expected), "{text:?}: {error}");
    }
}

#[test]
fn the_first_text_that_is_skipped_is_reported() {
    for (text, expected) in [
        ("a = 1", None),
        ("a = 1\nb =", Some("line 2, column 4")),
        (r#"{"a": 1}"#, None),
        (r#"{"a": 1} "#, None),
        (r#"{"a": 1,}"#, None),
        (r#"{"a": 1} x"#, Some("line 1, column 10")),
        (r#"{"a": 1 "b": 2}"#, Some("line 1, column 9")),
        (r#"{"a": 1, "b"}"#, Some("line 1, column 10")),
        (r#"{"a": [1, [2]}"#, Some("line 1, column 11")),
        (r#"{"a": 1, "b": [2}"#, Some("line 1, column 10")),
        (r#"{"a": 1"#, Some("line 1, column 8")),
        // Only the first place.
        (r#"{"a": 1 "b": 2} x"#, Some("line 1, column 9")),
    ] {
        assert_eq!(unread(text).as_deref(), expected, "{text}");
    }
    assert_eq!(read(r#"{"a": 1 "b": 2}"#), json!({"a": 1}));
    assert_eq!(
        read(r#"{"a": {"b": }, "c": 3}"#),
        json!({"a": [{}], "c": 3})
    );
    assert_eq!(read(r#"{"a": [1,, 2 3]}"#), json!({"a": [1, 2, 3]}));
    assert_eq!(
        read(r#"{"a" "x": {"b": 1}}"#),
        json!({"a": [{"x": [{"b": 1}]}]})
    );
}

#[test]
fn malformed_json_is_refused_with_what_was_expected() {
    for (text, expected) in [
        (
            r#"{"a": [null]}"#,
            "expected a value or ] in the list, found null",
        ),
        (
            r#"{"a": [:]}"#,
            "expected a value or ] in the list, found a colon",
        ),
        (r#"{"a": ]}"#, "expected a value, found ]"),
        (r#"{"a": ,}"#, "expected a value, found a comma"),
        (
            r#"{"a" 1}"#,
            "expected a colon after the key, found a whole number",
        ),
        (r"{1: 1}", "expected a key in quotes, found a whole number"),
        (r"{: 1}", "expected a key in quotes, found a colon"),
        (r#"{"a": yes}"#, "this character cannot stand here"),
        (r#"{"a": "x"#, "no closing quote"),
        ("{\"a\": \"x\n\"}", "no closing quote"),
        (r#"{"a": %}"#, "this character cannot stand here"),
        (
            r#"{"a": [1"#,
            "expected a value or ] in the list, found the end",
        ),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn depth_counts_what_is_open_and_not_what_was() {
    let repeated = [
        "a { }\n",
        "a \"b\" \"c\" { }\n",
        "a = [[1], [2]]\n",
        "a = { b = 1 }\n",
    ];
    for text in repeated {
        read_tree(&text.repeat(MAX_DEPTH + 1));
    }
    let json = [
        r#""a": {},"#,
        r#""a": {"b": {}},"#,
        r#""a" "b": {},"#,
        r#""a": [{}, {}],"#,
    ];
    for text in json {
        read_tree(&format!("{{{}}}", text.repeat(MAX_DEPTH + 1)));
    }
    // A label is a level, too.
    for (open, fits) in [("a { ", MAX_DEPTH), ("a \"b\" { ", MAX_DEPTH / 2)] {
        let nested = |levels: usize| open.repeat(levels) + &"}".repeat(levels);
        read_tree(&nested(fits));
        assert!(refused(&nested(fits + 1)).contains("deeper"));
    }
    let objects = |depth: usize| r#"{"a":"#.repeat(depth) + "1" + &"}".repeat(depth);
    read_tree(&objects(MAX_DEPTH));
    assert!(refused(&objects(MAX_DEPTH + 1)).contains("deeper"));
    let labels = |count: usize| format!("{{{} {{}}}}", "\"a\"".repeat(count) + ":");
    read_tree(&labels(MAX_DEPTH - 1));
    assert!(refused(&labels(MAX_DEPTH)).contains("deeper"));
}

fn read_tree(text: &str) {
    parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
}
