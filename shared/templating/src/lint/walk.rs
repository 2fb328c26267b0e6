//! Follows what dots and variables hold through the tree.

use std::collections::BTreeSet;

use text_template::Template;
use text_template::view::{Branch, Names, Node, Operand, Pipe, Shape};

use super::path::EngineKind;
use super::{Finding, Problem, Read, Report};

mod assigned;
mod call;
mod escape;
mod scope;

use scope::Scope;

/// What a value is, as far as the text says. Secrets are numbers of reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    /// Anything.
    Unknown,
    /// The dot of the template itself: nothing.
    Nothing,
    Secret(usize),
    /// The `.Data` of a secret.
    Data(usize),
    /// A certificate of `pkiCert`, and its `.Data`, which is the same.
    Certificate(usize),
}

/// The fields of a secret.
const FIELDS: [&str; 8] = [
    "RequestID",
    "LeaseID",
    "LeaseDuration",
    "Renewable",
    "Data",
    "Warnings",
    "Auth",
    "WrapInfo",
];

/// What the metadata of a secret of KV v2 have.
const METADATA: [&str; 10] = [
    "cas_required",
    "created_time",
    "current_version",
    "custom_metadata",
    "delete_version_after",
    "keys",
    "max_versions",
    "oldest_version",
    "updated_time",
    "versions",
];

/// What the API calls the parts of a certificate, and `pkiCert` their fields.
const PARTS: [(&str, &str); 4] = [
    ("certificate", "Cert"),
    ("private_key", "Key"),
    ("issuing_ca", "CA"),
    ("ca_chain", "CAChain"),
];

/// The most findings of one template: the rest shows once these are fixed.
const MOST_FINDINGS: usize = 10;

pub(super) fn report(template: &Template) -> Report<'_> {
    let mut walk = Walk {
        template,
        report: Report {
            is_complete: true,
            ..Report::default()
        },
        engines: Vec::new(),
        scope: Scope::default(),
        assigned: None,
        escape: None,
    };
    walk.scope.declare("$", Held::Nothing);
    walk.nodes(template.root(), Held::Nothing);
    for nodes in template.definitions() {
        walk.scope.leave(0);
        walk.nodes(nodes, Held::Unknown);
    }
    walk.finish()
}

struct Walk<'t> {
    template: &'t Template,
    report: Report<'t>,
    /// Of each read the engine that its path tells, and the place.
    engines: Vec<(EngineKind, usize)>,
    scope: Scope<'t>,
    /// Variables that get another value somewhere, once anybody asks: nothing is said of them.
    assigned: Option<BTreeSet<&'t str>>,
    /// Where the first text stands that opens an action.
    escape: Option<usize>,
}

impl<'t> Walk<'t> {
    fn nodes(&mut self, nodes: impl Iterator<Item = Node<'t>>, dot: Held) {
        for node in nodes {
            match node {
                Node::Action(pipe) => {
                    self.escaped(pipe);
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
                Node::Text(_) | Node::Other => {}
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
            self.scope.leave(scope);
        }
        self.nodes(branch.otherwise(), dot);
        self.scope.leave(outside);
    }

    fn range(&mut self, branch: Branch<'t>, dot: Held) {
        let outside = self.scope.len();
        for (pipe, list) in branch.arms() {
            let problem = match self.pipe(pipe, dot) {
                Held::Secret(_) => Some(Problem::RangeOverSecret),
                Held::Data(read) if self.engines[read].0 == EngineKind::Versioned => {
                    let path = self.report.reads[read].path;
                    Some(Problem::RangeOverData { path })
                }
                _ => None,
            };
            if let (Some(problem), Some(start)) = (problem, start(pipe)) {
                self.find(start, problem);
            }
            self.declare(pipe, Held::Unknown);
            self.nodes(list, Held::Unknown);
            self.scope.leave(outside);
        }
        self.nodes(branch.otherwise(), dot);
        self.scope.leave(outside);
    }

    fn declare(&mut self, pipe: Pipe<'t>, held: Held) {
        if pipe.is_assignment() {
            return;
        }
        for name in pipe.variables() {
            self.scope.declare(name, held);
        }
    }

    /// What a pipeline gives.
    fn pipe(&mut self, pipe: Pipe<'t>, dot: Held) -> Held {
        let mut held = Held::Unknown;
        for (at, command) in pipe.commands().enumerate() {
            let result = self.command(command, dot, at > 0);
            // The result of the command before is one more argument.
            held = if at == 0 { result } else { Held::Unknown };
        }
        held
    }

    fn command(
        &mut self,
        mut operands: impl Iterator<Item = Operand<'t>>,
        dot: Held,
        is_piped: bool,
    ) -> Held {
        let Some(first) = operands.next() else {
            return Held::Unknown;
        };
        let Shape::Function(name) = first.shape() else {
            operands.for_each(|it| _ = self.operand(it, dot));
            return self.operand(first, dot);
        };
        match name {
            "secret" | "pkiCert" => {
                let arguments: Vec<_> = operands.collect();
                for argument in &arguments {
                    self.operand(*argument, dot);
                }
                self.read(first, name, &arguments, is_piped)
            }
            "index" => {
                let held = operands.next().map(|it| (it, self.operand(it, dot)));
                let key = operands.next();
                if let (Some((object, held)), Some(key)) = (held, key) {
                    self.index(object.start(), held, key);
                }
                key.into_iter()
                    .chain(operands)
                    .for_each(|it| _ = self.operand(it, dot));
                Held::Unknown
            }
            _ => {
                for operand in operands {
                    self.operand(operand, dot);
                    if name == "secrets" {
                        self.list(operand);
                    }
                    if let (Shape::Text(text), "print" | "printf" | "println") =
                        (operand.shape(), name)
                    {
                        self.escape(operand.start(), text);
                    }
                }
                Held::Unknown
            }
        }
    }

    fn operand(&mut self, operand: Operand<'t>, dot: Held) -> Held {
        let start = operand.start();
        match operand.shape() {
            Shape::Dot => dot,
            Shape::Field(names) => self.fields(start, dot, names),
            Shape::Variable(name, names) => {
                let held = self.variable(name);
                self.fields(start, held, names)
            }
            Shape::Pipe(pipe) => self.pipe(pipe, dot),
            Shape::Chain(inner, names) => {
                let held = self.operand(inner, dot);
                self.fields(start, held, names)
            }
            Shape::Text(_) | Shape::Function(_) | Shape::Other => Held::Unknown,
        }
    }

    fn variable(&mut self, name: &str) -> Held {
        match self.scope.get(name) {
            None | Some(Held::Unknown) => Held::Unknown,
            Some(held) => {
                let template = self.template;
                let assigned = self
                    .assigned
                    .get_or_insert_with(|| assigned::in_all(template));
                if assigned.contains(name) {
                    Held::Unknown
                } else {
                    held
                }
            }
        }
    }

    fn fields(&mut self, start: usize, held: Held, names: Names<'t>) -> Held {
        names.iter().fold(held, |held, name| match held {
            Held::Secret(read) if name == "Data" => Held::Data(read),
            Held::Certificate(_) if name == "Data" => held,
            Held::Data(read) => {
                self.key(start, read, name);
                Held::Unknown
            }
            Held::Certificate(read) => {
                self.part(start, read, name);
                Held::Unknown
            }
            Held::Secret(_) => {
                if !FIELDS.contains(&name) {
                    self.find(start, Problem::NoField { name });
                }
                Held::Unknown
            }
            Held::Nothing => {
                if FIELDS.contains(&name) || PARTS.iter().any(|it| it.1 == name) {
                    self.find(start, Problem::NothingInDot { name });
                }
                Held::Unknown
            }
            Held::Unknown => Held::Unknown,
        })
    }

    /// `index` with a key in quotes reads it as a field does.
    fn index(&mut self, start: usize, held: Held, key: Operand<'t>) {
        if let (Held::Data(read), Shape::Text(key)) = (held, key.shape()) {
            self.key(start, read, key);
        }
    }

    /// A key of a secret's data is read.
    fn key(&mut self, start: usize, read: usize, key: &'t str) {
        let (engine, read) = (self.engines[read].0, &mut self.report.reads[read]);
        read.keys.push(key);
        let path = read.path;
        let is_clear = engine == EngineKind::Versioned;
        let problem = match (engine, key) {
            (EngineKind::Versioned | EngineKind::PerhapsVersioned, "data" | "metadata") => return,
            (EngineKind::Versioned | EngineKind::PerhapsVersioned, key) => Problem::MissingData {
                key,
                path,
                is_clear,
            },
            (EngineKind::Credentials | EngineKind::Certificate, "data") => Problem::NoData { path },
            (EngineKind::Metadata, key) if !METADATA.contains(&key) => {
                Problem::MetadataKey { path }
            }
            _ => return,
        };
        self.find(start, problem);
    }

    /// A field of a certificate is read.
    fn part(&mut self, start: usize, read: usize, key: &'t str) {
        self.report.reads[read].keys.push(key);
        if let Some((_, field)) = PARTS.into_iter().find(|it| it.0 == key) {
            self.find(start, Problem::CertificateField { key, field });
        }
    }

    fn find(&mut self, start: usize, problem: Problem<'t>) {
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

    fn finish(mut self) -> Report<'t> {
        self.left_over();
        for (at, (engine, start)) in std::mem::take(&mut self.engines).into_iter().enumerate() {
            let read = &self.report.reads[at];
            if engine == EngineKind::Metadata && read.keys.is_empty() && !read.is_certificate {
                self.find(start, Problem::Metadata { path: read.path });
            }
        }
        self.report
    }
}

fn start(pipe: Pipe<'_>) -> Option<usize> {
    let operand = pipe.commands().next()?.next()?;
    Some(operand.start())
}
