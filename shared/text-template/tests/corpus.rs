//! The seed corpus of the fuzz targets, replayed: no text panics or runs on.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use text_template::{FunctionSet, Limits, NoHost, Options, Template, Value, fmt::sprintf};

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

#[test]
fn the_corpus_of_templates_ends_with_output_or_an_error() {
    let limits = Limits {
        steps: 10_000,
        output: 1 << 16,
        ..Limits::default()
    };
    let mut ended = 0;
    for source in corpus("parse").into_iter().chain(corpus("execute")) {
        let source = String::from_utf8_lossy(&source);
        let options = Options {
            limits,
            ..Options::default()
        };
        if let Ok(template) = Template::parse(&source, FunctionSet::default(), &options) {
            let _ = template.execute(Value::Nil, &mut NoHost);
            ended += 1;
        }
    }
    assert!(ended >= 10, "the seeds are templates, mostly: {ended}");
}

#[test]
fn the_corpus_of_formats_is_printed_within_its_bound() {
    const LIMIT: usize = 1 << 12;
    let formats = corpus("printf");
    assert!(!formats.is_empty());
    for format in formats {
        if let Ok(text) = sprintf(&format, &[Value::int(-7), "x".into(), 1.5.into()], LIMIT) {
            assert!(text.len() <= LIMIT);
        }
    }
}
