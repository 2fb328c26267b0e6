//! Secrets that are written to Vault, as External Secrets Operator writes them: only what nobody else
//! has written, and only if it differs.

use std::collections::BTreeMap;

use operator_api::KvVersion;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use vault_client::Session;
use vault_wire::Error;

use super::fields::{CUSTOM_METADATA, Fields, Payload, Rest};
use super::{VaultStore, clean};
use crate::fault::Fault;
use crate::metrics::Call;

/// The mark of a secret that may be written.
const MANAGED_BY: &str = "managed-by";
const MANAGER: &str = "external-secrets";

/// What becomes of a secret that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IfThere {
    Replace,
    Keep,
}

/// A secret as it is.
struct Found {
    fields: Fields,
    /// Its custom metadata; `None` if the mark is not in it.
    marks: Option<Marks>,
}

type Marks = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Stored<'a> {
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    metadata: Version,
}

#[derive(Default, Deserialize)]
struct Version {
    #[serde(default)]
    version: u64,
}

impl VaultStore {
    /// Writes `payload` to a secret, or to one field of it.
    pub(crate) async fn push(
        &self,
        key: &str,
        property: &str,
        payload: &Payload,
        if_there: IfThere,
    ) -> Result<(), Fault> {
        let path = clean(&self.location().data_path(key).map_err(Fault::new)?);
        let _turn = self.session.turn(&path).await;
        let (fields, version) = self.fields(&path).await?;
        if if_there == IfThere::Keep
            && let Some(fields) = &fields
            && (property.is_empty() || fields.has(property))
        {
            return Ok(());
        }
        let found = match fields {
            Some(fields) => Some(self.found(key, fields).await?),
            None => None,
        };
        let marks = match &found {
            Some(found) => found
                .marks
                .clone()
                .ok_or_else(|| Fault::new("secret not managed by external-secrets"))?,
            None => Marks::from([(MANAGED_BY.to_owned(), MANAGER.to_owned())]),
        };
        let existing = found.as_ref().map(|found| &found.fields);
        let fields = Fields::pushed(existing, property, payload)?;
        if existing == Some(&fields) {
            return Ok(());
        }
        if self.version == KvVersion::V2 {
            let metadata = self.location().metadata_path(key).map_err(Fault::new)?;
            let body = json!({ "custom_metadata": marks });
            let metadata = clean(&metadata);
            let written = self
                .session
                .request(Call::WriteSecretData, async |vault: Session<'_>| {
                    vault.write(&metadata, &body).await
                });
            written.await?.map_err(|error| Fault::of_vault(&error))?;
        }
        self.write(&path, fields, &marks, version).await
    }

    /// Deletes what was pushed: a field, or the secret if nothing else is in it. What is not there, or not
    /// marked, is left alone.
    pub(crate) async fn delete(&self, key: &str, property: &str) -> Result<(), Fault> {
        let path = clean(&self.location().data_path(key).map_err(Fault::new)?);
        let _turn = self.session.turn(&path).await;
        let (Some(fields), version) = self.fields(&path).await? else {
            return Ok(());
        };
        let found = self.found(key, fields).await?;
        let Some(marks) = found.marks else {
            return Ok(());
        };
        match found.fields.without(property) {
            Rest::Unchanged => Ok(()),
            Rest::Fields(fields) => self.write(&path, fields, &marks, version).await,
            Rest::Nothing => {
                self.remove(&path).await?;
                if self.version == KvVersion::V2 {
                    let metadata = self.location().metadata_path(key).map_err(Fault::new)?;
                    self.remove(&clean(&metadata)).await?;
                }
                Ok(())
            }
        }
    }

    /// The fields at a path, and the version of the secret, which one that was deleted has, too.
    async fn fields(&self, path: &str) -> Result<(Option<Fields>, u64), Fault> {
        let unreadable =
            |error: Error| Fault::of_vault(&error).within("cannot read secret data from Vault: ");
        let read = self
            .session
            .request(Call::ReadSecretData, async |vault: Session<'_>| {
                vault.read(path).await
            });
        let answer = read.await?.map_err(unreadable)?;
        let Some(data) = answer.and_then(|answer| answer.data) else {
            return Ok((None, 0));
        };
        if self.version == KvVersion::V1 {
            return Ok((Some(Fields::parse(data.as_str())?), 0));
        }
        let stored: Stored<'_> = data.parse().map_err(Fault::new)?;
        let fields = stored.data.map(|data| Fields::parse(data.get()));
        Ok((fields.transpose()?, stored.metadata.version))
    }

    /// A secret with its marks, which KV version 1 keeps among the fields.
    async fn found(&self, key: &str, mut fields: Fields) -> Result<Found, Fault> {
        let marks = match self.version {
            KvVersion::V1 => fields
                .take(CUSTOM_METADATA)
                .and_then(|json| serde_json::from_str::<Marks>(&json).ok()),
            KvVersion::V2 => {
                // Never from before a write of this operator's.
                let path = clean(&self.location().metadata_path(key).map_err(Fault::new)?);
                let read = self
                    .session
                    .request(Call::ReadSecretData, async |vault: Session<'_>| {
                        vault.read(&path).await
                    });
                let answer = read.await?.map_err(|error| {
                    Fault::of_vault(&error).within("cannot read secret data from Vault: ")
                })?;
                let metadata = answer.and_then(|answer| answer.data);
                let metadata = metadata.map(|data| data.parse::<super::Metadata>());
                metadata
                    .transpose()
                    .map_err(Fault::new)?
                    .and_then(|metadata| metadata.custom)
            }
        };
        let is_managed = |marks: &Marks| {
            marks
                .get(MANAGED_BY)
                .is_some_and(|manager| manager == MANAGER)
        };
        Ok(Found {
            fields,
            marks: marks.filter(is_managed),
        })
    }

    async fn write(
        &self,
        path: &str,
        mut fields: Fields,
        marks: &Marks,
        version: u64,
    ) -> Result<(), Fault> {
        let written = match self.version {
            KvVersion::V1 => {
                fields.set(CUSTOM_METADATA, &json!(marks).to_string());
                let write = self
                    .session
                    .request(Call::WriteSecretData, async |vault: Session<'_>| {
                        vault.write(path, &fields).await
                    });
                write.await?
            }
            KvVersion::V2 => {
                let body = Body {
                    data: &fields,
                    options: self.checks_version.then(|| json!({ "cas": version })),
                };
                let write = self
                    .session
                    .request(Call::WriteSecretData, async |vault: Session<'_>| {
                        vault.write(path, &body).await
                    });
                write.await?
            }
        };
        written.map(drop).map_err(|error| Fault::of_vault(&error))
    }

    async fn remove(&self, path: &str) -> Result<(), Fault> {
        let removed = self
            .session
            .request(Call::DeleteSecret, async |vault: Session<'_>| {
                vault.delete(path).await
            });
        removed
            .await?
            .map(drop)
            .map_err(|error| Fault::of_vault(&error))
    }
}

/// The body of a write to KV version 2.
#[derive(serde::Serialize)]
struct Body<'a> {
    data: &'a Fields,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
}
