//! Every link within the tree leads to a file, and to a heading in it.

use std::path::Path;

use crate::pages::{Page, pages, read, root};

/// The targets of the links in a text.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once(')')?.0))
}

/// The name by which a heading is linked to.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'))
        .map(|it| if it == ' ' { '-' } else { it })
        .collect()
}

/// Whether the page has such a heading.
fn has(text: &str, wanted: &str) -> bool {
    text.lines()
        .filter_map(|line| line.strip_prefix('#'))
        .any(|line| anchor(line.trim_start_matches('#').trim()) == wanted)
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    let contributing = "CONTRIBUTING.md";
    let mut pages = pages();
    pages.push(Page {
        name: contributing.to_owned(),
        text: read(contributing),
    });
    for Page { name, text } in &pages {
        for target in targets(text) {
            if target.contains("://") {
                continue;
            }
            seen += 1;
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => Path::new(name).to_owned(),
                file => Path::new(name).parent().unwrap().join(file),
            };
            let there = root().join(&path).exists();
            if !there || !heading.is_empty() && !has(&read(path.to_str().unwrap()), heading) {
                wrong.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen > 40, "only {seen} links");
}
