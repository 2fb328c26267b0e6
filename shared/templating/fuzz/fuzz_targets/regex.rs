//! No expression makes its reading or a search with it panic or run for ever.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use templating::{Context, Found, Options, Request, Secrets, Template};

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let source = concat!(
        r#"{{ $text := env "TEXT" }}{{ $expression := env "EXPRESSION" }}"#,
        r#"{{ $text | regexMatch $expression }}{{ $text | regexReplaceAll $expression "<$1${a}>" }}"#,
        r#"{{ sprig_regexFindAll $expression $text 3 }}{{ sprig_regexSplit $expression $text 3 }}"#,
    );
    Template::parse(source, Options::default()).expect("the template must be right")
});

struct Nothing;

impl Secrets for Nothing {
    fn lookup(&self, _: &Request) -> Option<Found> {
        None
    }
}

// The expression, a newline, the text.
fuzz_target!(|input: &str| {
    let (expression, text) = input.split_once('\n').unwrap_or((input, input));
    let env = |name: &str| {
        let value = if name == "TEXT" { text } else { expression };
        Some(value.to_owned())
    };
    let _ = TEMPLATE.render(&Context::new(&Nothing, &env));
});
