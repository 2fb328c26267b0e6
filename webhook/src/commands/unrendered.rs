//! Templates of Helm and the like that were given in place of what they make.

mod actions;

use contract::annotations;
use contract::diagnostics::{Code, manifests};
use granit_parser::ErrorKind;

use super::blocks::{Block, blocks};
use super::yaml::{Cause, Fault};

/// Those of Helm, and of the agent unless an annotation names others.
pub(super) const DELIMITERS: (&str, &str) = ("{{", "}}");

/// What to do with such a file.
pub(super) const ADVICE: &str = "helm template CHART | vault-injector lint";

/// Whether a text holds an action between these delimiters that is Helm's, and cannot be the agent's.
pub(super) fn has_action(text: &str, (left, right): (&str, &str)) -> bool {
    text.contains(left) && actions::has_helm(text, left, right)
}

/// The same for a line of a document that is not YAML.
fn is_of_chart(line: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with('#') && (has_action(line, DELIMITERS) || line.starts_with("{%"))
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
    let blocks = blocks(text);
    let in_text = |line: usize| {
        let at = line - first_line;
        blocks.iter().any(|block| block.lines.contains(&at))
    };
    let of_chart = lines()
        .find(|(at, line)| near(*at) && is_of_chart(line))
        .or_else(|| lines().find(|(_, line)| is_of_chart(line)));
    let has_tab = lines().any(|(at, line)| {
        let indent = line.len() - line.trim_start().len();
        at == fault.line && line[..indent].contains('\t')
    });
    if of_chart.is_none() && has_tab {
        let cause = Cause::Syntax(ErrorKind::TabInIndentation);
        let fault = Fault {
            line: fault.line,
            column: fault.column,
            cause,
        };
        return Some((fault.line, manifests::SYNTAX, fault.to_string()));
    }
    if of_chart.is_none()
        && let Some((at, message)) = unindented(&blocks, fault.line.saturating_sub(first_line))
    {
        return Some((first_line + at, manifests::SYNTAX, message));
    }
    let (line, _) = of_chart
        .or_else(|| lines().find(|(at, line)| near(*at) && braces(line) && !in_text(*at)))?;
    let message = format!("unrendered template, which is not YAML: render it first ({ADVICE})");
    Some((line, manifests::UNRENDERED, message))
}

/// The line of a template that is not indented as deep as the block in which it belongs.
fn unindented(blocks: &[Block<'_>], fault: usize) -> Option<(usize, String)> {
    let block = blocks
        .iter()
        .rev()
        .find(|block| block.lines.start <= fault)?;
    let (at, line) = block.next.filter(|(at, _)| *at <= fault)?;
    let (_, short) = annotations::split_prefix(block.key)?;
    let written = line.trim_start_matches(' ');
    let is_entry = written.contains(": ") || written.trim_end().ends_with(':');
    let is_yaml = (is_entry && !written.contains("{{")) || written.starts_with(['\t', '#']);
    let message = format!(
        "not valid YAML at column {}: the text of {short} goes on without its indentation: indent \
         the template's lines under the |",
        line.len() - written.len() + 1
    );
    (!is_yaml).then_some((at, message))
}
