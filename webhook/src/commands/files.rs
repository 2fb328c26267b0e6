//! The files that are named: each as it is, directories with all that is below them.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use contract::diagnostics::{Code, manifests};

use super::document::{self, Document};
use super::report::{Problem, Severity};
use crate::cli;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Files {
    pub(super) documents: Vec<Document>,
    /// Of files that could not be read.
    pub(super) problems: Vec<Problem>,
    pub(super) count: usize,
    /// Whether a path that was named has nothing to read.
    pub(super) lacks_path: bool,
}

const STANDARD_INPUT: &str = "standard input";

/// All documents of all files, in order. Without a file, standard input.
pub(super) fn read(files: &[OsString]) -> Files {
    let mut all = Files::default();
    if files.is_empty() {
        if io::stdin().is_terminal() {
            cli::tell(
                &"Reading manifests from standard input; Ctrl-D ends them, -f FILE reads a file",
            );
        }
        all.standard_input();
    }
    for file in files {
        if file == "-" {
            all.standard_input();
        } else {
            all.path(Path::new(file));
        }
    }
    all
}

impl Files {
    fn standard_input(&mut self) {
        let mut bytes = Vec::new();
        let read = io::stdin().read_to_end(&mut bytes);
        self.named(STANDARD_INPUT, read.map(|_| bytes));
    }

    fn path(&mut self, path: &Path) {
        if !path.is_dir() {
            return self.named(&path.display().to_string(), fs::read(path));
        }
        let mut below = Below::default();
        below.walk(path);
        for (place, error) in below.unreadable {
            self.unreadable(&place.display().to_string(), &error);
        }
        if below.files.is_empty() {
            let message = "no manifest: nothing below ends in .yaml, .yml or .json";
            self.lacking(&path.display().to_string(), manifests::NO_MANIFEST, message);
        }
        for path in below.files {
            let name = path.display().to_string();
            match fs::read(&path) {
                Ok(bytes) => drop(self.text(&name, bytes)),
                Err(error) => self.unreadable(&name, &error),
            }
        }
    }

    /// A file that was named has to hold something.
    fn named(&mut self, name: &str, bytes: io::Result<Vec<u8>>) {
        match bytes.map(|bytes| self.text(name, bytes)) {
            Ok(Some(0)) => self.lacking(name, manifests::NO_MANIFEST, "no manifest: it is empty"),
            Ok(_) => {}
            Err(error) => {
                self.lacks_path = true;
                self.unreadable(name, &error);
            }
        }
    }

    /// Takes the documents of a text, and counts them; none if it is not one.
    fn text(&mut self, name: &str, bytes: Vec<u8>) -> Option<usize> {
        self.count += 1;
        let Ok(text) = String::from_utf8(bytes) else {
            self.problem(
                name,
                manifests::NO_FILE,
                "cannot read it: it is not text in UTF-8",
            );
            return None;
        };
        let documents = document::split(name, &text);
        let count = documents.len();
        self.documents.extend(documents);
        Some(count)
    }

    fn lacking(&mut self, name: &str, code: Code, message: &str) {
        self.lacks_path = true;
        self.problem(name, code, message);
    }

    fn unreadable(&mut self, name: &str, error: &io::Error) {
        let reason = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            _ => error.to_string(),
        };
        self.problem(
            name,
            manifests::NO_FILE,
            &format!("cannot read it: {reason}"),
        );
    }

    fn problem(&mut self, name: &str, code: Code, message: &str) {
        self.problems.push(Problem {
            file: name.to_owned(),
            line: 1,
            severity: Severity::Error,
            object: String::new(),
            annotation: None,
            code,
            message: message.to_owned(),
            excerpt: None,
        });
    }
}

/// What is below a directory, sorted.
#[derive(Default)]
struct Below {
    files: Vec<PathBuf>,
    unreadable: Vec<(PathBuf, io::Error)>,
    /// Directories by their real places: a link may lead back up.
    visited: BTreeSet<PathBuf>,
}

impl Below {
    fn walk(&mut self, directory: &Path) {
        match self.entries(directory) {
            Ok(entries) => entries.into_iter().for_each(|path| self.take(path)),
            Err(error) => self.unreadable.push((directory.to_owned(), error)),
        }
    }

    /// Nothing of a directory that was read before.
    fn entries(&mut self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        if !self.visited.insert(directory.canonicalize()?) {
            return Ok(Vec::new());
        }
        let mut paths = Vec::new();
        for entry in fs::read_dir(directory)? {
            paths.push(entry?.path());
        }
        paths.sort();
        Ok(paths)
    }

    fn take(&mut self, path: PathBuf) {
        let extension = path.extension().and_then(OsStr::to_str);
        let is_manifest = extension.is_some_and(|extension| {
            ["yaml", "yml", "json"]
                .iter()
                .any(|it| extension.eq_ignore_ascii_case(it))
        });
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            // Hidden directories are tools', such as .git.
            if !name.as_encoded_bytes().starts_with(b".") {
                self.walk(&path);
            }
        } else if is_manifest {
            self.files.push(path);
        }
    }
}
