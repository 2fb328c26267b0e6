//! What `docs/agent-config.md` and `docs/agent-config.schema.json` say about keys, made from the types
//! and from the table of blocks. `UPDATE_DOCS=1` writes both anew.

use std::fmt::Write as _;
use std::path::PathBuf;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Block, Count, Label, ROOT};

const BEGIN: &str = "<!-- The rest is made by a test from the types: UPDATE_DOCS=1 cargo test -p vault-agent document -->\n";

/// The schema of a whole configuration in its plain JSON form.
fn schema() -> Value {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let generator = settings.into_generator();
    let schema = generator.into_root_schema_for::<contract::agent_config::AgentConfig>();
    let mut schema = schema.to_value();
    let mut blocks = Map::new();
    complete(&mut schema, &ROOT, "", &mut blocks);
    schema["$defs"] = Value::Object(blocks);
    schema["title"] = json!("Configuration of vault-agent");
    schema
}

/// Adds to the schema of a type what the table knows of the block. The blocks in it move to `blocks`, by
/// their paths.
fn complete(schema: &mut Value, block: &Block, path: &str, blocks: &mut Map<String, Value>) {
    schema["additionalProperties"] = json!(false);
    let properties = schema["properties"].as_object_mut().unwrap();
    for property in properties.values_mut() {
        simplify(property);
    }
    for (key, inner) in block.blocks {
        let path = below(path, key);
        let property = &mut properties[*key];
        let description = property["description"].clone();
        let (mut alternatives, mut own) = (Vec::new(), None);
        for mut way in ways(property) {
            if way.get("properties").is_some() {
                complete(&mut way, inner, &path, blocks);
                own = Some(way);
            } else {
                alternatives.push(way);
            }
        }
        blocks.insert(path.clone(), own.unwrap());
        let one = json!({"$ref": format!("#/$defs/{path}")});
        let mut list = json!({"type": "array", "items": one});
        if inner.count == Count::One {
            list["maxItems"] = json!(1);
        }
        alternatives.extend([one, list]);
        *property = json!({"description": description, "anyOf": alternatives});
    }
    for key in block.leftovers {
        let words = "Accepted, and of no effect: a key of the server.";
        properties.insert((*key).to_owned(), json!({ "description": words }));
    }
}

fn below(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    }
}

/// The ways to write a block, those of one item for a list.
fn ways(property: &Value) -> Vec<Value> {
    let ways = property["anyOf"].as_array().cloned();
    let ways = ways.unwrap_or_else(|| vec![property.clone()]);
    let item = |way: Value| way.get("items").cloned().unwrap_or(way);
    ways.into_iter().map(item).collect()
}

/// Leaves out `null` and defaults, which say nothing to whoever writes a file, and lets a list of
/// texts be one text.
fn simplify(property: &mut Value) {
    let object = property.as_object_mut().unwrap();
    object.remove("default");
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|it| it != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(alternatives)) = object.get_mut("anyOf") {
        alternatives.retain(|it| it["type"] != "null");
        if let [only] = alternatives.as_slice() {
            let only = only.as_object().unwrap().clone();
            object.remove("anyOf");
            for (key, value) in only {
                object.entry(key).or_insert(value);
            }
        }
    }
    if object
        .get("items")
        .is_some_and(|items| items["type"] == "string")
    {
        object["type"] = json!(["array", "string"]);
    }
}

/// A table for each block, one line for each key.
fn tables(out: &mut String, path: &str, blocks: &Value, block: &Block) {
    let schema = if path.is_empty() {
        blocks
    } else {
        &blocks["$defs"][path]
    };
    let properties = schema["properties"].as_object().unwrap();
    match path {
        "" => out.push_str("\n## Top level\n\n"),
        path => writeln!(out, "\n## `{path}`\n").unwrap(),
    }
    if let Some(words) = schema["description"].as_str() {
        writeln!(out, "{}{}\n", one_line(words), about(block)).unwrap();
    }
    out.push_str("| key | takes | |\n|---|---|---|\n");
    let is_leftover = |key: &str| block.leftovers.contains(&key);
    for (key, property) in properties.iter().filter(|(key, _)| !is_leftover(key)) {
        let words = property["description"].as_str().map(one_line);
        writeln!(
            out,
            "| `{key}` | {} | {} |",
            takes(property),
            words.unwrap_or_default()
        )
        .unwrap();
    }
    if !block.leftovers.is_empty() {
        let keys: Vec<_> = block
            .leftovers
            .iter()
            .map(|key| format!("`{key}`"))
            .collect();
        writeln!(
            out,
            "\nAccepted, and of no effect, because they are the server's: {}.",
            keys.join(", ")
        )
        .unwrap();
    }
    for (key, inner) in block.blocks {
        let path = below(path, key);
        tables(out, &path, blocks, inner);
    }
}

fn about(block: &Block) -> String {
    let mut words = String::new();
    match block.count {
        Count::Many => words.push_str(" May stand any number of times."),
        Count::Last => words.push_str(" May be repeated: the last one counts."),
        Count::One => {}
    }
    match block.label {
        Label::Type => words.push_str(" Its label is its `type`."),
        Label::Name => words.push_str(" Its label is its `name`."),
        Label::None => {}
    }
    if block.closed {
        words.push_str(" A key that is not in the table is an error.");
    }
    words
}

fn takes(property: &Value) -> String {
    let is = |name: &str| match &property["type"] {
        Value::String(kind) => kind == name,
        Value::Array(kinds) => kinds.iter().any(|kind| kind == name),
        _ => false,
    };
    let words = if let Some(alternatives) = property["anyOf"].as_array() {
        if alternatives.iter().any(|it| it.get("$ref").is_some()) {
            "block"
        } else if alternatives[0]["type"] == "boolean" {
            "boolean"
        } else {
            "text or list"
        }
    } else if property.get("pattern").is_some() {
        "octal mode"
    } else if is("array") {
        "list, or text with commas"
    } else if is("string") && is("integer") {
        "duration"
    } else if is("string") {
        "text"
    } else if is("object") {
        "any keys"
    } else {
        "number"
    };
    words.to_owned()
}

fn one_line(words: &str) -> String {
    let words = words.replace('\n', " ").replace('|', "\\|");
    // Types of the source are keys to whoever reads the page.
    words
        .replace("[`Exec`]", "`exec`")
        .replace("[`Wait`]", "`wait`")
        .replace("[`Template`]", "`template`")
}

fn docs(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name)
}

/// Writes a document, or holds it against what it should be.
// A page is for everybody to read.
#[allow(clippy::disallowed_methods)]
fn keep(name: &str, right: &str) {
    let path = docs(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, right).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == right,
        "docs/{name} is stale: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn the_documents_name_every_key_as_the_types_have_it() {
    let schema = schema();
    keep(
        "agent-config.schema.json",
        &(serde_json::to_string_pretty(&schema).unwrap() + "\n"),
    );
    let page = std::fs::read_to_string(docs("agent-config.md")).unwrap();
    let (intro, _) = page
        .split_once(BEGIN)
        .expect("the page must have a generated part");
    let mut right = format!("{intro}{BEGIN}");
    tables(&mut right, "", &schema, &ROOT);
    keep("agent-config.md", &right);
}

/// The keys that the table knows, and those that the schema knows.
fn compare(path: &str, schema: &Value, block: &Block) {
    let own = if path.is_empty() {
        schema
    } else {
        &schema["$defs"][path]
    };
    let properties = own["properties"].as_object().unwrap();
    let known = (block.fields)().iter().chain(block.leftovers);
    for key in known.clone() {
        assert!(
            properties.contains_key(*key),
            "{path}: {key} is missing in the schema"
        );
    }
    assert_eq!(properties.len(), known.count(), "{path}");
    for (key, inner) in block.blocks {
        let path = below(path, key);
        compare(&path, schema, inner);
    }
}

#[test]
fn the_schema_takes_exactly_the_keys_that_are_read() {
    compare("", &schema(), &ROOT);
}
