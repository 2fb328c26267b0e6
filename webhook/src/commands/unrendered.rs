//! Templates of Helm and the like that were given in place of what they make.

use contract::annotations;
use contract::diagnostics::{Code, manifests};

use super::yaml::Fault;

/// Objects of Helm. A field of a secret may have such a name, but it stands behind another field.
const OBJECTS: [&str; 4] = [".Values.", ".Release.", ".Chart.", ".Capabilities."];

/// What occurs in charts, and where no YAML is.
const OF_CHARTS: [&str; 4] = ["include \"", "toYaml", " nindent", "tpl "];

/// What to do with such a file.
pub(super) const ADVICE: &str = "helm template CHART | vault-injector lint";

/// Whether a text holds an action that is Helm's, and cannot be the agent's.
pub(super) fn has_action(text: &str) -> bool {
    let begins = |at: usize| !text[..at].ends_with(|it: char| it.is_alphanumeric() || it == ')');
    let has = |object: &str| text.match_indices(object).any(|(at, _)| begins(at));
    text.contains("{{") && OBJECTS.iter().any(|object| has(object))
}

/// The same for a line that is not YAML.
fn is_of_chart(line: &str) -> bool {
    has_action(line)
        || (line.contains("{{") && OF_CHARTS.iter().any(|it| line.contains(it)))
        || line.trim_start().starts_with("{%")
}

/// The line and the message if a document that is not YAML is such a template, or holds a value of
/// ours with braces but without quotes.
pub(super) fn of_document(
    text: &str,
    first_line: usize,
    fault: &Fault,
) -> Option<(usize, Code, String)> {
    let lines = || {
        text.lines()
            .enumerate()
            .map(|(at, line)| (first_line + at, line))
    };
    let near = |at: usize| at == fault.line || at + 1 == fault.line;
    let braces = |line: &str| {
        let value = line.split_once(": ").map_or(line, |(_, value)| value);
        value.trim_start_matches(['-', ' ']).starts_with("{{")
    };
    let ours = lines().find(|(at, line)| {
        let key = line
            .trim_start()
            .split_once(": ")
            .map_or("", |(key, _)| key);
        near(*at) && braces(line) && annotations::split_prefix(key).is_some() && !is_of_chart(line)
    });
    if let Some((line, written)) = ours {
        let key = written
            .trim_start()
            .split_once(": ")
            .map_or("", |(key, _)| key);
        let short = annotations::split_prefix(key).map_or(key, |(_, short)| short);
        let message = format!(
            "{short} is not text, because YAML reads {{{{ as a map: quote it, or write it as a block \
             after |"
        );
        return Some((line, manifests::NOT_TEXT, message));
    }
    let (line, _) = lines()
        .find(|(at, line)| near(*at) && (braces(line) || is_of_chart(line)))
        .or_else(|| lines().find(|(_, line)| is_of_chart(line)))?;
    let message = format!("unrendered template, which is not YAML: render it first ({ADVICE})");
    Some((line, manifests::UNRENDERED, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_of_helm_is_told_from_a_template_of_the_agent() {
        for text in [
            "{{ .Values.role }}",
            "{{- $.Values.a.b -}}",
            "a-{{ .Release.Name }}",
            "{{ (.Chart.Name) }}",
        ] {
            assert!(has_action(text), "{text}");
        }
        for text in [
            "{{ .Data.data.Values.x }}",
            "{{ .Data.x | sprig_nindent 4 }}",
            "{{ (secret \"a\").Values.x }}",
            ".Values.role",
        ] {
            assert!(!has_action(text), "{text}");
        }
    }
}
