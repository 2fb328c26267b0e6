//! Manifests in files: documents with the place where they stand.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use contract::annotations;
use contract::names::{ANNOTATION_PREFIX, OPENBAO_PREFIX};
use thiserror::Error;

use super::node::Node;
use injection::workload;

/// A file that cannot be read as manifests.
#[derive(Debug, Error)]
pub(super) enum ManifestError {
    #[error("{file}: {source}")]
    Read { file: String, source: io::Error },
    #[error("{file}:{line}: error: {message}")]
    Yaml {
        file: String,
        line: usize,
        message: String,
    },
}

/// One document of a file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: String,
    /// The line of the file in which the text begins, counted from 1.
    line: usize,
    pub(super) text: String,
    pub(super) node: Node,
}

/// All documents of all files, in order. Without a file, standard input.
pub(super) fn read(files: &[OsString]) -> Result<Vec<Document>, ManifestError> {
    let mut documents = Vec::new();
    if files.is_empty() {
        documents.extend(standard_input()?);
    }
    for file in files {
        if file == "-" {
            documents.extend(standard_input()?);
            continue;
        }
        for path in paths(Path::new(file))? {
            let shown = path.display().to_string();
            let text = fs::read_to_string(&path).map_err(|source| ManifestError::Read {
                file: shown.clone(),
                source,
            })?;
            documents.extend(split(&shown, &text)?);
        }
    }
    Ok(documents)
}

fn standard_input() -> Result<Vec<Document>, ManifestError> {
    let file = "standard input".to_owned();
    let mut text = String::new();
    match io::stdin().read_to_string(&mut text) {
        Ok(_) => split(&file, &text),
        Err(source) => Err(ManifestError::Read { file, source }),
    }
}

/// The file itself, or the manifests of a directory, sorted.
fn paths(path: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |source| ManifestError::Read {
        file: path.display().to_string(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let extension = path.extension().and_then(OsStr::to_str);
        if matches!(extension, Some("yaml" | "yml" | "json")) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The documents of a text. Those that say nothing are left out.
pub(super) fn split(file: &str, text: &str) -> Result<Vec<Document>, ManifestError> {
    let mut documents = Vec::new();
    let (mut line, mut current) = (1, String::new());
    let mut start = 1;
    let mut finish = |start: usize, text: String| -> Result<(), ManifestError> {
        let node = parse(&text).map_err(|(at, message)| ManifestError::Yaml {
            file: file.to_owned(),
            line: start + at.saturating_sub(1),
            message,
        })?;
        if node != Node::Null {
            documents.push(Document {
                file: file.to_owned(),
                line: start,
                text,
                node,
            });
        }
        Ok(())
    };
    for part in text.split_inclusive('\n') {
        line += 1;
        let trimmed = part.trim_end();
        if trimmed == "---" || trimmed.starts_with("--- ") {
            finish(start, std::mem::take(&mut current))?;
            start = line;
        } else {
            current.push_str(part);
        }
    }
    finish(start, current)?;
    Ok(documents)
}

fn parse(text: &str) -> Result<Node, (usize, String)> {
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Node::Null);
    }
    let options = serde_saphyr::options! { with_snippet: false };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let line = error.location().map_or(1, |place| place.line());
        let message = error.to_string();
        let message = message.lines().next().unwrap_or_default().to_owned();
        (usize::try_from(line).unwrap_or(1), message)
    })
}

/// The node as YAML.
pub(super) fn yaml(node: &Node) -> String {
    // Configurations in base64 are longer than any line and have no place to be folded at.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    serde_saphyr::to_string_with_options(node, options)
        .expect("a node must serialise: its keys are text")
}

impl Document {
    /// The line on which an annotation is written, under either prefix; else that of the annotation
    /// that asks for an agent; else the first.
    pub(super) fn line_of(&self, key: Option<&str>) -> usize {
        let writes = |line: &str, key: &str| {
            let line = line.trim_start().trim_start_matches(['"', '\'']);
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with([':', '"', '\'', ' ']))
        };
        let written = |key: &str| self.text.lines().position(|line| writes(line, key));
        let at = |key: &str| {
            let (_, short) = annotations::split_prefix(key)?;
            [ANNOTATION_PREFIX, OPENBAO_PREFIX]
                .iter()
                .find_map(|prefix| written(&format!("{prefix}{short}")))
        };
        let asks = || at(&format!("{ANNOTATION_PREFIX}{}", annotations::INJECT.key));
        let first = || {
            let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
            self.text.lines().position(says)
        };
        let line = key.and_then(at).or_else(asks).or_else(first);
        self.line + line.unwrap_or_default()
    }
}

/// The objects that have pods: the node itself, or the items of a list.
pub(super) fn workloads(node: &mut Node) -> Vec<&mut Node> {
    if node.text("kind").ends_with("List") {
        return match node.get_mut("items") {
            Some(Node::List(items)) => items.iter_mut().flat_map(workloads).collect(),
            _ => Vec::new(),
        };
    }
    match workload::template_path(node.text("kind")) {
        Some(_) => vec![node],
        None => Vec::new(),
    }
}

/// The template of a workload.
pub(super) fn template(object: &mut Node) -> Option<&mut Node> {
    let path = workload::template_path(object.text("kind"))?;
    path.iter().try_fold(object, |node, key| node.get_mut(key))
}

/// `Deployment/web`.
pub(super) fn title(object: &Node) -> String {
    let metadata = object.get("metadata");
    let of = |key| metadata.map_or("", |metadata| metadata.text(key));
    let name = match of("name") {
        "" => of("generateName"),
        name => name,
    };
    format!("{}/{name}", object.text("kind"))
}
