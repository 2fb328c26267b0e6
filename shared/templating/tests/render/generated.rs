//! Generated calls, responses and expressions: none of them panics.

use proptest::prelude::*;
use templating::{Context, Options, Secret, Template};

use crate::{Known, pass};

/// Calls of every function with all sorts of arguments.
fn calls() -> impl Strategy<Value = String> {
    let names: Vec<&str> = templating::functions().map(|doc| doc.name).collect();
    let argument = prop::sample::select(vec![
        "\"a\"",
        "\"\"",
        "\",\"",
        "`a=1,b=2`",
        "1",
        "-1",
        "0",
        "2.5",
        "true",
        "nil",
        "\"[1\"",
        "(parseJSON `{\"a\":{\"b\":[1,null,\"x\"]}}`)",
        "(split \",\" \"a,b\")",
        "\"\\xff\"",
        "(loop 3)",
        "scratch",
        "(secret \"s\")",
        "(secret \"s\").Data",
        "9223372036854775807",
        "(printf \"%20000d\" 1)",
        "\"(a*)*\"",
    ]);
    (
        prop::sample::select(names),
        prop::collection::vec(argument, 0..4),
    )
        .prop_map(|(name, arguments)| format!("{{{{{name} {}}}}}", arguments.join(" ")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_call_makes_a_function_panic(source in calls()) {
        let known = Known::default().secret("s", r#"{"data":{"a":1,"b":{"c":"d"}}}"#);
        if let Ok(template) = Template::parse(&source, Options::default()) {
            let _ = template.render(&Context::new(&known, &|_| None));
        }
    }

    #[test]
    fn no_body_makes_reading_a_response_panic(body in "[{}\\[\\]\":,a0-9.eE\\\\u-]{0,30}|\\PC{0,20}") {
        let _ = Secret::from_response(body.as_bytes());
    }

    #[test]
    fn no_expression_makes_a_search_panic(
        expression in "[\\[\\](){}?*+|^$.\\\\:<>,=&iPpQExdD0-9ék-]{0,16}|\\PC{0,12}",
        replacement in "[${}a0-9é]{0,6}",
    ) {
        let known = Known::default().file("/e", &expression).file("/r", &replacement);
        let source = r#"{{"aé1-Kk" | regexReplaceAll (file "/e") (file "/r")}}"#;
        let _ = pass(source, &known);
    }

    #[test]
    fn json_reads_back_what_it_wrote(text in ".*") {
        let known = Known::default().file("/f", &text);
        let json = crate::text("{{file \"/f\" | toJSON}}", &known);
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text.clone());
        let again = crate::text("{{file \"/f\" | toJSON | parseJSON}}", &known);
        prop_assert_eq!(again, text);
    }
}
