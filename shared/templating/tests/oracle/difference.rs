//! Cases that the two sides answer differently, reduced to what the difference needs.

use std::fmt;

use crate::accepted::Accepted;
use crate::answer::{Answer, Kind};
use crate::case::Case;
use crate::consul_template::ConsulTemplate;
use crate::world;

pub(crate) struct Difference {
    pub(crate) case: Case,
    pub(crate) ours: Answer,
    pub(crate) theirs: Answer,
}

/// The outcome of some cases.
pub(crate) struct Compared {
    pub(crate) cases: usize,
    /// How many gave the same output on both sides.
    pub(crate) rendered: usize,
    pub(crate) differences: Vec<Difference>,
}

/// Asks both sides about the cases, at the same time.
pub(crate) fn compare(cases: Vec<Case>, theirs: &mut ConsulTemplate) -> Compared {
    let (ours, theirs): (Vec<_>, _) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| theirs.answers(&cases));
        let ours = cases.iter().map(Answer::of_ours).collect();
        (ours, theirs.join().unwrap())
    });
    let answers = ours.into_iter().zip(theirs);
    let mut compared = Compared {
        cases: cases.len(),
        rendered: 0,
        differences: Vec::new(),
    };
    for (case, (ours, theirs)) in cases.into_iter().zip(answers) {
        if !ours.is_same(&theirs) {
            compared.differences.push(Difference { case, ours, theirs });
        } else if ours.kind() == Kind::Output {
            compared.rendered += 1;
        }
    }
    compared
}

impl Difference {
    /// The same kind of difference with a shorter template: first without actions, then without words.
    pub(crate) fn reduced(self, accepted: &mut Accepted, theirs: &mut ConsulTemplate) -> Self {
        self.without(actions, accepted, theirs)
            .without(words, accepted, theirs)
    }

    fn without(
        mut self,
        split: fn(&str) -> Vec<&str>,
        accepted: &mut Accepted,
        theirs: &mut ConsulTemplate,
    ) -> Self {
        let mut size = split(&self.case.template).len();
        loop {
            let shorter = match (split(&self.case.template), size) {
                (parts, 0) => without_pairs(&parts),
                (parts, size) => without_rows(&parts, size),
            };
            let cases = shorter.into_iter().map(|template| Case {
                options: self.case.options.clone(),
                ..world::case(template)
            });
            let mut found = compare(cases.collect(), theirs).differences.into_iter();
            match found.find(|it| it.is_like(&self) && !accepted.covers(it)) {
                Some(shorter) => self = shorter,
                None if size == 0 => return self,
                None => size /= 2,
            }
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        let kinds = |it: &Self| (it.ours.kind(), it.theirs.kind());
        kinds(self) == kinds(other)
    }
}

/// The template without `size` parts in a row, for each place where they start.
fn without_rows(parts: &[&str], size: usize) -> Vec<String> {
    let starts = 0..(parts.len() + 1).saturating_sub(size);
    starts
        .map(|start| [&parts[..start], &parts[start + size..]].concat().concat())
        .collect()
}

/// The template without two parts, such as both ends of a block, for each pair.
fn without_pairs(parts: &[&str]) -> Vec<String> {
    /// More parts make too many pairs.
    const MOST: usize = 60;
    let count = if parts.len() > MOST { 0 } else { parts.len() };
    let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
    pairs
        .map(|(one, other)| [&parts[..one], &parts[one + 1..other], &parts[other + 1..]])
        .map(|rest| rest.concat().concat())
        .collect()
}

/// Actions, and the text between them.
fn actions(template: &str) -> Vec<&str> {
    let ends = template.match_indices("{{").map(|(at, _)| at);
    let ends = ends.chain(template.match_indices("}}").map(|(at, _)| at + 2));
    let mut ends: Vec<usize> = ends.chain([template.len()]).collect();
    ends.sort_unstable();
    let starts = std::iter::once(0).chain(ends.iter().copied());
    let parts = starts.zip(&ends).map(|(start, end)| &template[start..*end]);
    parts.filter(|part| !part.is_empty()).collect()
}

/// Words, strings and the characters between them.
fn words(template: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || "_$.".contains(c);
        let end = match first {
            '{' | '}' => rest.find(|c| c != first),
            '"' => rest[1..].find('"').map(|end| end + 2),
            _ if is_word(first) => rest.find(|c| !is_word(c)),
            _ => Some(first.len_utf8()),
        };
        let (word, others) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word);
        rest = others;
    }
    words
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.case.template)?;
        writeln!(f, "  ours   {}", self.ours)?;
        write!(f, "  theirs {}", self.theirs)
    }
}
