//! What matters of a template to a check: what is wrong in it by itself, and what it includes.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use handlebars::Path;
use handlebars::template::{
    DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement,
};

use crate::handlebars::helper::{GO_ONLY, names};

static HELPERS: LazyLock<HashSet<&str>> = LazyLock::new(|| names().collect());

/// The block that a partial was given, which is there wherever it may be included.
const PARTIAL_BLOCK: &str = "@partial-block";

/// One thing to check, and the tag that it is told of.
pub(in crate::handlebars) struct Step {
    pub(super) place: (usize, usize),
    pub(super) what: What,
}

pub(super) enum What {
    /// A tag that is wrong whatever else there is.
    Fault(String),
    /// A tag calls a helper that there is not.
    Unknown(String),
    /// Another template takes the place of the tag.
    Include {
        name: String,
        /// What stands in for one that is not there.
        has_body: bool,
    },
}

/// The steps of a template in the order of its text.
#[derive(Default)]
pub(in crate::handlebars) struct Steps {
    steps: Vec<Step>,
    /// Which of the steps are those of an inline partial.
    inlines: BTreeMap<String, Vec<Range<usize>>>,
}

impl Steps {
    pub(in crate::handlebars) fn of(template: &Template) -> Self {
        let mut steps = Self::default();
        steps.elements(template, (1, 1));
        steps
    }

    pub(in crate::handlebars) fn all(&self) -> &[Step] {
        &self.steps
    }

    /// The steps of the inline partials of this name, none where there is no such partial.
    pub(super) fn bodies(&self, name: &str) -> Option<impl Iterator<Item = &[Step]>> {
        let ranges = self.inlines.get(name)?;
        Some(ranges.iter().map(|range| &self.steps[range.clone()]))
    }

    /// The names of the inline partials and where their steps are.
    pub(in crate::handlebars) fn inlines(&self) -> impl Iterator<Item = (&str, &[Range<usize>])> {
        let inlines = self.inlines.iter();
        inlines.map(|(name, ranges)| (name.as_str(), ranges.as_slice()))
    }

    pub(in crate::handlebars) fn range(&self, range: Range<usize>) -> &[Step] {
        &self.steps[range]
    }

    fn push(&mut self, place: (usize, usize), what: What) {
        self.steps.push(Step { place, what });
    }

    fn fault(&mut self, place: (usize, usize), message: impl Into<String>) {
        self.push(place, What::Fault(message.into()));
    }

    fn elements(&mut self, template: &Template, place: (usize, usize)) {
        for (index, element) in template.elements.iter().enumerate() {
            let own = template.mapping.get(index);
            let place = own.map_or(place, |own| (own.0, own.1));
            self.element(element, place);
        }
    }

    fn element(&mut self, element: &TemplateElement, place: (usize, usize)) {
        match element {
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                self.helper(helper, false, place);
            }
            TemplateElement::HelperBlock(helper) => {
                self.helper(helper, true, place);
                for body in helper.template.iter().chain(&helper.inverse) {
                    self.elements(body, place);
                }
            }
            TemplateElement::PartialExpression(partial)
            | TemplateElement::PartialBlock(partial) => self.partial(partial, place),
            TemplateElement::DecoratorBlock(inline) => self.inline(inline, place),
            TemplateElement::DecoratorExpression(_) => {
                self.fault(place, "the only decorator is inline, as a block");
            }
            _ => {}
        }
    }

    fn inline(&mut self, inline: &DecoratorTemplate, place: (usize, usize)) {
        if name(&inline.name) != Some("inline") {
            self.fault(place, "the only decorator is inline");
        } else if !matches!(
            inline.params[..],
            [Parameter::Literal(serde_json::Value::String(_))]
        ) || inline.template.is_none()
        {
            self.fault(place, "an inline partial needs a name in quotes");
        }
        if let (Some(Parameter::Literal(serde_json::Value::String(name))), Some(body)) =
            (inline.params.first(), &inline.template)
        {
            let start = self.steps.len();
            self.elements(body, place);
            let ranges = self.inlines.entry(name.clone()).or_default();
            // A body in which nothing is to be checked is none to come back to.
            if self.steps.len() > start {
                ranges.push(start..self.steps.len());
            }
        }
    }

    fn helper(&mut self, helper: &HelperTemplate, block: bool, place: (usize, usize)) {
        let called = block || !helper.params.is_empty() || !helper.hash.is_empty();
        if let Some(name) = name(&helper.name) {
            if GO_ONLY.contains(&name) {
                let message = format!("function \"{name}\" is for Go templates alone");
                self.fault(place, message);
            } else if called && !HELPERS.contains(name) {
                self.push(place, What::Unknown(name.to_owned()));
            }
        }
        self.parameters(helper.params.iter().chain(helper.hash.values()), place);
    }

    fn parameters<'t>(
        &mut self,
        parameters: impl Iterator<Item = &'t Parameter>,
        place: (usize, usize),
    ) {
        for parameter in parameters {
            if let Parameter::Subexpression(inner) = parameter {
                self.element(inner.as_element(), place);
            }
        }
    }

    fn partial(&mut self, partial: &DecoratorTemplate, place: (usize, usize)) {
        self.parameters(partial.params.iter().chain(partial.hash.values()), place);
        if let Some(body) = &partial.template {
            self.elements(body, place);
        }
        match name(&partial.name) {
            None => self.fault(place, "a partial is included by its name alone"),
            Some(PARTIAL_BLOCK) => {}
            Some(name) => {
                let (name, has_body) = (name.to_owned(), partial.template.is_some());
                self.push(place, What::Include { name, has_body });
            }
        }
    }
}

fn name(parameter: &Parameter) -> Option<&str> {
    match parameter {
        Parameter::Name(name)
        | Parameter::Path(Path::Relative((_, name)) | Path::Local((_, _, name)))
        | Parameter::Literal(serde_json::Value::String(name)) => Some(name),
        _ => None,
    }
}
