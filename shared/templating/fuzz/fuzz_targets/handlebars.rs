//! No Handlebars template makes its compilation or its rendering panic or run for ever.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use templating::{Context, Engine, Found, Options, Request, Secrets, Template};

/// Every list has two names; the rest is not there yet.
struct Lists;

impl Secrets for Lists {
    fn lookup(&self, request: &Request) -> Option<Found> {
        match request {
            Request::List { .. } => Some(Found::List(Arc::new(vec!["a".into(), "b/".into()]))),
            _ => None,
        }
    }
}

fuzz_target!(|source: &str| {
    let options = Options {
        engine: Engine::Handlebars,
        ..Options::default()
    };
    let Ok(template) = Template::parse(source, options) else {
        return;
    };
    let env = |name: &str| Some(name.to_owned());
    let mut context = Context::new(&Lists, &env);
    // No file of the machine is a part of it.
    context.sandbox = Some(std::path::Path::new("/nonexistent"));
    let _ = template.render(&context);
    context.mask = Some("***");
    let _ = template.render(&context);
});
