//! The differences that are intended, each with its reason.

use std::collections::BTreeSet;

use regex::Regex;
use serde::Deserialize;
use templating::functions;

use crate::answer::Kind;
use crate::case::Case;
use crate::difference::Difference;
use crate::world;

/// An entry of `accepted.yaml`, which explains the fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default)]
    functions: Vec<String>,
    template: Option<String>,
    ours: Kind,
    theirs: Kind,
    ours_like: Option<String>,
    theirs_like: Option<String>,
    example: String,
    reason: String,
}

impl Entry {
    fn read_all() -> Vec<Self> {
        serde_saphyr::from_str(include_str!("accepted.yaml")).unwrap()
    }

    /// What a difference's template and both answers have to match.
    fn expressions(&self) -> [Vec<Regex>; 3] {
        let compile = |text: &String| Regex::new(text).unwrap();
        let any_function = format!(r"\b({})\b", self.functions.join("|"));
        let of_template = (!self.functions.is_empty())
            .then_some(&any_function)
            .into_iter()
            .chain(&self.template);
        [
            of_template.map(compile).collect(),
            self.ours_like.iter().map(compile).collect(),
            self.theirs_like.iter().map(compile).collect(),
        ]
    }
}

/// The list, and which entries have covered a difference.
pub(crate) struct Accepted {
    entries: Vec<(Entry, [Vec<Regex>; 3])>,
    used: BTreeSet<usize>,
}

impl Accepted {
    pub(crate) fn read() -> Self {
        let entries = Entry::read_all().into_iter().map(|entry| {
            let expressions = entry.expressions();
            (entry, expressions)
        });
        Self {
            entries: entries.collect(),
            used: BTreeSet::new(),
        }
    }

    /// A case for each entry.
    pub(crate) fn examples(&self) -> Vec<Case> {
        let entries = self.entries.iter();
        entries
            .map(|(entry, _)| world::case(entry.example.clone()))
            .collect()
    }

    /// Does an entry cover the difference?
    pub(crate) fn covers(&mut self, difference: &Difference) -> bool {
        let kinds = (difference.ours.kind(), difference.theirs.kind());
        let texts = [
            difference.case.template.clone(),
            difference.ours.to_string(),
            difference.theirs.to_string(),
        ];
        let found = self.entries.iter().position(|(entry, expressions)| {
            let mut pairs = expressions.iter().zip(&texts);
            (entry.ours, entry.theirs) == kinds
                && pairs.all(|(all, text)| all.iter().all(|it| it.is_match(text)))
        });
        self.used.extend(found);
        found.is_some()
    }

    /// The entries that have covered nothing.
    pub(crate) fn unused(&self) -> Vec<String> {
        let entries = self.entries.iter().enumerate();
        entries
            .filter(|(index, _)| !self.used.contains(index))
            .map(|(_, (entry, _))| format!("{} ({})", entry.example, entry.reason))
            .collect()
    }
}

#[test]
fn the_documentation_says_how_each_accepted_function_differs() {
    let page = include_str!("../../../../docs/templates.md");
    for name in Entry::read_all().iter().flat_map(|entry| &entry.functions) {
        let function = functions().find(|function| function.name == name);
        let usage = function.map(|function| function.usage.replace('|', "\\|"));
        let usage = usage.unwrap_or_else(|| panic!("{name} is not a function"));
        let is_row = |line: &&str| line.starts_with(&format!("| `{usage}` |"));
        let row = page.lines().find(is_row).unwrap();
        assert!(!row.ends_with("|  |"), "differs in nothing: {row}");
    }
}
