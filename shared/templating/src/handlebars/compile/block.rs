//! Blocks that are open, and how their parts become one element.

use handlebars::template::{
    DecoratorTemplate, HelperTemplate, Parameter, Template, TemplateElement,
};

use super::place::Place;
use crate::handlebars::check::Fault;

/// A block whose end was not read yet.
pub(super) struct Open {
    pub(super) what: What,
    place: Place,
    /// The parts before the current one.
    bodies: Vec<Template>,
    /// The conditions of the branches, one for each `{{else if …}}`.
    conditions: Vec<HelperTemplate>,
    has_else: bool,
}

/// What opened a block.
pub(super) enum What {
    Helper(Box<HelperTemplate>),
    Partial(Box<DecoratorTemplate>),
    Decorator(Box<DecoratorTemplate>),
}

impl What {
    fn name(&self) -> Option<&str> {
        let name: &Parameter = match self {
            Self::Helper(helper) => &helper.name,
            Self::Partial(decorator) | Self::Decorator(decorator) => &decorator.name,
        };
        name.as_name()
    }

    /// Whether `{{/name}}` closes it. Only helpers want their name.
    pub(super) fn closed_by(&self, name: &str) -> bool {
        let is_any = !matches!(self, Self::Helper(_)) && name.is_empty();
        is_any || self.name() == Some(name)
    }
}

impl Open {
    pub(super) fn new(what: What, place: Place) -> Self {
        Self {
            what,
            place,
            bodies: Vec::new(),
            conditions: Vec::new(),
            has_else: false,
        }
    }

    /// Whether an `{{else}}` may come. Nothing follows the one without a condition.
    pub(super) fn takes_branches(&self) -> bool {
        matches!(self.what, What::Helper(_)) && !self.has_else
    }

    pub(super) fn branches(&self) -> usize {
        self.conditions.len()
    }

    /// Begins the next branch; `body` is the part before it.
    pub(super) fn branch(&mut self, condition: Option<HelperTemplate>, body: Template) {
        self.has_else = condition.is_none();
        self.conditions.extend(condition);
        self.bodies.push(body);
    }

    /// The whole block; `last` is its last part.
    pub(super) fn close(self, last: Template) -> TemplateElement {
        let mut helper = match self.what {
            What::Helper(helper) => helper,
            What::Partial(mut block) => {
                block.template = Some(last);
                return TemplateElement::PartialBlock(block);
            }
            What::Decorator(mut block) => {
                block.template = Some(last);
                return TemplateElement::DecoratorBlock(block);
            }
        };
        let mut bodies = self.bodies;
        bodies.push(last);
        let mut inverse = if self.has_else { bodies.pop() } else { None };
        helper.chain = !self.conditions.is_empty();
        // Each condition is a block in the else part of the one before.
        for mut condition in self.conditions.into_iter().rev() {
            condition.template = bodies.pop();
            condition.inverse = inverse;
            let mut part = Template::new();
            let condition = TemplateElement::HelperBlock(Box::new(condition));
            part.elements.push(condition);
            inverse = Some(part);
        }
        helper.template = bodies.pop();
        helper.inverse = inverse;
        TemplateElement::HelperBlock(helper)
    }

    fn named(&self) -> String {
        let name = self.what.name().unwrap_or_default();
        format!("block \"{name}\" of line {}", self.place.0)
    }

    /// The tag at `place` closes another block.
    pub(super) fn mismatch(&self, name: &str, place: Place) -> Fault {
        let text = format!("{{{{/{name}}}}} does not close the {}", self.named());
        Fault::at(place, text)
    }

    /// The text ends at `place` without its end.
    pub(super) fn unclosed(&self, place: Place, is_raw: bool) -> Fault {
        let name = self.what.name().unwrap_or_default();
        let (opens, closes) = if is_raw {
            ("{{{{", "}}}}")
        } else {
            ("{{", "}}")
        };
        let text = format!(
            "the {} is still open: write {opens}/{name}{closes}",
            self.named()
        );
        Fault::at(place, text)
    }
}
