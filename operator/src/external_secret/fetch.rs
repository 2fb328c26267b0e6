//! What an `ExternalSecret` reads: all that it names, in order, each key as its last entry has it.

use std::collections::HashMap;
use std::sync::Arc;

use operator_api::{
    DataFrom, DataFromSource, DecodingStrategy, DeletionPolicy, ExternalSecret, NullBytePolicy,
    Rewrite, SecretData, SourceRef, StoreRef,
};
use secret_sync::{Data, convert_keys, decode, merge, rename, transform, validate_keys};
use tokio::time::Instant;

use super::Said;
use crate::context::Context;
use crate::fault::{Fault, ReadError};
use crate::names::StoreId;
use crate::provider::Source;
use crate::store::access;
use crate::work::Key;

/// Reads for one object.
pub(super) struct Fetch<'a> {
    pub(super) context: &'a Context,
    pub(super) key: &'a Key,
    pub(super) object: &'a ExternalSecret,
    pub(super) namespace: &'a str,
    /// What was read before is not taken.
    pub(super) since: Instant,
    sources: HashMap<StoreId, Arc<Source>>,
    /// What was not there, for events.
    missing: Vec<String>,
}

impl<'a> Fetch<'a> {
    pub(super) fn new(
        context: &'a Context,
        key: &'a Key,
        object: &'a ExternalSecret,
        namespace: &'a str,
        since: Instant,
    ) -> Self {
        Self {
            context,
            key,
            object,
            namespace,
            since,
            sources: HashMap::new(),
            missing: Vec::new(),
        }
    }

    /// The keys and values, and events about what is not there.
    pub(super) async fn run(mut self) -> (Result<Data, Fault>, Vec<Said>) {
        let data = self.data().await;
        let said = self.missing.into_iter().map(|message| Said {
            component: super::COMPONENT,
            is_warning: false,
            reason: "MissingProviderSecret",
            message,
        });
        (data, said.collect())
    }

    async fn data(&mut self) -> Result<Data, Fault> {
        let spec = &self.object.spec;
        let mut data = Data::new();
        for (index, entry) in spec.data_from.iter().enumerate() {
            let (part, read) = self.many(entry).await;
            match read {
                Ok(values) => data.extend(values),
                Err(ReadError::NoSecret) if self.may_miss() => self.missing.push(format!(
                    "secret does not exist at provider using spec.dataFrom[{index}]"
                )),
                Err(error) => {
                    let words = format!("error processing spec.dataFrom[{index}]{part}, err: ");
                    let words = match &error {
                        ReadError::NoSecret if part == ".find" => {
                            format!("{words}error getting all secrets: ")
                        }
                        _ => words,
                    };
                    return Err(error.into_fault().within(words));
                }
            }
        }
        for (index, entry) in spec.data.iter().enumerate() {
            let key = &entry.remote_ref.key;
            match self.one(entry).await {
                Ok(value) => {
                    data.insert(entry.secret_key.clone(), value);
                }
                // Upstream names this list here, too.
                Err(ReadError::NoSecret) if self.may_miss() => self.missing.push(format!(
                    "secret does not exist at provider using spec.dataFrom[{index}] (key={key})"
                )),
                Err(error) => {
                    let words = format!("error processing spec.data[{index}] (key: {key}), err: ");
                    return Err(error.into_fault().within(words));
                }
            }
        }
        Ok(data)
    }

    /// What is not there is no error if the Secret is wanted without it.
    fn may_miss(&self) -> bool {
        self.object.spec.target.deletion_policy != DeletionPolicy::Retain
    }

    async fn one(&mut self, entry: &SecretData) -> Result<Vec<u8>, ReadError> {
        let own = match &entry.source_ref {
            Some(SourceRef::StoreRef(store)) => Some(store),
            _ => None,
        };
        let source = self.source(own).await?;
        let remote = &entry.remote_ref;
        let value = source.get(remote).await?;
        let strategy = remote.decoding_strategy.unwrap_or_default();
        let value = decoded(strategy, &value)?;
        let policy = remote.null_byte_policy.unwrap_or_default();
        refuse_null_byte(policy, &entry.secret_key, &value)?;
        Ok(value)
    }

    /// The values of an entry of `dataFrom`, and which part of it was read.
    async fn many(&mut self, entry: &DataFrom) -> (&'static str, Result<Data, ReadError>) {
        if let Some(DataFromSource::GeneratorRef(generator)) = &entry.source_ref {
            let made =
                crate::generator::make(self.context, self.key, generator, self.namespace).await;
            let finished = made
                .map_err(|fault| ReadError::Fault(fault.within("error using generator: ")))
                .and_then(|data| Ok(renamed(data, &entry.rewrite)?))
                .and_then(|mut data| {
                    validate_keys(&mut data).map_err(Fault::new)?;
                    Ok(data)
                });
            return (".sourceRef.generatorRef", finished);
        }
        let own = match &entry.source_ref {
            Some(DataFromSource::StoreRef(store)) => Some(store),
            _ => None,
        };
        if let Some(find) = &entry.find {
            let read = async {
                let source = self.source(own).await?;
                let found = source.find(find).await;
                let found = found.map_err(|error| error.within("error getting all secrets: "))?;
                let strategy = find.decoding_strategy.unwrap_or_default();
                let policy = find.null_byte_policy.unwrap_or_default();
                let conversion = find.conversion_strategy.unwrap_or_default();
                finish(found, &entry.rewrite, conversion, strategy, policy)
            };
            return (".find", read.await);
        }
        let remote = entry.extract.clone().unwrap_or_default();
        let read = async {
            let source = self.source(own).await?;
            let fields = source.get_all(&remote).await?;
            let strategy = remote.decoding_strategy.unwrap_or_default();
            let policy = remote.null_byte_policy.unwrap_or_default();
            let conversion = remote.conversion_strategy.unwrap_or_default();
            finish(fields, &entry.rewrite, conversion, strategy, policy)
        };
        (".extract", read.await)
    }

    /// The store of an entry, else that of the object.
    async fn source(&mut self, own: Option<&StoreRef>) -> Result<Arc<Source>, Fault> {
        let reference = own.or(self.object.spec.secret_store_ref.as_ref());
        let reference = reference.ok_or_else(|| {
            Fault::new("no store is named: set secretStoreRef or sourceRef.storeRef")
        })?;
        let id = StoreId::of(reference, self.namespace);
        if let Some(source) = self.sources.get(&id) {
            return Ok(Arc::clone(source));
        }
        let store = access(self.context, &id, self.namespace)?;
        if self.context.settings.waits_for_stores && !store.is_ready() {
            return Err(Fault::new(format!(
                "{} {:?} is not ready",
                id.kind(),
                id.name()
            )));
        }
        let asker = self.context.asker(self.key, &id, self.namespace);
        let source =
            Arc::new(Source::open(&store.spec, asker, &self.context.vault, self.since).await?);
        self.sources.insert(id, Arc::clone(&source));
        Ok(source)
    }
}

/// What becomes of keys and values between the store and the Secret.
fn finish(
    data: Data,
    rewrites: &[Rewrite],
    conversion: operator_api::ConversionStrategy,
    decoding: DecodingStrategy,
    null_bytes: NullBytePolicy,
) -> Result<Data, ReadError> {
    let mut data = if rewrites.is_empty() {
        convert_keys(conversion, data).map_err(Fault::new)?
    } else {
        renamed(data, rewrites)?
    };
    validate_keys(&mut data).map_err(Fault::new)?;
    for (key, value) in &mut data {
        *value = decoded(decoding, value)
            .map_err(|fault| fault.within(format!("failure decoding key {key:?}: ")))?;
        refuse_null_byte(null_bytes, key, value)?;
    }
    Ok(data)
}

fn renamed(mut data: Data, rewrites: &[Rewrite]) -> Result<Data, Fault> {
    for rewrite in rewrites {
        data = match rewrite {
            Rewrite::Regexp(it) => rename(&it.source, &it.target, &data),
            Rewrite::Transform(it) => transform(&it.template, &data),
            Rewrite::Merge(it) => merge(it, &data),
        }
        .map_err(Fault::new)?;
    }
    Ok(data)
}

fn decoded(strategy: DecodingStrategy, value: &[u8]) -> Result<Vec<u8>, Fault> {
    decode(strategy, value).map_err(|error| {
        let name = match strategy {
            DecodingStrategy::Base64URL => "Base64URL",
            _ => "Base64",
        };
        Fault::new(format!(
            "error applying decoding strategy {name} to data: {error}"
        ))
    })
}

fn refuse_null_byte(policy: NullBytePolicy, key: &str, value: &[u8]) -> Result<(), Fault> {
    if policy == NullBytePolicy::Fail && value.contains(&0) {
        return Err(Fault::new(format!(
            "fetched secret value for key {key:?} contains null bytes; use a text-safe format such as \
             PEM/base64 or leave nullBytePolicy unset for intentional binary data"
        )));
    }
    Ok(())
}
