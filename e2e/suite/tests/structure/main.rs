//! The structure of the code, held by its imports: which module may use which.
//!
//! `allowed.rs` lists the arrows between the top modules of a crate. A new arrow fails here until it is added
//! there on purpose, and one that is gone fails until it is removed. Files that import each other in a circle are
//! hard to move and to read apart: no new circle of more than two files is accepted.

mod allowed;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use allowed::{CRATES, Crate};
use source::{Module, imports};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What each file of a crate imports of the same crate.
fn files(of: &Crate) -> BTreeMap<Module, BTreeSet<Module>> {
    let files = imports(&root().join(of.source));
    assert!(!files.is_empty(), "{}: no files", of.source);
    files
}

fn allowed(of: &Crate) -> BTreeSet<(String, String)> {
    let arrows = of.arrows.iter().flat_map(|(from, to)| {
        let to = to.split_whitespace();
        to.map(|to| ((*from).to_owned(), to.to_owned()))
    });
    arrows.collect()
}

#[test]
fn top_modules_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for of in CRATES {
        let mut found = BTreeSet::new();
        for (from, to) in files(of) {
            let top = from[0].clone();
            let others = to.into_iter().map(|to| to[0].clone());
            found.extend(others.filter(|to| *to != top).map(|to| (top.clone(), to)));
        }
        let allowed = allowed(of);
        for (from, to) in found.difference(&allowed) {
            wrong.push(format!("{}: {from} must not use {to}", of.source));
        }
        for (from, to) in allowed.difference(&found) {
            wrong.push(format!(
                "{}: {from} no longer uses {to}: remove the arrow",
                of.source
            ));
        }
    }
    assert!(wrong.is_empty(), "see allowed.rs\n{}", wrong.join("\n"));
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    let mut wrong = Vec::new();
    for of in CRATES {
        let found: BTreeSet<_> = circles(&files(of)).into_iter().collect();
        let known: BTreeSet<_> = of.circles.iter().map(|circle| names(circle)).collect();
        for circle in found.difference(&known) {
            wrong.push(format!("{}: a new circle: {circle:?}", of.source));
        }
        for circle in known.difference(&found) {
            wrong.push(format!("{}: no longer a circle: {circle:?}", of.source));
        }
    }
    assert!(wrong.is_empty(), "see allowed.rs\n{}", wrong.join("\n"));
}

fn names(circle: &str) -> BTreeSet<String> {
    circle.split_whitespace().map(str::to_owned).collect()
}

/// Groups of more than two files each of which reaches all others of it. A file and its parent may know each other.
fn circles(files: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<BTreeSet<String>> {
    let reached: BTreeMap<_, _> = files
        .keys()
        .map(|file| (file, reach(files, file)))
        .collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (file, reaches) in &reached {
        let back = |other: &&Module| reached.get(*other).is_some_and(|all| all.contains(*file));
        let circle: BTreeSet<_> = reaches
            .iter()
            .filter(back)
            .map(|file| file.join("/"))
            .collect();
        if circle.len() > 2 && !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    circles
}

fn reach(files: &BTreeMap<Module, BTreeSet<Module>>, from: &Module) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut next = vec![from];
    while let Some(file) = next.pop() {
        let others = files.get(file).into_iter().flatten();
        for other in others.filter(|other| !other.starts_with(file) && !file.starts_with(other)) {
            if reached.insert(other.clone()) {
                next.push(other);
            }
        }
    }
    reached
}

#[test]
fn a_circle_is_found_unless_it_is_that_of_a_parent() {
    let module = |name: &str| -> Module { name.split('/').map(str::to_owned).collect() };
    let files = |arrows: &[(&str, &str)]| {
        let mut files = BTreeMap::<Module, BTreeSet<Module>>::new();
        for (from, to) in arrows {
            files.entry(module(from)).or_default().insert(module(to));
        }
        files
    };
    let circle = files(&[("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")]);
    assert_eq!(circles(&circle), [names("a b c")]);
    let family = files(&[
        ("a", "a/b"),
        ("a/b", "a/c"),
        ("a/c", "a"),
        ("x", "y"),
        ("y", "x"),
    ]);
    assert_eq!(circles(&family), [] as [BTreeSet<String>; 0]);
}
