//! Problems as a log of [SARIF 2.1.0][1], the form that code scanning takes.
//!
//! [1]: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

use std::fmt::Write as _;

use contract::diagnostics::{self, Code, Diagnostic};
use serde_json::{Value, json};

use super::{Problem, Severity};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// One run, with a rule for each code that occurs.
pub(super) fn log(problems: &[Problem]) -> Value {
    let mut codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect();
    codes.sort();
    codes.dedup();
    let rules: Vec<_> = codes
        .iter()
        .filter_map(|code| diagnostics::find(*code))
        .collect();
    let index = |code| rules.iter().position(|rule| rule.code == code);
    let results = problems.iter().map(|it| result(it, index(it.code)));
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "vault-injector",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(|it| rule(it)).collect::<Vec<_>>(),
            }},
            "results": results.collect::<Vec<_>>(),
        }],
    })
}

fn rule(diagnostic: &Diagnostic) -> Value {
    let Diagnostic {
        code,
        seen,
        cause,
        fix,
    } = diagnostic;
    let [seen, cause, fix] = [seen, cause, fix].map(|text| without_links(text));
    json!({
        "id": code,
        "shortDescription": {"text": seen.replace('`', "")},
        "fullDescription": {"text": cause.replace('`', "")},
        "help": {
            "text": fix.replace('`', ""),
            "markdown": format!("{seen}\n\n{cause}\n\n**Do:** {fix}"),
        },
    })
}

/// The text with the names of links alone: they lead to pages beside that of the table.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("](") {
        let (Some((lead, name)), Some((_, after))) =
            (before.rsplit_once('['), link.split_once(')'))
        else {
            break;
        };
        plain.push_str(lead);
        plain.push_str(name);
        rest = after;
    }
    plain + rest
}

fn result(problem: &Problem, rule: Option<usize>) -> Value {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "note",
    };
    let mut text = problem.text();
    if let Some(excerpt) = &problem.excerpt {
        text = format!("{text}\n{excerpt}");
    }
    let mut result = json!({
        "ruleId": problem.code,
        "level": level,
        "message": {"text": text},
        "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": uri(&problem.file)},
            "region": {"startLine": problem.line.max(1)},
        }}],
    });
    if let Some(rule) = rule {
        result["ruleIndex"] = rule.into();
    }
    if let Some(annotation) = &problem.annotation {
        result["properties"] = json!({"annotation": annotation});
    }
    result
}

/// A path as the reference of a URI: relative ones stay relative, to the directory of the run.
fn uri(file: &str) -> String {
    let path = file.strip_prefix("./").unwrap_or(file);
    let mut uri = String::new();
    if path.starts_with('/') {
        uri.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => {
                // Writing to a text cannot fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use contract::diagnostics::{keys, manifests};

    use super::*;

    #[test]
    fn the_help_of_no_rule_has_a_link_to_a_page_that_is_not_there() {
        assert_eq!(
            without_links("see [a.md](a.md#b), or [c](d)."),
            "see a.md, or c."
        );
        assert_eq!(without_links("a[0](b"), "a[0](b");
        let sections = diagnostics::SECTIONS.iter();
        for diagnostic in sections.flat_map(|section| section.rows) {
            let rule = rule(diagnostic).to_string();
            assert!(!rule.contains("]("), "{rule}");
        }
    }

    #[test]
    fn a_log_has_a_rule_with_help_for_each_code_that_occurs() {
        let problem = |code, severity| Problem {
            file: "my dir/a.yaml".to_owned(),
            line: 3,
            severity,
            object: "Pod/x".to_owned(),
            annotation: Some("vault.hashicorp.com/rol".to_owned()),
            code,
            message: "m".to_owned(),
            excerpt: None,
        };
        let log = log(&[
            problem(manifests::SYNTAX, Severity::Error),
            problem(keys::UNKNOWN, Severity::Warning),
            problem(keys::UNKNOWN, Severity::Hint),
        ]);
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), 2);
        assert_eq!(rules[0]["id"], "VI-1001");
        assert_eq!(
            rules[0]["help"]["text"],
            "vault-injector explain lists all keys"
        );
        let results = run["results"].as_array().unwrap();
        let levels: Vec<_> = results
            .iter()
            .map(|it| it["level"].as_str().unwrap())
            .collect();
        assert_eq!(levels, ["error", "warning", "note"]);
        assert_eq!(results[0]["ruleIndex"], 1);
        let place = &results[0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20dir/a.yaml");
        assert_eq!(place["region"]["startLine"], 3);
        assert_eq!(uri("/a/b.yaml"), "file:///a/b.yaml");
    }
}
