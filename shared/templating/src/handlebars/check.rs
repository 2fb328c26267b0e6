//! What is wrong with a template can be seen before it is rendered: unknown helpers and partials,
//! and nesting or inclusion without a bound, which would exhaust the stack or the processor.

use handlebars::Path;
use handlebars::template::{
    DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement,
};

use super::helper::{GO_ONLY, names};
use super::{Names, Partials};
use crate::TemplateError;
use crate::error::ErrorKind;
use crate::functions::hint_among;

/// Blocks, branches and parentheses inside each other.
const MAX_NESTING: usize = 50;
/// Templates that one includes, directly and by others.
const MOST_INCLUDED: u64 = 1000;

/// What is wrong, and where.
pub(super) struct Fault {
    line: usize,
    column: usize,
    message: String,
    hint: Option<String>,
}

impl Fault {
    fn new(message: impl Into<String>) -> Self {
        Self {
            line: 1,
            column: 1,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn of_compiler(error: &handlebars::TemplateError) -> Self {
        let (line, column) = error.pos().unwrap_or((1, 1));
        Self {
            line,
            column,
            ..Self::new(error.reason().to_string())
        }
    }

    pub(super) fn of_template(self, name: &str) -> TemplateError {
        TemplateError {
            kind: ErrorKind::Parse,
            name: name.to_owned(),
            line: self.line,
            column: self.column,
            go_text: format!("parse: {}", self.message),
            message: self.message,
            hint: self.hint,
        }
    }
}

/// Bounds what the compiler recurs over, by the text alone.
pub(super) fn nesting(source: &str) -> Result<(), Fault> {
    let (mut parentheses, mut blocks, mut branches) = (0usize, 0usize, 0usize);
    let mut previous = (' ', ' ');
    for (at, c) in source.char_indices() {
        let opens = matches!(previous, ('{', '{' | '~'));
        match c {
            '(' | '[' => parentheses += 1,
            ')' | ']' => parentheses = parentheses.saturating_sub(1),
            '#' | '^' if opens => blocks += 1,
            '/' if opens => blocks = blocks.saturating_sub(1),
            'e' if opens && source[at..].starts_with("else ") => branches += 1,
            '}' if previous.1 == '}' => parentheses = 0,
            _ => {}
        }
        if parentheses.max(blocks).max(branches) > MAX_NESTING {
            let line = source[..at].matches('\n').count() + 1;
            return Err(Fault {
                line,
                ..Fault::new(format!("nested deeper than {MAX_NESTING} levels"))
            });
        }
        previous = (previous.1, c);
    }
    Ok(())
}

/// Checks a template against the helpers and partials that there are.
pub(super) fn template(template: &Template, partials: &Partials) -> Result<(), Fault> {
    let mut known = Names::new();
    for (name, partial) in partials.iter() {
        known.entry(name).or_default().push(partial);
        inlines(partial, &mut known);
    }
    inlines(template, &mut known);
    let mut checker = Checker {
        names: &known,
        included: 0,
        open: Vec::new(),
    };
    checker.elements(template)
}

/// Notes down the inline partials of a template.
fn inlines<'t>(template: &'t Template, names: &mut Names<'t>) {
    for element in &template.elements {
        match element {
            TemplateElement::DecoratorBlock(decorator) => {
                if let (Some(Parameter::Literal(serde_json::Value::String(name))), Some(body)) =
                    (decorator.params.first(), &decorator.template)
                {
                    names.entry(name).or_default().push(body);
                    inlines(body, names);
                }
            }
            TemplateElement::PartialBlock(partial) => {
                partial
                    .template
                    .iter()
                    .for_each(|body| inlines(body, names));
            }
            TemplateElement::HelperBlock(helper) => {
                let bodies = helper.template.iter().chain(&helper.inverse);
                bodies.for_each(|body| inlines(body, names));
            }
            _ => {}
        }
    }
}

struct Checker<'t, 'c> {
    names: &'c Names<'t>,
    included: u64,
    /// The partials that are being included, to find circles.
    open: Vec<&'t str>,
}

impl<'t> Checker<'t, '_> {
    fn elements(&mut self, template: &'t Template) -> Result<(), Fault> {
        for (index, element) in template.elements.iter().enumerate() {
            self.element(element)
                .map_err(|fault| match template.mapping.get(index) {
                    Some(place) if (fault.line, fault.column) == (1, 1) => Fault {
                        line: place.0,
                        column: place.1,
                        ..fault
                    },
                    _ => fault,
                })?;
        }
        Ok(())
    }

    fn element(&mut self, element: &'t TemplateElement) -> Result<(), Fault> {
        match element {
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                self.helper(helper, false)
            }
            TemplateElement::HelperBlock(helper) => {
                self.helper(helper, true)?;
                let bodies = helper.template.iter().chain(&helper.inverse);
                bodies.into_iter().try_for_each(|body| self.elements(body))
            }
            TemplateElement::PartialExpression(partial)
            | TemplateElement::PartialBlock(partial) => self.partial(partial),
            TemplateElement::DecoratorBlock(inline) => match name(&inline.name) {
                Some("inline") => match (&inline.params[..], &inline.template) {
                    ([Parameter::Literal(serde_json::Value::String(_))], Some(body)) => {
                        self.elements(body)
                    }
                    _ => Err(Fault::new("an inline partial needs a name in quotes")),
                },
                _ => Err(Fault::new("the only decorator is inline")),
            },
            TemplateElement::DecoratorExpression(_) => {
                Err(Fault::new("the only decorator is inline, as a block"))
            }
            _ => Ok(()),
        }
    }

    fn helper(&mut self, helper: &'t HelperTemplate, block: bool) -> Result<(), Fault> {
        let called = block || !helper.params.is_empty() || !helper.hash.is_empty();
        let known = match name(&helper.name) {
            Some(name) if GO_ONLY.contains(&name) => {
                return Err(Fault::new(format!(
                    "function \"{name}\" is for Go templates alone"
                )));
            }
            Some(name) => !called || names().any(|known| known == name),
            None => true,
        };
        if !known {
            let name = name(&helper.name).unwrap_or_default();
            return Err(Fault {
                hint: hint_among(name, names()),
                ..Fault::new(format!("function \"{name}\" is not defined"))
            });
        }
        self.parameters(helper.params.iter().chain(helper.hash.values()))
    }

    fn parameters(&mut self, parameters: impl Iterator<Item = &'t Parameter>) -> Result<(), Fault> {
        for parameter in parameters {
            if let Parameter::Subexpression(inner) = parameter {
                self.element(inner.as_element())?;
            }
        }
        Ok(())
    }

    fn partial(&mut self, partial: &'t DecoratorTemplate) -> Result<(), Fault> {
        self.parameters(partial.params.iter().chain(partial.hash.values()))?;
        if let Some(body) = &partial.template {
            self.elements(body)?;
        }
        let Some(name) = name(&partial.name) else {
            return Err(Fault::new("a partial is included by its name alone"));
        };
        if name == "@partial-block" {
            return Ok(());
        }
        if self.open.contains(&name) {
            return Err(Fault::new(format!("partial \"{name}\" includes itself")));
        }
        self.included += 1;
        if self.included > MOST_INCLUDED {
            return Err(Fault::new(format!(
                "the template includes more than {MOST_INCLUDED} others"
            )));
        }
        let Some(bodies) = self.names.get(name) else {
            if partial.template.is_some() {
                return Ok(());
            }
            return Err(Fault::new(format!("there is no partial \"{name}\"")));
        };
        self.open.push(name);
        for body in bodies {
            self.elements(body).map_err(|fault| Fault {
                line: 1,
                column: 1,
                ..fault
            })?;
        }
        self.open.pop();
        Ok(())
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
