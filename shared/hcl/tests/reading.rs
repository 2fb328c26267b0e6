//! What texts mean, rule by rule.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

use hcl::{MAX_DEPTH, ValueKind, generic, parse};
use proptest::prelude::*;
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

#[test]
fn scalars_are_read_with_their_types() {
    for (text, expected) in [
        ("a = true", json!(true)),
        ("a = -7", json!(-7)),
        ("a = 0640", json!(0o640)),
        ("a = 0x1f", json!(31)),
        ("a = 1.5e3", json!(1500.0)),
        ("a = \"x\"", json!("x")),
        ("\"a\" = \"x\"", json!("x")),
        ("a = [1, \"b\", true,]", json!([1, "b", true])),
        ("a = []", json!([])),
    ] {
        assert_eq!(read(text), json!({"a": expected}), "{text}");
    }
}

#[test]
fn comments_of_all_three_forms_are_passed_over() {
    assert_eq!(
        read("# one\na = 1 // two\n/* three\n b = 2 */ c = 3"),
        json!({"a": 1, "c": 3})
    );
}

#[test]
fn text_keeps_interpolations_and_templates_as_they_are_written() {
    assert_eq!(
        read(r#"a = "{{ with secret \"kv/app\" }}${x["k"]}{{ end }}""#),
        json!({"a": "{{ with secret \"kv/app\" }}${x[\"k\"]}{{ end }}"})
    );
}

#[test]
fn a_heredoc_keeps_its_lines_and_one_with_a_dash_loses_its_indentation() {
    assert_eq!(
        read("a = <<EOT\n  one\n    two\nEOT\n"),
        json!({"a": "  one\n    two\n"})
    );
    assert_eq!(
        read("a = <<-EOT\n    one\n      two\n    EOT\n"),
        json!({"a": "one\n  two\n"})
    );
}

#[test]
fn blocks_are_lists_and_each_label_is_one_more() {
    assert_eq!(
        read("listener \"tcp\" { address = \"a\" }\nlistener \"unix\" { address = \"b\" }"),
        json!({"listener": [{"tcp": [{"address": "a"}]}, {"unix": [{"address": "b"}]}]})
    );
    assert_eq!(read("a { b { c = 1 } }"), json!({"a": [{"b": [{"c": 1}]}]}));
    assert_eq!(read("a = { b = 1 }"), json!({"a": [{"b": 1}]}));
}

#[test]
fn the_tree_keeps_order_repetitions_labels_and_places() {
    let object = parse("a = 1\nb \"x\" \"y\" {\n  c = 2\n}\na = 3").unwrap();
    let names: Vec<_> = object.items.iter().map(hcl::Item::name).collect();
    assert_eq!(names, ["a", "b", "a"]);
    let block = &object.items[1];
    assert!(!block.assigned && object.items[0].assigned);
    let labels: Vec<_> = block.labels().iter().map(|label| &*label.text).collect();
    assert_eq!(labels, ["x", "y"]);
    let ValueKind::Object(body) = &block.value.kind else {
        panic!("{:?}", block.value)
    };
    assert_eq!(body.items[0].position().to_string(), "line 3, column 3");
    assert_eq!(object.named("a").count(), 2);
}

#[test]
fn json_becomes_the_same_tree() {
    let object = parse("\n {\"a\": {\"b\": [1, 2]}}").unwrap();
    assert_eq!(object.items[0].name(), "a");
    assert_eq!(object.items[0].position().to_string(), "line 2, column 3");
}

#[test]
fn an_error_says_where_and_what_is_expected() {
    for (text, expected) in [
        ("a", "line 1, column 2: expected = or { after the key"),
        ("a = \n]", "line 2, column 1: expected a value"),
        ("a = 0680", "line 1, column 5: a number that begins with 0"),
        ("a = \"x", "no closing quote"),
        ("a {\n b = 1", "expected } at the end of the object"),
        ("a = <<EOT\nx", "the heredoc has no closing line"),
        ("a = \"\\q\"", "not an escape"),
        ("{\"a\": 01}", "a JSON number cannot begin with 0"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text:?}: {error}");
    }
}

#[test]
fn a_key_without_a_value_is_an_error_wherever_the_braces_stand() {
    for text in [
        "exec = { command = [\"x\"] timeout = } }",
        "exec = { command = [\"x\"]\n timeout = } }",
        "exec {\n  timeout =\n}\n}",
        "a { b { c = } } }",
    ] {
        let error = refused(text);
        assert!(error.contains("expected a value, found }"), "{error}");
    }
}

#[test]
fn a_comma_may_be_missing_behind_a_list_in_a_list() {
    let read_list = read("a = [[1] [2, 3], \"b\"]");
    assert_eq!(read_list, json!({"a": [[1], [2, 3], "b"]}));
    refused("a = [[1] 2 3]");
    refused("a = [{ b = 1 } 2]");
}

#[test]
fn a_null_character_ends_what_is_open_in_json_and_what_follows_is_read() {
    assert_eq!(
        read("{\"a\": [1, {\"b\": 2 \0], \"c\": 3}"),
        json!({"a": [1, {"b": 2}], "c": 3})
    );
    assert_eq!(
        read("{\"a\": {\"b\": \0, \"c\": 3}}"),
        json!({"a": [{}], "c": 3})
    );
    assert_eq!(read("{\"a\": {\"b\": \"x\"\0"), json!({"a": [{"b": "x"}]}));
    for text in ["{\"a\": 1\0}", "{\"a\": true\0}", "a = 1\0"] {
        let error = refused(text);
        assert!(error.contains("null character"), "{error}");
    }
}

#[test]
fn neither_errors_nor_debug_output_show_a_value() {
    let secret = "hunter2";
    for text in [
        format!("a = \"{secret}\" b"),
        format!("a = [\"{secret}\" 1]"),
        format!("{{\"a\": \"{secret}"),
        format!("a \"{secret}\" 1"),
    ] {
        assert!(!refused(&text).contains(secret), "{text}");
    }
    let object = parse(&format!("a \"{secret}\" {{ b = [\"{secret}\"] }}")).unwrap();
    let shown = format!("{object:?}");
    assert!(!shown.contains(secret), "{shown}");
    assert!(shown.contains("List([Value { kind: text"), "{shown}");
}

#[test]
fn deep_nesting_is_an_error_and_not_an_overflow() {
    for (open, close) in [("a = [", ""), ("a {", ""), ("{\"a\":", ""), ("a = [[", "")] {
        let text = open.repeat(100_000) + close;
        let error = refused(&text);
        assert!(!error.is_empty());
    }
    let lists = format!("a = {}", "[".repeat(100_000));
    assert!(refused(&lists).contains(&format!("deeper than {MAX_DEPTH}")));
    let fits = format!("a = {}{}", "[".repeat(MAX_DEPTH), "]".repeat(MAX_DEPTH));
    parse(&fits).unwrap();
}

#[test]
fn the_corpus_of_the_fuzz_target_ends_with_a_value_or_an_error() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/read");
    let mut read = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        read += usize::from(parse(&text).is_ok_and(|object| generic(&object).is_ok()));
    }
    assert!(read >= 5, "the seeds are configurations, mostly: {read}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in "[ -~\n\t\u{e9}]{0,80}|([{}\\[\\]\"=,<#/*$\\\\a0x.e\n -]){0,60}") {
        if let Ok(object) = parse(&text) {
            let _ = generic(&object);
        }
    }
}
