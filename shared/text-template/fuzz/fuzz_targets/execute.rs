//! No template makes its execution panic or run for ever.
#![no_main]

use libfuzzer_sys::fuzz_target;
use text_template::{FunctionSet, Limits, List, Map, NoHost, Options, Template, Value};

fuzz_target!(|source: &str| {
    let limits = Limits {
        output: 1 << 16,
        made: 1 << 20,
        steps: 10_000,
        ..Limits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let Ok(template) = Template::parse(source, FunctionSet::default(), &options) else {
        return;
    };
    let list = List::of_any(vec![Value::int(1), "a".into(), Value::Nil]);
    let dot = Map::of_any(vec![
        ("s".into(), "text".into()),
        ("n".into(), Value::Number("5432".into())),
        ("f".into(), 1.5.into()),
        ("l".into(), list.into()),
        (
            "m".into(),
            Map::of_any(vec![("k".into(), "v".into())]).into(),
        ),
    ]);
    let _ = template.execute(dot.into(), &mut NoHost);
});
