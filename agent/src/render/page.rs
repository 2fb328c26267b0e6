//! One template and its file.

mod report;
mod text;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use templating::{Context, FileWrite, Outcome, Render, Request, Secrets, Template};
use tokio::time::Instant;
use tracing::{debug, error, info};
use vault_engine::{Backoff, Spread};
use zeroize::Zeroizing;

use super::debounce::Quiet;
use super::effect;
use crate::command::CommandSpec;
use crate::config::{Output, TemplateSettings};
use crate::placed::{Content, Placed};
use crate::random;
use secret_files::Written;
use text::Print;

pub(crate) use report::name_of;
pub(super) use text::Exchange;
pub(crate) use text::{check, parsed};

/// The waits before a file that could not be written is tried again.
const WRITES: Backoff = Backoff {
    base: Duration::from_secs(1),
    max: Duration::from_secs(300),
    spread: Spread::Quarter,
};

/// A template with the state of its file.
pub(super) struct Page {
    settings: TemplateSettings,
    /// The template, or why there is none.
    template: Result<Template, String>,
    /// The text that it was made of.
    print: Print,
    used: BTreeSet<Request>,
    was_rendered: bool,
    /// Why the last pass failed.
    failure: Option<String>,
    /// When a file that could not be written is tried again.
    retry: Option<Retry>,
    /// Changes that wait for more of them.
    quiet: Option<Quiet>,
    /// The failure is one that the configuration does not call fatal.
    is_tolerated: bool,
    /// Why the failure is not one of missing secrets.
    defect: Option<Defect>,
    /// The files that the last complete pass has left.
    placed: Vec<Placed>,
    /// What a variable holds.
    value: Option<Zeroizing<Vec<u8>>>,
    counts: Counts,
}

/// A failure with everything at hand that the template asked for. Another value of a secret may fix
/// it, time does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    /// The template failed.
    Execution,
    /// What it gave cannot be put where it belongs.
    Value,
}

/// How it went so far.
#[derive(Clone, Default)]
struct Counts {
    renders: u64,
    failures: u64,
    last_success: Option<SystemTime>,
}

struct Retry {
    at: Instant,
    failures: u32,
}

/// What a pass over the template changed.
#[derive(Default)]
pub(super) struct Pass {
    /// Used now and not before.
    pub(super) wanted: Vec<Request>,
    /// Used before and not now.
    pub(super) unwanted: Vec<Request>,
    /// The file has new content.
    pub(super) replaced: bool,
}

impl Page {
    fn new(settings: TemplateSettings, print: Print, template: Result<Template, String>) -> Self {
        if let Err(reason) = &template {
            error!(target: "agent.template.server", error = %reason, "template cannot be used");
        }
        Self {
            failure: template.as_ref().err().cloned(),
            template,
            print,
            settings,
            used: BTreeSet::new(),
            was_rendered: false,
            retry: None,
            quiet: None,
            is_tolerated: false,
            defect: None,
            placed: Vec::new(),
            value: None,
            counts: Counts::default(),
        }
    }

    /// What it needs.
    pub(super) fn used(&self) -> &BTreeSet<Request> {
        &self.used
    }

    /// What messages call a request.
    pub(super) fn name_of(&self, request: &Request) -> String {
        name_of(request, |path| self.mentions(path))
    }

    fn mentions(&self, name: &str) -> bool {
        let template = self.template.as_ref();
        template.is_ok_and(|template| template.mentions(name))
    }

    /// One pass with what is there now; `None` where there is no template to render.
    pub(super) fn render(
        &mut self,
        secrets: &dyn Secrets,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Pass> {
        let template = self.template.as_ref().ok()?;
        self.quiet = None;
        self.is_tolerated = false;
        self.defect = None;
        let mut pass = Pass::default();
        let view = Context {
            sandbox: self.settings.sandbox.as_deref(),
            ..Context::new(secrets, environment)
        };
        let render = match template.render(&view) {
            Ok(render) => render,
            Err(error) => {
                error!(
                    target: "agent.template.server", %error,
                    "template for {} failed", self.settings.output.name()
                );
                // The error names the destination, which is the template's name.
                self.counts.failures += 1;
                self.failure = Some(error.to_string());
                self.is_tolerated = !self.settings.error_fatal;
                self.defect = Some(Defect::Execution);
                // Another value of what it met may be without the error.
                for request in error.used() {
                    if self.used.insert(request.clone()) {
                        pass.wanted.push(request.clone());
                    }
                }
                return Some(pass);
            }
        };
        pass.wanted = render.used.difference(&self.used).cloned().collect();
        match render.outcome {
            Outcome::Complete(content) => {
                pass.unwanted = self.used.difference(&render.used).cloned().collect();
                self.used = render.used;
                pass.replaced = self.deliver(content, &render.effects);
            }
            Outcome::Waiting { missing } => {
                // What stands behind the place that waits may be used again: its leases are kept.
                self.used.extend(render.used);
                self.failure = None;
                debug!(target: "agent", "(runner) missing data for {} dependencies", missing.len());
            }
        }
        Some(pass)
    }

    /// What a pass with these secrets would give, without any effect; `None` if it fails.
    pub(super) fn trial(
        &self,
        secrets: &dyn Secrets,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Render> {
        let template = self.template.as_ref().ok()?;
        let view = Context {
            sandbox: self.settings.sandbox.as_deref(),
            ..Context::new(secrets, environment)
        };
        template.render(&view).ok()
    }

    /// Whether its template asks for certificates, as far as its text says.
    pub(super) fn may_use_certificates(&self) -> bool {
        let Ok(template) = &self.template else {
            return false;
        };
        template.lint().is_none_or(|report| {
            !report.is_complete || report.reads.iter().any(|read| read.is_certificate)
        })
    }

    /// Its file.
    pub(super) fn file(&self) -> Option<&Path> {
        Some(&self.settings.output.file()?.path)
    }

    /// Puts a complete text to where it belongs; `true` where it is a new one.
    fn deliver(&mut self, content: Zeroizing<Vec<u8>>, others: &[FileWrite]) -> bool {
        let source = self.settings.source.name();
        if let Some(reason) = self.settings.output.misfit(&content) {
            error!(target: "agent", error = %reason, "(runner) cannot use the text of the template");
            self.counts.failures += 1;
            self.defect = Some(Defect::Value);
            self.failure = Some(reason);
            return false;
        }
        // The template's own file last: who waits for it finds the others in place.
        if !self.was_rendered {
            others.iter().for_each(effect::tidy);
        }
        let others_placed = others.iter().map(effect::placed);
        let others = others.iter().map(|write| {
            effect::apply(write).map_err(|error| {
                let names = [&write.path, &write.user, &write.group];
                if names.into_iter().all(|name| self.mentions(name)) {
                    error.to_string()
                } else {
                    effect::nameless(&error)
                }
            })
        });
        let hash = Content::of(&content);
        let written = match &self.settings.output {
            Output::File(target) => others
                .chain(std::iter::once_with(|| {
                    let written = target.write(&content);
                    written.map_err(|error| error.to_string())
                }))
                .collect::<Result<Vec<_>, String>>(),
            Output::Elsewhere(_) => others.collect(),
            Output::Variable(_) => others.collect::<Result<Vec<_>, String>>().map(|mut all| {
                let is_same = self.value.as_ref() == Some(&content);
                all.push(if is_same {
                    Written::Unchanged
                } else {
                    Written::Replaced
                });
                self.value = Some(content);
                all
            }),
        };
        let output = self.settings.output.name();
        match written {
            Ok(written) => {
                self.failure = None;
                self.retry = None;
                self.was_rendered = true;
                let own = self.settings.output.file();
                let own = own.map(|target| Placed::whole(target, hash));
                self.placed = others_placed.chain(own).collect();
                let replaced = written.contains(&Written::Replaced);
                self.counts.renders += u64::from(replaced);
                self.counts.last_success = Some(SystemTime::now());
                if replaced {
                    info!(target: "agent", "(runner) rendered {source:?} => {output:?}");
                } else if written.contains(&Written::Adjusted) {
                    info!(target: "agent", "(runner) restored mode or owner: {source:?} => {output:?}");
                } else {
                    debug!(target: "agent", "(runner) {source:?} => {output:?} is up to date");
                }
                replaced
            }
            Err(error) => {
                let failures = self.retry.as_ref().map_or(0, |retry| retry.failures) + 1;
                let pause = WRITES.jittered(failures, random::jitter());
                error!(target: "agent", %error, retry_in = ?pause, "(runner) cannot write the file");
                self.counts.failures += 1;
                self.failure = Some(error);
                self.retry = Some(Retry {
                    at: Instant::now() + pause,
                    failures,
                });
                false
            }
        }
    }

    /// Notes that a secret changed. `false` where the page is to be rendered now, rather than after
    /// its quiet time.
    pub(super) fn postpone(&mut self) -> bool {
        let Some(wait) = self.settings.wait.filter(|_| self.was_rendered) else {
            return false;
        };
        self.quiet = Some(wait.change(self.quiet, Instant::now()));
        true
    }

    /// Nothing more is expected of it before the agent calls itself complete.
    pub(super) fn is_done(&self) -> bool {
        self.was_rendered || (self.is_tolerated && self.failure.is_some())
    }

    /// Whether it has written files.
    pub(super) fn has_files(&self) -> bool {
        !self.placed.is_empty()
    }

    pub(super) fn placed(&self) -> &[Placed] {
        &self.placed
    }

    /// Another page has written these files: what becomes of them no longer concerns this page.
    pub(super) fn leave_files_to(&mut self, other: &[Placed]) {
        self.placed
            .retain(|own| !other.iter().any(|other| own.is_the_same_as(other)));
    }

    /// Takes files that others have only touched for as it has left them.
    pub(super) fn recognize(&mut self) {
        self.placed.iter_mut().for_each(Placed::recognize);
    }

    /// Whether its files are as it has left them.
    pub(super) fn is_in_place(&self) -> bool {
        self.placed.iter().all(Placed::is_as_left)
    }

    /// Waiting for secrets does not make this render.
    pub(super) fn is_hopeless(&self) -> bool {
        self.template.is_err() || (self.defect.is_some() && !self.is_tolerated)
    }

    /// The variable cannot be set, so that the program cannot be started.
    pub(super) fn cannot_be_set(&self) -> bool {
        matches!(self.settings.output, Output::Variable(_)) && self.defect == Some(Defect::Value)
    }

    pub(super) fn retry_at(&self) -> Option<Instant> {
        let retry = self.retry.as_ref().map(|retry| retry.at);
        let quiet = self.quiet.as_ref().map(Quiet::until);
        retry.into_iter().chain(quiet).min()
    }

    pub(super) fn command(&self) -> Option<&CommandSpec> {
        self.settings.command.as_ref()
    }

    /// Its variable, where it is one that has a value.
    pub(super) fn variable(&self) -> Option<(String, Zeroizing<Vec<u8>>)> {
        match &self.settings.output {
            Output::Variable(name) => Some((name.clone(), self.value.clone()?)),
            Output::File(_) | Output::Elsewhere(_) => None,
        }
    }
}
