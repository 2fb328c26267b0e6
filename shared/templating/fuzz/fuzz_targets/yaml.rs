//! No text makes the reader of YAML panic, nor what it read the writers.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use templating::{Context, Found, Options, Request, Secrets, Template};

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let source =
        r#"{{ $value := env "TEXT" | parseYAML }}{{ $value | toYAML }}{{ $value | toJSON }}"#;
    Template::parse(source, Options::default()).expect("the template must be right")
});

struct Nothing;

impl Secrets for Nothing {
    fn lookup(&self, _: &Request) -> Option<Found> {
        None
    }
}

fuzz_target!(|text: &str| {
    let env = |_: &str| Some(text.to_owned());
    let _ = TEMPLATE.render(&Context::new(&Nothing, &env));
});
