use std::fmt::Write as _;

use serde_json::{Value, json};

use super::*;

fn value(text: &str) -> Value {
    serde_json::to_value(read(text, 1).unwrap().0).unwrap()
}

fn message(text: &str) -> String {
    let fault = read(text, 1).unwrap_err();
    format!("{}: {fault}", fault.line)
}

#[test]
fn each_key_has_its_line_also_behind_anchors_and_in_json() {
    let text =
        "a: 1\nb: &b\n  c: 2\nd:\n  <<: *b\n  'e': |\n    x\n    y\n  f: {g: 1,\n    h: 2}\n";
    let (node, _) = read(text, 11).unwrap();
    let d = node.get("d").unwrap();
    let lines: Vec<_> = d
        .entries()
        .iter()
        .map(|entry| (entry.key.as_str(), entry.line))
        .collect();
    assert_eq!(lines, [("e", 16), ("f", 19), ("c", 13)]);
    assert_eq!(d.get("f").unwrap().entry("h").unwrap().line, 20);
    let (node, _) = read("{\"a\":\n\t{\"b\": \"\\ud83d\\ude00\\/\"}}", 1).unwrap();
    assert_eq!(node.get("a").unwrap().entry("b").unwrap().line, 2);
    assert_eq!(node.get("a").unwrap().text("b"), "😀/");
}

#[test]
fn of_a_key_that_is_written_twice_the_last_counts() {
    let (node, duplicates) = read("a: 1\nb: 2\na: 3\n", 1).unwrap();
    assert_eq!(serde_json::to_value(node).unwrap(), json!({"a": 3, "b": 2}));
    let (key, line, first) = ("a".to_owned(), 3, 1);
    assert_eq!(duplicates, [Duplicate { key, line, first }]);
}

#[test]
fn a_merge_key_gives_what_the_map_does_not_have() {
    let text = "x: &x {a: 1, b: 1}\ny: &y {b: 2, c: 2}\nz:\n  <<: [*x, *y]\n  a: 3\n";
    assert_eq!(value(text)["z"], json!({"a": 3, "b": 1, "c": 2}));
}

#[test]
fn a_tag_makes_text_of_a_number() {
    assert_eq!(
        value("a: !!str 1\nb: !Ref x\n"),
        json!({"a": "1", "b": "x"})
    );
}

#[test]
fn aliases_cannot_fill_the_memory() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for at in 1..9 {
        let items = vec![format!("*a{}", at - 1); 10].join(", ");
        writeln!(text, "a{at}: &a{at} [{items}]").unwrap();
    }
    assert!(message(&text).contains("more than a million values"));
    assert!(message("a: &a [*a]\n").contains("alias"));
    assert!(message(&"[".repeat(5000)).contains("nested"));
    assert!(message(&"- ".repeat(5000)).contains("nested"));
}

#[test]
fn what_is_wrong_is_said_in_our_words_with_line_and_column() {
    for (text, expected) in [
        ("a: 'x\n", "a quote is not closed"),
        ("a:\n\tb: 1\n", "a tab stands in the indentation"),
        ("a: {b: 1\n", "closes"),
        ("a: b: c\n", "2:"),
        ("a: *b\n", "has no anchor"),
        ("a: @b\n", "no value begins with \"@\": quote it"),
        ("a: \"\\d\"\n", "no such escape"),
        ("a: 1\n b\nc\n", "missing"),
        ("a: {{ .x }}\n", "quote a value that begins with a brace"),
        ("a: \"b\" c\n", "something follows the quote"),
    ] {
        let message = message(text);
        assert!(message.contains("not valid YAML at column "), "{message}");
        assert!(
            message.contains(expected) || expected == "2:",
            "{text}: {message}"
        );
    }
}
