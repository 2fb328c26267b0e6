//! What stands inside an action: pipelines, commands, operands.

use super::{Parser, number, unquote};
use crate::ast::{Callee, Command, Operand, OperandKind, Pipe, Source, Span};
use crate::error::Error;
use crate::lex::{Kind, Token};

impl<'s> Parser<'s> {
    /// A pipeline up to and with the token `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, Error> {
        let pos = self.peek_non_space().pos;
        let mut pipe = Pipe {
            pos,
            assign: false,
            declare: Vec::new(),
            // Most have one; growing from one to more costs less than shrinking from more to one.
            commands: Vec::with_capacity(1),
        };
        self.declarations(&mut pipe, context)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Nil
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.next -= 1;
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return Err(self.unexpected(&token, context)),
            }
        }
        self.check(&pipe, context)?;
        pipe.declare.shrink_to_fit();
        pipe.commands.shrink_to_fit();
        Ok(pipe)
    }

    /// `$x :=`, `$x =`, and of a range `$k, $v :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Result<(), Error> {
        loop {
            let mark = self.next;
            let variable = self.peek_non_space();
            if variable.kind != Kind::Variable {
                return Ok(());
            }
            self.next_non_space();
            let after = self.peek_non_space();
            match after.kind {
                Kind::Assign | Kind::Declare => {
                    pipe.assign = after.kind == Kind::Assign;
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    return Ok(());
                }
                Kind::Char if after.text == "," => {
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    if context != "range" || pipe.declare.len() >= 2 {
                        return Err(self.error(format!("too many declarations in {context}")));
                    }
                    match self.peek_non_space().kind {
                        Kind::Variable | Kind::RightDelimiter | Kind::RightParen => {}
                        _ => return Err(self.error("range can only initialize variables")),
                    }
                }
                _ => {
                    // An ordinary argument: read it again.
                    self.next = mark;
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: &Token<'s>) {
        self.variables.declare(variable.text);
        pipe.declare.push(variable.span());
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Result<(), Error> {
        if pipe.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            let stage = index + 1;
            let literal = command.args.first().is_some_and(|operand| {
                matches!(
                    operand.kind,
                    OperandKind::Bool(_)
                        | OperandKind::Dot
                        | OperandKind::Nil
                        | OperandKind::Number(_)
                        | OperandKind::String { .. }
                )
            });
            if literal {
                return Err(self.error(format!("non executable command in pipeline stage {stage}")));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command, Error> {
        let mut command = Command {
            pos: self.peek_non_space().pos,
            args: Vec::with_capacity(1),
        };
        loop {
            self.peek_non_space();
            while self.peek().kind == Kind::Space {
                self.next_token();
            }
            command.args.extend(self.operand()?);
            let token = self.next_token();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelimiter | Kind::RightParen => {
                    self.next -= 1;
                    break;
                }
                Kind::Pipe => break,
                _ => return Err(self.unexpected(&token, "operand")),
            }
        }
        if command.args.is_empty() {
            return Err(self.error("empty command"));
        }
        command.args.shrink_to_fit();
        Ok(command)
    }

    /// A term and the fields that hang on it.
    fn operand(&mut self) -> Result<Option<Operand>, Error> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(term));
        }
        let further = self.tokens[self.next..]
            .iter()
            .take_while(|token| token.kind == Kind::Field)
            .count();
        let mut fields: Vec<Span> = Vec::with_capacity(further + 1);
        if let OperandKind::Field(names) = &term.kind {
            fields.extend(names);
        }
        while self.peek().kind == Kind::Field {
            fields.push(field_name(&self.next_token()));
        }
        fields.shrink_to_fit();
        let kind = match term.kind {
            OperandKind::Field(_) => OperandKind::Field(fields),
            OperandKind::Variable(name, _) => OperandKind::Variable(name, fields),
            OperandKind::Bool(_)
            | OperandKind::String { .. }
            | OperandKind::Number(_)
            | OperandKind::Nil
            | OperandKind::Dot => {
                let shown = Source(self.input.source).shown(&term).to_string();
                let shown = crate::fmt::quote(shown.as_bytes());
                return Err(self.error(format!("unexpected . after term {shown}")));
            }
            _ => OperandKind::Chain(Box::new(term), fields),
        };
        // Go gives a chain the position of its first further field.
        Ok(Some(Operand {
            pos: first.pos,
            kind,
        }))
    }

    fn term(&mut self) -> Result<Option<Operand>, Error> {
        let token = self.next_non_space();
        let kind = match token.kind {
            Kind::Identifier => self.function(&token)?,
            Kind::Dot => OperandKind::Dot,
            Kind::Nil => OperandKind::Nil,
            Kind::Variable => {
                if !self.variables.has(token.text) {
                    let name = crate::fmt::quote(token.text.as_bytes());
                    return Err(self.error(format!("undefined variable {name}")));
                }
                OperandKind::Variable(token.span(), Vec::new())
            }
            Kind::Field => OperandKind::Field(vec![field_name(&token)]),
            Kind::Bool => OperandKind::Bool(token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => {
                let number = number::parse(token.text, token.kind);
                OperandKind::Number(Box::new(number.map_err(|message| self.error(message))?))
            }
            Kind::LeftParen => {
                let pipe = self
                    .nested(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?;
                return Ok(Some(Operand {
                    pos: pipe.pos,
                    kind: OperandKind::Pipe(Box::new(pipe)),
                }));
            }
            Kind::String | Kind::RawString => {
                let text =
                    unquote::string(token.text).ok_or_else(|| self.error("invalid syntax"))?;
                OperandKind::String {
                    source: token.span(),
                    text: text.into(),
                }
            }
            _ => {
                self.next -= 1;
                return Ok(None);
            }
        };
        Ok(Some(Operand {
            pos: token.pos,
            kind,
        }))
    }

    fn function(&self, token: &Token<'s>) -> Result<OperandKind, Error> {
        let Some(target) = self.input.functions.find(token.text) else {
            let name = crate::fmt::quote(token.text.as_bytes());
            let mut error = self.error(format!("function {name} not defined"));
            error.0.unknown_function = Some(token.text.into());
            return Err(error);
        };
        Ok(OperandKind::Function(Callee {
            name: token.span(),
            target,
        }))
    }
}

/// A field's name without its dot.
fn field_name(token: &Token<'_>) -> Span {
    let Span { start, end } = token.span();
    Span {
        start: start + 1,
        end,
    }
}
