//! How repeated keys, labels, and the objects and lists of JSON turn into plain values.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

use hcl::{generic, parse};
use serde_json::{Value, json};

fn read(text: &str) -> Value {
    let object = parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
    generic(&object).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

#[test]
fn the_last_of_repeated_scalars_counts() {
    for (text, expected) in [
        ("a = true\na = false", json!(false)),
        ("a = 1\na = 2", json!(2)),
        ("a = 1.5\na = 2.5", json!(2.5)),
        ("a = \"x\"\na = \"y\"", json!("y")),
        // The type of the first stays.
        ("a = \"x\"\na = 0640", json!("0640")),
        ("a = \"x\"\na = 7", json!("7")),
        ("a = 1.5\na = 2", json!(2.0)),
        ("a = 1\na = \"0x2a\"", json!(42)),
        (r#"{"a": "x", "a": null}"#, json!("")),
        (r#"{"a": null}"#, json!("")),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
}

#[test]
fn repeated_lists_and_blocks_are_joined() {
    for (text, expected) in [
        ("a = [1]\na = [2, 3]", json!([1, 2, 3])),
        ("a = [1]\na { b = 2 }", json!([1, {"b": 2}])),
        ("a { b = 1 }\na { b = 2 }", json!([{"b": 1}, {"b": 2}])),
        ("a { b = 1 }\na = [{ b = 2 }]", json!([{"b": 1}, {"b": 2}])),
        (
            "a \"x\" { b = 1 }\na \"x\" \"y\" { b = 2 }",
            json!([{"x": [{"b": 1}]}, {"x": [{"y": [{"b": 2}]}]}]),
        ),
        (
            r#"{"a": {"b": 1}, "a": [{"b": 2}, true]}"#,
            json!([{"b": 1}, {"b": 2}]),
        ),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
}

#[test]
fn values_that_cannot_be_joined_are_an_error_with_its_place() {
    for (text, expected) in [
        (
            "a = true\na = 1",
            "line 2, column 5: \"a\" is a whole number here, which cannot be joined with true or false before",
        ),
        (
            "a = 1\na = 1.5",
            "a number with a fraction here, which cannot be joined with a whole number",
        ),
        (
            "a = 1\na = \"x\"",
            "text here, which cannot be joined with a whole number",
        ),
        (
            "a = 1.5\na = [1]",
            "a list here, which cannot be joined with a number with a fraction",
        ),
        (
            "a = \"x\"\na { }",
            "an object here, which cannot be joined with text",
        ),
        ("a = [1]\na = 1", "joined with a list"),
        ("a { }\na = [{ }, 1]", "joined with an object"),
        ("a { }\na = [true]", "joined with an object"),
        ("a \"x\" { }\na { }", "joined with a block with labels"),
        (
            "a { }\na \"x\" { }",
            "line 2, column 3: \"a\" is a block with labels here, which cannot be joined with an object before",
        ),
        (
            "a = 1.5\na = 0x1f",
            "a whole number here, which cannot be joined with a number with a fraction",
        ),
        (r#"{"a": true, "a": null}"#, "\"a\" is null here"),
        (r#"{"a": 1, "a": false}"#, "\"a\" is true or false here"),
        (
            r#"{"a": [{"x": {"b": 1}}, {"b": 2}]}"#,
            "an object here, which cannot be joined with a block with labels",
        ),
        (
            r#"{"a": {}, "a": [1]}"#,
            "\"a\" is a list here, which cannot be joined with an object",
        ),
    ] {
        let error = generic(&parse(text).unwrap()).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn in_json_an_object_of_objects_is_blocks_with_labels() {
    for (text, expected) in [
        (
            r#"{"a": {"x": {"b": 1}, "y": {"b": 2}}}"#,
            json!([{"x": [{"b": 1}]}, {"y": [{"b": 2}]}]),
        ),
        (
            r#"{"a": {"x": {"y": {"b": 1}}}}"#,
            json!([{"x": [{"y": [{"b": 1}]}]}]),
        ),
        // One value that is not an object, and all of them are plain.
        (
            r#"{"a": {"x": {"b": 1}, "y": 2}}"#,
            json!([{"x": [{"b": 1}], "y": 2}]),
        ),
        (r#"{"a": {}}"#, json!([{}])),
        (
            r#"{"a": [{"b": 1}, {"b": 2}]}"#,
            json!([{"b": 1}, {"b": 2}]),
        ),
        (r#"{"a": [{"b": 1}, 2]}"#, json!([{"b": 1}, 2])),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
}

#[test]
fn in_json_lists_lose_true_and_false() {
    for (text, expected) in [
        (r#"{"a": [1, true, "x", false]}"#, json!([1, "x"])),
        (r#"{"a": [true]}"#, json!([])),
        (r#"{"a": []}"#, json!([])),
        (r#"{"a": [true, {"b": 1}]}"#, json!([{"b": 1}])),
        ("a = [true, 1]", json!([true, 1])),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
}
