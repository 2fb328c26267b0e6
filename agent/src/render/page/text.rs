//! The texts of templates: read, parsed, and exchanged for others while the agent runs.

use std::borrow::Cow;
use std::collections::BTreeSet;

use secret_files::{Reader, limit};
use sha2::{Digest, Sha256};
use templating::{Engine, Options, Partials, Request, Template, TemplateError};
use tracing::error;

use super::Page;
use crate::config::{TemplateSettings, TemplateSource};

/// By what a text is known again; `None` where it cannot be read.
pub(super) type Print = Option<[u8; 32]>;

/// What is wrong with the texts of these templates, each by the number of its template. The file is
/// named, the template is not.
pub(crate) fn check(templates: &[TemplateSettings]) -> Vec<(usize, String)> {
    // Nothing of it is written, so that nothing needs to be kept from it.
    let texts = Texts::read(templates, &Reader::default());
    let reasons = templates.iter().zip(&texts.read).map(|(settings, text)| {
        let text = match text {
            Ok(text) => text,
            Err(reason) => return vec![reason.clone()],
        };
        let reasons = match texts.template(text, settings) {
            Ok(template) => refused_calls(&template),
            Err(error) => vec![error.without_name()],
        };
        match &settings.source {
            TemplateSource::Contents(_) => reasons,
            TemplateSource::File(path) => {
                let reasons = reasons.into_iter();
                let of_file = reasons.map(|reason| format!("{}: {reason}", path.display()));
                of_file.collect()
            }
        }
    });
    let reasons = reasons.enumerate();
    reasons
        .flat_map(|(index, reasons)| reasons.into_iter().map(move |reason| (index, reason)))
        .collect()
}

/// The calls that fail at every render, whatever the server answers.
fn refused_calls(template: &Template) -> Vec<String> {
    let Some(report) = template.lint() else {
        return Vec::new();
    };
    let findings = report.findings.iter();
    let refused = findings.filter_map(|finding| {
        let refusal = finding.problem.refusal()?;
        let (line, column) = (finding.line, finding.column);
        Some(format!("line {line}, column {column}: {refusal}"))
    });
    refused.collect()
}

/// The templates, in order, or why there is none.
pub(crate) fn parsed(
    settings: &[TemplateSettings],
    reader: &Reader,
) -> Vec<Result<Template, String>> {
    let texts = Texts::read(settings, reader);
    let settings = settings.iter().enumerate();
    settings
        .map(|(index, settings)| texts.parse(index, settings))
        .collect()
}

/// Pages for other templates.
pub(in crate::render) struct Exchange {
    /// All of them, in order.
    pub(in crate::render) pages: Vec<Page>,
    /// Those that are new and not rendered.
    pub(in crate::render) changed: BTreeSet<usize>,
    /// What each page used that is gone.
    pub(in crate::render) unwanted: Vec<BTreeSet<Request>>,
}

impl Page {
    /// A page for each template, in order.
    pub(in crate::render) fn all(templates: &[TemplateSettings], reader: &Reader) -> Vec<Self> {
        let texts = Texts::read(templates, reader);
        templates
            .iter()
            .enumerate()
            .map(|(index, settings)| {
                let template = texts.parse(index, settings);
                Self::new(settings.clone(), texts.prints[index], template)
            })
            .collect()
    }

    /// Takes over the pages of `old` whose template is the same, and makes the others. `old` is left
    /// alone where a new template does not parse or cannot be read.
    pub(in crate::render) fn exchange(
        old: &mut Vec<Self>,
        templates: &[TemplateSettings],
        reader: &Reader,
    ) -> Result<Exchange, String> {
        let texts = Texts::read(templates, reader);
        let mut taken = vec![false; old.len()];
        let mut plan = Vec::with_capacity(templates.len());
        for (index, settings) in templates.iter().enumerate() {
            let print = texts.prints[index];
            let same = (0..old.len()).find(|other| {
                let page = &old[*other];
                !taken[*other] && page.print == print && page.settings == *settings
            });
            plan.push(match same {
                Some(other) => {
                    taken[other] = true;
                    Step::Keep(other)
                }
                None => Step::Make(texts.parse(index, settings)?),
            });
        }
        let mut old: Vec<Option<Self>> = std::mem::take(old).into_iter().map(Some).collect();
        let mut pages = Vec::with_capacity(plan.len());
        let mut changed = BTreeSet::new();
        for (index, step) in plan.into_iter().enumerate() {
            pages.push(match step {
                Step::Keep(other) => old[other].take().expect("a page must be kept once"),
                Step::Make(template) => {
                    changed.insert(index);
                    let settings = &templates[index];
                    let mut page = Self::new(settings.clone(), texts.prints[index], Ok(template));
                    let mut before = old.iter().flatten();
                    let before = before.find(|page| page.settings.output == settings.output);
                    if let Some(before) = before {
                        // The file or variable is there until the new text is.
                        page.was_rendered = before.was_rendered;
                        page.value.clone_from(&before.value);
                        page.counts = before.counts.clone();
                    }
                    page
                }
            });
        }
        let unwanted = old.into_iter().flatten().map(|page| page.used).collect();
        Ok(Exchange {
            pages,
            changed,
            unwanted,
        })
    }
}

enum Step {
    Keep(usize),
    Make(Template),
}

/// The texts of all templates.
struct Texts<'a> {
    read: Vec<Result<Cow<'a, str>, String>>,
    partials: Partials,
    prints: Vec<Print>,
}

impl<'a> Texts<'a> {
    fn read(templates: &'a [TemplateSettings], reader: &Reader) -> Self {
        let texts = templates.iter().map(|settings| read(settings, reader));
        let texts: Vec<_> = texts.collect();
        let partials = partials(templates, &texts);
        // A Handlebars template is made of all others of its kind too.
        let mut shared = Sha256::new();
        for (settings, text) in templates.iter().zip(&texts) {
            if settings.engine == Engine::Handlebars {
                shared.update(settings.output.name());
                shared.update([0]);
                shared.update(text.as_deref().unwrap_or_default());
                shared.update([0]);
            }
        }
        let prints = templates.iter().zip(&texts).map(|(settings, text)| {
            let mut hash = match settings.engine {
                Engine::Handlebars => shared.clone(),
                Engine::Go => Sha256::new(),
            };
            hash.update(text.as_deref().ok()?);
            Some(hash.finalize().into())
        });
        let prints = prints.collect();
        Self {
            read: texts,
            partials,
            prints,
        }
    }

    fn parse(&self, index: usize, settings: &TemplateSettings) -> Result<Template, String> {
        let text = self.read[index].as_ref().map_err(String::clone)?;
        self.template(text, settings).map_err(|error| {
            if let Some(excerpt) = error.excerpt(text) {
                error!(target: "agent.template.server", "template does not parse:\n{excerpt}");
            }
            error.to_string()
        })
    }

    fn template(&self, text: &str, settings: &TemplateSettings) -> Result<Template, TemplateError> {
        let options = Options {
            name: settings.output.name(),
            left_delimiter: settings.left_delimiter.clone(),
            right_delimiter: settings.right_delimiter.clone(),
            error_on_missing_key: settings.error_on_missing_key,
            engine: settings.engine,
            partials: self.partials.clone(),
            function_denylist: settings.function_denylist.clone(),
        };
        Template::parse(text, options)
    }
}

/// The text of a template.
fn read<'a>(settings: &'a TemplateSettings, reader: &Reader) -> Result<Cow<'a, str>, String> {
    match &settings.source {
        TemplateSource::Contents(text) => Ok(text.into()),
        TemplateSource::File(path) => reader
            .read_text(path, limit::DOCUMENT)
            .map(|text| Cow::from(text.to_string()))
            .map_err(|error| format!("cannot read template {}: {error}", path.display())),
    }
}

/// The Handlebars templates by the names of their files, for each other.
fn partials(templates: &[TemplateSettings], texts: &[Result<Cow<'_, str>, String>]) -> Partials {
    let named = templates.iter().zip(texts).filter_map(|(settings, text)| {
        let name = settings.output.file()?.path.file_name()?.to_str()?;
        let text = text.as_ref().ok()?;
        (settings.engine == Engine::Handlebars).then_some((name, &**text))
    });
    Partials::new(named)
}
