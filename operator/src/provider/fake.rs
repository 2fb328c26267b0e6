//! A store whose values are in its spec, for tests.

use operator_api::{FakeData, FakeProvider, Find, RemoteRef};
use secret_sync::{Data, Fetched};
use templating::go::Regexp;

use crate::fault::{Fault, ReadError};

/// See the module.
pub(crate) struct Fake(Vec<FakeData>);

impl Fake {
    pub(super) fn new(provider: &FakeProvider) -> Self {
        Self(provider.data.clone())
    }

    fn value(&self, remote: &RemoteRef) -> Result<&str, ReadError> {
        let version = remote.version.as_deref().unwrap_or_default();
        let mut entries = self.0.iter();
        let entry = entries.find(|entry| {
            entry.key == remote.key && entry.version.as_deref().unwrap_or_default() == version
        });
        entry.map(|entry| &*entry.value).ok_or(ReadError::NoSecret)
    }

    pub(super) fn get(&self, remote: &RemoteRef) -> Result<Vec<u8>, ReadError> {
        let value = self.value(remote)?;
        match remote.property.as_deref().unwrap_or_default() {
            "" => Ok(value.as_bytes().to_vec()),
            property => {
                let selected = Fetched::new(value).and_then(|secret| secret.select(property));
                Ok(selected.map_err(Fault::new)?)
            }
        }
    }

    pub(super) fn get_all(&self, remote: &RemoteRef) -> Result<Data, ReadError> {
        let value = self.value(remote)?;
        let property = remote.property.as_deref().unwrap_or_default();
        let fields = Fetched::new(value).and_then(|secret| secret.extract(property));
        Ok(fields.map_err(Fault::new)?)
    }

    /// The latest of each key that matches.
    pub(super) fn find(&self, find: &Find) -> Result<Data, ReadError> {
        let expression = find.name.as_ref().and_then(|name| name.regexp.as_deref());
        let expression = Regexp::new(expression.unwrap_or_default())
            .map_err(|error| Fault::new(error.reveal()))?;
        let path = find.path.as_deref().unwrap_or_default();
        let entries = self
            .0
            .iter()
            .filter(|entry| entry.key.starts_with(path) && expression.is_match(&entry.key));
        Ok(entries
            .map(|entry| (entry.key.clone(), entry.value.clone().into_bytes()))
            .collect())
    }
}
