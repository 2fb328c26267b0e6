//! The annotations that a pod asks with: one table, from which everything else follows.
//!
//! ```text
//! TABLE ──► classify(key)       known, unknown, or not ours
//!      ├──► meant(key)          what an unknown one is meant to be, misspelt or another product's
//!      ├──► Annotations         the values of one pod, read by table entry
//!      └──► reference_markdown  docs/annotations.md
//! ```
//!
//! A default holds only where the key is absent: a key that is there with an empty value stays
//! empty, as in the established injector.

mod foreign;
mod nearest;
mod reference;
mod table;

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::LazyLock;

pub use foreign::{Counterpart, counterpart};
pub use nearest::{Meant, meant, nearest, nearest_of};
pub use reference::reference_markdown;
pub use table::*;

use crate::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};
use crate::values::{self, ValueError};

/// One annotation: how it is written and what it means.
#[derive(Debug, PartialEq, Eq)]
pub struct AnnotationSpec {
    /// The key without the prefix and without the `-NAME` suffix.
    pub key: &'static str,
    /// Whether a `-NAME` suffix belongs to the key.
    pub suffix: Suffix,
    /// What the value has to be.
    pub kind: Kind,
    /// What holds where the key is absent, as the reference shows it.
    pub default: &'static str,
    /// What it does, in one line.
    pub doc: &'static str,
}

/// Whether a key takes a `-NAME` suffix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suffix {
    /// Never.
    None,
    /// With a suffix for one secret, without for all.
    Optional,
    /// Always: the suffix names the secret or the setting.
    Required,
}

/// What a value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A Go boolean: `1 t T TRUE true True 0 f F FALSE false False`.
    Bool,
    /// A whole number.
    Int,
    /// A whole number of zero or more.
    Uint,
    /// The number of a port.
    Port,
    /// A decimal number.
    Float,
    /// A Go duration such as `1m30s`.
    Duration,
    /// A Kubernetes quantity such as `500m` or `64Mi`.
    Quantity,
    /// A list separated by commas; blanks are part of the elements.
    List,
    /// Text, taken as it is.
    Text,
    /// A file or directory path.
    Path,
    /// A path of Vault's API, such as `secret/data/app`.
    VaultPath,
    /// A template.
    Template,
    /// A JSON value.
    Json,
    /// A JSON array of RFC 6902 operations.
    JsonPatch,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

/// What an annotation's key is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Classification<'a> {
    /// Not under our prefix.
    Foreign,
    /// In the table, with its `-NAME` suffix where it has one.
    Known {
        /// The table entry.
        spec: &'static AnnotationSpec,
        /// The suffix without its dash.
        name: Option<&'a str>,
    },
    /// Under our prefix, but in no table; [`meant`] may know what it is meant to be.
    Unknown,
}

/// Parts a whole key into one of our prefixes and the rest.
///
/// ```
/// use contract::annotations::split_prefix;
///
/// let (_, short) = split_prefix("vault.hashicorp.com/role").expect("it is ours");
/// assert_eq!(short, "role");
/// assert!(split_prefix("app.kubernetes.io/name").is_none());
/// ```
pub fn split_prefix(key: &str) -> Option<(&'static str, &str)> {
    [ANNOTATION_PREFIX, OPENBAO_PREFIX]
        .into_iter()
        .find_map(|prefix| Some((prefix, key.strip_prefix(prefix)?)))
}

/// Says what `key`, a whole annotation key, is to us. Where several entries fit, the longest does.
pub fn classify(key: &str) -> Classification<'_> {
    split_prefix(key).map_or(Classification::Foreign, |(_, short)| classify_short(short))
}

/// The same for `short`, a key under one of our prefixes, without the prefix.
pub fn classify_short(short: &str) -> Classification<'_> {
    // A key ends with the text, or in front of a dash.
    let dashes = short.rmatch_indices('-').map(|(at, _)| at);
    [short.len()]
        .into_iter()
        .chain(dashes)
        .filter_map(|end| BY_LENGTH.get(end))
        .flatten()
        .find_map(|&spec| {
            let name = spec.matches(short)?;
            Some(Classification::Known { spec, name })
        })
        .unwrap_or(Classification::Unknown)
}

/// The entries of the table by the length of their keys: each key of each pod is looked up.
static BY_LENGTH: LazyLock<Vec<Vec<&'static AnnotationSpec>>> = LazyLock::new(|| {
    let longest = TABLE.iter().map(|spec| spec.key.len()).max();
    let mut lengths = vec![Vec::new(); longest.unwrap_or_default() + 1];
    for &spec in TABLE {
        lengths[spec.key.len()].push(spec);
    }
    lengths
});

impl AnnotationSpec {
    /// Where `short`, a key without the prefix, is this annotation: its suffix, if it has one.
    #[expect(
        clippy::option_option,
        reason = "whether it matches, and then with which suffix"
    )]
    fn matches<'a>(&self, short: &'a str) -> Option<Option<&'a str>> {
        let rest = short.strip_prefix(self.key)?;
        match (self.suffix, rest.strip_prefix('-')) {
            (Suffix::None | Suffix::Optional, _) if rest.is_empty() => Some(None),
            (Suffix::Optional | Suffix::Required, Some(name)) if !name.is_empty() => {
                Some(Some(name))
            }
            _ => None,
        }
    }

    /// The whole key.
    pub fn full_key(&self) -> String {
        format!("{ANNOTATION_PREFIX}{}", self.key)
    }

    /// The whole key for the secret or setting `name`.
    pub fn full_key_for(&self, name: &str) -> String {
        format!("{ANNOTATION_PREFIX}{}-{name}", self.key)
    }
}

/// A value that is not what its annotation takes. The text starts with Go's own words, which
/// established alerts match on, and then names the annotation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{source} (annotation {key})")]
pub struct AnnotationError {
    /// The whole key of the annotation.
    pub key: String,
    /// What is wrong with the value.
    #[source]
    pub source: ValueError,
}

/// The annotations of one pod that are under our prefixes.
#[derive(Clone, Debug, Default)]
pub struct Annotations<'a> {
    by_short_key: BTreeMap<&'a str, Entry<'a>>,
    /// One bit for each length of a key that is there. Most annotations that are asked for are not
    /// there, and this answers without a comparison.
    lengths: u64,
}

fn length_bit(length: usize) -> u64 {
    1 << (length % 64)
}

/// A value, and the prefix that its key was written with.
#[derive(Clone, Copy, Debug)]
struct Entry<'a> {
    prefix: &'static str,
    value: &'a str,
}

impl<'a> Annotations<'a> {
    /// Takes from a pod's annotations those under our prefixes. Of the same annotation under both,
    /// OpenBao's counts.
    pub fn new(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut by_short_key: BTreeMap<&str, Entry<'_>> = BTreeMap::new();
        for (key, value) in all {
            let Some((prefix, short)) = split_prefix(key) else {
                continue;
            };
            let kept = by_short_key.get(short);
            if prefix == OPENBAO_PREFIX || kept.is_none_or(|kept| kept.prefix == prefix) {
                by_short_key.insert(short, Entry { prefix, value });
            }
        }
        let lengths = by_short_key
            .keys()
            .fold(0, |bits, key| bits | length_bit(key.len()));
        Self {
            by_short_key,
            lengths,
        }
    }

    /// The value of an annotation, or `None` where the key is absent.
    pub fn get(&self, spec: &AnnotationSpec) -> Option<&'a str> {
        if !self.has_length(spec.key.len()) {
            return None;
        }
        self.by_short_key.get(spec.key).map(|entry| entry.value)
    }

    /// The value of an annotation for the secret `name`, the case of `name` kept.
    pub fn get_for(&self, spec: &AnnotationSpec, name: &str) -> Option<&'a str> {
        if !self.has_length(spec.key.len() + 1 + name.len()) {
            return None;
        }
        self.by_short_key
            .get(format!("{}-{name}", spec.key).as_str())
            .map(|entry| entry.value)
    }

    fn has_length(&self, length: usize) -> bool {
        self.lengths & length_bit(length) != 0
    }

    /// The whole key of an annotation, as the pod writes it.
    pub fn key(&self, spec: &AnnotationSpec) -> String {
        self.whole_key(spec.key)
    }

    /// The whole key of an annotation for the secret `name`, as the pod writes it.
    pub fn key_for(&self, spec: &AnnotationSpec, name: &str) -> String {
        self.whole_key(&format!("{}-{name}", spec.key))
    }

    /// The whole key of `short`, a key without the prefix, as the pod writes it.
    pub fn whole_key(&self, short: &str) -> String {
        let entry = self.by_short_key.get(short);
        let prefix = entry.map_or(ANNOTATION_PREFIX, |entry| entry.prefix);
        format!("{prefix}{short}")
    }

    /// The names and values of all annotations of this kind that have a non-empty suffix, sorted
    /// by name.
    pub fn with_suffix(
        &self,
        spec: &AnnotationSpec,
    ) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let key = spec.key;
        self.by_short_key
            .range::<str, _>((Bound::Included(key), Bound::Unbounded))
            .take_while(|(short, _)| short.starts_with(key))
            .filter_map(|(short, entry)| {
                let name = short[key.len()..].strip_prefix('-')?;
                (!name.is_empty()).then_some((name, entry.value))
            })
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The keys (without prefix) and values, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + '_ {
        self.by_short_key
            .iter()
            .map(|(key, entry)| (*key, entry.value))
    }

    /// A boolean, `default` where the key is absent; empty is false.
    pub fn bool(&self, spec: &AnnotationSpec, default: bool) -> Result<bool, AnnotationError> {
        self.parsed(spec, default, values::parse_bool)
    }

    /// A boolean for the secret `name`.
    pub fn bool_for(
        &self,
        spec: &AnnotationSpec,
        name: &str,
        default: bool,
    ) -> Result<bool, AnnotationError> {
        self.get_for(spec, name).map_or(Ok(default), |text| {
            values::parse_bool(text).map_err(|source| AnnotationError {
                key: self.key_for(spec, name),
                source,
            })
        })
    }

    /// A whole number, `default` where the key is absent; empty is zero.
    pub fn int(&self, spec: &AnnotationSpec, default: i64) -> Result<i64, AnnotationError> {
        self.parsed(spec, default, values::parse_int)
    }

    /// A whole number of zero or more, `default` where the key is absent; empty is an error.
    pub fn uint(&self, spec: &AnnotationSpec, default: u64) -> Result<u64, AnnotationError> {
        self.parsed(spec, default, values::parse_uint)
    }

    /// A decimal number, `default` where the key is absent; empty is an error.
    pub fn float(&self, spec: &AnnotationSpec, default: f64) -> Result<f64, AnnotationError> {
        self.parsed(spec, default, values::parse_float)
    }

    fn parsed<T>(
        &self,
        spec: &AnnotationSpec,
        default: T,
        parse: fn(&str) -> Result<T, ValueError>,
    ) -> Result<T, AnnotationError> {
        self.get(spec).map_or(Ok(default), |text| {
            parse(text).map_err(|source| AnnotationError {
                key: self.key(spec),
                source,
            })
        })
    }
}

#[cfg(test)]
mod tests;
