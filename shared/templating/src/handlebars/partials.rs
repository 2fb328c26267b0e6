//! Templates that others include by name: those of one pod know each other.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use handlebars::Template;

use super::check::steps::{Step, Steps};
use super::compile::compile;

/// The Handlebars templates of a pod by name, shared by all of them.
#[derive(Clone, Default)]
pub struct Partials(Arc<Known>);

#[derive(Default)]
struct Known {
    templates: BTreeMap<String, Template>,
    /// The steps of each of them, in their order.
    steps: Vec<Steps>,
    /// Where the steps of a name are: of which template, and which of them. What is defined inside
    /// of a partial is known, too.
    places: BTreeMap<String, Vec<(usize, Range<usize>)>>,
}

impl Partials {
    /// Compiles templates by name. One that does not compile is left out: it has an error of its
    /// own, and is missing only where it is included.
    pub fn new<'s>(sources: impl IntoIterator<Item = (&'s str, &'s str)>) -> Self {
        let compiled = sources
            .into_iter()
            .filter_map(|(name, source)| Some((name.to_owned(), compile(source).ok()?)));
        let templates: BTreeMap<_, _> = compiled.collect();
        let steps: Vec<_> = templates.values().map(Steps::of).collect();
        let mut places: BTreeMap<String, Vec<_>> = BTreeMap::new();
        for (at, (name, steps)) in templates.keys().zip(&steps).enumerate() {
            let all = places.entry(name.clone()).or_default();
            if !steps.all().is_empty() {
                all.push((at, 0..steps.all().len()));
            }
            for (name, ranges) in steps.inlines() {
                let ranges = ranges.iter().map(|range| (at, range.clone()));
                places.entry(name.to_owned()).or_default().extend(ranges);
            }
        }
        Self(Arc::new(Known {
            templates,
            steps,
            places,
        }))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Template)> {
        let templates = self.0.templates.iter();
        templates.map(|(name, template)| (name.as_str(), template))
    }

    /// The steps of all partials of this name, none where there is no such partial.
    pub(super) fn bodies(&self, name: &str) -> Option<impl Iterator<Item = &[Step]>> {
        let places = self.0.places.get(name)?.iter();
        Some(places.map(|(at, range)| self.0.steps[*at].range(range.clone())))
    }
}

impl PartialEq for Partials {
    fn eq(&self, other: &Self) -> bool {
        self.0.templates == other.0.templates
    }
}

impl Eq for Partials {}

/// The names alone.
impl fmt::Debug for Partials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.templates.keys()).finish()
    }
}
