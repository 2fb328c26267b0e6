//! What the chart makes of values files, those of the established charts among them.

use std::fs;

use crate::helm::{chart, helm, is_current, read, template};

/// The first line of a values file may name options for Helm.
const OPTIONS: &str = "# helm: ";

#[test]
#[ignore = "needs Helm: make test"]
fn every_values_file_renders_as_recorded() {
    let tests = chart().join("tests");
    let mut seen = 0;
    for entry in fs::read_dir(tests.join("values")).unwrap() {
        let path = entry.unwrap().path();
        let values = read(&path);
        let mut options = vec!["--values", path.to_str().unwrap()];
        options.extend(
            values
                .lines()
                .next()
                .and_then(|line| line.strip_prefix(OPTIONS)),
        );
        let text = template(&options).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        is_current(
            &tests.join("rendered").join(path.file_name().unwrap()),
            &text,
        );
        seen += 1;
    }
    assert!(seen > 8, "there are only {seen} values files");
}

#[test]
#[ignore = "needs Helm: make test"]
fn helm_lint_finds_nothing_to_complain_of() {
    let chart = chart();
    let said = helm(&["lint", chart.to_str().unwrap()]).unwrap();
    assert!(!said.contains("WARNING"), "{said}");
    assert!(said.contains("0 chart(s) failed"), "{said}");
}

#[test]
fn the_charts_version_is_that_of_this_tree() {
    let text = read(&chart().join("Chart.yaml"));
    for key in ["version", "appVersion"] {
        let line = format!("\n{key}: {}\n", env!("CARGO_PKG_VERSION"));
        assert!(text.contains(&line), "{line}");
    }
}
