//! What of a Secret goes where, and what a store keeps of it.

use std::collections::{BTreeMap, BTreeSet};

use operator_api::{
    PushConversionStrategy, PushData, PushDataMatch, PushDataTo, PushRemoteRef, PushRewrite,
    PushSecretSpec,
};
use secret_sync::{Data, rename, restore_key, transform};
use templating::go::Regexp;

use crate::fault::Fault;
use crate::names::StoreId;
use crate::objects::is_meant;
use crate::vault::Payload;

/// What was written: by store, then by path and field.
pub(super) type Written = BTreeMap<String, BTreeMap<String, PushData>>;

/// A store to write to.
pub(super) struct Place<'a> {
    pub(super) id: &'a StoreId,
    pub(super) labels: &'a BTreeMap<String, String>,
}

/// One write.
pub(super) struct Entry {
    /// Where it goes, as the status keeps it.
    pub(super) data: PushData,
    /// The keys that go there together; all where there are none.
    keys: Option<BTreeSet<String>>,
}

impl Entry {
    pub(super) fn remote(&self) -> (&str, &str) {
        remote(&self.data)
    }

    /// How an error calls it: by its key, else by its path.
    pub(super) fn name(&self) -> &str {
        match secret_key(&self.data) {
            "" => &self.data.r#match.remote_ref.remote_key,
            key => key,
        }
    }

    /// What is written.
    pub(super) fn payload(&self, source: &Data) -> Result<Payload, Fault> {
        let mut data = converted(self.data.conversion_strategy, source)?;
        match secret_key(&self.data) {
            "" => {
                if let Some(keys) = &self.keys {
                    data.retain(|key, _| keys.contains(key));
                }
                Ok(Payload::Object(data))
            }
            key => data
                .remove(key)
                .map(Payload::Value)
                .ok_or_else(|| Fault::new(format!("secret key {key} does not exist"))),
        }
    }
}

/// The path and the field that were written.
pub(super) fn remote(data: &PushData) -> (&str, &str) {
    let remote = &data.r#match.remote_ref;
    (
        &remote.remote_key,
        remote.property.as_deref().unwrap_or_default(),
    )
}

/// How the status names a path and a field.
pub(super) fn written_key(data: &PushData) -> String {
    match remote(data) {
        (path, "") => path.to_owned(),
        (path, property) => format!("{path}/{property}"),
    }
}

fn secret_key(data: &PushData) -> &str {
    data.r#match.secret_key.as_deref().unwrap_or_default()
}

/// All writes of a Secret to one store. What `data` names is not written by `dataTo` again.
pub(super) fn entries(
    spec: &PushSecretSpec,
    place: &Place<'_>,
    source: &Data,
) -> Result<Vec<Entry>, Fault> {
    let single = spec.data.iter().map(|data| Entry {
        data: data.clone(),
        keys: None,
    });
    let mut entries: Vec<_> = single.collect();
    let named: BTreeSet<_> = spec.data.iter().map(secret_key).collect();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (index, many) in spec.data_to.iter().enumerate() {
        let is_for = many.store_ref.as_ref();
        if !is_for.is_none_or(|reference| is_meant(reference, place.id, place.labels)) {
            continue;
        }
        let failed = |fault: Fault| fault.within(format!("dataTo[{index}]: "));
        let expanded = expand(many, source, &named).map_err(failed)?;
        for entry in expanded {
            let key = written_key(&entry.data);
            if taken.insert(key.clone(), index).is_some() {
                return Err(failed(Fault::new(format!(
                    "two keys of the Secret have the remote key {key:?}: change rewrite or match"
                ))));
            }
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// The stores of `dataTo` that `secretStoreRefs` leaves out.
pub(super) fn check_stores(spec: &PushSecretSpec, places: &[Place<'_>]) -> Result<(), Fault> {
    for (index, many) in spec.data_to.iter().enumerate() {
        let Some(reference) = &many.store_ref else {
            continue;
        };
        if !places
            .iter()
            .any(|place| is_meant(reference, place.id, place.labels))
        {
            return Err(Fault::new(format!(
                "dataTo[{index}]: storeRef {:?} is not in secretStoreRefs",
                reference.name.as_deref().unwrap_or("with a labelSelector")
            )));
        }
    }
    Ok(())
}

fn expand(many: &PushDataTo, source: &Data, named: &BTreeSet<&str>) -> Result<Vec<Entry>, Fault> {
    let keys = converted(many.conversion_strategy, source)?.into_keys();
    let expression = many.r#match.as_ref().and_then(|it| it.regexp.as_deref());
    let expression = Regexp::new(expression.unwrap_or_default()).map_err(|error| {
        Fault::new(format!(
            "could not compile match.regexp: {}",
            error.reveal()
        ))
    })?;
    let keys: BTreeSet<_> = keys.filter(|key| expression.is_match(key)).collect();
    let entry = |secret_key: Option<String>, remote_key: String, keys| Entry {
        data: PushData {
            r#match: PushDataMatch {
                secret_key,
                remote_ref: PushRemoteRef {
                    remote_key,
                    property: None,
                },
            },
            metadata: many.metadata.clone(),
            conversion_strategy: many.conversion_strategy,
        },
        keys,
    };
    if let Some(remote_key) = many.remote_key.as_deref().filter(|key| !key.is_empty()) {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        return Ok(vec![entry(None, remote_key.to_owned(), Some(keys))]);
    }
    let keys = keys.into_iter().filter(|key| !named.contains(key.as_str()));
    keys.map(|key| {
        let remote_key = rewritten(&key, &many.rewrite)?;
        if remote_key.is_empty() {
            return Err(Fault::new(format!(
                "rewrite leaves nothing of the key {key:?}"
            )));
        }
        Ok(entry(Some(key), remote_key, None))
    })
    .collect()
}

fn rewritten(key: &str, rewrites: &[PushRewrite]) -> Result<String, Fault> {
    let mut key = key.to_owned();
    for rewrite in rewrites {
        let one = Data::from([(key, Vec::new())]);
        let renamed = match rewrite {
            PushRewrite::Regexp(it) => rename(&it.source, &it.target, &one),
            PushRewrite::Transform(it) => transform(&it.template, &one),
        };
        key = renamed
            .map_err(Fault::new)?
            .into_keys()
            .next()
            .unwrap_or_default();
    }
    Ok(key)
}

fn converted(strategy: PushConversionStrategy, source: &Data) -> Result<Data, Fault> {
    if strategy == PushConversionStrategy::None {
        return Ok(source.clone());
    }
    let mut data = Data::new();
    for (key, value) in source {
        let key = restore_key(key);
        if data.contains_key(&key) {
            return Err(Fault::new(format!(
                "could not apply conversion strategy to keys: secret name collision during conversion: {key}"
            )));
        }
        data.insert(key, value.clone());
    }
    Ok(data)
}

/// What was written before and is not any more.
pub(super) fn obsolete(before: &Written, now: &Written) -> Written {
    let stores = before.iter().map(|(store, entries)| {
        let now = now.get(store);
        let entries = entries
            .iter()
            .filter(|(key, _)| !now.is_some_and(|now| now.contains_key(*key)));
        let entries = entries.map(|(key, data)| (key.clone(), data.clone()));
        (store.clone(), entries.collect::<BTreeMap<_, _>>())
    });
    stores.filter(|(_, entries)| !entries.is_empty()).collect()
}

/// All that may be in the stores, if not all of it was written or deleted.
pub(super) fn united(before: &Written, now: Written) -> Written {
    let mut all = before.clone();
    for (store, entries) in now {
        all.entry(store).or_default().extend(entries);
    }
    all
}

#[cfg(test)]
mod tests;
