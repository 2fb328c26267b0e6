//! Templates against secrets: requests, errors, limits and masks, with what their tests share.

// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::panic)]

mod errors;
mod generated;
mod limits;
mod masks;
mod requests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use templating::{
    Context, Found, Options, Outcome, Render, Request, Secret, Secrets, Template, TemplateError,
};
use zeroize::Zeroizing;

const CANARY: &str = "c4n4ry-V41ue";

#[derive(Default)]
struct Known(BTreeMap<Request, Found>);

impl Known {
    fn secret(mut self, path: &str, body: &str) -> Self {
        let secret = Arc::new(Secret::from_response(body.as_bytes()).unwrap());
        self.0.insert(
            Request::Read { path: path.into() },
            Found::Secret(Some(secret)),
        );
        self
    }

    fn list(mut self, path: &str, names: &[&str]) -> Self {
        let names = names.iter().map(ToString::to_string).collect();
        self.0.insert(
            Request::List { path: path.into() },
            Found::List(Arc::new(names)),
        );
        self
    }

    fn file(mut self, path: &str, content: &str) -> Self {
        let content = Arc::new(Zeroizing::new(content.as_bytes().to_vec()));
        self.0.insert(Request::file(path), Found::File(content));
        self
    }
}

impl Secrets for Known {
    fn lookup(&self, request: &Request) -> Option<Found> {
        self.0.get(request).cloned()
    }
}

fn mk_template(source: &str) -> Template {
    Template::parse(
        source,
        Options {
            name: "app.env".into(),
            ..Options::default()
        },
    )
    .unwrap()
}

fn pass(source: &str, known: &Known) -> Result<Render, TemplateError> {
    mk_template(source).render(&Context::new(known, &|_| None))
}

fn text(source: &str, known: &Known) -> String {
    match pass(source, known).unwrap().outcome {
        Outcome::Complete(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
        Outcome::Waiting { missing } => panic!("waits for {missing:?}"),
    }
}

fn missing(source: &str, known: &Known) -> BTreeSet<Request> {
    match pass(source, known).unwrap().outcome {
        Outcome::Complete(_) => BTreeSet::new(),
        Outcome::Waiting { missing } => missing,
    }
}

fn read(path: &str) -> Request {
    Request::Read { path: path.into() }
}
