//! Generated templates against another port of Go's engine: the same output, or the same error.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use gotemplate::{MissingKey as OtherMissingKey, TextTemplates, Value as Other};
use proptest::prelude::*;
use text_template::{FunctionSet, List, Map, MissingKey, NoHost, Options, Template, Value};

/// The same data for both.
fn data() -> (Value, Other) {
    let strings = [("s", "text <&>"), ("e", ""), ("q", "a\"b\n")];
    let ours = vec![
        ("n".into(), Value::int(7)),
        ("f".into(), 1.5.into()),
        ("t".into(), true.into()),
        ("nul".into(), Value::Nil),
        (
            "l".into(),
            List::of_any(vec![Value::int(1), "b".into(), Value::Nil]).into(),
        ),
        (
            "m".into(),
            Map::of_any(vec![("k".into(), "v".into()), ("a".into(), Value::int(2))]).into(),
        ),
    ];
    let others = vec![
        ("n", Other::Int(7)),
        ("f", Other::Float(1.5)),
        ("t", Other::Bool(true)),
        ("nul", Other::Nil),
        (
            "l",
            Other::List(vec![Other::Int(1), Other::str("b"), Other::Nil]),
        ),
        (
            "m",
            Other::map([("k", Other::str("v")), ("a", Other::Int(2))]),
        ),
    ];
    let ours = ours
        .into_iter()
        .chain(strings.map(|(key, text)| (key.into(), text.into())));
    let others = others
        .into_iter()
        .chain(strings.map(|(key, text)| (key, Other::str(text))));
    (Map::of_any(ours.collect()).into(), Other::map(others))
}

fn ours(source: &str) -> Result<String, String> {
    let options = Options {
        name: "t",
        missing_key: MissingKey::Zero,
        ..Options::default()
    };
    let template = Template::parse(source, FunctionSet::default(), &options);
    let output = template.and_then(|template| template.execute(data().0, &mut NoHost));
    output
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .map_err(|error| error.go_text(str::to_owned))
}

fn other(source: &str) -> Result<String, String> {
    let mut template = TextTemplates::parse("t", source).map_err(|error| error.to_string())?;
    template.set_missing_key(OtherMissingKey::Zero);
    template
        .execute(&data().1)
        .map_err(|error| error.to_string())
}

/// The other port knows one kind of integers, where a byte of a string is Go's `uint8`.
fn without_uint8(answer: Result<String, String>) -> Result<String, String> {
    let plain = |text: String| text.replace("uint8", "int");
    answer.map(plain).map_err(plain)
}

fn operand() -> impl Strategy<Value = String> {
    let words = [
        ".",
        ".s",
        ".e",
        ".q",
        ".n",
        ".f",
        ".t",
        ".nul",
        ".l",
        ".m",
        ".m.k",
        ".m.a",
        ".nope",
        ".n.x",
        "$",
        "$.s",
        "nil",
        "true",
        "0",
        "1",
        "-3",
        "1.5",
        "1e3",
        "'x'",
        "\"lit\"",
        "`raw`",
        "\"\"",
        "(len .s)",
        "(index .l 1)",
        "(.m).k",
        "(print .n 1)",
    ];
    prop::sample::select(words.to_vec()).prop_map(str::to_owned)
}

fn pipeline() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "print",
        "println",
        "printf \"%v|%d\"",
        "printf \"%q\"",
        "len",
        "index",
        "slice",
        "not",
        "and",
        "or",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "html",
        "js",
        "urlquery",
        "call",
    ]);
    let call = (name, prop::collection::vec(operand(), 0..3))
        .prop_map(|(name, operands)| format!("{name} {}", operands.join(" ")));
    let first = prop_oneof![3 => operand(), 2 => call];
    let later = prop::sample::select(vec![
        "print",
        "html",
        "len",
        "not",
        "printf \"%T\"",
        "index .l",
    ]);
    (first, prop::collection::vec(later, 0..2)).prop_map(|(first, later)| {
        std::iter::once(first)
            .chain(later.into_iter().map(str::to_owned))
            .collect::<Vec<_>>()
            .join(" | ")
    })
}

fn template() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        prop::sample::select(vec!["a", " b\n", "  ", "{{/* c */}}", "{{- 1 -}}"])
            .prop_map(str::to_owned),
        pipeline().prop_map(|pipe| format!("{{{{{pipe}}}}}")),
        pipeline().prop_map(|pipe| format!("{{{{- $x := {pipe} -}}}}{{{{$x}}}}")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let body = prop::collection::vec(inner, 0..3).prop_map(|parts| parts.concat());
        let word =
            prop::sample::select(vec!["if", "with", "range", "range $i, $e :=", "with $v :="]);
        (word, pipeline(), body.clone(), body).prop_map(|(word, pipe, yes, no)| {
            format!("{{{{{word} {pipe}}}}}{yes}{{{{else}}}}{no}{{{{end}}}}")
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn answers_what_another_port_answers(source in template()) {
        prop_assert_eq!(without_uint8(ours(&source)), other(&source), "{}", source);
    }
}
