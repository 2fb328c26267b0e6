//! Tokens into trees.
//!
//! The parser knows the functions and the variables in scope, so that a name that means nothing is
//! an error here, in branches that never run too. Nesting is bounded: neither parsing nor dropping
//! nor executing a tree can exhaust the stack.

mod control;
mod number;
mod pipeline;
mod unquote;
mod variables;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ast::{List, Node, Source};
use crate::error::{Details, Error, Phase, position};
use crate::function::{CallError, FunctionSet};
use crate::lex::{Kind, Token, Tokens, tokens};
use variables::Variables;

/// Control structures and parentheses inside each other.
const MAX_NESTING: usize = 100;

/// The delimiters and the name of a template's text.
pub(crate) struct Input<'s> {
    pub(crate) name: &'s str,
    pub(crate) source: &'s str,
    pub(crate) delimiters: (&'s str, &'s str),
    pub(crate) functions: &'s FunctionSet,
}

/// All templates of one text, by name; the text itself has the name of the input.
pub(crate) fn parse(input: &Input<'_>) -> Result<BTreeMap<Box<str>, List>, Error> {
    let is_free = |word| input.functions.find(word).is_none();
    let loop_words = (is_free("break"), is_free("continue"));
    let Tokens { list, error } = tokens(input.source, input.delimiters, loop_words);
    let mut parser = Parser {
        input,
        tokens: list,
        lexical_error: error,
        next: 0,
        furthest: 0,
        action_line: 0,
        variables: Variables::default(),
        loops: 0,
        nesting: 0,
        open: Vec::new(),
        templates: BTreeMap::new(),
    };
    parser.run()?;
    Ok(parser.templates)
}

struct Parser<'s> {
    input: &'s Input<'s>,
    tokens: Vec<Token<'s>>,
    lexical_error: Cow<'static, str>,
    /// The next token to read.
    next: usize,
    /// The last token that was looked at: Go reports its line.
    furthest: usize,
    /// The line on which the current action began, or 0.
    action_line: usize,
    variables: Variables<'s>,
    /// How many `range`s are open, for `break` and `continue`.
    loops: usize,
    nesting: usize,
    /// The words that opened the blocks which are open, and their lines.
    open: Vec<(&'s str, usize)>,
    templates: BTreeMap<Box<str>, List>,
}

/// What stands at one place: a node, or what ends a list.
enum Item {
    Node(Option<Node>),
    End,
    Else,
}

impl Item {
    fn shown(&self) -> &'static str {
        match self {
            Self::Else => "{{else}}",
            _ => "{{end}}",
        }
    }
}

impl<'s> Parser<'s> {
    fn run(&mut self) -> Result<(), Error> {
        let mut root = List::default();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelimiter {
                let mark = self.next;
                self.next_token();
                if self.next_non_space().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.next = mark;
            }
            match self.text_or_action()? {
                Item::Node(node) => root.nodes.extend(node),
                end => return Err(self.error(format!("unexpected {}", end.shown()))),
            }
        }
        root.nodes.shrink_to_fit();
        self.add(self.input.name.into(), root)
    }

    /// Registers a tree. A blank one gives way to another of its name.
    fn add(&mut self, name: Box<str>, list: List) -> Result<(), Error> {
        let source = Source(self.input.source);
        match self.templates.get(&name) {
            Some(old) if !old.is_blank(source) => {
                if list.is_blank(source) {
                    return Ok(());
                }
                let name = crate::fmt::quote(name.as_bytes());
                Err(self.error(format!("template: multiple definition of template {name}")))
            }
            _ => {
                self.templates.insert(name, list);
                Ok(())
            }
        }
    }

    // Tokens.

    fn token(&mut self, index: usize) -> Token<'s> {
        // The last token is an error or the end, and stays so.
        let index = index.min(self.tokens.len() - 1);
        self.furthest = self.furthest.max(index);
        self.tokens[index]
    }

    fn peek(&mut self) -> Token<'s> {
        self.token(self.next)
    }

    fn next_token(&mut self) -> Token<'s> {
        let token = self.token(self.next);
        self.next += 1;
        token
    }

    fn next_non_space(&mut self) -> Token<'s> {
        loop {
            let token = self.next_token();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token<'s> {
        let token = self.next_non_space();
        self.next -= 1;
        token
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token<'s>, Error> {
        let token = self.next_non_space();
        if token.kind == kind {
            Ok(token)
        } else {
            Err(self.unexpected(&token, context))
        }
    }

    // Errors.

    fn error(&self, message: impl Into<String>) -> Error {
        let token = &self.tokens[self.furthest];
        Error(Box::new(Details {
            phase: Phase::Parse,
            template: self.input.name.to_owned(),
            line: token.line,
            column: position(self.input.source, token.pos).1,
            node: None,
            message: CallError::new(message),
            unknown_function: None,
            open_block: match (token.kind, self.open.last()) {
                (Kind::Eof, Some((word, line))) => Some(((*word).to_owned(), *line)),
                _ => None,
            },
        }))
    }

    fn unexpected(&self, token: &Token<'_>, context: &str) -> Error {
        let text = token.text;
        if token.kind == Kind::Error {
            let text = &*self.lexical_error;
            let mut extra = String::new();
            if self.action_line != 0 && self.action_line != token.line {
                let words = if text.ends_with(" action") {
                    ""
                } else {
                    " in action"
                };
                extra = format!(
                    "{words} started at {}:{}",
                    self.input.name, self.action_line
                );
            }
            return self.error(format!("{text}{extra}"));
        }
        let shown = match token.kind {
            Kind::Eof => String::from("EOF"),
            kind if kind.is_keyword() => format!("<{text}>"),
            _ if text.len() > 10 => {
                let start: String = text.chars().take(10).collect();
                format!("{}...", crate::fmt::quote(start.as_bytes()))
            }
            _ => crate::fmt::quote(text.as_bytes()),
        };
        self.error(format!("unexpected {shown} in {context}"))
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.nesting == MAX_NESTING {
            return Err(self.error(format!("nested deeper than {MAX_NESTING} levels")));
        }
        self.nesting += 1;
        let result = parse(self);
        self.nesting -= 1;
        result
    }
}
