//! Templates that others include by name: those of one pod know each other.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use handlebars::Template;

/// The Handlebars templates of a pod by name, shared by all of them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Partials(Arc<BTreeMap<String, Template>>);

impl Partials {
    /// Compiles templates by name. One that does not compile is left out: it has an error of its
    /// own, and is missing only where it is included.
    pub fn new<'s>(sources: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let compiled = sources.into_iter().filter_map(|(name, source)| {
            super::check::nesting(source).ok()?;
            Some((name.to_owned(), compile(source).ok()?))
        });
        Self(Arc::new(compiled.collect()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Template)> {
        self.0
            .iter()
            .map(|(name, template)| (name.as_str(), template))
    }
}

pub(super) fn compile(source: &str) -> Result<Template, handlebars::TemplateError> {
    Template::compile(source)
}

/// The names alone.
impl fmt::Debug for Partials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
