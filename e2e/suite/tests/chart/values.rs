//! `values.yaml` as its readers see it: every value documented, known to the schema, and in
//! `docs/values.md`.

use std::fmt::Write as _;

use serde_json::Value;

use crate::helm::{chart, is_current, manifests, read};

/// What the schema takes beside: a field of Kubernetes, and a value that has no effect in the
/// established chart either.
const UNDOCUMENTED: [&str; 2] = ["terminationGracePeriodSeconds", "agentImage.pullPolicy"];

/// A value of the chart.
pub(crate) struct Entry {
    /// With dots.
    pub(crate) path: String,
    /// As it stands there.
    pub(crate) default: String,
    /// The comment above it.
    words: String,
}

/// All values that have no values below them, in order.
pub(crate) fn entries() -> Vec<Entry> {
    let text = read(&chart().join("values.yaml"));
    let mut entries: Vec<Entry> = Vec::new();
    let mut above: Vec<&str> = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(comment) = trimmed.strip_prefix('#') {
            words.push(comment.trim());
            continue;
        }
        let Some((key, value)) = trimmed.split_once(':') else {
            words.clear();
            continue;
        };
        above.truncate((line.len() - trimmed.len()) / 2);
        above.push(key);
        let path = above.join(".");
        // What has values below is told of by them.
        entries.retain(|entry| !is_below(&path, &entry.path));
        entries.push(Entry {
            path,
            default: value.trim().to_owned(),
            words: words.join(" "),
        });
        words.clear();
    }
    entries
}

#[test]
fn every_value_is_documented_where_it_stands() {
    let entries = entries();
    assert!(entries.len() > 90, "{}", entries.len());
    for entry in entries {
        assert!(entry.words.ends_with('.'), "{} has no words", entry.path);
    }
}

#[test]
fn the_page_of_values_is_current() {
    let mut page = String::from(
        "# Values of the chart\n\nThose of the established chart keep their names and meaning. A value that is `null` has its default \
         in the chart;\nwhat you write wins. [install.md](install.md) tells how they are given.\n\n\
         A test makes this page from `manifests/chart/values.yaml`: `UPDATE_DOCS=1 make test`.\n\n\
         <!-- in the text, run by e2e/scripts/cluster.sh: test vault-injector -->\n\n\
         | value | default | |\n|---|---|---|\n",
    );
    for Entry {
        path,
        default,
        words,
    } in entries()
    {
        writeln!(page, "| `{path}` | `{default}` | {words} |").unwrap();
    }
    is_current(&manifests().join("../docs/values.md"), &page);
}

#[test]
fn the_schema_knows_what_is_documented_and_nothing_else() {
    let schema: Value = serde_json::from_str(&read(&chart().join("values.schema.json"))).unwrap();
    let entries = entries();
    for Entry { path, .. } in &entries {
        let mut at = &schema;
        for key in path.split('.') {
            match at.get("properties").and_then(|it| it.get(key)) {
                Some(part) => at = part,
                // What is Kubernetes' to define is left to it.
                None if at["additionalProperties"] != false && at.get("type").is_some() => break,
                None => panic!("{path} is not in the schema"),
            }
        }
    }
    let mut known = Vec::new();
    for part in ["injector", "operator"] {
        paths(&schema["properties"][part], part, &mut known);
    }
    for path in known {
        let documented = entries.iter().any(|entry| {
            path == entry.path || is_below(&path, &entry.path) || is_below(&entry.path, &path)
        });
        assert!(
            documented || UNDOCUMENTED.iter().any(|end| path.ends_with(end)),
            "{path} is documented nowhere"
        );
    }
}

fn is_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other)
        .is_some_and(|rest| rest.starts_with('.'))
}

/// The paths below a part of the schema that have nothing below them.
fn paths(schema: &Value, path: &str, found: &mut Vec<String>) {
    match schema.get("properties").and_then(Value::as_object) {
        None => found.push(path.to_owned()),
        Some(properties) => {
            for (key, part) in properties {
                paths(part, &format!("{path}.{key}"), found);
            }
        }
    }
}
