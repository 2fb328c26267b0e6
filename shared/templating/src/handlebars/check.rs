//! What is wrong with a template can be seen before it is rendered: unknown helpers and partials,
//! and inclusion without a bound, which would exhaust the stack or the processor.
//!
//! Each template of a pod is walked once. What is left of it, the [`steps`], is short enough to be
//! taken again for each template that includes it.

pub(super) mod steps;

use std::collections::HashSet;

use super::Partials;
use super::helper::names;
use crate::TemplateError;
use crate::error::ErrorKind;
use crate::functions::hint_among;
use steps::{Step, Steps, What};

/// Templates that one includes, directly and by others.
const MOST_INCLUDED: u64 = 1000;

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) message: String,
    hint: Option<String>,
}

impl Fault {
    pub(super) fn at((line, column): (usize, usize), message: impl Into<String>) -> Self {
        Self {
            line,
            column,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn of_template(self, name: &str) -> TemplateError {
        TemplateError {
            kind: ErrorKind::Parse,
            name: name.into(),
            line: self.line,
            column: self.column,
            go_text: format!("parse: {}", self.message).into(),
            message: self.message,
            hint: self.hint,
            used: Box::default(),
        }
    }
}

/// Checks a template against the helpers and partials that there are.
pub(super) fn template(template: &handlebars::Template, partials: &Partials) -> Result<(), Fault> {
    let own = Steps::of(template);
    let mut checker = Checker {
        own: &own,
        partials,
        included: 0,
        open: HashSet::new(),
    };
    checker.run(own.all())
}

struct Checker<'t> {
    own: &'t Steps,
    partials: &'t Partials,
    included: u64,
    /// The partials that are being included, to find circles.
    open: HashSet<&'t str>,
}

impl<'t> Checker<'t> {
    fn run(&mut self, steps: &'t [Step]) -> Result<(), Fault> {
        for step in steps {
            let taken = match &step.what {
                What::Fault(message) => Err((message.clone(), None)),
                What::Unknown(name) => Err((
                    format!("function \"{name}\" is not defined"),
                    hint_among(name, names()),
                )),
                What::Include { name, has_body } => self.include(name, *has_body),
            };
            taken.map_err(|(message, hint)| Fault {
                hint,
                ..Fault::at(step.place, message)
            })?;
        }
        Ok(())
    }

    /// Includes a partial. What is wrong in it is told of the tag that includes it.
    fn include(&mut self, name: &'t str, has_body: bool) -> Result<(), (String, Option<String>)> {
        let fault = |message: String| Err((message, None));
        if self.open.contains(name) {
            return fault(format!("partial \"{name}\" includes itself"));
        }
        self.included += 1;
        if self.included > MOST_INCLUDED {
            return fault(format!(
                "the template includes more than {MOST_INCLUDED} others"
            ));
        }
        let (shared, own) = (self.partials.bodies(name), self.own.bodies(name));
        if shared.is_none() && own.is_none() {
            if has_body {
                return Ok(());
            }
            return fault(format!("there is no partial \"{name}\""));
        }
        self.open.insert(name);
        let bodies = shared
            .into_iter()
            .flatten()
            .chain(own.into_iter().flatten());
        for body in bodies {
            self.run(body)
                .map_err(|fault| (fault.message, fault.hint))?;
        }
        self.open.remove(name);
        Ok(())
    }
}
