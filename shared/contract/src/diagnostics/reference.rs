//! The rows of `docs/troubleshooting.md`, made from the table.

use std::fmt::Write as _;

use super::SECTIONS;

/// The sections with rows, as Markdown: a heading and a table each.
pub fn reference_markdown() -> String {
    let mut page = String::new();
    for section in SECTIONS.iter().filter(|section| !section.rows.is_empty()) {
        let _ = write!(
            page,
            "\n### {}\n\n| you see | cause | do | code |\n|---|---|---|---|\n",
            section.title
        );
        for row in section.rows {
            // A bar would end the cell.
            let [seen, cause, fix] =
                [row.seen, row.cause, row.fix].map(|it| it.replace('|', "\\|"));
            let _ = writeln!(page, "| {seen} | {cause} | {fix} | {} |", row.code);
        }
    }
    page
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the page holds nothing that is secret"
)]
mod tests {
    use super::*;

    /// What stands in front of the rows.
    const MARKER: &str =
        "<!-- from shared/contract/src/diagnostics: UPDATE_DOCS=1 cargo test -p contract -->\n";

    #[test]
    fn the_rows_of_the_troubleshooting_page_are_those_of_the_table() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/troubleshooting.md");
        let page = std::fs::read_to_string(path).unwrap();
        let (before, _) = page.split_once(MARKER).unwrap();
        let expected = format!("{before}{MARKER}{}", reference_markdown());
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &expected).unwrap();
        }
        assert!(
            std::fs::read_to_string(path).unwrap() == expected,
            "docs/troubleshooting.md is stale: UPDATE_DOCS=1 cargo test -p contract writes it"
        );
    }
}
