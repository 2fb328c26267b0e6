//! Text, actions and control structures.

use super::{Item, Parser, unquote};
use crate::ast::{Arm, Branch, List, Node};
use crate::error::Error;
use crate::lex::{Kind, Token};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    If,
    With,
    Range,
}

impl Control {
    fn word(self) -> &'static str {
        match self {
            Self::If => "if",
            Self::With => "with",
            Self::Range => "range",
        }
    }
}

impl<'s> Parser<'s> {
    pub(super) fn text_or_action(&mut self) -> Result<Item, Error> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Some(Node::Text(token.span())))),
            Kind::LeftDelimiter => {
                self.action_line = token.line;
                let item = self.action();
                self.action_line = 0;
                item
            }
            _ => Err(self.unexpected(&token, "input")),
        }
    }

    fn action(&mut self) -> Result<Item, Error> {
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break => self.loop_word("{{break}}", Node::Break { pos: token.pos })?,
            Kind::Continue => self.loop_word("{{continue}}", Node::Continue { pos: token.pos })?,
            Kind::Else => return self.otherwise(),
            Kind::End => {
                self.expect(Kind::RightDelimiter, "end")?;
                return Ok(Item::End);
            }
            Kind::If => self.control(Control::If, &token)?,
            Kind::Range => self.control(Control::Range, &token)?,
            Kind::With => self.control(Control::With, &token)?,
            Kind::Template => self.template()?,
            _ => {
                self.next -= 1;
                let pos = self.peek().pos;
                // A variable declared here lives until the end of the enclosing block.
                Node::Action {
                    pos,
                    pipe: self.pipeline("command", Kind::RightDelimiter)?,
                }
            }
        };
        Ok(Item::Node(Some(node)))
    }

    fn loop_word(&mut self, word: &str, node: Node) -> Result<Node, Error> {
        let token = self.next_non_space();
        if token.kind != Kind::RightDelimiter {
            return Err(self.unexpected(&token, word));
        }
        if self.loops == 0 {
            return Err(self.error(format!("{word} outside {{{{range}}}}")));
        }
        Ok(node)
    }

    /// `{{else}}`; of `{{else if` and `{{else with` only the first word.
    fn otherwise(&mut self) -> Result<Item, Error> {
        if !matches!(self.peek_non_space().kind, Kind::If | Kind::With) {
            self.expect(Kind::RightDelimiter, "else")?;
        }
        Ok(Item::Else)
    }

    fn control(&mut self, control: Control, token: &Token<'s>) -> Result<Node, Error> {
        let scope = self.variables.scope();
        self.open.push((control.word(), token.line));
        let branch = self.nested(|parser| parser.branch(control, token));
        self.variables.leave(scope);
        let branch = Box::new(branch?);
        self.open.pop();
        Ok(match control {
            Control::If => Node::If(branch),
            Control::With => Node::With(branch),
            Control::Range => Node::Range(branch),
        })
    }

    fn branch(&mut self, control: Control, token: &Token<'s>) -> Result<Branch, Error> {
        let mut branch = Branch {
            pos: token.pos,
            arms: Vec::new(),
            otherwise: None,
        };
        loop {
            let pipe = self.pipeline(control.word(), Kind::RightDelimiter)?;
            let (list, end) = self.arm(control)?;
            branch.arms.push(Arm { pipe, list });
            if matches!(end, Item::End) {
                branch.arms.shrink_to_fit();
                return Ok(branch);
            }
            // `{{else if x}}` is `{{else}}{{if x}}` with one `{{end}}` for both.
            match (control, self.peek().kind) {
                (Control::If, Kind::If) | (Control::With, Kind::With) => self.next_non_space(),
                _ => break,
            };
        }
        let (list, end) = self.item_list()?;
        if !matches!(end, Item::End) {
            return Err(self.error(format!("expected end; found {}", end.shown())));
        }
        branch.otherwise = Some(list);
        branch.arms.shrink_to_fit();
        Ok(branch)
    }

    fn arm(&mut self, control: Control) -> Result<(List, Item), Error> {
        let looping = usize::from(control == Control::Range);
        self.loops += looping;
        let body = self.item_list();
        self.loops -= looping;
        body
    }

    /// Nodes up to `{{end}}` or `{{else}}`.
    fn item_list(&mut self) -> Result<(List, Item), Error> {
        let mut list = List::default();
        while self.peek_non_space().kind != Kind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => list.nodes.extend(node),
                end => {
                    // The tree lives as long as the template: it keeps no room for more.
                    list.nodes.shrink_to_fit();
                    return Ok((list, end));
                }
            }
        }
        Err(self.error("unexpected EOF"))
    }

    fn template_name(&mut self, token: &Token<'s>, context: &str) -> Result<Box<str>, Error> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return Err(self.unexpected(token, context));
        }
        let name = unquote::string(token.text).ok_or_else(|| self.error("invalid syntax"))?;
        Ok(String::from_utf8_lossy(&name).into())
    }

    fn template(&mut self) -> Result<Node, Error> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = if self.next_non_space().kind == Kind::RightDelimiter {
            None
        } else {
            self.next -= 1;
            Some(self.pipeline(CONTEXT, Kind::RightDelimiter)?)
        };
        Ok(Node::Template {
            pos: token.pos,
            name,
            pipe,
        })
    }

    fn block(&mut self) -> Result<Node, Error> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelimiter)?;
        let head = self.furthest;
        self.open.push(("block", token.line));
        let end = self.body(&name)?;
        self.open.pop();
        if matches!(end, Item::Else) {
            // Go reads the body apart, and stands where it left off.
            self.furthest = head;
            return Err(self.misplaced_else(CONTEXT));
        }
        Ok(Node::Template {
            pos: token.pos,
            name,
            pipe: Some(pipe),
        })
    }

    /// `{{define "name"}}…{{end}}`; the first word is already read.
    pub(super) fn definition(&mut self) -> Result<(), Error> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelimiter, CONTEXT)?;
        self.open.push(("define", token.line));
        let end = self.body(&name)?;
        self.open.pop();
        match end {
            Item::Else => Err(self.misplaced_else(CONTEXT)),
            _ => Ok(()),
        }
    }

    fn misplaced_else(&self, context: &str) -> Error {
        self.error(format!("unexpected {} in {context}", Item::Else.shown()))
    }

    /// The nodes of a definition: they see no variable and no loop from outside. Gives what ends
    /// them; behind an `{{else}}` there is no definition.
    fn body(&mut self, name: &str) -> Result<Item, Error> {
        let variables = std::mem::take(&mut self.variables);
        let loops = std::mem::take(&mut self.loops);
        let body = self.nested(Self::item_list);
        self.variables = variables;
        self.loops = loops;
        let (list, end) = body?;
        if matches!(end, Item::End) {
            self.add(name.into(), list)?;
        }
        Ok(end)
    }
}
