//! A Secret as an `ExternalSecret` wants it: what was fetched, templates, and what is there already.
//!
//! Of the same key counts, in this order: `template.data`, `templateFrom` (the last entry first), what
//! was fetched (if it is to be merged, or there is no template), what the Secret has (if that is kept).

use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

use super::{Budget, Delimiters, Template, TemplateError, yaml};
use operator_api::DecodingStrategy;

use crate::validate::{ACCOUNT_NAME, ACCOUNT_TOKEN, BOOTSTRAP_TOKEN};
use crate::{Data, decode};

/// The part of a Secret that is decided here.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SecretParts {
    /// Its type; empty where nothing is wanted.
    pub kind: String,
    /// Its data.
    pub data: Data,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Its finalizers.
    pub finalizers: Vec<String>,
}

/// Names, and no value: templates may put secrets into any of them.
impl fmt::Debug for SecretParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretParts")
            .field("kind", &self.kind)
            .field("data", &self.data.keys())
            .field("labels", &self.labels.keys())
            .field("annotations", &self.annotations.keys())
            .finish_non_exhaustive()
    }
}

/// What an `ExternalSecret` wants of its Secret.
#[derive(Clone, Default)]
pub struct Desired<'a> {
    /// `target.template`, with what it refers to.
    pub template: Option<&'a TargetTemplate>,
    /// The `ExternalSecret`'s own labels, which count where there is no template.
    pub labels: BTreeMap<String, String>,
    /// Its own annotations, likewise.
    pub annotations: BTreeMap<String, String>,
    /// Keys that the Secret has already stay: `creationPolicy` is `Merge` or `CreateOrMerge`.
    pub keep_existing: bool,
    /// What opens and closes an action in all templates.
    pub delimiters: Delimiters,
}

/// `target.template`.
#[derive(Clone, Default)]
pub struct TargetTemplate {
    /// `type`; empty where it is not given.
    pub kind: String,
    /// `mergePolicy` is `Merge`: what was fetched stays beside what templates make.
    pub merge: bool,
    /// `data`: a template for each key.
    pub data: BTreeMap<String, String>,
    /// `templateFrom`.
    pub from: Vec<TemplateFrom>,
    /// `metadata.labels`, whose values are templates.
    pub labels: BTreeMap<String, String>,
    /// `metadata.annotations`, likewise.
    pub annotations: BTreeMap<String, String>,
    /// `metadata.finalizers`.
    pub finalizers: Vec<String>,
}

/// An entry of `templateFrom`. Of several sources in one, the ConfigMap comes first, the text last.
#[derive(Clone, Default)]
pub struct TemplateFrom {
    /// `configMap`.
    pub config_map: Option<TemplateSource>,
    /// `secret`.
    pub secret: Option<TemplateSource>,
    /// `literal`: a text that becomes keys and values.
    pub literal: Option<String>,
    /// Where the result goes.
    pub target: Target,
    /// `valuesDecodingStrategy`: how values are written once they are rendered.
    pub decoding: DecodingStrategy,
}

/// A ConfigMap or Secret that templates come from.
#[derive(Clone, Default)]
pub struct TemplateSource {
    /// Its name.
    pub name: String,
    /// The keys that are templates.
    pub items: Vec<TemplateItem>,
    /// What it has; `None` if it is not there.
    pub data: Option<Data>,
}

/// A key of a [`TemplateSource`].
#[derive(Clone, Default)]
pub struct TemplateItem {
    /// The key.
    pub key: String,
    /// What becomes of its text.
    pub scope: Scope,
}

/// `templateAs`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The text is the value of its key.
    #[default]
    Values,
    /// The text is YAML of keys and values.
    KeysAndValues,
}

/// Where a template's result goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Into the data.
    #[default]
    Data,
    /// Into the annotations.
    Annotations,
    /// Into the labels.
    Labels,
}

impl Target {
    /// A target by its name in letters of any case; `None` if a Secret has no such part.
    pub fn named(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "" | "data" => Some(Self::Data),
            "annotations" => Some(Self::Annotations),
            "labels" => Some(Self::Labels),
            _ => None,
        }
    }
}

/// Why there is no Secret, in upstream's words up to those of Go's libraries.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ApplyError {
    /// A type that no template may give.
    #[error("template.type={0:?} is not allowed")]
    Kind(&'static str),
    /// The type of a service account's token, together with what would bind it to one.
    #[error("template.type={ACCOUNT_TOKEN:?} with {0} is not allowed")]
    AccountToken(&'static str),
    /// A template of `templateFrom`.
    #[error("error fetching templateFrom data: {0}")]
    From(ScopeError),
    /// A template of `data`, of a label or of an annotation.
    #[error("could not execute template: could not execute template: {0}")]
    Template(ScopeError),
}

/// Why one text is no value, or no keys and values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScopeError {
    /// What templates come from is not there.
    #[error("{kind}s {name:?} not found")]
    NoSource {
        /// `configmap` or `secret`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// It has no such key.
    #[error("error in {kind} {name}: missing key {key}")]
    NoKey {
        /// `configmap` or `secret`.
        kind: &'static str,
        /// Its name.
        name: String,
        /// The key.
        key: String,
    },
    /// The template itself.
    #[error("unable to execute template at key {key}: {cause}")]
    Template {
        /// What it is called.
        key: String,
        /// What is wrong.
        cause: TemplateError,
    },
    /// The rendered text is not YAML of keys and values.
    #[error("could not unmarshal template to 'map[string][]byte': {0}")]
    KeysAndValues(String),
    /// A rendered value is not written as it should be.
    #[error("failed to decode rendered template value for key {key}: {cause}")]
    Decode {
        /// The key.
        key: String,
        /// What is wrong.
        cause: crate::DecodeError,
    },
    /// A label or annotation is no text.
    #[error("failed to apply to target: the value of {0} is not UTF-8")]
    NotText(String),
}

/// The Secret that is wanted, given what was `fetched` and what is there.
///
/// # Errors
/// See [`ApplyError`].
pub fn apply(
    desired: &Desired<'_>,
    fetched: &Data,
    existing: Option<&SecretParts>,
) -> Result<SecretParts, ApplyError> {
    let mut secret = existing.cloned().unwrap_or_default();
    if !desired.keep_existing {
        secret.data.clear();
    }
    let Some(template) = desired.template else {
        secret.labels.extend(desired.labels.clone());
        secret.annotations.extend(desired.annotations.clone());
        secret.data.extend(fetched.clone());
        return Ok(secret);
    };
    refuse_tokens(template)?;
    if !template.kind.is_empty() {
        secret.kind.clone_from(&template.kind);
    }
    for finalizer in &template.finalizers {
        if !secret.finalizers.contains(finalizer) {
            secret.finalizers.push(finalizer.clone());
        }
    }
    if template.merge || (template.data.is_empty() && template.from.is_empty()) {
        secret.data.extend(fetched.clone());
    }
    let mut work = Work {
        fetched,
        delimiters: &desired.delimiters,
        budget: Budget::default(),
        secret,
    };
    for from in &template.from {
        work.from(from).map_err(ApplyError::From)?;
    }
    for (target, templates) in [
        (Target::Data, &template.data),
        (Target::Labels, &template.labels),
        (Target::Annotations, &template.annotations),
    ] {
        for (key, text) in templates {
            work.value(key, text, target, DecodingStrategy::None)
                .map_err(ApplyError::Template)?;
        }
    }
    Ok(work.secret)
}

fn refuse_tokens(template: &TargetTemplate) -> Result<(), ApplyError> {
    if template.kind == BOOTSTRAP_TOKEN {
        return Err(ApplyError::Kind(BOOTSTRAP_TOKEN));
    }
    if template.kind != ACCOUNT_TOKEN {
        return Ok(());
    }
    if template.annotations.contains_key(ACCOUNT_NAME) {
        return Err(ApplyError::AccountToken(
            "annotation \"kubernetes.io/service-account.name\"",
        ));
    }
    let mut targets = template.from.iter().map(|from| from.target);
    if targets.any(|target| target == Target::Annotations) {
        return Err(ApplyError::AccountToken(
            "templateFrom target \"Annotations\"",
        ));
    }
    Ok(())
}

/// A Secret in the making.
struct Work<'a> {
    fetched: &'a Data,
    delimiters: &'a Delimiters,
    budget: Budget,
    secret: SecretParts,
}

impl Work<'_> {
    fn from(&mut self, from: &TemplateFrom) -> Result<(), ScopeError> {
        let sources = [
            ("configmap", from.config_map.as_ref()),
            ("secret", from.secret.as_ref()),
        ];
        for (kind, source) in sources {
            let Some(source) = source else { continue };
            let data = source.data.as_ref().ok_or_else(|| ScopeError::NoSource {
                kind,
                name: source.name.clone(),
            })?;
            for item in &source.items {
                let text = data.get(&item.key).ok_or_else(|| ScopeError::NoKey {
                    kind,
                    name: source.name.clone(),
                    key: item.key.clone(),
                })?;
                let text = String::from_utf8_lossy(text);
                match item.scope {
                    Scope::Values => self.value(&item.key, &text, from.target, from.decoding)?,
                    Scope::KeysAndValues => self.entries(&text, from.target, from.decoding)?,
                }
            }
        }
        match &from.literal {
            Some(text) => self.entries(text, from.target, from.decoding),
            None => Ok(()),
        }
    }

    fn render(&mut self, key: &str, text: &str) -> Result<Vec<u8>, ScopeError> {
        let rendered = Template::new(key, text, self.delimiters)
            .and_then(|template| template.render_within(self.fetched, &mut self.budget));
        rendered.map_err(|cause| ScopeError::Template {
            key: key.to_owned(),
            cause,
        })
    }

    /// A template whose text is the value of a key.
    fn value(
        &mut self,
        key: &str,
        text: &str,
        target: Target,
        decoding: DecodingStrategy,
    ) -> Result<(), ScopeError> {
        let value = self.render(key, text)?;
        self.put(key, &value, target, decoding)
    }

    /// A template whose text is keys and values. It has no name but its own text, as upstream calls it.
    fn entries(
        &mut self,
        text: &str,
        target: Target,
        decoding: DecodingStrategy,
    ) -> Result<(), ScopeError> {
        let rendered = self.render(text, text)?;
        let entries = yaml::read_texts(&rendered).map_err(ScopeError::KeysAndValues)?;
        for (key, value) in &entries {
            self.put(key, value.as_bytes(), target, decoding)?;
        }
        Ok(())
    }

    fn put(
        &mut self,
        key: &str,
        value: &[u8],
        target: Target,
        decoding: DecodingStrategy,
    ) -> Result<(), ScopeError> {
        let value = decode(decoding, value).map_err(|cause| ScopeError::Decode {
            key: key.to_owned(),
            cause,
        })?;
        let texts = match target {
            Target::Data => {
                self.secret.data.insert(key.to_owned(), value);
                return Ok(());
            }
            Target::Annotations => &mut self.secret.annotations,
            Target::Labels => &mut self.secret.labels,
        };
        let value = String::from_utf8(value).map_err(|_| ScopeError::NotText(key.to_owned()))?;
        texts.insert(key.to_owned(), value);
        Ok(())
    }
}
