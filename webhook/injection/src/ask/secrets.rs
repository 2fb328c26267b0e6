//! Which files the agent renders: the annotations with a `-NAME` suffix.
//!
//! The raw name is the suffix as it is written; every other annotation of a secret is looked up by
//! it. Secrets are sorted by raw name.

use std::collections::BTreeSet;

use contract::annotations::{self, Annotations};
use templating::Engine;

use super::limits::MOST_SECRETS;
use super::words;
use crate::settings::{DefaultTemplate, Settings};
use crate::vocabulary::denial::RequestError;
use crate::vocabulary::flavor::Flavor;
use crate::vocabulary::paths;

/// One file to render.
#[derive(Clone, Debug)]
pub(crate) struct Secret<'p> {
    /// The suffix as written.
    pub(crate) raw_name: &'p str,
    pub(crate) content: Content<'p>,
    pub(crate) engine: Engine,
    pub(crate) destination: String,
    /// Mount path of the volume that the file is in.
    pub(crate) volume_path: &'p str,
    pub(crate) left_delimiter: &'p str,
    pub(crate) right_delimiter: &'p str,
    pub(crate) command: &'p str,
    pub(crate) perms: &'p str,
    pub(crate) error_on_missing_key: bool,
}

/// Where a file's template comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content<'p> {
    /// An annotation.
    Inline(&'p str),
    /// A file in the agent's container.
    File(&'p str),
    /// Made for a path in Vault.
    Default { path: &'p str, text: String },
}

/// The mount path of the volume that applications read.
pub(crate) fn volume_path<'p>(annotations: &Annotations<'p>, flavor: Flavor) -> &'p str {
    let written = annotations.get(&annotations::SECRET_VOLUME_PATH);
    written.map_or(contract::names::SECRETS_PATH, |path| {
        without_slash(path, flavor)
    })
}

/// A directory without a slash at its end, which upstream keeps.
fn without_slash(path: &str, flavor: Flavor) -> &str {
    match path.trim_end_matches('/') {
        "" => path,
        trimmed if !flavor.keeps_mistakes() => trimmed,
        _ => path,
    }
}

/// All secrets of a pod.
pub(crate) fn secrets<'p>(
    annotations: &Annotations<'p>,
    flavor: Flavor,
    settings: &Settings,
) -> Result<Vec<Secret<'p>>, RequestError> {
    let default_template = default_template(annotations, settings)?;
    let names = raw_names(annotations);
    if names.len() > MOST_SECRETS {
        return Err(RequestError::Secrets {
            found: names.len(),
            most: MOST_SECRETS,
        });
    }
    names
        .into_iter()
        .map(|name| {
            let engine = engine(name, annotations, flavor, settings)?;
            let secret = secret(name, annotations, flavor, default_template)?;
            Ok(match secret.content {
                // The default template is ours, and in Go's language.
                Content::Default { .. } => secret,
                Content::Inline(_) | Content::File(_) => Secret { engine, ..secret },
            })
        })
        .collect()
}

fn engine(
    name: &str,
    annotations: &Annotations<'_>,
    flavor: Flavor,
    settings: &Settings,
) -> Result<Engine, RequestError> {
    let spec = &annotations::TEMPLATE_ENGINE;
    match words::one_of_for(annotations, spec, name)? {
        Some("handlebars") if !flavor.is_our_agent() => {
            Err(RequestError::Handlebars(annotations.key(spec)))
        }
        Some("handlebars") => Ok(Engine::Handlebars),
        None if flavor.is_our_agent() => Ok(settings.template_engine),
        _ => Ok(Engine::Go),
    }
}

fn default_template(
    annotations: &Annotations<'_>,
    settings: &Settings,
) -> Result<DefaultTemplate, RequestError> {
    let Some(text) = annotations.get(&annotations::DEFAULT_TEMPLATE) else {
        return Ok(settings.default_template);
    };
    let word = text.to_lowercase();
    word.parse()
        .map_err(|_| RequestError::DefaultTemplate(word))
}

/// The names that an annotation with a value declares.
fn raw_names<'p>(annotations: &Annotations<'p>) -> BTreeSet<&'p str> {
    // The first that fits decides: the name after `-template-file-` is not one of `-template-`.
    let declaring = [
        &annotations::SECRET,
        &annotations::TEMPLATE_FILE,
        &annotations::TEMPLATE,
    ];
    annotations
        .iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .filter_map(|(key, _)| {
            declaring
                .iter()
                .find_map(|spec| key.strip_prefix(spec.key)?.strip_prefix('-'))
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn secret<'p>(
    raw_name: &'p str,
    annotations: &Annotations<'p>,
    flavor: Flavor,
    default_template: DefaultTemplate,
) -> Result<Secret<'p>, RequestError> {
    let of = |spec| annotations.get_for(spec, raw_name).unwrap_or_default();
    let volume_path = annotations
        .get_for(&annotations::SECRET_VOLUME_PATH, raw_name)
        .map_or_else(
            || self::volume_path(annotations, flavor),
            |path| without_slash(path, flavor),
        );
    let or = |text: &'p str, default: &'p str| if text.is_empty() { default } else { text };
    let left_delimiter = or(of(&annotations::LEFT_DELIMITER), "{{");
    let right_delimiter = or(of(&annotations::RIGHT_DELIMITER), "}}");

    let (inline, file) = (of(&annotations::TEMPLATE), of(&annotations::TEMPLATE_FILE));
    let content = if !inline.is_empty() {
        Content::Inline(inline)
    } else if !file.is_empty() {
        Content::File(file)
    } else {
        let path = of(&annotations::SECRET);
        let text = if flavor.keeps_mistakes() {
            default_text(default_template, path, "{{", "}}")
        } else {
            default_text(
                default_template,
                &quoted(path),
                left_delimiter,
                right_delimiter,
            )
        };
        Content::Default { path, text }
    };

    let file_name = of(&annotations::FILE);
    let destination = if file_name.is_empty() {
        let keeps_case = preserves_case(raw_name, annotations, flavor)?;
        let name = if keeps_case {
            raw_name.to_owned()
        } else {
            raw_name.to_lowercase()
        };
        format!("{volume_path}/{name}")
    } else {
        paths::join(volume_path, file_name)
    };
    Ok(Secret {
        raw_name,
        content,
        engine: Engine::Go,
        destination,
        volume_path,
        left_delimiter,
        right_delimiter,
        command: of(&annotations::COMMAND),
        perms: of(&annotations::PERMS),
        error_on_missing_key: annotations.bool_for(
            &annotations::ERROR_ON_MISSING_KEY,
            raw_name,
            false,
        )?,
    })
}

fn preserves_case(
    raw_name: &str,
    annotations: &Annotations<'_>,
    flavor: Flavor,
) -> Result<bool, RequestError> {
    let spec = &annotations::PRESERVE_SECRET_CASE;
    let value = match annotations.get_for(spec, raw_name) {
        Some(_) => annotations.bool_for(spec, raw_name, false),
        None => annotations.bool(spec, false),
    };
    match value {
        Ok(preserves) => Ok(preserves),
        Err(_) if flavor.keeps_mistakes() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn default_text(kind: DefaultTemplate, path: &str, left: &str, right: &str) -> String {
    let open = format!("{left} with secret \"{path}\" {right}");
    let end = format!("{left} end {right}");
    match kind {
        DefaultTemplate::Map => format!(
            "{open}{left} range $k, $v := .Data {right}{left} $k {right}: {left} $v {right}\n{end}{end}"
        ),
        DefaultTemplate::Json => format!("{open}{left} .Data | toJSON {right}\n{end}"),
    }
}

/// `path` as the inside of a string literal of the template language.
fn quoted(path: &str) -> String {
    path.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
