//! Version 2: numbered versions of a value, which can be deleted, undeleted and destroyed.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::children;
use crate::answer::{Answer, Data, Outcome, Refusal, Secret};
use crate::duration;
use crate::product::Product;
use crate::request::{Operation, Request};

const DEFAULT_MAX_VERSIONS: usize = 10;

/// A mount's secrets.
#[derive(Debug)]
pub(crate) struct V2 {
    product: Product,
    secrets: BTreeMap<String, Versioned>,
}

#[derive(Debug)]
struct Versioned {
    versions: BTreeMap<u64, Version>,
    current: u64,
    /// Zero until versions are so many that one has to go.
    oldest: u64,
    /// How often the metadata was written.
    metadata_writes: u64,
    created: Timestamp,
    updated: Timestamp,
    custom_metadata: Value,
    max_versions: usize,
    cas_required: bool,
    delete_after: Duration,
    /// The metadata as text, since the last change.
    text: OnceCell<Arc<RawValue>>,
}

#[derive(Debug)]
struct Version {
    data: Option<Map<String, Value>>,
    created: Timestamp,
    deleted: Option<Timestamp>,
    destroyed: bool,
}

impl V2 {
    pub(crate) fn new(product: Product) -> Self {
        Self {
            product,
            secrets: BTreeMap::new(),
        }
    }

    /// Whether a write to `path` replaces something, which takes another capability than to create
    /// it.
    pub(crate) fn exists(&self, path: &str) -> bool {
        path.split_once('/')
            .is_some_and(|(_, name)| self.secrets.contains_key(name))
    }

    pub(crate) fn handle(&mut self, path: &str, request: &Request, now: Timestamp) -> Outcome {
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        match (kind, request.operation) {
            ("metadata", Operation::List) => Answer::keys(
                "kv",
                &children(self.secrets.keys().map(String::as_str), name),
            ),
            ("data" | "metadata" | "delete" | "undelete" | "destroy", _) if name.is_empty() => {
                Err(Refusal::unsupported())
            }
            ("data", Operation::Read) => self.read(name, request, now),
            ("data", Operation::Write) => self.write(name, request, now),
            ("data", Operation::Delete) => {
                if let Some(secret) = self.secrets.get_mut(name) {
                    secret.delete(&[secret.current], now);
                }
                Ok(Answer::Empty)
            }
            ("delete" | "undelete" | "destroy", Operation::Write) => {
                let secret = self.secrets.get_mut(name).ok_or_else(Refusal::not_found)?;
                let versions = versions(request)?;
                match kind {
                    "delete" => secret.delete(&versions, now),
                    "undelete" => secret.undelete(&versions),
                    _ => secret.destroy(&versions),
                }
                Ok(Answer::Empty)
            }
            ("metadata", Operation::Read) => {
                let secret = self.secrets.get(name).ok_or_else(Refusal::not_found)?;
                Ok(Secret::data("kv", secret.metadata_text(self.product)).into())
            }
            ("metadata", Operation::Write) => self.configure(name, request, now),
            ("metadata", Operation::Delete) => {
                self.secrets.remove(name);
                Ok(Answer::Empty)
            }
            _ => Ok(wrong_path().into()),
        }
    }

    fn read(&self, name: &str, request: &Request, now: Timestamp) -> Outcome {
        let secret = self.secrets.get(name).ok_or_else(Refusal::not_found)?;
        let number = match request.query.get("version").map(|text| text.parse::<u64>()) {
            None | Some(Ok(0)) => secret.current,
            Some(Ok(number)) => number,
            Some(Err(_)) => {
                return Err(Refusal::bad_request(
                    "Field validation failed: error converting input for field \"version\": \
                     '' cannot parse value as 'int': strconv.ParseInt: invalid syntax",
                ));
            }
        };
        let version = secret
            .versions
            .get(&number)
            .ok_or_else(Refusal::not_found)?;
        let gone = version.is_gone(now);
        let data = if gone {
            Value::Null
        } else {
            json!(version.data)
        };
        let metadata = version.metadata(number, &secret.custom_metadata);
        Ok(Secret {
            // What is gone is "not found", and still tells its metadata.
            status: if gone { 404 } else { 200 },
            ..Secret::data("kv", json!({ "data": data, "metadata": metadata }))
        }
        .into())
    }

    fn write(&mut self, name: &str, request: &Request, now: Timestamp) -> Outcome {
        let Some(data) = request.body.get("data").and_then(Value::as_object) else {
            return Err(Refusal::bad_request("no data provided"));
        };
        let current = self.secrets.get(name).map_or(0, |secret| secret.current);
        let cas_required = self
            .secrets
            .get(name)
            .is_some_and(|secret| secret.cas_required);
        let options = request.body.get("options");
        match options
            .and_then(|options| options.get("cas"))
            .and_then(Value::as_u64)
        {
            None if cas_required => {
                return Err(Refusal::bad_request(
                    "check-and-set parameter required for this call",
                ));
            }
            Some(cas) if cas != current => {
                return Err(Refusal::bad_request(
                    "check-and-set parameter did not match the current version",
                ));
            }
            _ => {}
        }
        let secret = self
            .secrets
            .entry(name.to_owned())
            .or_insert_with(|| Versioned::new(now));
        let number = secret.add(data.clone(), now);
        let metadata = secret.versions[&number].metadata(number, &secret.custom_metadata);
        Ok(Secret::data("kv", metadata).into())
    }

    fn configure(&mut self, name: &str, request: &Request, now: Timestamp) -> Outcome {
        let delete_after = duration::field(&request.body, "delete_version_after")?;
        let secret = self
            .secrets
            .entry(name.to_owned())
            .or_insert_with(|| Versioned::new(now));
        if let Some(custom) = request.body.get("custom_metadata") {
            secret.custom_metadata = custom.clone();
        }
        if let Some(max) = request.body.get("max_versions").and_then(Value::as_u64) {
            secret.max_versions = usize::try_from(max).unwrap_or(usize::MAX);
        }
        if let Some(required) = request.flag("cas_required") {
            secret.cas_required = required;
        }
        if let Some(after) = delete_after {
            secret.delete_after = after;
        }
        secret.metadata_writes += 1;
        secret.updated = now;
        secret.text = OnceCell::new();
        Ok(Answer::Empty)
    }
}

impl Versioned {
    fn new(now: Timestamp) -> Self {
        Self {
            versions: BTreeMap::new(),
            current: 0,
            oldest: 0,
            metadata_writes: 0,
            created: now,
            updated: now,
            custom_metadata: Value::Null,
            max_versions: 0,
            cas_required: false,
            delete_after: Duration::ZERO,
            text: OnceCell::new(),
        }
    }

    fn add(&mut self, data: Map<String, Value>, now: Timestamp) -> u64 {
        self.current += 1;
        self.text = OnceCell::new();
        self.updated = now;
        let deleted = (!self.delete_after.is_zero()).then(|| now + self.delete_after);
        let version = Version {
            data: Some(data),
            created: now,
            deleted,
            destroyed: false,
        };
        self.versions.insert(self.current, version);
        let keep = if self.max_versions == 0 {
            DEFAULT_MAX_VERSIONS
        } else {
            self.max_versions
        };
        while self.versions.len() > keep {
            self.versions.pop_first();
        }
        let kept = u64::try_from(keep).unwrap_or(u64::MAX);
        if self.current - self.oldest >= kept {
            self.oldest = self.current - kept + 1;
        }
        self.current
    }

    fn delete(&mut self, numbers: &[u64], now: Timestamp) {
        self.each(numbers, |version| {
            if !version.is_gone(now) {
                version.deleted = Some(now);
            }
        });
    }

    fn undelete(&mut self, numbers: &[u64]) {
        self.each(numbers, |version| version.deleted = None);
    }

    fn destroy(&mut self, numbers: &[u64]) {
        self.each(numbers, |version| {
            version.data = None;
            version.destroyed = true;
        });
    }

    fn each(&mut self, numbers: &[u64], mut change: impl FnMut(&mut Version)) {
        self.text = OnceCell::new();
        for number in numbers {
            if let Some(version) = self.versions.get_mut(number) {
                change(version);
            }
        }
    }

    fn metadata_text(&self, product: Product) -> Data {
        let text = self
            .text
            .get_or_init(|| Data::text(&self.metadata(product)));
        Data::Text(Arc::clone(text))
    }

    fn metadata(&self, product: Product) -> Value {
        let versions: BTreeMap<String, Value> = self
            .versions
            .iter()
            .map(|(number, version)| {
                let mut metadata = version.metadata(*number, &Value::Null);
                if let Some(fields) = metadata.as_object_mut() {
                    fields.remove("version");
                    fields.remove("custom_metadata");
                }
                (number.to_string(), metadata)
            })
            .collect();
        let mut metadata = json!({
            "cas_required": self.cas_required,
            "created_time": self.created.to_string(),
            "current_version": self.current,
            "custom_metadata": self.custom_metadata,
            "delete_version_after": format!("{}s", self.delete_after.as_secs()),
            "max_versions": self.max_versions,
            "oldest_version": self.oldest,
            "updated_time": self.updated.to_string(),
            "versions": versions,
        });
        if product == Product::OpenBao {
            metadata["current_metadata_version"] = json!(self.metadata_writes);
            metadata["metadata_cas_required"] = json!(false);
        }
        metadata
    }
}

impl Version {
    fn is_gone(&self, now: Timestamp) -> bool {
        self.destroyed || self.deleted.is_some_and(|time| time <= now)
    }

    fn metadata(&self, number: u64, custom: &Value) -> Value {
        json!({
            "created_time": self.created.to_string(),
            "custom_metadata": custom,
            "deletion_time": self.deleted.map(|time| time.to_string()).unwrap_or_default(),
            "destroyed": self.destroyed,
            "version": number,
        })
    }
}

fn versions(request: &Request) -> Result<Vec<u64>, Refusal> {
    let numbers: Vec<u64> = match request.body.get("versions") {
        Some(Value::Array(items)) => items
            .iter()
            .filter_map(|item| item.as_u64().or_else(|| item.as_str()?.parse().ok()))
            .collect(),
        _ => Vec::new(),
    };
    if numbers.is_empty() {
        return Err(Refusal::bad_request("No version number provided"));
    }
    Ok(numbers)
}

/// A version-1 path on a version-2 mount: not found, with a remark.
fn wrong_path() -> Secret {
    Secret {
        status: 404,
        warnings: vec!["Invalid path for a versioned K/V secrets engine".into()],
        ..Secret::data("kv", Value::Null)
    }
}
