//! Secrets, their templates and their commands.

use std::cell::{LazyCell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use contract::annotations::{self, AnnotationSpec};
use contract::diagnostics::secrets as codes;
use templating::{Engine, Partials};

use super::templates::Checks;
use super::{Subject, Warning, commands, files};
use crate::inject::secrets::{Content, Secret};

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
    let in_another_case = |name: &str| declared.in_another_case(name);
    let partials = LazyCell::new(|| partials(&subject.asked.secrets));
    let mut checks = Checks::new(subject);
    for secret in &subject.asked.secrets {
        warnings.extend(without_secret(subject, in_another_case, secret));
        warnings.extend(template(subject, || partials.clone(), secret, &mut checks));
        warnings.extend(commands::warnings(subject, secret));
    }
    warnings.extend(checks.across());
    warnings.extend(files::warnings(subject));
    warnings.extend(same_files(subject));
    warnings.extend(orphans(subject));
    warnings
}

/// Names of secrets. There may be many, and as many that have none.
struct Names<'a> {
    written: BTreeSet<&'a str>,
    in_any_case: OnceCell<BTreeMap<String, &'a str>>,
}

impl<'a> Names<'a> {
    fn new(names: impl Iterator<Item = &'a str>) -> Self {
        Self {
            written: names.collect(),
            in_any_case: OnceCell::new(),
        }
    }

    fn in_another_case(&self, name: &str) -> Option<&'a str> {
        let names = self.in_any_case.get_or_init(|| {
            let names = self.written.iter().rev();
            let names = names.map(|name| (name.to_ascii_lowercase(), *name));
            names.collect()
        });
        names.get(&name.to_ascii_lowercase()).copied()
    }
}

/// A template that no secret goes with.
fn without_secret<'p>(
    subject: Subject<'_, 'p>,
    in_another_case: impl FnOnce(&str) -> Option<&'p str>,
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
    let (code, text) = match in_another_case(name) {
        Some(other) => (
            codes::NAME_IN_ANOTHER_CASE,
            format!("{key}-{name}: its secret is written {other}, in another case"),
        ),
        None => (
            codes::NO_SECRET,
            format!("{key}-{name} has no agent-inject-secret-{name} beside it"),
        ),
    };
    Some(Warning::sure(code, text).at(subject.annotations.key_for(spec, name)))
}

fn template<'a>(
    subject: Subject<'_, '_>,
    partials: impl FnOnce() -> Partials,
    secret: &'a Secret<'_>,
    checks: &mut Checks<'a, '_, '_>,
) -> Vec<Warning> {
    let name = secret.raw_name;
    match &secret.content {
        Content::Inline(text) => {
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
            let source = text;
            let error = match templating::Template::parse(source, options) {
                Ok(template) => return checks.template(secret, &template),
                Err(error) => error,
            };
            let (line, column) = (error.line(), error.column());
            let hint = error.hint().map(|hint| format!(" ({hint})"));
            let text = format!(
                "agent-inject-template-{name} does not parse: line {line}, column {column}: {}{}",
                error.message(),
                hint.as_deref().unwrap_or_default()
            );
            let key = subject.annotations.key_for(&annotations::TEMPLATE, name);
            let excerpt = error.excerpt(source);
            vec![
                Warning::sure(codes::TEMPLATE, text)
                    .at(key)
                    .showing(excerpt),
            ]
        }
        Content::Default { path, .. } if path.contains("/data/") => {
            let text = format!(
                "agent-inject-secret-{name}: on KV v2 the default template writes data and metadata: \
                 give one of your own"
            );
            let key = subject.annotations.key_for(&annotations::SECRET, name);
            let mut warnings = vec![Warning::new(codes::DEFAULT_TEMPLATE_ON_KV2, text).at(key)];
            warnings.extend(checks.path(secret));
            warnings
        }
        Content::Default { .. } => checks.path(secret),
        Content::File(_) => Vec::new(),
    }
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
            let text = format!("secrets {other} and {name} write the same file");
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
            let (code, text) = match secrets.in_another_case(name) {
                Some(other) => (
                    codes::NAME_IN_ANOTHER_CASE,
                    format!(
                        "{key}-{name} is ignored: its secret is written {other}, in another case"
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
