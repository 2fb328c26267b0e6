//! Problems as [workflow commands][1] of GitHub Actions, which shows each beside its line.
//!
//! [1]: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands

use super::{Problem, Severity};

/// `::error file=deploy.yaml,line=3,title=VI-1001::message`.
pub(super) fn command(problem: &Problem) -> String {
    let level = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Hint => "notice",
    };
    let mut message = problem.text();
    if let Some(excerpt) = &problem.excerpt {
        message = format!("{message}\n{excerpt}");
    }
    format!(
        "::{level} file={},line={},title={}::{}",
        property(&problem.file),
        problem.line,
        problem.code,
        data(&message)
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use contract::diagnostics::keys;

    use super::*;

    #[test]
    fn what_would_end_a_command_or_a_property_is_escaped() {
        let problem = Problem {
            file: "a,b:c.yaml".to_owned(),
            line: 3,
            severity: Severity::Hint,
            object: "Pod/x".to_owned(),
            annotation: None,
            code: keys::UNKNOWN,
            message: "100%\r".to_owned(),
            excerpt: Some("1 | a::b".to_owned()),
        };
        assert_eq!(
            command(&problem),
            "::notice file=a%2Cb%3Ac.yaml,line=3,title=VI-1001::Pod/x: 100%25%0D%0A1 | a::b"
        );
    }
}
