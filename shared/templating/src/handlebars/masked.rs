//! Which part of an output is a template's own text. Text and values come through one door, so a piece
//! is known by where it lies in memory: no value lies inside of the template.

use std::collections::HashSet;

use handlebars::Template;
use handlebars::template::TemplateElement;

/// Where the pieces of text of some templates lie.
#[derive(Default)]
pub(super) struct OwnText(HashSet<(usize, usize)>);

impl OwnText {
    pub(super) fn of<'t>(templates: impl IntoIterator<Item = &'t Template>) -> Self {
        let mut all = Self::default();
        let mut open: Vec<&Template> = templates.into_iter().collect();
        while let Some(template) = open.pop() {
            for element in &template.elements {
                match element {
                    TemplateElement::RawString(text) => {
                        all.0.insert(place(text));
                    }
                    TemplateElement::HtmlExpression(helper)
                    | TemplateElement::Expression(helper)
                    | TemplateElement::HelperBlock(helper) => {
                        open.extend([&helper.template, &helper.inverse].into_iter().flatten());
                    }
                    TemplateElement::DecoratorExpression(decorator)
                    | TemplateElement::DecoratorBlock(decorator)
                    | TemplateElement::PartialExpression(decorator)
                    | TemplateElement::PartialBlock(decorator) => {
                        open.extend(&decorator.template);
                    }
                    // A text that is not known counts as a value.
                    _ => {}
                }
            }
        }
        all
    }

    pub(super) fn holds(&self, text: &str) -> bool {
        self.0.contains(&place(text))
    }
}

fn place(text: &str) -> (usize, usize) {
    (text.as_ptr().addr(), text.len())
}
