//! Generators: secrets that are made when they are asked for.

use std::borrow::Cow;
use std::sync::Arc;

use kube::Api;
use kube_support::{CallError, call_opt};
use operator_api::{
    ClusterGenerator, DataFromSource, ExternalSecret, GeneratorKind, GeneratorRef, ResultType,
    VaultDynamicSecret, VaultDynamicSecretSpec,
};
use secret_sync::{Data, Fetched};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vault_wire::{Error, Response};

use crate::context::Context;
use crate::fault::Fault;
use crate::metrics::Call;
use crate::names::{Name, StoreId};
use crate::vault::{Session, Way};
use crate::work::Key;

/// Whether the generators of an object are of this operator's class.
///
/// # Errors
/// The API server does not say.
pub(crate) async fn are_ours(
    context: &Context,
    object: &ExternalSecret,
    namespace: &str,
) -> Result<bool, CallError> {
    for entry in &object.spec.data_from {
        let Some(DataFromSource::GeneratorRef(reference)) = &entry.source_ref else {
            continue;
        };
        let found = find(context, reference, namespace).await?;
        let class = found.as_ref().and_then(|spec| spec.controller.as_deref());
        if !context.settings.is_ours(class) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The generator that a reference names; `None` if it is not there, or of a kind that is not built in.
async fn find(
    context: &Context,
    reference: &GeneratorRef,
    namespace: &str,
) -> Result<Option<VaultDynamicSecretSpec>, CallError> {
    let client = context.client.clone();
    let doing = "read the generator";
    match reference.kind {
        GeneratorKind::VaultDynamicSecret => {
            let api = Api::<VaultDynamicSecret>::namespaced(client, namespace);
            let found = call_opt(doing, api.get(&reference.name)).await?;
            Ok(found.map(|object| object.spec))
        }
        GeneratorKind::ClusterGenerator => {
            let api = Api::<ClusterGenerator>::all(client);
            let found = call_opt(doing, api.get(&reference.name)).await?;
            let spec = found.and_then(|object| object.spec.generator.vault_dynamic_secret_spec);
            Ok(spec.map(|spec| *spec))
        }
        _ => Ok(None),
    }
}

/// Makes a secret.
pub(crate) async fn make(
    context: &Context,
    key: &Key,
    reference: &GeneratorRef,
    namespace: &str,
) -> Result<Data, Fault> {
    let found = find(context, reference, namespace)
        .await
        .map_err(Fault::new)?;
    let Some(spec) = found else {
        return Err(Fault::new(format!(
            "there is no generator {:?} of kind {:?}; VaultDynamicSecret, and ClusterGenerator of it, are \
             built in",
            reference.name, reference.kind
        )));
    };
    let session = open(context, key, &spec, namespace).await?;
    let failed = |fault: Fault| fault.within("unable to get dynamic secret: ");
    let answer = ask(&session, &spec).await.map_err(failed)?;
    let Some(answer) = answer else {
        if spec.allow_empty_response {
            return Ok(Data::new());
        }
        return Err(failed(Fault::new("empty response from Vault")));
    };
    let Some(text) = part(&answer, spec.result_type).map_err(failed)? else {
        return Ok(Data::new());
    };
    let fields = Fetched::new(&text).and_then(|secret| secret.extract(""));
    fields.map_err(|error| failed(Fault::new(error)))
}

/// A session with the identity of a generator, whose references are to the namespace of who uses it.
async fn open(
    context: &Context,
    key: &Key,
    spec: &VaultDynamicSecretSpec,
    namespace: &str,
) -> Result<Arc<Session>, Fault> {
    let owner = StoreId(Name::new(namespace, ""));
    let asker = context.asker(key, &owner, namespace);
    let way = Way::find(&spec.provider, spec.retry_settings.as_ref(), asker).await;
    let failed = |fault: Fault| fault.within("unable to setup Vault client: ");
    let session = context
        .vault
        .session(way.map_err(failed)?, key)
        .map_err(failed)?;
    session.ready().await.map_err(failed)?;
    Ok(session)
}

async fn ask(session: &Session, spec: &VaultDynamicSecretSpec) -> Result<Option<Response>, Fault> {
    let path = spec.path.trim_matches('/');
    let method = spec
        .method
        .as_deref()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let answer = match method.as_str() {
        "" | "GET" => {
            let path = with_query(path, spec);
            let read = async |vault: vault_client::Session<'_>| vault.read(&path).await;
            session.request(Call::ReadSecretData, read).await
        }
        "LIST" => {
            let list = async |vault: vault_client::Session<'_>| vault.list(path).await;
            session.request(Call::ListSecrets, list).await
        }
        "DELETE" => {
            let delete = async |vault: vault_client::Session<'_>| vault.delete(path).await;
            session.request(Call::DeleteSecret, delete).await
        }
        _ => {
            let nothing = serde_json::json!({});
            let body = spec.parameters.as_ref().unwrap_or(&nothing);
            let write = async |vault: vault_client::Session<'_>| vault.write(path, body).await;
            session.request(Call::WriteSecretData, write).await
        }
    };
    answer?.map_err(|error: Error| Fault::of_vault(&error))
}

fn with_query(path: &str, spec: &VaultDynamicSecretSpec) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, values) in &spec.get_parameters {
        for value in values {
            query.append_pair(name, value);
        }
    }
    match query.finish().as_str() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

#[derive(Deserialize)]
struct Parts<'a> {
    #[serde(default, borrow)]
    auth: Option<Auth<'a>>,
}

/// The part of an answer with a token, as Vault's Go client knows it: what it does not know is left
/// out, and what Vault left out is there.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Auth<'a> {
    #[serde(borrow)]
    client_token: Cow<'a, str>,
    #[serde(borrow)]
    accessor: Cow<'a, str>,
    #[serde(borrow)]
    policies: Option<&'a RawValue>,
    #[serde(borrow)]
    token_policies: Option<&'a RawValue>,
    #[serde(borrow)]
    identity_policies: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    orphan: bool,
    #[serde(borrow)]
    entity_id: Cow<'a, str>,
    lease_duration: u64,
    renewable: bool,
    #[serde(borrow)]
    mfa_requirement: Option<&'a RawValue>,
}

/// The part of an answer that becomes keys; `None` where there is nothing in it.
fn part(answer: &Response, kind: ResultType) -> Result<Option<String>, Fault> {
    match kind {
        ResultType::Data => Ok(answer.data.as_ref().map(|data| data.as_str().to_owned())),
        ResultType::Raw => Ok(Some(answer.body.as_str().to_owned())),
        ResultType::Auth => {
            let parts: Parts<'_> = answer.body.parse().map_err(Fault::new)?;
            let auth = parts.auth.map(|auth| serde_json::to_string(&auth));
            auth.transpose().map_err(Fault::new)
        }
    }
}
