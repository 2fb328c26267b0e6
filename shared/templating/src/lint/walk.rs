//! Follows what dots and variables hold through the tree.

use std::collections::{BTreeSet, HashMap, HashSet};

use text_template::Template;
use text_template::view::{Branch, Node, Operand, Pipe, Shape};

use super::path::{ApiPath, EngineKind};
use super::{Finding, Problem, Read, Report};

/// What a value is, as far as the text says. Secrets are numbers of reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// Anything.
    Unknown,
    Secret(usize),
    /// The `.Data` of a secret.
    Data(usize),
}

/// What the templates of no other language have.
const OURS: [&str; 3] = ["secret \"", "pkiCert \"", ".Data."];

/// Findings of one template. Who mends these finds the others.
const MOST_FINDINGS: usize = 10;

pub(super) fn report(template: &Template) -> Report {
    let mut walk = Walk {
        template,
        report: Report {
            is_complete: true,
            ..Report::default()
        },
        engines: Vec::new(),
        scope: Vec::new(),
        held: HashMap::new(),
        assigned: HashSet::new(),
        escape: None,
        written: String::new(),
    };
    walk.collect(template.root());
    template.definitions().for_each(|nodes| walk.collect(nodes));
    walk.nodes(template.root(), Held::Unknown);
    for nodes in template.definitions() {
        walk.leave(0);
        walk.nodes(nodes, Held::Unknown);
    }
    walk.finish()
}

struct Walk<'t> {
    template: &'t Template,
    report: Report,
    /// Of each read the engine that its path tells.
    engines: Vec<EngineKind>,
    /// The variables in scope, the innermost last, and what those of each name hold.
    scope: Vec<&'t str>,
    held: HashMap<&'t str, Vec<Held>>,
    /// Variables that get another value somewhere: nothing is said of them.
    assigned: HashSet<&'t str>,
    /// Where the first text stands that opens an action.
    escape: Option<usize>,
    /// What is written whatever is read.
    written: String,
}

impl<'t> Walk<'t> {
    /// Notes down the variables that are assigned to.
    fn collect(&mut self, nodes: impl Iterator<Item = Node<'t>>) {
        for node in nodes {
            match node {
                Node::Action(pipe) => self.collect_pipe(pipe),
                Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                    for (pipe, list) in branch.arms() {
                        self.collect_pipe(pipe);
                        self.collect(list);
                    }
                    self.collect(branch.otherwise());
                }
                Node::Template(_) | Node::Text(_) | Node::Other => {}
            }
        }
    }

    fn collect_pipe(&mut self, pipe: Pipe<'t>) {
        if pipe.is_assignment() {
            self.assigned.extend(pipe.variables());
        }
    }

    fn nodes(&mut self, nodes: impl Iterator<Item = Node<'t>>, dot: Held) {
        for node in nodes {
            match node {
                Node::Action(pipe) => {
                    self.escape(pipe);
                    let held = self.pipe(pipe, dot);
                    self.declare(pipe, held);
                }
                Node::If(branch) => self.branch(branch, |_| dot, dot),
                Node::With(branch) => self.branch(branch, |held| held, dot),
                Node::Range(branch) => self.range(branch, dot),
                Node::Template(pipe) => {
                    if let Some(pipe) = pipe {
                        self.pipe(pipe, dot);
                    }
                }
                Node::Text(text) => self.written.push_str(text),
                Node::Other => {}
            }
        }
    }

    fn branch(&mut self, branch: Branch<'t>, inside: impl Fn(Held) -> Held, dot: Held) {
        let outside = self.scope.len();
        for (pipe, list) in branch.arms() {
            let held = self.pipe(pipe, dot);
            self.declare(pipe, held);
            let scope = self.scope.len();
            self.nodes(list, inside(held));
            self.leave(scope);
        }
        self.nodes(branch.otherwise(), dot);
        self.leave(outside);
    }

    fn range(&mut self, branch: Branch<'t>, dot: Held) {
        let outside = self.scope.len();
        for (pipe, list) in branch.arms() {
            if let (Held::Secret(_), Some(start)) = (self.pipe(pipe, dot), start(pipe)) {
                self.find(start, Problem::RangeOverSecret);
            }
            self.declare(pipe, Held::Unknown);
            self.nodes(list, Held::Unknown);
            self.leave(outside);
        }
        self.nodes(branch.otherwise(), dot);
        self.leave(outside);
    }

    fn declare(&mut self, pipe: Pipe<'t>, held: Held) {
        if pipe.is_assignment() {
            return;
        }
        for name in pipe.variables() {
            self.scope.push(name);
            self.held.entry(name).or_default().push(held);
        }
    }

    /// Forgets the variables declared since.
    fn leave(&mut self, scope: usize) {
        for name in self.scope.drain(scope..) {
            if let Some(held) = self.held.get_mut(name) {
                held.pop();
            }
        }
    }

    /// What a pipeline gives.
    fn pipe(&mut self, pipe: Pipe<'t>, dot: Held) -> Held {
        let mut held = Held::Unknown;
        for (at, command) in pipe.commands().enumerate() {
            let operands: Vec<_> = command.collect();
            let result = self.command(&operands, dot, at > 0);
            // The result of the command before is one more argument.
            held = if at == 0 { result } else { Held::Unknown };
        }
        held
    }

    fn command(&mut self, operands: &[Operand<'t>], dot: Held, is_piped: bool) -> Held {
        let Some((first, arguments)) = operands.split_first() else {
            return Held::Unknown;
        };
        let held: Vec<_> = arguments.iter().map(|it| self.operand(*it, dot)).collect();
        match first.shape() {
            Shape::Function(name @ ("secret" | "pkiCert")) => {
                self.read(*first, arguments, name == "pkiCert", is_piped)
            }
            Shape::Function("index") => self.index(arguments, &held),
            Shape::Function(_) => Held::Unknown,
            _ => self.operand(*first, dot),
        }
    }

    fn operand(&mut self, operand: Operand<'t>, dot: Held) -> Held {
        let start = operand.start();
        match operand.shape() {
            Shape::Dot => dot,
            Shape::Field(names) => self.fields(start, dot, &names),
            Shape::Variable(name, names) => {
                let held = self.variable(name);
                self.fields(start, held, &names)
            }
            Shape::Pipe(pipe) => self.pipe(pipe, dot),
            Shape::Chain(inner, names) => {
                let held = self.operand(inner, dot);
                self.fields(start, held, &names)
            }
            Shape::Text(_) | Shape::Function(_) | Shape::Other => Held::Unknown,
        }
    }

    fn variable(&self, name: &str) -> Held {
        if self.assigned.contains(name) {
            return Held::Unknown;
        }
        let held = self.held.get(name).and_then(|held| held.last());
        held.copied().unwrap_or(Held::Unknown)
    }

    fn fields(&mut self, start: usize, held: Held, names: &[&str]) -> Held {
        names.iter().fold(held, |held, name| match held {
            Held::Secret(read) if *name == "Data" => Held::Data(read),
            Held::Data(read) => {
                self.key(start, read, name);
                Held::Unknown
            }
            Held::Secret(_) | Held::Unknown => Held::Unknown,
        })
    }

    /// `index` with a key in quotes reads it as a field does.
    fn index(&mut self, arguments: &[Operand<'t>], held: &[Held]) -> Held {
        if let ([Held::Data(read), ..], [object, key, ..]) = (held, arguments)
            && let Shape::Text(key) = key.shape()
        {
            self.key(object.start(), *read, &key);
        }
        Held::Unknown
    }

    /// A key of a secret's data is read.
    fn key(&mut self, start: usize, read: usize, key: &str) {
        let (engine, read) = (self.engines[read], &mut self.report.reads[read]);
        read.keys.insert(key.to_owned());
        let path = || read.path.clone();
        let problem = match (engine, key) {
            (EngineKind::Versioned, "data" | "metadata") => return,
            (EngineKind::Versioned, key) => Problem::MissingData {
                key: key.to_owned(),
                path: path(),
            },
            (EngineKind::Credentials | EngineKind::Certificate, "data") => {
                Problem::NoData { path: path() }
            }
            _ => return,
        };
        self.find(start, problem);
    }

    /// A call of `secret` or `pkiCert`.
    fn read(
        &mut self,
        call: Operand<'t>,
        arguments: &[Operand<'t>],
        is_certificate: bool,
        is_piped: bool,
    ) -> Held {
        let texts: Option<Vec<String>> = arguments
            .iter()
            .map(|argument| match argument.shape() {
                Shape::Text(text) => Some(text),
                _ => None,
            })
            .collect();
        let Some((Shape::Text(written), is_write)) = arguments
            .first()
            .map(|first| (first.shape(), arguments.len() > 1 || is_piped))
        else {
            // No path, or one that is made when the template is rendered.
            self.report.is_complete = false;
            return Held::Unknown;
        };
        let path = ApiPath::new(&written);
        let name = || path.as_str().to_owned();
        if path.is_address() {
            self.find(call.start(), Problem::Address { path: name() });
        }
        let engine = path.engine();
        match engine {
            EngineKind::Metadata if !is_certificate => {
                self.find(call.start(), Problem::Metadata { path: name() });
            }
            EngineKind::Certificate if !is_certificate && is_write => {
                self.find(call.start(), Problem::CertificateWrite { path: name() });
            }
            EngineKind::Certificate if !is_certificate => {
                self.find(call.start(), Problem::CertificateRead { path: name() });
            }
            _ => {}
        }
        let read = self.report.reads.len();
        self.engines.push(engine);
        self.report.reads.push(Read {
            path: name(),
            arguments: texts.filter(|_| !is_piped).map(|texts| texts[1..].to_vec()),
            is_certificate,
            keys: BTreeSet::new(),
        });
        if is_certificate {
            Held::Unknown
        } else {
            Held::Secret(read)
        }
    }

    /// Helm writes `{{ "{{" }}` and raw texts for what is to be a template afterwards.
    fn escape(&mut self, pipe: Pipe<'t>) {
        let mut commands = pipe.commands();
        let (Some(command), None) = (commands.next(), commands.next()) else {
            return;
        };
        let mut operands = command;
        if let (Some(operand), None) = (operands.next(), operands.next())
            && let Shape::Text(text) = operand.shape()
        {
            if text.contains("{{") {
                self.escape.get_or_insert(operand.start());
            }
            self.written.push_str(&text);
        }
    }

    fn find(&mut self, start: usize, problem: Problem) {
        if self.report.findings.len() == MOST_FINDINGS {
            return;
        }
        let (line, column) = self.template.place(start);
        self.report.findings.push(Finding {
            line,
            column,
            problem,
        });
    }

    /// A template that reads something may write one on purpose, and one of others reads no secret.
    fn finish(mut self) -> Report {
        let is_ours = |text: &str| OURS.iter().any(|ours| text.contains(ours));
        if self.report.reads.is_empty()
            && self.report.is_complete
            && let Some(start) = self.escape
            && is_ours(&self.written)
        {
            self.find(start, Problem::Escape);
        }
        self.report
    }
}

fn start(pipe: Pipe<'_>) -> Option<usize> {
    let operand = pipe.commands().next()?.next()?;
    Some(operand.start())
}
