//! Finds all that concerns the injector in an object of any kind: the templates of pods, and the maps
//! that hold annotations of ours, wherever they stand.
//!
//! The object stays raw: each level is read on its own, so that no tree is built of what belongs to
//! others, and the depth is bounded.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::path::{Path, Step};
use super::prefix;
use crate::pod::Text;

/// So deep a template is looked for. Those of known kinds stand half as deep.
const MAX_DEPTH: usize = 16;

/// So many places of one object are checked. Each costs what a pod costs, and an object is anybody's.
const MAX_PLACES: usize = 256;

/// What every annotation of ours contains, and nearly every misspelt one.
pub const TRACES: [&str; 4] = ["vault", "bao", "hashicorp", "agent-"];

/// What concerns the injector in one object, in the order in which it is written.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    pub(super) templates: Vec<Template<'a>>,
    pub(super) carriers: Vec<Carrier<'a>>,
}

/// The template of a pod: `metadata` beside a `spec` with containers.
#[derive(Debug)]
pub(super) struct Template<'a> {
    pub(super) path: Path,
    pub(super) raw: &'a RawValue,
    /// Whether a container names its image: a patch leaves that to what it is applied to.
    pub(super) has_image: bool,
}

/// A map with keys of ours, or with such as are meant to be.
#[derive(Debug)]
pub(super) struct Carrier<'a> {
    pub(super) path: Path,
    pub(super) entries: Vec<(Text<'a>, &'a RawValue)>,
}

pub(super) fn search(object: &RawValue) -> Found<'_> {
    let mut found = Found::default();
    let text = object.get();
    if TRACES.iter().any(|trace| text.contains(trace)) {
        descend(object, &mut Vec::new(), &mut found);
    }
    found
}

/// What cannot be read is left out: it makes no pods.
fn descend<'a>(value: &'a RawValue, path: &mut Vec<Step>, found: &mut Found<'a>) {
    let places = found.templates.len() + found.carriers.len();
    if places < MAX_PLACES && path.len() < MAX_DEPTH && value.get().starts_with(['{', '[']) {
        let level = Level { value, path, found };
        let _ = serde_json::Deserializer::from_str(value.get()).deserialize_any(level);
    }
}

/// One map or list.
struct Level<'l, 'a> {
    value: &'a RawValue,
    path: &'l mut Vec<Step>,
    found: &'l mut Found<'a>,
}

impl<'a> Level<'_, 'a> {
    fn below(&mut self, step: Step, value: &'a RawValue) {
        self.path.push(step);
        descend(value, self.path, self.found);
        self.path.pop();
    }
}

impl<'a> Visitor<'a> for Level<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map or a list")
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut list: A) -> Result<(), A::Error> {
        let mut at = 0;
        while let Some(element) = list.next_element()? {
            self.below(Step::Element(at), element);
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'a>>(mut self, mut map: A) -> Result<(), A::Error> {
        let mut entries = Vec::new();
        let mut operation = Operation::default();
        let is_bare =
            matches!(self.path.last(), Some(Step::Key(key)) if key.ends_with("nnotations"));
        while let Some((key, value)) = map.next_entry::<Text<'a>, &'a RawValue>()? {
            if prefix::concerns(&key, is_bare) {
                entries.push((key, value));
                continue;
            }
            if &*key == "spec" {
                self.template(value);
            }
            operation.take(&key, value);
            if value.get().starts_with(['{', '[']) {
                self.below(Step::Key(key.to_string()), value);
            }
        }
        if !entries.is_empty() {
            let path = Path(self.path.clone());
            self.found.carriers.push(Carrier { path, entries });
        }
        if let Some(entry) = operation.entry() {
            let path = Path(self.path.clone()).join(&["path"]);
            let entries = vec![entry];
            self.found.carriers.push(Carrier { path, entries });
        }
        Ok(())
    }
}

/// As much of a pod's spec as makes it one.
#[derive(Deserialize)]
struct Spec<'a> {
    #[serde(borrow)]
    containers: Vec<Container<'a>>,
}

#[derive(Deserialize)]
struct Container<'a> {
    #[serde(borrow, default)]
    image: Option<&'a RawValue>,
}

impl Level<'_, '_> {
    fn template(&mut self, spec: &RawValue) {
        let Ok(Spec { containers }) = serde_json::from_str(spec.get()) else {
            return;
        };
        self.found.templates.push(Template {
            path: Path(self.path.clone()),
            raw: self.value,
            has_image: containers.iter().any(|container| container.image.is_some()),
        });
    }
}

/// An operation of RFC 6902 that adds one annotation.
#[derive(Default)]
struct Operation<'a> {
    path: Option<Text<'a>>,
    value: Option<&'a RawValue>,
}

impl<'a> Operation<'a> {
    fn take(&mut self, key: &str, value: &'a RawValue) {
        match key {
            "path" => self.path = serde_json::from_str(value.get()).ok(),
            "value" => self.value = Some(value),
            _ => {}
        }
    }

    fn entry(self) -> Option<(Text<'a>, &'a RawValue)> {
        let (map, key) = self.path.as_ref()?.rsplit_once('/')?;
        if !map.ends_with("/annotations") {
            return None;
        }
        let key = key.replace("~1", "/").replace("~0", "~");
        prefix::concerns(&key, true).then_some((Text::from(key), self.value?))
    }
}
