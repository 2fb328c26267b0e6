//! The part of HCL that policies use: `path` blocks with attributes and nested blocks.

use std::iter::Peekable;
use std::str::CharIndices;

/// A policy's text cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to parse policy: {0}")]
pub(crate) struct PolicyError(String);

impl PolicyError {
    pub(crate) fn capability(pattern: &str, name: &str) -> Self {
        Self(format!("path {pattern:?}: invalid capability {name:?}"))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Lexeme {
    Word(String),
    Text(String),
    Sign(char),
}

/// The patterns of all `path` blocks, each with its capabilities.
pub(super) fn paths(text: &str) -> Result<Vec<(String, Vec<String>)>, PolicyError> {
    let mut parser = Parser {
        lexemes: lex(text)?,
        at: 0,
    };
    let mut paths = Vec::new();
    while parser.at < parser.lexemes.len() {
        parser.expect(&Lexeme::Word("path".into()))?;
        let Some(Lexeme::Text(pattern)) = parser.next() else {
            return Err(PolicyError("a path needs its pattern in quotes".into()));
        };
        parser.expect(&Lexeme::Sign('{'))?;
        paths.push((pattern, parser.body()?));
    }
    Ok(paths)
}

struct Parser {
    lexemes: Vec<Lexeme>,
    at: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Lexeme> {
        let lexeme = self.lexemes.get(self.at).cloned();
        self.at += 1;
        lexeme
    }

    fn next_but_labels(&mut self) -> Option<Lexeme> {
        loop {
            match self.next() {
                Some(Lexeme::Text(_)) => {}
                other => return other,
            }
        }
    }

    fn expect(&mut self, wanted: &Lexeme) -> Result<(), PolicyError> {
        match self.next() {
            Some(lexeme) if lexeme == *wanted => Ok(()),
            other => Err(PolicyError(format!("expected {wanted:?}, found {other:?}"))),
        }
    }

    /// The inside of a `path` block, up to its closing brace. Only `capabilities` counts.
    fn body(&mut self) -> Result<Vec<String>, PolicyError> {
        let mut capabilities = Vec::new();
        loop {
            match self.next() {
                Some(Lexeme::Sign('}')) => return Ok(capabilities),
                Some(Lexeme::Word(name) | Lexeme::Text(name)) => match self.next_but_labels() {
                    Some(Lexeme::Sign('=')) if name == "capabilities" => {
                        capabilities = self.texts()?;
                    }
                    Some(Lexeme::Sign('=')) => self.skip_value()?,
                    Some(Lexeme::Sign('{')) => self.skip_to('}')?,
                    other => return Err(PolicyError(format!("after {name}: found {other:?}"))),
                },
                Some(Lexeme::Sign(',')) => {}
                other => return Err(PolicyError(format!("in a path block: found {other:?}"))),
            }
        }
    }

    fn texts(&mut self) -> Result<Vec<String>, PolicyError> {
        self.expect(&Lexeme::Sign('['))?;
        let mut texts = Vec::new();
        loop {
            match self.next() {
                Some(Lexeme::Text(text)) => texts.push(text),
                Some(Lexeme::Sign(',')) => {}
                Some(Lexeme::Sign(']')) => return Ok(texts),
                other => return Err(PolicyError(format!("in a list: found {other:?}"))),
            }
        }
    }

    fn skip_value(&mut self) -> Result<(), PolicyError> {
        match self.next() {
            Some(Lexeme::Sign('{')) => self.skip_to('}'),
            Some(Lexeme::Sign('[')) => self.skip_to(']'),
            Some(Lexeme::Word(_) | Lexeme::Text(_)) => Ok(()),
            other => Err(PolicyError(format!("expected a value, found {other:?}"))),
        }
    }

    fn skip_to(&mut self, end: char) -> Result<(), PolicyError> {
        loop {
            match self.next() {
                Some(Lexeme::Sign(sign)) if sign == end => return Ok(()),
                Some(Lexeme::Sign('{')) => self.skip_to('}')?,
                Some(Lexeme::Sign('[')) => self.skip_to(']')?,
                Some(_) => {}
                None => return Err(PolicyError(format!("{end:?} is missing"))),
            }
        }
    }
}

fn lex(text: &str) -> Result<Vec<Lexeme>, PolicyError> {
    let mut lexemes = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        match first {
            _ if first.is_whitespace() => {}
            '#' => skip_line(&mut chars),
            '/' if text[start..].starts_with("//") => skip_line(&mut chars),
            '/' if text[start..].starts_with("/*") => {
                let end = text[start..]
                    .find("*/")
                    .ok_or_else(|| PolicyError("open comment".into()))?;
                while chars.next_if(|(at, _)| *at < start + end + 2).is_some() {}
            }
            '"' => lexemes.push(Lexeme::Text(quoted(&mut chars)?)),
            '{' | '}' | '[' | ']' | '=' | ',' => lexemes.push(Lexeme::Sign(first)),
            _ => {
                let mut end = start + first.len_utf8();
                while let Some((at, next)) = chars
                    .next_if(|(_, next)| next.is_alphanumeric() || matches!(next, '_' | '-' | '.'))
                {
                    end = at + next.len_utf8();
                }
                lexemes.push(Lexeme::Word(text[start..end].to_owned()));
            }
        }
    }
    Ok(lexemes)
}

fn skip_line(chars: &mut Peekable<CharIndices<'_>>) {
    while chars.next_if(|(_, next)| *next != '\n').is_some() {}
}

fn quoted(chars: &mut Peekable<CharIndices<'_>>) -> Result<String, PolicyError> {
    let mut text = String::new();
    loop {
        match chars.next().map(|(_, next)| next) {
            Some('"') => return Ok(text),
            Some('\\') => text.extend(chars.next().map(|(_, next)| next)),
            Some(next) => text.push(next),
            None => return Err(PolicyError("open quotes".into())),
        }
    }
}
