//! Handlebars templates: the same functions as helpers, the same secrets, the same outcomes.
//!
//! ```text
//! text -> compile -> check (helpers known, partials bounded)
//! render: run with the answers so far -> ask for what was missing -> run again, until nothing new
//! ```
//!
//! One registry of helpers serves all templates. A helper is `'static`, so what it works on, the
//! [`state::State`] of the pass, is the thread's for the length of a run; it owns all that it
//! holds, and what a run lacks is fetched between runs.

mod block;
mod check;
mod compile;
mod helper;
mod masked;
mod partials;
mod state;
mod value;

use std::io;
use std::sync::LazyLock;

use handlebars::{
    Context as Data, Handlebars, Output, RenderContext, RenderErrorReason, Renderable, no_escape,
};
use text_template::buffer::append;
use text_template::fmt::Printed;

use crate::error::{ErrorKind, REDACTED};
use crate::template::finished;
use crate::{Context, Options, Render, TemplateError};
use masked::OwnText;
pub use partials::Partials;
use state::{Answers, State};

/// A template whose helpers lead to new requests more often than this does so for ever.
const MOST_RUNS: usize = 50;
/// Bytes of output.
const OUTPUT_LIMIT: usize = 16 << 20;

static REGISTRY: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut registry = Handlebars::new();
    registry.register_escape_fn(no_escape);
    registry.set_strict_mode(true);
    registry.set_prevent_indent(true);
    // Secrets have no place in a log.
    registry.unregister_helper("log");
    helper::register(&mut registry);
    block::register(&mut registry);
    registry
});

/// A template that compiled.
pub(crate) struct Parsed {
    template: handlebars::Template,
    partials: Partials,
    denylist: Box<[String]>,
}

pub(crate) fn parse(source: &str, options: &Options) -> Result<Parsed, TemplateError> {
    let name = &options.name;
    let template = compile::compile(source).map_err(|fault| fault.of_template(name))?;
    check::template(&template, &options.partials).map_err(|fault| fault.of_template(name))?;
    Ok(Parsed {
        template,
        partials: options.partials.clone(),
        denylist: options.function_denylist.clone().into(),
    })
}

impl Parsed {
    pub(crate) fn render(
        &self,
        name: &str,
        context: &Context<'_>,
    ) -> Result<Render, TemplateError> {
        let mut answers = Answers::default();
        let data = Data::null();
        for _ in 0..MOST_RUNS {
            let run = state::scope(
                State::new(std::mem::take(&mut answers), &self.denylist, context),
                || self.run(&data, context.mask),
            );
            let (result, state) = run;
            answers = state.answers;
            if answers.complete(&state.missing, &state.asked_env, context) {
                continue;
            }
            return match result {
                // What is not there yet may be why: it is tried again when it is.
                Err(_) if !state.missing.is_empty() => Ok(finished(
                    state.used,
                    state.missing,
                    state.effects,
                    Printed::default(),
                )),
                Ok(output) => Ok(finished(state.used, state.missing, state.effects, output)),
                Err(error) => {
                    let failure = state.failure.as_ref();
                    Err(failed(name, &error, failure, state.confidential).after(state.used))
                }
            };
        }
        Err(TemplateError {
            kind: ErrorKind::Execute,
            name: name.into(),
            line: 1,
            column: 1,
            message: format!("the template asks for further secrets more than {MOST_RUNS} times"),
            hint: None,
            go_text: Box::default(),
            used: Box::default(),
        })
    }

    fn run(&self, data: &Data, mask: Option<&str>) -> Result<Printed, handlebars::RenderError> {
        let mut context = RenderContext::new(None);
        if let Some(block) = context.block_mut() {
            for (name, partial) in self.partials.iter() {
                block.set_local_partial(name.to_owned(), partial);
            }
        }
        let mut output = Bounded {
            text: Printed::default(),
            mask: mask.map(|mask| {
                let partials = self.partials.iter().map(|(_, partial)| partial);
                let own = OwnText::of(partials.chain([&self.template]));
                (mask, own)
            }),
        };
        self.template
            .render(&REGISTRY, data, &mut context, &mut output)?;
        Ok(output.text)
    }
}

/// Output that does not grow without end.
struct Bounded<'m> {
    text: Printed,
    /// What stands in place of a value, and what is none.
    mask: Option<(&'m str, OwnText)>,
}

impl Output for Bounded<'_> {
    fn write(&mut self, text: &str) -> io::Result<()> {
        let text = match &self.mask {
            Some((mask, own)) if !text.is_empty() && !own.holds(text) => mask,
            _ => text,
        };
        if self.text.len() + text.len() > OUTPUT_LIMIT {
            let words = format!("the output is longer than {OUTPUT_LIMIT} bytes");
            return Err(io::Error::other(words));
        }
        append(&mut self.text, text.as_bytes());
        Ok(())
    }
}

fn failed(
    name: &str,
    error: &handlebars::RenderError,
    failure: Option<&text_template::CallError>,
    confidential: bool,
) -> TemplateError {
    let message = match (failure, error.reason()) {
        (Some(failure), _) if confidential => failure.show(|_| REDACTED.to_owned()),
        (Some(failure), _) => failure.reveal(),
        (None, RenderErrorReason::MissingVariable(Some(path))) => {
            format!("there is no value at {path}")
        }
        (None, RenderErrorReason::MissingVariable(None)) => String::from("there is no such value"),
        (None, reason) => reason.to_string(),
    };
    TemplateError {
        kind: ErrorKind::Execute,
        name: name.into(),
        line: error.line_no.unwrap_or(1),
        column: error.column_no.unwrap_or(1),
        go_text: format!("execute: {message}").into(),
        message,
        hint: None,
        used: Box::default(),
    }
}
