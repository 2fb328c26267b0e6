//! The error of a template, for people. It says where and what, and never shows a secret's value.

use std::collections::BTreeSet;
use std::fmt;

use text_template::FunctionSet;

use crate::Request;
use crate::functions::hint;

mod syntax;

/// Whether a template is wrong by itself or failed with the values that it met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text is no template: permanent until the template is changed.
    Parse,
    /// The template failed on what it found; another value of a secret may mend it.
    Execute,
}

/// Why a template cannot be parsed or rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TemplateError {
    pub(crate) kind: ErrorKind,
    pub(crate) name: Box<str>,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
    pub(crate) go_text: Box<str>,
    pub(crate) used: Box<[Request]>,
}

/// What stands in place of a value that may be secret.
pub(crate) const REDACTED: &str = "[redacted]";

impl TemplateError {
    pub(crate) fn parse(
        name: String,
        source: &str,
        error: &text_template::Error,
        functions: &FunctionSet,
    ) -> Self {
        let (message, hint) = match (error.unknown_function(), error.open_block()) {
            (Some(function), _) => (
                format!("function \"{function}\" is not defined"),
                syntax::of_name(source, error, function).or_else(|| {
                    hint(function, functions)
                        .or_else(|| syntax::of_missing_quotes(source, error, function))
                }),
            ),
            (None, Some((word, line))) => (
                error.message().reveal(),
                Some(format!("the {word} of line {line} has no end")),
            ),
            (None, None) => {
                let message = error.message().reveal();
                let hint = syntax::of_text(source, error, &message);
                (message, hint)
            }
        };
        Self {
            kind: ErrorKind::Parse,
            name: name.into(),
            line: error.line(),
            column: error.column(),
            message,
            hint,
            go_text: format!("parse: {}", error.go_text(str::to_owned)).into(),
            used: Box::default(),
        }
    }

    /// Where the pass read anything `confidential`, no value is shown.
    pub(crate) fn execute(name: &str, error: &text_template::Error, confidential: bool) -> Self {
        let show = |value: &str| {
            if confidential {
                REDACTED.to_owned()
            } else {
                value.to_owned()
            }
        };
        Self {
            kind: ErrorKind::Execute,
            name: name.into(),
            line: error.line(),
            column: error.column(),
            message: error.message().show(show),
            hint: error.node().map(|node| format!("at {node}")),
            go_text: format!("execute: {}", error.go_text(show)).into(),
            used: Box::default(),
        }
    }

    /// The error of a pass that had asked for this.
    pub(crate) fn after(self, used: BTreeSet<Request>) -> Self {
        Self {
            used: used.into_iter().collect(),
            ..self
        }
    }

    /// What the pass had asked for when it failed: another value of it may be without the error.
    pub fn used(&self) -> &[Request] {
        &self.used
    }

    /// Parse or execution.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The line in the template's text, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column in bytes, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What may help, such as the known name that looks most like an unknown one.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// The line of the template's own text that is wrong, with a mark under the place, for a log or
    /// a terminal. Of a long line only the part around the place is shown.
    pub fn excerpt(&self, source: &str) -> Option<String> {
        const BEFORE: usize = 40;
        const LONGEST: usize = 80;
        let line = source.lines().nth(self.line.checked_sub(1)?)?;
        let place = self.column.saturating_sub(1).min(line.len());
        let place = line
            .char_indices()
            .take_while(|(at, _)| *at < place)
            .count();
        let skipped = place.saturating_sub(BEFORE);
        // A control character, a tab among them, would move the mark or the terminal.
        let shown: String = line
            .chars()
            .skip(skipped)
            .take(LONGEST)
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let number = self.line.to_string();
        let (margin, mark) = (number.len(), place - skipped + 1);
        Some(format!(
            "{number} | {}\n{:margin$} | {:>mark$}",
            shown.trim_end(),
            "",
            "^"
        ))
    }

    /// Where and what, without the template's name, which the caller may know better.
    ///
    /// ```
    /// use templating::{Options, Template};
    ///
    /// let error = Template::parse("{{ key \"a\" }}", Options::default()).unwrap_err();
    /// let text = error.without_name();
    /// assert!(text.starts_with("line 1, column 4: function \"key\" is not defined (it reads from Consul"));
    /// ```
    pub fn without_name(&self) -> String {
        let hint = self.hint.as_ref().map(|hint| format!(" ({hint})"));
        format!(
            "line {}, column {}: {}{}",
            self.line,
            self.column,
            self.message,
            hint.unwrap_or_default()
        )
    }

    /// What is wrong, without the position.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What Go's `text/template` says in the same place (`template: :1:3: executing "" at <…>: …`).
    pub fn go_text(&self) -> &str {
        &self.go_text
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template \"{}\": {}", self.name, self.without_name())
    }
}

#[cfg(test)]
mod tests {
    use crate::{Options, Template};

    fn told(source: &str) -> String {
        let error = Template::parse(source, Options::default()).unwrap_err();
        error.to_string()
    }

    #[test]
    fn the_block_that_the_end_of_the_text_leaves_open_is_named() {
        let text = told("{{ with secret \"a\" }}\n{{ if .Data }}x{{ end }}\n");
        assert!(
            text.ends_with("unexpected EOF (the with of line 1 has no end)"),
            "{text}"
        );
        let text = told("{{ define \"a\" }}\n{{ range . }}{{ else }}");
        assert!(text.ends_with("(the range of line 2 has no end)"), "{text}");
    }

    #[test]
    fn a_key_that_cannot_stand_behind_a_dot_is_told_how_to_be_read() {
        for (source, hint) in [
            (
                "{{ .Data.data.db-password }}",
                "(write index .Data.data \"db-password\")",
            ),
            (
                "a\n{{ with secret \"x\" }}{{.Data.a-b-c}}",
                "(write index .Data \"a-b-c\")",
            ),
            (
                "{{ $s := 1 }}{{ $s.Data.data.x-y | toUpper }}",
                "(write index $s.Data.data \"x-y\")",
            ),
            (
                "{{ .Data.data['db-password'] }}",
                "(write index .Data.data \"db-password\")",
            ),
            ("{{ .x-y }}", "(write index . \"x-y\")"),
        ] {
            let text = told(source);
            assert!(text.ends_with(hint), "{text}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn what_other_languages_write_is_told_as_it_is_written_here() {
        for (source, hint) in [
            ("{{ with secret “secret/data/a” }}", "straight quotes"),
            ("{{ with secret ‘secret/data/a’ }}", "straight quotes"),
            ("{{ secret“a” }}", "straight quotes"),
            ("{{ with secret\u{a0}\"a\" }}", "ordinary space"),
            (
                "{{ with secret 'secret/data/a' }}",
                "(write double quotes: \"secret/data/a\")",
            ),
            ("{{ '{{' }}", "(write double quotes: \"{{\")"),
            (
                "{{ with secret secret/data/a }}",
                "(write it in quotes: \"secret/data/a\")",
            ),
            (
                "{{ with secret kv-team/data/a }}",
                "(write it in quotes: \"kv-team/data/a\")",
            ),
            (
                "{{ with secret mypath }}",
                "(write it in quotes: \"mypath\")",
            ),
            (
                "{{ index .Data.data db-pw }}",
                "(write it in quotes: \"db-pw\")",
            ),
            (
                "{{ index .Data.data frobnicate }}",
                "(write it in quotes: \"frobnicate\")",
            ),
            ("{{ Data.data.x }}", "(write .Data, with a dot in front)"),
            (
                "{{ .Data.data.\"db-pw\" }}",
                "(write index .Data.data \"db-pw\")",
            ),
            ("{{ if true }}x{{ endif }}", "(write end)"),
            ("{{ with . }}x{{ endwith }}", "(write end)"),
            ("{{ if . }}{{ elif . }}", "(write else if)"),
            ("{{ if . }}{{ elseif . }}", "(write else if)"),
            ("{{ foreach . }}", "(write range)"),
            (
                "{{ if .a == \"x\" }}{{ end }}",
                "(write eq A B instead of A == B)",
            ),
            (
                "{{ if .a == .b }}{{ end }}",
                "(write eq A B instead of A == B)",
            ),
            (
                "{{ if .a != \"x\" }}{{ end }}",
                "(write ne A B instead of A != B)",
            ),
            (
                "{{ if .a && .b }}{{ end }}",
                "(write and A B instead of A && B)",
            ),
            (
                "{{ if .a || .b }}{{ end }}",
                "(write or A B instead of A || B)",
            ),
            (
                "{{ if .a >= 1 }}{{ end }}",
                "(write ge A B instead of A >= B)",
            ),
            (
                "{{ if .a < 1 }}{{ end }}",
                "(write lt A B instead of A < B)",
            ),
            ("{{ if !.a }}{{ end }}", "(write not A instead of !A)"),
            (
                "a\n\n{{ with secret \"x\"\n\n",
                "unclosed action started at :3 (the action that begins on line 3 is not closed)",
            ),
            (
                "{{ with secret \"x\"\n{{ .Data }}\n",
                "(the action in front of this one is not closed)",
            ),
            (
                "a {{ .x",
                "(the action that begins on line 1 is not closed)",
            ),
        ] {
            let text = told(source);
            assert!(text.contains(hint), "{source}: {text}");
        }
    }

    #[test]
    fn functions_of_helm_are_told_their_name_here() {
        for (function, hint) in [
            ("quote", "did you mean \"sprig_quote\"?"),
            ("default", "did you mean \"sprig_default\"?"),
            ("b64enc", "did you mean \"sprig_b64enc\"?"),
            ("genCA", "it gives another value at each render"),
            ("toJson", "did you mean \"toJSON\"?"),
            ("secert", "did you mean \"secret\"?"),
        ] {
            let text = told(&format!("{{{{ {function} 1 }}}}"));
            assert!(text.contains(hint), "{text}");
        }
    }

    fn excerpt(source: &str) -> String {
        let error = Template::parse(source, Options::default()).unwrap_err();
        error.excerpt(source).unwrap()
    }

    #[test]
    fn the_wrong_line_is_shown_with_a_mark_under_the_place() {
        assert_eq!(
            excerpt("a\n\tKEY={{ secrt \"x\" }}\nb"),
            "2 |  KEY={{ secrt \"x\" }}\n  |         ^"
        );
    }

    #[test]
    fn of_a_long_line_the_part_around_the_place_is_shown() {
        let source = format!("{}{{{{ secrt }}}}{}", "é".repeat(300), "z".repeat(300));
        let shown = excerpt(&source);
        let (line, mark) = shown.split_once('\n').unwrap();
        assert!(line.chars().count() < 90, "{shown}");
        let at = mark.chars().position(|c| c == '^').unwrap();
        let marked: String = line.chars().skip(at).collect();
        assert!(marked.starts_with("secrt }}"), "{shown}");
    }
}
