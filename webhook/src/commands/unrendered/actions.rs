//! Which actions of a text are Helm's and cannot be the agent's: those that read an object of Helm from
//! the data at the top, where the agent has none, and those that call a function of Helm's own.
//! Comments, texts in quotes, and what stands outside of the delimiters are no actions.

/// Objects of Helm at the top of its data.
const OBJECTS: [&str; 6] = [
    "Values",
    "Release",
    "Chart",
    "Capabilities",
    "Files",
    "Template",
];

/// Functions of Helm that templates of the agent do not have.
const FUNCTIONS: [&str; 6] = ["include", "tpl", "toYaml", "nindent", "required", "lookup"];

/// Whether a text holds an action of Helm between these delimiters.
pub(super) fn has_helm(text: &str, left: &str, right: &str) -> bool {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, inside)) = rest.split_once(left) {
        let action = Action::read(inside, right);
        if action.is_helm(&blocks) {
            return true;
        }
        action.enter(&mut blocks);
        rest = action.rest;
    }
    false
}

/// What a block does to the data that its actions see.
#[derive(Clone, Copy, PartialEq)]
enum Block {
    /// `if`: nothing.
    Same,
    /// `with` and `range`: the dot is another.
    Dot,
    /// `define` and `block`: `$` is another as well.
    All,
}

/// One action, and the text behind it.
struct Action<'t> {
    /// Names, fields and variables.
    words: Vec<&'t str>,
    quoted: Vec<&'t str>,
    rest: &'t str,
}

impl<'t> Action<'t> {
    fn read(inside: &'t str, right: &str) -> Self {
        let mut action = Self {
            words: Vec::new(),
            quoted: Vec::new(),
            rest: inside.strip_prefix('-').unwrap_or(inside).trim_start(),
        };
        if let Some(comment) = action.rest.strip_prefix("/*") {
            action.rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
        }
        let mut is_after_parenthesis = false;
        while let Some(first) = action.rest.chars().next() {
            if let Some(rest) = action.rest.strip_prefix(right) {
                action.rest = rest;
                break;
            }
            let length = match first {
                '"' | '\'' | '`' => {
                    let length = quoted(action.rest, first);
                    action.quoted.push(&action.rest[..length]);
                    length
                }
                first if is_of_word(first) => {
                    let end = action.rest.find(|it| !is_of_word(it));
                    let length = end.unwrap_or(action.rest.len());
                    // Behind a parenthesis stands a field of another value.
                    if !is_after_parenthesis {
                        action.words.push(&action.rest[..length]);
                    }
                    length
                }
                first => first.len_utf8(),
            };
            is_after_parenthesis = first == ')';
            action.rest = &action.rest[length..];
        }
        action
    }

    fn is_helm(&self, blocks: &[Block]) -> bool {
        let is_object = |fields: &str| {
            let first = fields.split('.').next().unwrap_or_default();
            OBJECTS.contains(&first)
        };
        let has_dot = blocks.iter().all(|block| *block == Block::Same);
        let has_top = !blocks.contains(&Block::All);
        let is_helms = |word: &&str| {
            FUNCTIONS.contains(word)
                || (has_dot && word.strip_prefix('.').is_some_and(is_object))
                || (has_top && word.strip_prefix("$.").is_some_and(is_object))
        };
        // The path of a secret cannot be made by the agent, either.
        let is_read = self.words.contains(&"secret");
        self.words.iter().any(is_helms)
            || (is_read && self.quoted.iter().any(|it| has_helm(it, "{{", "}}")))
    }

    fn enter(&self, blocks: &mut Vec<Block>) {
        match self.words.as_slice() {
            ["if", ..] => blocks.push(Block::Same),
            ["with" | "range", ..] => blocks.push(Block::Dot),
            ["define" | "block", ..] => blocks.push(Block::All),
            ["else", more @ ..] => {
                if let Some(block) = blocks.last_mut().filter(|block| **block != Block::All) {
                    let is_with = more.first() == Some(&"with");
                    *block = if is_with { Block::Dot } else { Block::Same };
                }
            }
            ["end", ..] => {
                blocks.pop();
            }
            _ => {}
        }
    }
}

fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() || matches!(it, '_' | '.' | '$')
}

/// The length of a text in quotes, with them.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, it) in text.char_indices().skip(1) {
        if it == quote && !is_escaped {
            return at + it.len_utf8();
        }
        is_escaped = it == '\\' && quote != '`' && !is_escaped;
    }
    text.len()
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
            "{{ toYaml . }}",
            "{{ include \"app\" . | nindent 4 }}",
            "{{ with secret \"a\" }}{{ $.Values.x }}{{ end }}",
            "{{ with secret \"a\" }}{{ .Data.x }}{{ end }}{{ .Values.x }}",
            "{{ with secret \"a\" }}{{ else }}{{ .Values.x }}{{ end }}",
            "{{ with secret \"secret/data/{{ .Values.env }}/db\" }}{{ .Data.data.x }}{{ end }}",
            "{{ printf \"{{ with secret %s }}\" .Values.path }}",
        ] {
            assert!(has_helm(text, "{{", "}}"), "{text}");
        }
        for text in [
            "{{ .Data.data.Values.x }}",
            "{{ .Data.x | sprig_nindent 4 }}",
            "{{ (secret \"a\").Values.x }}",
            ".Values.role",
            "{{/* .Values.x */}}{{ with secret \"a\" }}{{ .Data.x }}{{ end }}",
            "{{ with secret \"a\" }}# from .Values.db {{ .Data.x }}{{ end }}",
            "{{ with secret \"a\" }}{{ with .Data.data }}{{ .Values.x }}{{ end }}{{ end }}",
            "{{ \"{{\" }} .Values.x {{ \"}}\" }}",
            "{{ define \"a\" }}{{ $.Values.x }}{{ end }}",
            "{{ $x.Values }}",
            "{{ request.namespace }}",
        ] {
            assert!(!has_helm(text, "{{", "}}"), "{text}");
        }
        let other = "<< with secret \"a\" >>{{ .Values.x }}<< .Data.x >><< end >>";
        assert!(!has_helm(other, "<<", ">>"));
        assert!(has_helm("<< .Values.x >>", "<<", ">>"));
    }

    #[test]
    fn an_action_without_an_end_is_read_to_the_end() {
        for text in ["{{", "{{ \"", "{{ /* .Values", "{{ \"\\", "{{ é"] {
            assert!(!has_helm(text, "{{", "}}"), "{text}");
        }
    }
}
