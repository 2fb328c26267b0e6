//! What a file imports, read from its text.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The path of a module in its crate, as its file names it.
pub(crate) type Module = Vec<String>;

/// Every file below `source`, with the files of the same crate that it names by `crate::` or `super::`. Tests
/// may use what they like.
pub(crate) fn imports(source: &Path) -> BTreeMap<Module, BTreeSet<Module>> {
    let mut texts = BTreeMap::new();
    read(source, source, &mut texts);
    let for_tests: Vec<Module> = texts
        .iter()
        .flat_map(|(module, text)| test_modules(module, text))
        .collect();
    texts.retain(|module, _| !for_tests.iter().any(|tests| module.starts_with(tests)));
    let modules: BTreeSet<Module> = texts.keys().cloned().collect();
    let files = texts.into_iter().filter(|(module, _)| !is_root(module));
    files
        .map(|(module, text)| {
            let paths = paths(&module, &text).into_iter();
            let mut used: BTreeSet<_> = paths.filter_map(|path| file_of(&path, &modules)).collect();
            used.remove(&module);
            (module, used)
        })
        .collect()
}

fn read(source: &Path, directory: &Path, texts: &mut BTreeMap<Module, String>) {
    for entry in std::fs::read_dir(directory).expect("a source folder must be readable") {
        let path: PathBuf = entry.expect("a source folder must be readable").path();
        if path.is_dir() {
            read(source, &path, texts);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path
                .strip_prefix(source)
                .expect("a file must lie below its folder")
                .with_extension("");
            let module = name
                .iter()
                .map(|part| part.to_str().expect("a file name must be UTF-8").to_owned());
            texts.insert(
                module.collect(),
                code(&std::fs::read_to_string(&path).expect("a source file must be readable")),
            );
        }
    }
}

fn is_root(module: &Module) -> bool {
    matches!(module.as_slice(), [only] if only == "lib" || only == "main")
}

/// Without comments and without tests in the file itself, which stand last.
fn code(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    let text = lines.collect::<Vec<_>>().join("\n");
    match text.find("#[cfg(test)]\nmod tests {") {
        Some(tests) => text[..tests].to_owned(),
        None => text,
    }
}

fn test_modules(module: &Module, text: &str) -> Vec<Module> {
    let parent: &[String] = if is_root(module) { &[] } else { module };
    let declared = text.split("#[cfg(test)]\n").skip(1);
    let names = declared.filter_map(|text| {
        let (declared, _) = text.trim_start().split_once(';')?;
        let (_, name) = declared.split_once("mod ")?;
        name.chars().all(is_of_name).then_some(name)
    });
    names
        .map(|name| [parent, &[name.to_owned()]].concat())
        .collect()
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// All paths from the root of the crate.
fn paths(module: &Module, text: &str) -> Vec<Module> {
    let mut found = Vec::new();
    for start in ["crate::", "super::"] {
        for (position, _) in text.match_indices(start) {
            let before = &text[..position];
            if before.ends_with(is_of_name) || before.ends_with("super::") || before.ends_with('$')
            {
                continue;
            }
            let mut base = if start == "crate::" {
                Vec::new()
            } else {
                module.clone()
            };
            let mut rest = &text[position..];
            while let Some(after) = rest.strip_prefix("super::") {
                base.pop();
                rest = after;
            }
            expand(
                &base,
                rest.strip_prefix("crate::").unwrap_or(rest),
                &mut found,
            );
        }
    }
    found
}

/// Takes `a::{b, c::d}` apart, and returns what follows.
fn expand<'t>(base: &[String], text: &'t str, found: &mut Vec<Module>) -> &'t str {
    let mut path = base.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut inner) = rest.strip_prefix('{') {
            loop {
                inner = expand(&path, inner, found).trim_start();
                match inner.strip_prefix(',') {
                    Some(next) if !next.trim_start().starts_with('}') => inner = next,
                    Some(next) => return next.trim_start().trim_start_matches('}'),
                    None => return inner.strip_prefix('}').unwrap_or(inner),
                }
            }
        }
        let end = rest
            .find(|character| !is_of_name(character))
            .unwrap_or(rest.len());
        path.push(rest[..end].to_owned());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(next) => rest = next,
            None => break,
        }
    }
    found.push(path);
    match rest.strip_prefix(" as ") {
        Some(renamed) => renamed.trim_start_matches(is_of_name),
        None => rest,
    }
}

/// The longest part of a path that is a file.
fn file_of(path: &Module, modules: &BTreeSet<Module>) -> Option<Module> {
    let parts = (1..=path.len()).rev().map(|length| path[..length].to_vec());
    parts.into_iter().find(|part| modules.contains(part))
}

#[test]
fn imports_are_read_in_all_their_forms() {
    let module: Module = ["a", "b"].map(str::to_owned).to_vec();
    let text = code(
        "use crate::{c::{D, e::F}, g as h,};\nuse super::super::i;\nlet _ = super::k::l(); // crate::no\n\
                     #[cfg(test)]\nmod tests {\nuse crate::neither;\n}",
    );
    let mut found: Vec<_> = paths(&module, &text)
        .iter()
        .map(|path| path.join("/"))
        .collect();
    found.sort();
    assert_eq!(found, ["a/k/l", "c/D", "c/e/F", "g", "i"]);
    assert_eq!(
        test_modules(&module, "#[cfg(test)]\nmod fake;\n"),
        [["a", "b", "fake"]]
    );
}
