//! `docs/operator-reference.md`, made from the definitions.
//!
//! `UPDATE_DOCS=1 cargo test -p operator-api --test reference` writes it anew.
// The helpers of a test are test code too.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use operator_api::crds;
use serde_json::Value;

/// Kinds whose objects are stored, and that the operator does nothing with yet.
const NOT_YET: [&str; 1] = ["ClusterPushSecret"];

/// Kinds that upstream writes for itself.
const INTERNAL: [&str; 1] = ["GeneratorState"];

const HEAD: &str = "# Fields of the operator's kinds

With this page you look up a field of an ExternalSecret, a store or a generator: its type, its default, and what it does.
[operator.md](operator.md) is the guide. `kubectl explain externalsecret.spec` prints the same from the cluster.

A field is named by its path below `spec` or `status`; `[]` is an entry of a list, `.*` any key of a map. **Required** stands
where the API server refuses an object without the field. Fields that are the same as others are listed once, and referred to.
Durations are written like `15s` or `1h30m`.

A test makes this page from the definitions: `UPDATE_DOCS=1 cargo test -p operator-api --test reference`.

<!-- in the text, yours: needs a cluster -->
";

/// Fields below an object that are listed where they come first.
struct Page {
    text: String,
    listed: HashMap<String, String>,
    kind: String,
}

impl Page {
    fn kind(&mut self, definition: &Value) {
        let names = &definition["spec"]["names"];
        let kind = names["kind"].as_str().unwrap();
        kind.clone_into(&mut self.kind);
        let versions = definition["spec"]["versions"].as_array().unwrap();
        let stored = versions.iter().find(|it| it["storage"] == true).unwrap();
        let schema = &stored["schema"]["openAPIV3Schema"];
        let group = definition["spec"]["group"].as_str().unwrap();
        let served = versions
            .iter()
            .map(|version| format!("`{group}/{}`", version["name"].as_str().unwrap()));
        let served = served.collect::<Vec<_>>().join(" and ");
        let scope = match definition["spec"]["scope"].as_str() {
            Some("Namespaced") => "in a namespace",
            _ => "of the cluster",
        };
        let shorts = names["shortNames"].as_array().into_iter().flatten();
        let shorts = shorts.map(|short| format!(", `{}`", short.as_str().unwrap()));
        let plural = names["plural"].as_str().unwrap();
        let shorts: String = shorts.collect();
        let description = schema["description"].as_str().unwrap();
        let text = &mut self.text;
        write!(text, "\n## {kind}\n\n{description} {served}, {scope}; ").unwrap();
        writeln!(text, "`kubectl get {plural}`{shorts}.").unwrap();
        if NOT_YET.contains(&kind) {
            text.push_str(
                "\n**Not supported yet**: objects are stored, and nothing is done with them.\n",
            );
        }
        for part in ["spec", "status"] {
            let object = &schema["properties"][part];
            if object["properties"].is_object() {
                self.table(part, object);
            }
        }
    }

    fn table(&mut self, part: &str, object: &Value) {
        if let Some(place) = self.listed.get(&digest(object)) {
            writeln!(self.text, "\n`{part}`: as {place}.").unwrap();
            return;
        }
        self.list(part, object);
        let text = &mut self.text;
        text.push_str("\n| field | type | default | |\n|---|---|---|---|\n");
        self.rows(part, object);
    }

    fn rows(&mut self, path: &str, object: &Value) {
        let required = object["required"].as_array();
        for (name, field) in object["properties"].as_object().unwrap() {
            let path = format!("{path}.{name}");
            let (kind, ending, inner) = type_of(field);
            let default = match &field["default"] {
                Value::Null if required.is_some_and(|all| all.contains(&name.as_str().into())) => {
                    "**required**".to_owned()
                }
                Value::Null => String::new(),
                default => format!("`{default}`"),
            };
            let mut words = field["description"].as_str().unwrap_or_default().to_owned();
            let has_fields = inner["properties"].is_object();
            let known = self.listed.get(&digest(inner)).filter(|_| has_fields);
            match (known, few_fields(inner)) {
                (Some(_), Some(names)) => write!(words, " Fields: {names}.").unwrap(),
                (Some(place), None) => write!(words, " Fields as {place}.").unwrap(),
                (None, _) => {}
            }
            let words = words.replace('|', "\\|");
            let is_known = known.is_some();
            writeln!(self.text, "| `{path}` | {kind} | {default} | {words} |").unwrap();
            if has_fields && !is_known {
                let path = format!("{path}{ending}");
                self.list(&path, inner);
                self.rows(&path, inner);
            }
        }
    }

    fn list(&mut self, path: &str, object: &Value) {
        let anchor = self.kind.to_lowercase();
        let place = format!("`{path}` of [{}](#{anchor})", self.kind);
        self.listed.entry(digest(object)).or_insert(place);
    }
}

/// What makes two objects the same to a reader.
fn digest(object: &Value) -> String {
    format!("{}{}", object["properties"], object["required"])
}

/// The names of the fields, if they are few and have none of their own.
fn few_fields(object: &Value) -> Option<String> {
    let fields = object["properties"].as_object()?;
    let is_few = fields.len() < 4 && fields.values().all(|field| field["type"] == "string");
    let names: Vec<_> = fields.keys().map(|name| format!("`{name}`")).collect();
    is_few.then(|| names.join(", "))
}

/// The type in words, what stands behind the path of its fields, and the schema that has them.
fn type_of(field: &Value) -> (String, &'static str, &Value) {
    let values = field["enum"].as_array();
    if let Some(values) = values {
        let values = values
            .iter()
            .map(|value| format!("`{}`", value.as_str().unwrap()));
        return (values.collect::<Vec<_>>().join(", "), "", field);
    }
    if field["x-kubernetes-int-or-string"] == true {
        return ("number or text".to_owned(), "", field);
    }
    let format = field["format"].as_str();
    match (field["type"].as_str(), format) {
        (Some("array"), _) => {
            let (inner, _, _) = type_of(&field["items"]);
            (format!("list of {}", plural(&inner)), "[]", &field["items"])
        }
        (Some("object"), _) if field["additionalProperties"].is_object() => {
            let (inner, _, _) = type_of(&field["additionalProperties"]);
            (
                format!("map to {}", plural(&inner)),
                ".*",
                &field["additionalProperties"],
            )
        }
        (Some("object"), _) => ("object".to_owned(), "", field),
        (Some("integer"), _) => ("number".to_owned(), "", field),
        (Some("boolean"), _) => ("`true`, `false`".to_owned(), "", field),
        (Some("string"), Some("byte")) => ("base64".to_owned(), "", field),
        (Some("string"), Some("date-time")) => ("time".to_owned(), "", field),
        (Some("string"), _) => ("text".to_owned(), "", field),
        _ => ("anything".to_owned(), "", field),
    }
}

fn plural(kind: &str) -> String {
    match kind {
        "object" => "objects".to_owned(),
        "text" => "texts".to_owned(),
        kind if kind.starts_with("list of ") => kind.replacen("list", "lists", 1),
        kind => kind.to_owned(),
    }
}

#[test]
fn the_reference_is_what_the_definitions_say() {
    let mut page = Page {
        text: HEAD.to_owned(),
        listed: HashMap::new(),
        kind: String::new(),
    };
    for definition in serde_json::to_value(crds()).unwrap().as_array().unwrap() {
        let kind = definition["spec"]["names"]["kind"].as_str().unwrap();
        if !INTERNAL.contains(&kind) {
            page.kind(definition);
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operator-reference.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page.text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == page.text,
        "docs/operator-reference.md is stale: run this test with UPDATE_DOCS=1"
    );
}
