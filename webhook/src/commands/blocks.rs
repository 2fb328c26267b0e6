//! Texts as blocks (`key: |`), found by their indentation: the document need not be YAML.

use contract::annotations::{self, Classification, TEMPLATE};

/// A block, by the indices of its lines in the document.
pub(super) struct Block<'t> {
    /// The key before the colon.
    pub(super) key: &'t str,
    /// The line after the last one of the block, if it says something.
    pub(super) next: Option<(usize, &'t str)>,
    /// Whether YAML joins its lines (`key: >`).
    pub(super) is_folded: bool,
    pub(super) lines: std::ops::Range<usize>,
}

pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut depth = None;
    for (at, line) in text.lines().enumerate() {
        let written = line.trim();
        if written.is_empty() {
            continue;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let (Some(outer), Some(block)) = (depth, blocks.last_mut()) {
            if indent > outer {
                block.lines.end = at + 1;
                continue;
            }
            block.next = Some((at, line));
            depth = None;
        }
        if let Some((key, is_folded)) = head(written) {
            blocks.push(Block {
                key,
                next: None,
                is_folded,
                lines: at + 1..at + 1,
            });
            depth = Some(indent);
        }
    }
    blocks
}

/// The key of a line such as `key: |-`, and whether the block is folded.
fn head(line: &str) -> Option<(&str, bool)> {
    let (key, style) = line.rsplit_once(": ")?;
    let is_style = |it: char| matches!(it, '+' | '-') || it.is_ascii_digit();
    let is_block = style.starts_with(['|', '>']) && style[1..].chars().all(is_style);
    let key = key.trim_start_matches("- ").trim_matches(['"', '\'']);
    (is_block && !line.starts_with('#')).then_some((key, style.starts_with('>')))
}

/// Templates with several lines of settings that YAML joins to one: the index of the line that begins
/// each, and its key.
pub(super) fn joined(text: &str) -> Vec<(usize, &str)> {
    if !text.contains(TEMPLATE.key) {
        return Vec::new();
    }
    let lines: Vec<&str> = text.lines().collect();
    let is_joined = |block: &&Block<'_>| {
        let settings = lines[block.lines.clone()].windows(2);
        block.is_folded
            && settings
                .into_iter()
                .any(|two| two.iter().all(|it| is_setting(it)))
    };
    let of_template = |block: &&Block<'_>| {
        matches!(
            annotations::classify(block.key),
            Classification::Known { spec, .. } if *spec == TEMPLATE
        )
    };
    blocks(text)
        .iter()
        .filter(of_template)
        .filter(is_joined)
        .map(|block| (block.lines.start - 1, block.key))
        .collect()
}

/// `export A=…`, `a: …`
fn is_setting(line: &str) -> bool {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line);
    let is_name = |it: char| it.is_alphanumeric() || matches!(it, '_' | '-' | '.');
    let (name, rest) = line.split_at(line.find(|it| !is_name(it)).unwrap_or(line.len()));
    !name.is_empty() && (rest.starts_with('=') || rest.starts_with(": "))
}
