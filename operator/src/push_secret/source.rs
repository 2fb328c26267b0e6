//! The Secrets that are pushed, as their template renders them.

use kube::Api;
use kube::ResourceExt;
use kube::api::ListParams;
use kube::core::Selector;
use kube_support::call;
use operator_api::{PushSecret, PushSecretSource, PushSelector};
use secret_sync::{Data, Desired, SecretParts, apply};

use crate::context::Context;
use crate::fault::Fault;
use crate::generator;
use crate::names::Name;
use crate::references::Kind;
use crate::template::with_sources;
use crate::work::Key;

/// Why there is nothing to push.
pub(super) enum NoSource {
    /// The Secret is not there.
    Gone(Fault),
    Fault(Fault),
}

impl From<Fault> for NoSource {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Whether the source is made anew each time that it is read.
pub(super) fn is_generated(object: &PushSecret) -> bool {
    matches!(object.spec.selector, PushSelector::GeneratorRef(_))
}

/// Reads the Secrets of an object, in the order of their names, or makes one.
pub(super) async fn read(
    context: &Context,
    key: &Key,
    object: &PushSecret,
    namespace: &str,
) -> Result<Vec<Data>, NoSource> {
    let sources = match &object.spec.selector {
        PushSelector::GeneratorRef(generator) => {
            let made = generator::make(context, key, generator, namespace).await;
            vec![made.map_err(|fault| fault.within("error using generator: "))?]
        }
        PushSelector::Secret(source) => secrets(context, key, source, namespace).await?,
    };
    let Some(template) = &object.spec.template else {
        return Ok(sources);
    };
    let template = with_sources(context, key, namespace, template).await?;
    let desired = Desired {
        template: Some(&template),
        keep_existing: true,
        delimiters: context.settings.delimiters.clone(),
        ..Desired::default()
    };
    let rendered = sources.into_iter().map(|source| {
        let existing = SecretParts {
            data: source.clone(),
            ..SecretParts::default()
        };
        let rendered = apply(&desired, &source, Some(&existing));
        rendered.map(|parts| parts.data).map_err(|error| {
            NoSource::Fault(Fault::new(format!("could not apply template: {error}")))
        })
    });
    rendered.collect()
}

async fn secrets(
    context: &Context,
    key: &Key,
    source: &PushSecretSource,
    namespace: &str,
) -> Result<Vec<Data>, NoSource> {
    let names = match source.name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => vec![name.to_owned()],
        None => selected(context, source, namespace).await?,
    };
    let mut secrets = Vec::with_capacity(names.len());
    for name in names {
        let of = Name::new(namespace, &name);
        let data = context.references.get(Kind::Secret, &of, key).await;
        let data =
            data.map_err(|error| Fault::new(error).within("could not get source secret: "))?;
        match data {
            Some(data) => secrets.push((*data).clone()),
            None if source.name.is_some() => {
                let text = format!("could not get source secret: secrets {name:?} not found");
                return Err(NoSource::Gone(Fault::new(text)));
            }
            // It was deleted just now.
            None => {}
        }
    }
    if secrets.is_empty() {
        return Err(NoSource::Gone(Fault::new(
            "could not get source secret: no Secret matches selector.secret.selector",
        )));
    }
    Ok(secrets)
}

/// The names of the Secrets with the labels, in order.
async fn selected(
    context: &Context,
    source: &PushSecretSource,
    namespace: &str,
) -> Result<Vec<String>, Fault> {
    let failed = |fault: Fault| fault.within("could not get source secret: ");
    let Some(selector) = source.selector.clone() else {
        return Err(Fault::new("no Secret is named: set selector.secret.name"));
    };
    let selector: Selector = selector
        .try_into()
        .map_err(|error: kube::core::ParseExpressionError| failed(Fault::new(error)))?;
    let api =
        Api::<k8s_openapi::api::core::v1::Secret>::namespaced(context.client.clone(), namespace);
    let parameters = ListParams::default().labels_from(&selector);
    let listed = call("list the Secrets to push", api.list_metadata(&parameters));
    let listed = listed.await.map_err(|error| failed(Fault::new(error)))?;
    let mut names: Vec<_> = listed.iter().map(ResourceExt::name_any).collect();
    names.sort();
    Ok(names)
}
