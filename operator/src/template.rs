//! The template of an object, with the `ConfigMap`s and Secrets that it refers to.

use operator_api::{DecodingStrategy, Template, TemplateAs, TemplateRef};
use secret_sync::{Scope, Target, TargetTemplate, TemplateFrom, TemplateItem, TemplateSource};

use crate::context::Context;
use crate::fault::Fault;
use crate::names::Name;
use crate::references::Kind;
use crate::work::Key;

/// Reads the `ConfigMap`s and Secrets of a template, which are in the namespace of the object.
pub(crate) async fn with_sources(
    context: &Context,
    key: &Key,
    namespace: &str,
    template: &Template,
) -> Result<TargetTemplate, Fault> {
    let metadata = template.metadata.clone().unwrap_or_default();
    let mut from = Vec::new();
    for entry in &template.template_from {
        let sources = Sources {
            context,
            key,
            namespace,
        };
        from.push(TemplateFrom {
            config_map: sources
                .read(Kind::ConfigMap, entry.config_map.as_ref())
                .await?,
            secret: sources.read(Kind::Secret, entry.secret.as_ref()).await?,
            literal: entry.literal.clone(),
            target: Target::named(&entry.target).unwrap_or_default(),
            decoding: entry
                .values_decoding_strategy
                .unwrap_or(DecodingStrategy::None),
        });
    }
    Ok(TargetTemplate {
        kind: template.r#type.clone().unwrap_or_default(),
        merge: template.merge_policy == operator_api::MergePolicy::Merge,
        data: template.data.clone(),
        from,
        labels: metadata.labels,
        annotations: metadata.annotations,
        finalizers: metadata.finalizers,
    })
}

struct Sources<'a> {
    context: &'a Context,
    key: &'a Key,
    namespace: &'a str,
}

impl Sources<'_> {
    async fn read(
        &self,
        kind: Kind,
        reference: Option<&TemplateRef>,
    ) -> Result<Option<TemplateSource>, Fault> {
        let Some(reference) = reference else {
            return Ok(None);
        };
        let name = Name::new(self.namespace, &reference.name);
        let data = self.context.references.get(kind, &name, self.key).await;
        let data = data.map_err(Fault::new)?;
        let items = reference.items.iter().map(|item| TemplateItem {
            key: item.key.clone(),
            scope: match item.template_as {
                TemplateAs::Values => Scope::Values,
                TemplateAs::KeysAndValues => Scope::KeysAndValues,
            },
        });
        Ok(Some(TemplateSource {
            name: reference.name.clone(),
            items: items.collect(),
            data: data.map(|data| (*data).clone()),
        }))
    }
}
