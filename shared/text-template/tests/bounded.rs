//! No template hangs, exhausts memory or stack, or makes the engine panic.

// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use text_template::{FunctionSet, Limits, List, Map, NoHost, Options, Template, Type, Value, fmt};

const SMALL: Limits = Limits {
    output: 10_000,
    made: 100_000,
    steps: 10_000,
    depth: 100,
};

fn run(source: &str, dot: Value, limits: Limits) -> Result<Vec<u8>, String> {
    let options = Options {
        limits,
        ..Options::default()
    };
    let functions = FunctionSet::default().with_execute_template("executeTemplate");
    let template = Template::parse(source, functions, &options).map_err(|e| e.to_string())?;
    let result = template.execute(dot, &mut NoHost);
    result
        .map(|text| text.to_vec())
        .map_err(|error| error.to_string())
}

fn error(source: &str) -> String {
    run(source, Value::Nil, SMALL).unwrap_err()
}

#[test]
fn endless_recursion_ends_with_an_error() {
    let by_clause = r#"{{define "a"}}{{template "a"}}{{end}}{{template "a"}}"#;
    assert!(error(by_clause).contains("exceeded maximum template depth"));
    let by_function = r#"{{define "a"}}{{executeTemplate "a"}}{{end}}{{executeTemplate "a"}}"#;
    assert!(error(by_function).contains("exceeded maximum template depth"));
}

/// A thread has 2 MiB; here a quarter less. Frames are largest without optimisation.
fn on_part_of_a_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(3 << 19);
    thread.spawn(work).unwrap().join().unwrap();
}

#[test]
fn the_default_depth_fits_the_stack_of_a_thread() {
    for source in [
        r#"{{define "a"}}{{template "a"}}{{end}}{{template "a"}}"#,
        r#"{{executeTemplate ""}}"#,
        r#"{{define "a"}}{{with (print (or (executeTemplate "a") 1))}}{{.}}{{end}}{{end}}{{template "a"}}"#,
        r#"{{define "a"}}{{if true}}{{range 1}}{{template "a"}}{{end}}{{end}}{{end}}{{template "a"}}"#,
    ] {
        on_part_of_a_stack(move || {
            let error = run(source, Value::Nil, Limits::default()).unwrap_err();
            assert!(error.contains("exceeded maximum template depth"), "{error}");
        });
    }
}

#[test]
fn the_deepest_template_that_parses_fits_the_stack_of_a_thread() {
    let nested = |open: &str, middle: &str, close: &str| {
        format!("{}{middle}{}", open.repeat(99), close.repeat(99))
    };
    for (source, output) in [
        (nested("{{if true}}", "x", "{{end}}"), "x"),
        (nested("{{range 1}}{{with 1}}", "x", "{{end}}{{end}}"), ""),
        (format!("{{{{{}}}}}", nested("(print ", "1", ")")), "1"),
        (nested("{{if 0}}{{else}}", "x", "{{end}}"), "x"),
    ] {
        on_part_of_a_stack(move || {
            let result = run(&source, Value::Nil, Limits::default());
            match output {
                "" => assert!(result.unwrap_err().contains("nested deeper")),
                _ => assert_eq!(result.unwrap(), output.as_bytes()),
            }
        });
    }
}

#[test]
fn long_loops_end_with_an_error() {
    assert!(error("{{range 1000000000}}{{end}}").contains("more than 10000 steps"));
    assert!(error("{{range 1000}}{{range 1000}}{{end}}{{end}}").contains("steps"));
}

#[test]
fn output_is_bounded() {
    assert!(error("{{range 3000}}12345{{end}}").contains("longer than 10000 bytes"));
    assert!(error(r#"{{printf "%100000d" 1}}"#).contains("longer than 10000 bytes"));
}

#[test]
fn a_value_that_doubles_is_bounded() {
    let source = r#"{{$x := "ab"}}{{range 60}}{{$x = print $x $x}}{{end}}"#;
    assert!(error(source).contains("longer than 10000 bytes"));
    let source = r#"{{$x := "<<"}}{{range 60}}{{$x = html $x $x}}{{end}}"#;
    assert!(error(source).contains("longer than 10000 bytes"));
}

#[test]
fn all_values_together_are_bounded() {
    let error = error(r#"{{range 20}}{{$x := printf "%9999d" 1}}{{end}}"#);
    assert!(
        error.contains("together take more than 100000 bytes"),
        "{error}"
    );
}

#[test]
fn deep_nesting_is_a_parse_error() {
    let parentheses = format!("{{{{{}1{}}}}}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(error(&parentheses).contains("nested deeper than"));
    let blocks = "{{if true}}".repeat(100_000);
    assert!(error(&blocks).contains("nested deeper than"));
    // A chain is no nesting.
    let chain = format!(
        "{{{{if 0}}}}{}a{{{{end}}}}",
        "{{else if true}}".repeat(5_000)
    );
    assert_eq!(run(&chain, Value::Nil, SMALL), Ok(Vec::new()));
}

#[test]
fn a_map_in_itself_is_not_printed_for_ever() {
    let map = Map::open(&Type::String, &Type::Any, vec![]);
    map.set("self".into(), Some(map.clone().into())).unwrap();
    let error = run("{{.}}", map.clone().into(), SMALL).unwrap_err();
    assert!(error.contains("nested too deep"), "{error}");
    map.set("self".into(), None).unwrap();
}

#[test]
fn a_value_nested_a_million_deep_is_dropped() {
    let mut value = Value::Nil;
    for turn in 0..1_000_000 {
        value = if turn % 2 == 0 {
            List::of_any(vec![value]).into()
        } else {
            Map::of_any(vec![("k".into(), value)]).into()
        };
    }
    assert!(matches!(
        fmt::sprint(&[value.clone()], 100),
        Err(fmt::FormatError::TooLong { .. })
    ));
    drop(value);
}

/// Pieces from which a template is put together at random; most are wrong somewhere, and some run.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{{",
        "}}",
        "{{-",
        "-}}",
        " ",
        "\n",
        "if",
        "else",
        "end",
        "range",
        "with",
        "define",
        "template",
        "block",
        "break",
        "continue",
        "nil",
        "true",
        ".",
        ".a",
        ".b.c",
        "$",
        "$x",
        ":=",
        "=",
        ",",
        "|",
        "(",
        ")",
        "\"s\"",
        "`r`",
        "'c'",
        "1",
        "-2",
        "3.5",
        "0x1p4",
        "1i",
        "print",
        "printf",
        "\"%[2]*.[1]*f %d\"",
        "index",
        "slice",
        "len",
        "eq",
        "lt",
        "and",
        "or",
        "not",
        "call",
        "html",
        "js",
        "urlquery",
        "/*",
        "*/",
        "é",
        "\\",
        "\u{0}",
        "text",
        "{{range $k, $v := .}}",
        "{{if .a}}",
        "{{end}}",
        "{{.a | printf \"%v\"}}",
        "{{else}}",
        "{{$x := .b}}",
        "{{define \"t\"}}",
        "{{template \"t\" .}}",
        "{{break}}",
    ]);
    prop::collection::vec(piece, 0..25).prop_map(|pieces| pieces.concat())
}

fn data() -> Value {
    let nested = Map::of_any(vec![(
        "c".into(),
        List::of_any(vec![1.5.into(), Value::Nil]).into(),
    )]);
    Map::of_any(vec![
        ("a".into(), "text".into()),
        ("b".into(), nested.into()),
    ])
    .into()
}

#[test]
fn a_number_may_have_more_places_than_digits() {
    let print = |format: &str| {
        let text = fmt::sprintf(format.as_bytes(), &[1.5.into()], 2_000_000).unwrap();
        String::from_utf8(text.to_vec()).unwrap()
    };
    for verb in ["f", "e", "g", "x"] {
        let text = print(&format!("%.70000{verb}"));
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let expected = match verb {
            "f" => 70_001,
            // With the digits of the exponent.
            "e" => 70_003,
            "x" => 70_004,
            _ => 2,
        };
        assert_eq!(digits, expected, "%.70000{verb}");
    }
    assert!(print("%.2000f").starts_with("1.5000"));
    let character = fmt::sprintf(b"%.70000U", &[Value::int(65)], 2_000_000).unwrap();
    assert_eq!(character.len(), "U+".len() + 70_000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000,failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_it_panic(source in "\\PC{0,40}|(\\{\\{|\\}\\}|-|.){0,20}") {
        let _ = run(&source, data(), SMALL);
    }

    #[test]
    fn no_mixture_of_pieces_makes_it_panic(source in pieces()) {
        let _ = run(&source, data(), SMALL);
    }

    #[test]
    fn no_format_makes_printf_panic(
        format in "(%[#+ 0-]{0,2}[0-9*]{0,2}(\\.[0-9*]{0,2})?(\\[[0-9]?\\]?)?[a-zA-Z%é]?|.){0,6}",
        number in any::<i64>(),
        float in any::<f64>(),
        bytes in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let operands = [Value::int(number), float.into(), Value::string(bytes), data()];
        let _ = fmt::sprintf(format.as_bytes(), &operands, 100_000);
    }

    #[test]
    fn a_quoted_text_reads_back(text in ".*") {
        let source = format!("{{{{{}}}}}", fmt::quote(text.as_bytes()));
        let output = run(&source, Value::Nil, SMALL);
        prop_assert_eq!(output.map(|bytes| String::from_utf8(bytes).unwrap()), Ok(text));
    }
}
