//! Templates generated from a grammar: plausible, nested, and mostly valid.

mod calls;
mod operands;

use crate::case::Case;
use crate::dice::Dice;
use crate::values::{HOSTILE, HUGE, NOT_A_NUMBER};
use crate::world;
use calls::CALLS;
use operands::{KINDS, Kind, Slot, TEXTS, fields, literals, slot};

/// So many templates.
pub(crate) fn templates(seed: u64, count: usize) -> Vec<Case> {
    (0..count)
        .map(|number| Dice::new(seed, &format!("template {number}")))
        .map(|dice| Writer::new(dice).case())
        .collect()
}

/// How deep expressions and blocks nest.
const DEPTH: usize = 3;

struct Writer {
    dice: Dice,
    /// The variables in scope, and what they hold.
    variables: Vec<(String, Kind)>,
    /// The kind of the dot.
    dot: Option<Kind>,
    /// `$d` is the secret's data.
    has_data: bool,
    /// How many defined templates can be called here.
    callable: usize,
    loops: usize,
    /// How many names have been given.
    names: usize,
}

impl Writer {
    fn new(dice: Dice) -> Self {
        Self {
            dice,
            variables: Vec::new(),
            dot: None,
            has_data: false,
            callable: 0,
            loops: 0,
            names: 0,
        }
    }

    fn case(mut self) -> Case {
        let mut template = self.template();
        if self.dice.percent(8) {
            template = self.damaged(&template);
        }
        let mut case = world::case(template);
        case.options.error_on_missing_key = self.dice.percent(15);
        if self.dice.percent(5) {
            case.template = case.template.replace("{{", "[[").replace("}}", "]]");
            case.options.left_delimiter = String::from("[[");
            case.options.right_delimiter = String::from("]]");
        }
        case
    }

    /// The template with a character too many or too few.
    fn damaged(&mut self, template: &str) -> String {
        let starts = template.char_indices().map(|(at, _)| at);
        let places: Vec<usize> = starts.chain([template.len()]).collect();
        let at = self.dice.pick(&places);
        let (before, after) = template.split_at(at);
        if self.dice.percent(50) {
            let removed = after.chars().next().map_or(0, char::len_utf8);
            return format!("{before}{}", &after[removed..]);
        }
        let added = self.dice.pick(&[
            "{", "}", "(", ")", "|", ".", "$", "\"", "-", " ", ":", "=", "é",
        ]);
        format!("{before}{added}{after}")
    }

    fn template(&mut self) -> String {
        let count = self.dice.below(3);
        let definitions: String = (0..count).map(|number| self.definition(number)).collect();
        self.dot = None;
        self.callable = count;
        let start = self.dice.pick(&[
            "",
            "{{$d := (secret \"secret/data/app\").Data.data}}",
            "{{with secret \"secret/data/app\"}}{{$d := .Data.data}}",
            "{{with secret \"secret/data/app\"}}{{$d := .Data.data}}",
            "{{- with (secret \"secret/data/app\").Data.data -}}{{$d := .}}",
        ]);
        let start = if self.dice.percent(4) {
            start.replace("data/app", "missing")
        } else {
            start.to_owned()
        };
        self.has_data = !start.is_empty();
        let end = if start.contains("with") {
            "{{end}}"
        } else {
            ""
        };
        let body = self.body(DEPTH);
        definitions + &start + &body + end
    }

    fn definition(&mut self, number: usize) -> String {
        self.dot = Some(self.dice.pick(KINDS));
        let body = self.body(DEPTH - 1);
        format!("{{{{define \"t{number}\"}}}}{body}{{{{end}}}}")
    }

    /// Nodes with a scope of their own.
    fn body(&mut self, depth: usize) -> String {
        let outer = self.variables.len();
        let nodes = 1 + self.dice.below(4);
        let body = (0..nodes).map(|_| self.node(depth)).collect();
        self.variables.truncate(outer);
        body
    }

    fn node(&mut self, depth: usize) -> String {
        let block = if depth > 0 { 100 } else { 72 };
        match self.dice.below(block) {
            0..18 => self.dice.pick(TEXTS).to_owned(),
            18..48 => {
                let kind = self.dice.pick(KINDS);
                let pipeline = self.pipeline(kind, depth);
                self.action(&pipeline)
            }
            48..58 => self.declaration(depth),
            58..62 => self.assignment(depth),
            62..64 => self.comment(),
            64..69 => self.scratch_call(depth),
            69..72 => self.leave(),
            72..80 => self.condition(depth - 1),
            80..89 => self.range(depth - 1),
            89..95 => self.with(depth - 1),
            _ => self.template_call(depth - 1),
        }
    }

    /// `{{…}}`, sometimes with trim markers.
    fn action(&mut self, inner: &str) -> String {
        let open = if self.dice.percent(12) { "{{- " } else { "{{" };
        let close = if self.dice.percent(12) { " -}}" } else { "}}" };
        format!("{open}{inner}{close}")
    }

    fn declaration(&mut self, depth: usize) -> String {
        let kind = self.dice.pick(KINDS);
        let value = self.pipeline(kind, depth);
        self.names += 1;
        let name = format!("$v{}", self.names);
        let action = self.action(&format!("{name} := {value}"));
        self.variables.push((name, kind));
        action
    }

    fn assignment(&mut self, depth: usize) -> String {
        if self.variables.is_empty() {
            return String::new();
        }
        let (name, kind) = self.dice.pick(&self.variables.clone());
        let value = self.pipeline(kind, depth);
        self.action(&format!("{name} = {value}"))
    }

    fn comment(&mut self) -> String {
        self.dice
            .pick(&[
                "{{/* c */}}",
                "{{- /* }} */ -}}",
                "{{/* a\nb */ -}}",
                "{{/**/}}",
            ])
            .to_owned()
    }

    /// A call of `scratch`.
    fn scratch_call(&mut self, depth: usize) -> String {
        let pattern = self.dice.pick(&[
            "scratch.Set {key} {any}",
            "scratch.Set {key} {text}",
            "scratch.SetX {key} {any}",
            "scratch.MapSet {key} {key} {any}",
            "scratch.MapSetX {key} {key} {text}",
            "scratch.MapValues {key}",
        ]);
        let call = self.filled(pattern, depth);
        self.action(&call)
    }

    fn leave(&mut self) -> String {
        if self.loops == 0 && !self.dice.percent(3) {
            return String::new();
        }
        self.dice.pick(&["{{break}}", "{{continue}}"]).to_owned()
    }

    fn condition(&mut self, depth: usize) -> String {
        let kind = self
            .dice
            .pick(&[Kind::Bool, Kind::Bool, Kind::Any, Kind::Text, Kind::List]);
        let start = self.pipeline(kind, depth);
        let start = self.action(&format!("if {start}"));
        let mut text = start + &self.body(depth);
        if self.dice.percent(25) {
            let other = self.pipeline(Kind::Any, depth);
            text += &self.action(&format!("else if {other}"));
            text += &self.body(depth);
        }
        if self.dice.percent(50) {
            text += &self.action("else");
            text += &self.body(depth);
        }
        text + &self.action("end")
    }

    fn range(&mut self, depth: usize) -> String {
        // A computed number could be too large.
        let kind = self.dice.pick(&[Kind::List, Kind::Map]);
        let over = match self.dice.below(10) {
            0 => self.filled("loop {small}", depth),
            1 => self.filled("loop 1 {small}", depth),
            2 => self.dice.pick(&["3", "(len \"ab\")", "0", "-1"]).to_owned(),
            _ => self.pipeline(kind, depth),
        };
        let outer = self.variables.len();
        self.names += 1;
        let (key, value) = (format!("$k{}", self.names), format!("$e{}", self.names));
        let of_key = if kind == Kind::Map {
            Kind::Text
        } else {
            Kind::Int
        };
        let head = match self.dice.below(3) {
            0 => format!("range {over}"),
            1 => {
                self.variables.push((value.clone(), Kind::Any));
                format!("range {value} := {over}")
            }
            _ => {
                self.variables.push((key.clone(), of_key));
                self.variables.push((value.clone(), Kind::Any));
                format!("range {key}, {value} := {over}")
            }
        };
        let mut text = self.action(&head);
        let dot = self.dot.replace(Kind::Any);
        self.loops += 1;
        text += &self.body(depth);
        self.loops -= 1;
        self.variables.truncate(outer);
        self.dot = dot;
        if self.dice.percent(30) {
            text += &self.action("else");
            text += &self.body(depth);
        }
        text + &self.action("end")
    }

    fn with(&mut self, depth: usize) -> String {
        let kind = self.dice.pick(KINDS);
        let value = self.pipeline(kind, depth);
        let outer = self.variables.len();
        let head = if self.dice.percent(30) {
            self.names += 1;
            let name = format!("$w{}", self.names);
            self.variables.push((name.clone(), kind));
            format!("with {name} := {value}")
        } else {
            format!("with {value}")
        };
        let mut text = self.action(&head);
        let dot = self.dot.replace(kind);
        text += &self.body(depth);
        self.variables.truncate(outer);
        self.dot = dot;
        if self.dice.percent(20) {
            let other = self.pipeline(Kind::Any, depth);
            text += &self.action(&format!("else with {other}"));
            text += "{{.}}";
        }
        if self.dice.percent(40) {
            text += &self.action("else");
            text += &self.body(depth);
        }
        text + &self.action("end")
    }

    /// A call of a defined template, or a block. No template calls itself: the limits differ.
    fn template_call(&mut self, depth: usize) -> String {
        let kind = self.dice.pick(KINDS);
        let value = self.pipeline(kind, depth);
        if self.callable == 0 {
            return self.block(kind, &value, depth);
        }
        let name = format!("t{}", self.dice.below(self.callable));
        match self.dice.below(4) {
            0 => self.block(kind, &value, depth),
            1 => {
                let operand = self.operand(kind, depth);
                self.action(&format!("executeTemplate \"{name}\" {operand} | toUpper"))
            }
            2 => self.action(&format!("template \"{name}\"")),
            _ => self.action(&format!("template \"{name}\" {value}")),
        }
    }

    /// A block, which sees no variables from outside.
    fn block(&mut self, kind: Kind, value: &str, depth: usize) -> String {
        let variables = std::mem::take(&mut self.variables);
        let (dot, loops) = (self.dot.replace(kind), std::mem::take(&mut self.loops));
        let has_data = std::mem::take(&mut self.has_data);
        let callable = std::mem::take(&mut self.callable);
        self.names += 1;
        let start = format!("block \"b{}\" {value}", self.names);
        let text = self.action(&start) + &self.body(depth) + &self.action("end");
        (self.variables, self.dot, self.loops) = (variables, dot, loops);
        (self.has_data, self.callable) = (has_data, callable);
        text
    }

    fn pipeline(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 || self.dice.percent(30) {
            return self.leaf(kind);
        }
        let patterns = CALLS.iter().filter(|(gives, _)| *gives == kind);
        let patterns: Vec<&str> = patterns.map(|(_, pattern)| *pattern).collect();
        let pattern = self.dice.pick(&patterns);
        let last = pattern
            .rsplit_once(" {")
            .filter(|(_, last)| last.ends_with('}'));
        match last {
            Some((call, last)) if self.dice.percent(40) => {
                let first = match slot(last.trim_end_matches('}')) {
                    Slot::Of(kind) => self.pipeline(kind, depth - 1),
                    Slot::Literal(pool) => self.dice.pick(pool).to_owned(),
                };
                format!("{first} | {}", self.filled(call, depth))
            }
            _ => self.filled(pattern, depth),
        }
    }

    /// The pattern with its slots filled.
    fn filled(&mut self, pattern: &str, depth: usize) -> String {
        let mut parts = pattern.split('{');
        let mut text = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            text += &match slot(name) {
                Slot::Of(kind) => self.operand(kind, depth.saturating_sub(1)),
                Slot::Literal(pool) => self.dice.pick(pool).to_owned(),
            };
            text += rest;
        }
        text
    }

    fn operand(&mut self, kind: Kind, depth: usize) -> String {
        let pipeline = self.pipeline(kind, depth);
        let is_one = !pipeline.contains(' ') || pipeline.starts_with(['(', '"', '`']);
        if is_one && !pipeline.contains(" | ") {
            return pipeline;
        }
        format!("({pipeline})")
    }

    fn leaf(&mut self, kind: Kind) -> String {
        let fits = |of: Kind| of == kind || kind == Kind::Any;
        let variables = self.variables.iter().filter(|(_, of)| fits(*of));
        let variables: Vec<String> = variables.map(|(name, _)| name.clone()).collect();
        match self.dice.below(100) {
            0..2 => self.hostile(),
            2..35 if !variables.is_empty() => self.dice.pick(&variables),
            35..50 if self.dot.is_some_and(fits) => String::from("."),
            50..80 if self.has_data => format!("$d.{}", self.dice.pick(fields(kind))),
            80..82 => String::from("$"),
            _ => self.dice.pick(literals(kind)).to_owned(),
        }
    }

    fn hostile(&mut self) -> String {
        let is_given = |value: &&str| !HUGE.contains(value) && *value != NOT_A_NUMBER;
        let values: Vec<_> = HOSTILE.iter().copied().filter(is_given).collect();
        self.dice.pick(&values).to_owned()
    }
}
