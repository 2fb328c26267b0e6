//! Templates made at random, the same ones at each run.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

const OPERANDS: &[&str] = &[
    ".s",
    ".empty",
    ".n",
    ".zero",
    ".neg",
    ".f",
    ".t",
    ".u",
    ".i64",
    ".byte",
    ".nul",
    ".num",
    ".bad",
    ".raw",
    ".list",
    ".strs",
    ".ints",
    ".nolist",
    ".none",
    ".m",
    ".m.a",
    ".m.in",
    ".m.in.k",
    ".m.nul",
    ".m.nope",
    ".strmap",
    ".strmap.k",
    ".anymap",
    ".intmap",
    ".nomap",
    ".nomap.k",
    ".pet",
    ".pet.Name",
    ".pet.Age",
    ".pet.Owner",
    ".petv",
    ".petv.Any",
    ".nopet",
    ".unicode",
    ".nope",
    "$.s",
    "$.m.a",
    "$x",
    "true",
    "false",
    "0",
    "1",
    "2",
    "-3",
    "1.5",
    "1e3",
    "0x1F",
    "0b11",
    "'x'",
    "'\\n'",
    "\"lit\"",
    "\"%d\"",
    "`raw \\`",
    "\"\"",
    "(len $.s)",
    "(index $.list 1)",
    "($.m).a",
    "(print $.n 1)",
    "(index $.m \"in\").k",
    "(slice $.unicode 1 3)",
    "(eq $.n 7)",
    "(1 | print)",
];

/// Most of what is made of these is an error.
const RISKY: &[&str] = &[
    ".nope.x",
    ".n.x",
    ".pet.Nope",
    ".pet.Owner.Name",
    ".nopet.Name",
    "nil",
    ".m.in.k.x",
    "1_000",
    ".bad.x",
];

const CALLS: &[&str] = &[
    "print", "println", "len", "index", "slice", "not", "and", "or", "eq", "ne", "lt", "le", "gt",
    "ge", "html", "js", "urlquery", "call", "nosuch", "printf", ".s", ".m.a",
];

const ONE: &[&str] = &["len", "not", "html", "js", "urlquery", "print"];

const TWO: &[&str] = &["eq", "ne", "lt", "le", "gt", "ge"];

const SCALARS: &[&str] = &[
    "$.n",
    "$.zero",
    "$.neg",
    "7",
    "-5",
    "$.u",
    "$.i64",
    "$.m.b",
    "(len $.s)",
];

const ANY: &[&str] = &["print", "println", "and", "or", "html", "js"];

const VERBS: &[&str] = &[
    "%v", "%d", "%s", "%q", "%x", "%X", "%t", "%T", "%c", "%U", "%e", "%g", "%f", "%08.3f", "%+d",
    "%-6v|", "%6v|", "%06d", "%+v", "%#v", "%5.1f", "%.2s", "%%", "%b", "%o", "%#x", "% d",
    "%[2]v", "%*d", "%!", "%", "%d %s", "%v%v", "%-08d|", "%x %X", "%q %v",
];

const TAILS: &[&str] = &[
    "print",
    "html",
    "js",
    "len",
    "not",
    "urlquery",
    "printf \"%T\"",
    "printf \"%q\"",
    "printf \"%5v|\"",
    "and 1",
    "or 0",
    "println $.n",
];

const TEXTS: &[&str] = &[
    "a",
    " b\n",
    "  ",
    "\n",
    "{{/* c */}}",
    "{{- /* c */ -}}",
    "{{- 1 -}}",
    "}}",
    "{{\"{{\"}}",
    "é",
    "{{- \"x\" }} ",
    "{{template \"t1\" $.m}}",
    "{{template \"t1\"}}",
];

/// A block that gets a name of its own.
const NAMELESS: &str = "block \"\"";

/// With the part between both bodies that Go takes there.
const HEADS: &[(&str, &str)] = &[
    ("if", "{{else}}"),
    ("if $x :=", "{{- else if $.t -}}"),
    ("with", "{{else}}"),
    ("with $x :=", "{{else with $.s}}"),
    ("range", "{{else}}"),
    ("range $e :=", "{{if .}}{{break}}{{end}}{{else}}"),
    ("range $i, $e :=", "{{$i}}{{continue}}{{$e}}{{else}}"),
    (NAMELESS, ""),
    ("if", "{{else with $.s}}"),
];

fn words(list: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(list).prop_map(str::to_owned)
}

fn operand() -> impl Strategy<Value = String> {
    // Below a `with`, `.` is rarely what has these fields.
    let of_root = words(OPERANDS).prop_map(|word| match word.strip_prefix('.') {
        Some(field) if !field.is_empty() => format!("$.{field}"),
        _ => word,
    });
    prop_oneof![40 => of_root, 2 => words(OPERANDS), 1 => words(RISKY)]
}

fn pipeline() -> impl Strategy<Value = String> {
    let operands = || proptest::collection::vec(operand(), 0..3);
    let call = (words(CALLS), operands())
        .prop_map(|(name, operands)| format!("{name} {}", operands.join(" ")));
    // A call that Go takes more often than not.
    let fitting = prop_oneof![
        (words(ONE), operand()).prop_map(|(name, one)| format!("{name} {one}")),
        (words(TWO), words(SCALARS), words(SCALARS))
            .prop_map(|(name, one, two)| format!("{name} {one} {two}")),
        (words(ANY), operands()).prop_map(|(name, all)| format!("{name} $.s {}", all.join(" "))),
    ];
    let formatted = (words(VERBS), operands())
        .prop_map(|(verbs, operands)| format!("printf \"{verbs}\" {}", operands.join(" ")));
    let first = prop_oneof![6 => operand(), 1 => call, 4 => fitting, 3 => formatted];
    (
        first,
        prop_oneof![3 => Just(vec![]), 1 => proptest::collection::vec(words(TAILS), 1..2)],
    )
        .prop_map(|(first, later)| {
            let mut commands = vec![first];
            commands.extend(later);
            commands.join(" | ")
        })
}

fn node() -> impl Strategy<Value = String> {
    let action = pipeline().prop_map(|pipe| format!("{{{{{pipe}}}}}"));
    let trimmed = pipeline().prop_map(|pipe| format!(" {{{{- {pipe} -}}}} "));
    let declared = pipeline().prop_map(|pipe| format!("{{{{$x := {pipe}}}}}[{{{{$x}}}}]"));
    let assigned = pipeline().prop_map(|pipe| format!("{{{{$x = {pipe}}}}}"));
    let leaf = prop_oneof![
        2 => words(TEXTS),
        6 => action,
        1 => trimmed,
        1 => declared,
        1 => assigned,
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let body = proptest::collection::vec(inner, 0..3).prop_map(|parts| parts.concat());
        let parts = (select(HEADS), pipeline(), body.clone(), body);
        parts.prop_map(|((head, other), pipe, yes, no)| {
            format!("{{{{{head} {pipe}}}}}{yes}{other}{no}{{{{end}}}}")
        })
    })
}

/// So many templates. Most define what they call.
pub(crate) fn templates(count: usize) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    let strategy = proptest::collection::vec(node(), 1..3).prop_map(|nodes| {
        // One that calls itself would only show whose bound is lower.
        let mut nodes = nodes.concat();
        for number in 1.. {
            let Some((before, after)) = nodes.split_once(NAMELESS) else {
                break;
            };
            nodes = format!("{before}block \"b{number}\"{after}");
        }
        format!("{{{{define \"t1\"}}}}<{{{{.}}}}>{{{{end}}}}{{{{$x := 0}}}}{nodes}")
    });
    let mut templates = Vec::new();
    while templates.len() < count {
        templates.push(strategy.new_tree(&mut runner).unwrap().current());
    }
    templates
}
