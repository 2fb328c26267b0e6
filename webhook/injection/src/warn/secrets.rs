//! Secrets, their templates and their commands.

use std::cell::{Cell, LazyCell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use contract::annotations::{self, AnnotationSpec, nearest_of};
use contract::diagnostics::secrets as codes;
use templating::lint::refused_read;
use templating::{Engine, Partials, Template};

use super::keys::LOOKED_UP;
use super::mounts::Places;
use super::subject::Subject;
use super::templates::Checks;
use super::{commands, files};
use crate::ask::secrets::{Content, Secret};
use crate::vocabulary::warning::Warning;

/// Annotations that say something about a secret that another one declares.
const DETAILS: [AnnotationSpec; 9] = [
    annotations::FILE,
    annotations::PERMS,
    annotations::COMMAND,
    annotations::LEFT_DELIMITER,
    annotations::RIGHT_DELIMITER,
    annotations::ERROR_ON_MISSING_KEY,
    annotations::PRESERVE_SECRET_CASE,
    annotations::SECRET_VOLUME_PATH,
    annotations::TEMPLATE_ENGINE,
];

pub(super) fn warnings(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let declared = LazyCell::new(|| {
        let declared = subject.annotations.with_suffix(&annotations::SECRET);
        Names::new(declared.map(|(name, _)| name))
    });
    let partials = LazyCell::new(|| partials(&subject.asked.secrets));
    let mut checks = Checks::new(subject);
    let secrets = &subject.asked.secrets;
    // One kind of work after the other: in turns, each would push the other's code out of the
    // processor's cache.
    let mut parsed = Vec::new();
    for secret in secrets {
        warnings.extend(without_secret(subject, |name| declared.meant(name), secret));
        match &secret.content {
            Content::Inline(text) => match parse(subject, || partials.clone(), secret, text) {
                Ok(template) => parsed.push((secret, template)),
                Err(warning) => warnings.push(warning),
            },
            Content::Default { path, .. } => {
                warnings.extend(default_template(subject, secret, path));
                warnings.extend(checks.path(secret));
            }
            Content::File(_) => {}
        }
    }
    for (secret, template) in &parsed {
        warnings.extend(checks.template(secret, template));
    }
    warnings.extend(checks.across());
    let places = Places::new(subject);
    for secret in secrets {
        warnings.extend(commands::warnings(subject, &places, secret));
    }
    warnings.extend(files::warnings(subject, &places));
    warnings.extend(same_files(subject));
    warnings.extend(orphans(subject));
    warnings
}

/// Names of secrets. There may be many, and as many that have none.
struct Names<'a> {
    written: BTreeSet<&'a str>,
    in_any_case: OnceCell<BTreeMap<String, &'a str>>,
    /// How many more are compared with all others.
    to_compare: Cell<usize>,
}

/// The name that another one is meant to be.
enum MeantName<'a> {
    InAnotherCase(&'a str),
    Misspelt(&'a str),
}

impl<'a> Names<'a> {
    fn new(names: impl Iterator<Item = &'a str>) -> Self {
        Self {
            written: names.collect(),
            in_any_case: OnceCell::new(),
            to_compare: Cell::new(LOOKED_UP),
        }
    }

    fn meant(&self, name: &str) -> Option<MeantName<'a>> {
        let names = self.in_any_case.get_or_init(|| {
            let names = self.written.iter().rev();
            let names = names.map(|name| (name.to_ascii_lowercase(), *name));
            names.collect()
        });
        if let Some(other) = names.get(&name.to_ascii_lowercase()) {
            return Some(MeantName::InAnotherCase(other));
        }
        let left = self.to_compare.get().checked_sub(1)?;
        self.to_compare.set(left);
        // Names of few letters are near to any other.
        let long = self.written.iter().filter(|other| other.len() > 2);
        let near = nearest_of(name, long.copied().take(100));
        near.map(MeantName::Misspelt)
    }
}

/// A template that no secret goes with.
fn without_secret<'p>(
    subject: Subject<'_, 'p>,
    meant: impl FnOnce(&str) -> Option<MeantName<'p>>,
    secret: &Secret<'_>,
) -> Option<Warning> {
    let name = secret.raw_name;
    let spec = match secret.content {
        Content::Inline(_) => &annotations::TEMPLATE,
        Content::File(_) => &annotations::TEMPLATE_FILE,
        Content::Default { .. } => return None,
    };
    if subject
        .annotations
        .get_for(&annotations::SECRET, name)
        .is_some()
    {
        return None;
    }
    let key = spec.key;
    let (code, text) = match meant(name) {
        Some(MeantName::InAnotherCase(other)) => (
            codes::NAME_IN_ANOTHER_CASE,
            format!("{key}-{name}: its secret is written {other}, in another case"),
        ),
        Some(MeantName::Misspelt(other)) => (
            codes::NO_SECRET,
            format!(
                "{key}-{name} has no agent-inject-secret-{name} beside it: did you mean {key}-{other}?"
            ),
        ),
        None => (
            codes::NO_SECRET,
            format!("{key}-{name} has no agent-inject-secret-{name} beside it"),
        ),
    };
    Some(Warning::sure(code, text).at(subject.annotations.key_for(spec, name)))
}

/// The template, or what keeps it from being parsed.
fn parse(
    subject: Subject<'_, '_>,
    partials: impl FnOnce() -> Partials,
    secret: &Secret<'_>,
    source: &str,
) -> Result<Template, Warning> {
    let name = secret.raw_name;
    let options = templating::Options {
        engine: secret.engine,
        partials: match secret.engine {
            Engine::Go => Partials::default(),
            Engine::Handlebars => partials(),
        },
        left_delimiter: secret.left_delimiter.to_owned(),
        right_delimiter: secret.right_delimiter.to_owned(),
        ..templating::Options::default()
    };
    Template::parse(source, options).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let hint = error.hint().map(|hint| format!(" ({hint})"));
        let text = format!(
            "agent-inject-template-{name} does not parse: line {line}, column {column}: {}{}",
            error.message(),
            hint.as_deref().unwrap_or_default()
        );
        let key = subject.annotations.key_for(&annotations::TEMPLATE, name);
        Warning::sure(codes::TEMPLATE, text)
            .at(key)
            .showing(error.excerpt(source))
    })
}

/// A secret of KV version 2 without a template of its own.
fn default_template(subject: Subject<'_, '_>, secret: &Secret<'_>, path: &str) -> Option<Warning> {
    // A template with a path that is refused would not help.
    if !path.contains("/data/") || refused_read(path).is_some() {
        return None;
    }
    let name = secret.raw_name;
    let text = format!(
        "agent-inject-secret-{name}: on KV v2 the default template writes data and metadata: write \
         agent-inject-template-{name}: '{{{{ with secret \"{path}\" }}}}{{{{ range $k, $v := .Data.data }}}}{{{{ $k \
         }}}}={{{{ $v }}}}{{{{ \"\\n\" }}}}{{{{ end }}}}{{{{ end }}}}'"
    );
    let key = subject.annotations.key_for(&annotations::SECRET, name);
    Some(Warning::new(codes::DEFAULT_TEMPLATE_ON_KV2, text).at(key))
}

/// What Handlebars templates may include: the other inline ones, by the names of their files, as
/// the agent will have them.
fn partials(secrets: &[Secret<'_>]) -> Partials {
    Partials::new(secrets.iter().filter_map(|secret| match secret.content {
        Content::Inline(text) if secret.engine == Engine::Handlebars => {
            Some((secret.destination.rsplit('/').next()?, text))
        }
        _ => None,
    }))
}

/// Two secrets that write one file, mostly because a suffix is written in two cases.
fn same_files(subject: Subject<'_, '_>) -> Vec<Warning> {
    let mut written: BTreeMap<&str, &str> = BTreeMap::new();
    let mut warnings = Vec::new();
    for secret in &subject.asked.secrets {
        let name = secret.raw_name;
        if let Some(other) = written.insert(&secret.destination, name) {
            let text = format!(
                "secrets {other} and {name} write the same file: give one another with \
                 agent-inject-file-{name}"
            );
            let key = subject.annotations.key_for(&annotations::SECRET, name);
            warnings.push(Warning::sure(codes::SAME_FILE, text).at(key));
        }
    }
    warnings
}

/// Details of a secret that nothing declares.
fn orphans(subject: Subject<'_, '_>) -> Vec<Warning> {
    let secrets = subject.asked.secrets.iter();
    let secrets = LazyCell::new(|| Names::new(secrets.map(|secret| secret.raw_name)));
    let mut warnings = Vec::new();
    for spec in &DETAILS {
        for (name, _) in subject.annotations.with_suffix(spec) {
            if secrets.written.contains(name) {
                continue;
            }
            let key = spec.key;
            let (code, text) = match secrets.meant(name) {
                Some(MeantName::InAnotherCase(other)) => (
                    codes::NAME_IN_ANOTHER_CASE,
                    format!(
                        "{key}-{name} is ignored: its secret is written {other}, in another case"
                    ),
                ),
                Some(MeantName::Misspelt(other)) => (
                    codes::NO_SUCH_SECRET,
                    format!(
                        "{key}-{name} is ignored: there is no agent-inject-secret-{name}; did you \
                         mean {key}-{other}?"
                    ),
                ),
                None => (
                    codes::NO_SUCH_SECRET,
                    format!("{key}-{name} is ignored: there is no agent-inject-secret-{name}"),
                ),
            };
            warnings.push(Warning::sure(code, text).at(subject.annotations.key_for(spec, name)));
        }
    }
    warnings
}
