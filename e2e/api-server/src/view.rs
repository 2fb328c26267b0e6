//! How a client gets to see objects: in the version and the form that it asks for.

mod columns;

use serde_json::{Value, json};

use crate::kinds::Kind;

/// What the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    /// `PartialObjectMetadata`
    Metadata,
    /// What `kubectl get` prints.
    Table,
}

impl Form {
    /// The first form of an `Accept` header that is served here.
    pub(crate) fn of(accept: &str) -> Self {
        for wanted in accept.split(',') {
            if wanted.contains("as=PartialObjectMetadata") {
                return Self::Metadata;
            }
            if wanted.contains("as=Table") {
                return Self::Table;
            }
            if wanted.trim() == "application/json" {
                return Self::Whole;
            }
        }
        Self::Whole
    }
}

/// A kind in one of its versions, in the form that a client asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) version: &'a str,
    pub(crate) form: Form,
}

impl View<'_> {
    pub(crate) fn object(&self, object: &Value) -> Value {
        match self.form {
            Form::Whole => self.whole(object),
            Form::Metadata => partial(object),
            Form::Table => self.table(&[object], &object["metadata"]["resourceVersion"]),
        }
    }

    pub(crate) fn list(&self, objects: &[&Value], version: u64) -> Value {
        let version = json!(version.to_string());
        let (kind, api_version, items): (_, _, Vec<_>) = match self.form {
            Form::Table => return self.table(objects, &version),
            Form::Whole => (
                format!("{}List", self.kind.name),
                self.kind.api_version(self.version),
                objects.iter().map(|object| self.whole(object)).collect(),
            ),
            Form::Metadata => (
                "PartialObjectMetadataList".to_owned(),
                "meta.k8s.io/v1".to_owned(),
                objects.iter().map(|object| partial(object)).collect(),
            ),
        };
        json!({
            "kind": kind,
            "apiVersion": api_version,
            "metadata": {"resourceVersion": version},
            "items": items,
        })
    }

    fn whole(&self, object: &Value) -> Value {
        let mut object = object.clone();
        object["apiVersion"] = self.kind.api_version(self.version).into();
        object
    }

    fn table(&self, objects: &[&Value], version: &Value) -> Value {
        let custom = self.kind.version(self.version);
        let custom = custom.map(|it| &it.columns[..]).unwrap_or_default();
        let columns = columns::of(self.kind, custom);
        let rows: Vec<_> = objects
            .iter()
            .map(|object| {
                let cells: Vec<_> = columns.iter().map(|column| column.cell(object)).collect();
                json!({"cells": cells, "object": partial(object)})
            })
            .collect();
        let columns: Vec<_> = columns.iter().map(columns::Column::definition).collect();
        json!({
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": version},
            "columnDefinitions": columns,
            "rows": rows,
        })
    }
}

fn partial(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}
