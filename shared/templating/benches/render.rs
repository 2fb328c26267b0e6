//! Parsing and rendering, on the inputs that the Go program in `e2e/bench/templates` also takes.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fmt::Write as _;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use templating::{Context, Engine, Found, Options, Request, Secret, Secrets, Template};

/// One secret for all requests.
struct One(Arc<Secret>);

impl Secrets for One {
    fn lookup(&self, _: &Request) -> Option<Found> {
        Some(Found::Secret(Some(Arc::clone(&self.0))))
    }
}

fn mk_secret(keys: usize) -> One {
    let entries: Vec<_> = (0..keys)
        .map(|key| format!(r#""key{key}":"value{key}""#))
        .collect();
    let body = format!(r#"{{"data":{{"data":{{{}}}}}}}"#, entries.join(","));
    One(Arc::new(Secret::from_response(body.as_bytes()).unwrap()))
}

/// So many lines of a dotenv file.
fn mk_lines(lines: usize) -> String {
    let mut text = String::from("{{ with secret \"secret/data/app\" }}");
    for line in 0..lines {
        writeln!(text, "KEY_{line}={{{{ .Data.data.key{line} }}}}").unwrap();
    }
    text + "{{ end }}"
}

const RANGE: &str = r#"{{ with secret "secret/data/app" }}{{ range $k, $v := .Data.data }}{{ $k }}={{ $v }}
{{ end }}{{ end }}"#;
const RANGE_HANDLEBARS: &str = r#"{{#secret "secret/data/app" as |s|}}{{#each s.data.data as |v k|}}{{k}}={{v}}
{{/each}}{{/secret}}"#;

fn measure(c: &mut Criterion, name: &str, source: &str, engine: Engine, secrets: &One) {
    let options = || Options {
        engine,
        ..Options::default()
    };
    let template = Template::parse(source, options()).unwrap();
    let context = Context::new(secrets, &|_| None);
    let mut group = c.benchmark_group(name);
    group.bench_function("parse", |b| {
        b.iter(|| Template::parse(source, options()).unwrap());
    });
    group.bench_function("render", |b| {
        b.iter(|| template.render(&context).unwrap());
    });
    group.finish();
}

fn all(c: &mut Criterion) {
    let (small, large) = (mk_secret(1000), mk_secret(10_000));
    measure(c, "dotenv of 20 lines", &mk_lines(20), Engine::Go, &small);
    measure(
        c,
        "template of 1,000 lines",
        &mk_lines(1000),
        Engine::Go,
        &small,
    );
    measure(c, "range over 10,000 keys", RANGE, Engine::Go, &large);
    measure(
        c,
        "range over 10,000 keys, Handlebars",
        RANGE_HANDLEBARS,
        Engine::Handlebars,
        &large,
    );
}

criterion_group!(benches, all);
criterion_main!(benches);
