//! The functions that a template may call, besides Go's own.
//!
//! One table is the source of everything: registration, checks of a call, hints and documentation.
//! A family of functions has a module of its own.

mod encode;
mod environment;
mod file;
mod hash;
mod json;
mod list;
mod map;
mod math;
mod network;
mod parse;
mod refused;
mod regex;
mod scratch;
mod spew;
mod sprig;
mod text;
mod time;
mod utf8;
pub(crate) mod vault;

use std::sync::{Arc, LazyLock};

use text_template::{Arguments, CallError, FunctionSet, Signature, Type, Value};

use crate::pass::Pass;
pub(crate) use encode::{decode_base64, encode_base64};
pub use regex::Regexp;
pub(crate) use regex::expression as regular_expression;
pub(crate) use scratch::Scratch;
pub(crate) use sprig::{PREFIX as SPRIG_PREFIX, clean_path};
pub(crate) use time::format as formatted_time;

/// What a function does: with the state of the pass and arguments that fit the signature.
type Body = fn(&mut Pass<'_>, Arguments<'_>) -> Result<Value, CallError>;

/// A row of the table.
pub(crate) struct Function {
    signature: Signature,
    usage: &'static str,
    doc: &'static str,
    pub(crate) body: Body,
}

const fn function(
    signature: Signature,
    usage: &'static str,
    doc: &'static str,
    body: Body,
) -> Function {
    Function {
        signature,
        usage,
        doc,
        body,
    }
}

/// A function as its documentation shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionDoc {
    /// The name.
    pub name: &'static str,
    /// How it is called.
    pub usage: &'static str,
    /// What it does, in a line.
    pub doc: &'static str,
}

const EXECUTE_TEMPLATE: FunctionDoc = FunctionDoc {
    name: "executeTemplate",
    usage: "executeTemplate NAME [DATA]",
    doc: "The output of a defined template as a string.",
};

/// The families, in the order in which they are documented.
const FAMILIES: &[&[Function]] = &[
    vault::FUNCTIONS,
    file::FUNCTIONS,
    environment::FUNCTIONS,
    network::FUNCTIONS,
    text::FUNCTIONS,
    encode::FUNCTIONS,
    json::FUNCTIONS,
    parse::FUNCTIONS,
    list::FUNCTIONS,
    map::FUNCTIONS,
    math::FUNCTIONS,
    hash::FUNCTIONS,
    regex::FUNCTIONS,
    time::FUNCTIONS,
    scratch::FUNCTIONS,
    spew::FUNCTIONS,
    refused::FUNCTIONS,
];

impl Function {
    pub(crate) fn name(&self) -> &'static str {
        self.signature.name
    }

    pub(crate) fn usage(&self) -> &'static str {
        self.usage
    }

    pub(crate) fn signature(&self) -> Signature {
        self.signature
    }
}

/// The rows of sprig.
pub(crate) fn sprig_rows() -> impl Iterator<Item = &'static Function> {
    sprig::FAMILIES.iter().copied().flatten()
}

/// The table's rows.
pub(crate) fn rows() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().copied().flatten().chain(sprig_rows())
}

/// All functions, for their documentation.
pub fn functions() -> impl Iterator<Item = FunctionDoc> {
    rows()
        .map(|row| FunctionDoc {
            name: row.signature.name,
            usage: row.usage,
            doc: row.doc,
        })
        .chain([EXECUTE_TEMPLATE])
}

/// What a template's call of a function by index runs.
#[derive(Clone, Copy)]
pub(crate) enum Entry {
    Known(&'static Function),
    /// On the template's denylist.
    Denied,
}

/// The functions of one template: all, with those denied that a name or glob of `denylist` matches.
/// Templates without a denylist share one table.
pub(crate) fn function_set(denylist: &[String]) -> (FunctionSet, Arc<[Entry]>) {
    static ALL: LazyLock<(FunctionSet, Arc<[Entry]>)> = LazyLock::new(|| allowed(&[]));
    if denylist.is_empty() {
        ALL.clone()
    } else {
        allowed(denylist)
    }
}

fn allowed(denylist: &[String]) -> (FunctionSet, Arc<[Entry]>) {
    let denied = |name: &str| is_denied(denylist, name);
    let (mut signatures, mut entries) = (Vec::new(), Vec::new());
    for row in rows() {
        if !denied(row.signature.name) {
            signatures.push(row.signature);
            entries.push(Entry::Known(row));
        }
    }
    let known = functions()
        .map(|doc| doc.name)
        .chain(FunctionSet::builtin_names());
    for name in known.filter(|name| denied(name)) {
        signatures.push(Signature::variadic(name, &[], Type::String));
        entries.push(Entry::Denied);
    }
    let set = FunctionSet::new(signatures).with_execute_template(EXECUTE_TEMPLATE.name);
    (set, entries.into())
}

/// Does a name or glob of the list match?
pub(crate) fn is_denied(denylist: &[String], name: &str) -> bool {
    denylist.iter().any(|glob| matches(glob, name))
}

/// Does a name match a glob of `*` and `?`?
pub fn matches(glob: &str, name: &str) -> bool {
    match glob.chars().next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = &glob[1..];
            name.char_indices()
                .map(|(index, _)| index)
                .chain([name.len()])
                .any(|start| matches(rest, &name[start..]))
        }
        Some(c) => name
            .strip_prefix(|first| c == '?' || first == c)
            .is_some_and(|rest| matches(&glob[c.len_utf8()..], rest)),
    }
}

/// What to say about a name that is no function.
pub(crate) fn hint(name: &str, set: &FunctionSet) -> Option<String> {
    reason(name).or_else(|| nearest(name, set.names()))
}

/// The same about a name that is none of the known helpers.
pub(crate) fn hint_among(name: &str, known: impl Iterator<Item = &'static str>) -> Option<String> {
    reason(name).or_else(|| nearest(name, known))
}

/// Why a function that others know is none here.
fn reason(name: &str) -> Option<String> {
    const CONSUL: &[&str] = &[
        "byKey",
        "byMeta",
        "byPort",
        "byTag",
        "caLeaf",
        "caRoots",
        "connect",
        "datacenters",
        "explode",
        "exportedServices",
        "importedServices",
        "key",
        "keyExists",
        "keyOrDefault",
        "ls",
        "node",
        "nodes",
        "partitions",
        "peerings",
        "safeLs",
        "safeTree",
        "service",
        "services",
        "tree",
    ];
    const NOMAD: &[&str] = &[
        "nomadService",
        "nomadServices",
        "nomadVar",
        "nomadVarExists",
        "nomadVarList",
        "nomadVarListSafe",
    ];
    if CONSUL.contains(&name) {
        return Some(String::from(
            "it reads from Consul, which templates here cannot",
        ));
    }
    if NOMAD.contains(&name) {
        return Some(String::from(
            "it reads from Nomad, which templates here cannot",
        ));
    }
    // As Helm has them, too.
    let of_sprig = name.strip_prefix("sprig_").unwrap_or(name);
    match of_sprig {
        "env" | "expandenv" => Some(String::from(
            "left out on purpose: write env \"NAME\" for a variable of the environment",
        )),
        "now" | "date" | "htmlDate" | "dateInZone" | "date_in_zone" | "htmlDateInZone" => {
            Some(String::from(
                "left out on purpose: write timestamp, or timestamp \"2006-01-02\", for the time",
            ))
        }
        _ if sprig::REFUSED.contains(&of_sprig) || sprig::OUTSIDE.contains(&of_sprig) => {
            Some(String::from(
                "left out on purpose: it gives another value at each render, or computes with \
                 times, which templates here do not",
            ))
        }
        _ => None,
    }
}

/// The known name that looks most like one.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<String> {
    // Helm has sprig's functions without the prefix.
    let of_sprig = |known: &str| known.strip_prefix("sprig_") == Some(name);
    let nearest = known
        .map(|known| {
            let distance = if of_sprig(known) {
                1
            } else {
                distance(name, known).saturating_mul(2)
            };
            (distance, known)
        })
        .min()?;
    let (distance, known) = (nearest.0.div_ceil(2), nearest.1);
    (distance <= 1 + name.len() / 4).then(|| format!("did you mean \"{known}\"?"))
}

/// Edits that make one word of the other: letters added, removed, changed or swapped.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() > 40 {
        return usize::MAX;
    }
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = match (i, j) {
                (0, _) | (_, 0) => i + j,
                _ => {
                    let change = usize::from(!a[i - 1].eq_ignore_ascii_case(&b[j - 1]));
                    let mut best = (rows[i - 1][j - 1] + change)
                        .min(rows[i - 1][j] + 1)
                        .min(rows[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        best = best.min(rows[i - 2][j - 2] + 1);
                    }
                    best
                }
            };
        }
    }
    rows[a.len()][b.len()]
}

/// An argument that the signature says is a string.
fn bytes(argument: &Value) -> &[u8] {
    argument.as_text().map_or(&[], |text| text.as_bytes())
}

/// An argument that the signature says is a string, as UTF-8.
fn utf8(argument: &Value) -> std::borrow::Cow<'_, str> {
    utf8::decoded(bytes(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        assert!(matches("sprig_*", "sprig_upper"));
        assert!(matches("*", "x"));
        assert!(matches("e?v", "env"));
        assert!(!matches("env", "envOrDefault"));
        assert!(!matches("sprig_*", "sprig"));
    }

    #[test]
    fn a_misspelt_name_gets_its_nearest_neighbour() {
        let (set, _) = function_set(&[]);
        assert_eq!(
            hint("secrt", &set).as_deref(),
            Some("did you mean \"secret\"?")
        );
        assert_eq!(
            hint("toJson", &set).as_deref(),
            Some("did you mean \"toJSON\"?")
        );
        assert_eq!(hint("frobnicate", &set), None);
        for name in ["sprig_uuidv4", "sprig_randAlphaNum", "uuidv4", "sprig_now"] {
            let hint = hint(name, &set).unwrap();
            assert!(hint.starts_with("left out on purpose"), "{name}: {hint}");
        }
        assert!(hint("service", &set).is_some_and(|hint| hint.contains("Consul")));
    }

    #[test]
    fn each_name_stands_in_the_table_once_and_is_documented() {
        let mut names: Vec<_> = functions().map(|doc| doc.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for row in functions() {
            assert!(row.usage.starts_with(row.name), "{}", row.usage);
            assert!(row.doc.ends_with('.'), "{}", row.doc);
        }
    }

    #[test]
    fn what_is_left_out_of_sprig_is_documented() {
        let page = include_str!("../../../docs/templates.md");
        let (_, left_out) = page.split_once("Of sprig, those are left out").unwrap();
        for name in sprig::REFUSED.iter().chain(sprig::OUTSIDE) {
            assert!(left_out.contains(&format!("`{name}`")), "{name}");
        }
    }
}
