//! The seed corpus of the fuzz targets, replayed: no text panics or runs on.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use templating::{Context, Engine, Found, Options, Request, Secrets, Template};

struct Nothing;

impl Secrets for Nothing {
    fn lookup(&self, _: &Request) -> Option<Found> {
        None
    }
}

fn corpus(target: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

/// How many of the texts a template takes.
fn taken(target: &str, template: &str) -> usize {
    let template = Template::parse(template, Options::default()).unwrap();
    let texts = corpus(target);
    let taken = texts.iter().filter(|text| {
        let (first, second) = text.split_once('\n').unwrap_or((text, text));
        let env = |name: &str| {
            let value = match name {
                "FIRST" => first,
                "SECOND" => second,
                _ => text,
            };
            Some(value.to_owned())
        };
        template.render(&Context::new(&Nothing, &env)).is_ok()
    });
    taken.count()
}

#[test]
fn the_corpus_of_texts_is_read_or_refused() {
    for (target, template, least) in [
        ("json", r#"{{ env "TEXT" | parseJSON | toJSON }}"#, 4),
        ("yaml", r#"{{ env "TEXT" | parseYAML | toYAML }}"#, 4),
        (
            "regex",
            r#"{{ env "SECOND" | regexReplaceAll (env "FIRST") "<$1>" }}"#,
            4,
        ),
    ] {
        let taken = taken(target, template);
        assert!(taken >= least, "{taken} of the seeds of {target}");
    }
}

#[test]
fn the_corpus_of_handlebars_ends_with_output_or_an_error() {
    let mut ended = 0;
    for source in corpus("handlebars") {
        let options = Options {
            engine: Engine::Handlebars,
            ..Options::default()
        };
        if let Ok(template) = Template::parse(&source, options) {
            let _ = template.render(&Context::new(&Nothing, &|_| Some("A".to_owned())));
            ended += 1;
        }
    }
    assert!(ended >= 4, "the seeds are templates, mostly: {ended}");
}

#[test]
fn the_corpus_of_addresses_ends_with_a_text_or_an_error() {
    let texts = corpus("sockaddr");
    let given = texts
        .iter()
        .filter(|text| templating::sockaddr(text).is_ok());
    let given = given.count();
    assert!(given >= 4, "the seeds are templates, mostly: {given}");
}
