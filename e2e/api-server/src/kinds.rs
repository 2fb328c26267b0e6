//! The kinds that are served: those of Kubernetes that are needed, and those of CRDs.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

/// A kind with everything that requests for it depend on.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) is_namespaced: bool,
    pub(crate) is_custom: bool,
    /// Those that are served, the preferred one first.
    pub(crate) versions: Vec<Version>,
}

#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) has_status: bool,
    /// The `OpenAPI` schema of a CRD.
    pub(crate) schema: Value,
    /// Columns of `kubectl get`, as a CRD has them.
    pub(crate) columns: Vec<Value>,
    /// What a client is warned of that uses this version.
    pub(crate) warning: Option<String>,
}

impl Kind {
    /// The plural with its group, which names the kind in messages and is unique.
    pub(crate) fn resource(&self) -> String {
        with_group(&self.plural, &self.group)
    }

    /// The kind with its group, as messages about invalid objects name it.
    pub(crate) fn qualified(&self) -> String {
        with_group(&self.name, &self.group)
    }

    pub(crate) fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() {
            return version.to_owned();
        }
        format!("{}/{version}", self.group)
    }

    pub(crate) fn version(&self, name: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.name == name)
    }

    fn built_in(group: &str, version: &str, name: &str, plural: &str, short: &str) -> Self {
        Self {
            group: group.to_owned(),
            name: name.to_owned(),
            plural: plural.to_owned(),
            singular: name.to_lowercase(),
            short_names: short.split_whitespace().map(str::to_owned).collect(),
            categories: Vec::new(),
            is_namespaced: !matches!(name, "Namespace" | "CustomResourceDefinition"),
            is_custom: false,
            versions: vec![Version {
                name: version.to_owned(),
                has_status: matches!(name, "Namespace" | "CustomResourceDefinition"),
                schema: Value::Null,
                columns: Vec::new(),
                warning: None,
            }],
        }
    }

    /// The kind that a CRD defines.
    fn custom(definition: &Value) -> Option<Self> {
        let spec = &definition["spec"];
        let names = &spec["names"];
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (group, name) = (text(&spec["group"])?, text(&names["kind"])?);
        let texts = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(text).collect()
        };
        let versions = spec["versions"].as_array()?.iter();
        let mut versions: Vec<_> = versions
            .filter(|version| version["served"] == true)
            .filter_map(|version| Version::custom(version, &group, &name))
            .collect();
        // Kubernetes prefers what is stable, then what is beta.
        versions.sort_by_key(|version| {
            let is = |stage: &str| version.name.contains(stage);
            (is("alpha"), is("beta"), version.name.clone())
        });
        Some(Self {
            singular: text(&names["singular"]).unwrap_or_else(|| name.to_lowercase()),
            plural: text(&names["plural"])?,
            short_names: texts(&names["shortNames"]),
            categories: texts(&names["categories"]),
            is_namespaced: spec["scope"] != "Cluster",
            is_custom: true,
            versions,
            group,
            name,
        })
    }
}

impl Version {
    fn custom(version: &Value, group: &str, kind: &str) -> Option<Self> {
        let name = version["name"].as_str()?;
        let warning = version["deprecationWarning"].as_str().map(str::to_owned);
        Some(Self {
            name: name.to_owned(),
            has_status: version["subresources"]["status"].is_object(),
            schema: version["schema"]["openAPIV3Schema"].clone(),
            columns: version["additionalPrinterColumns"]
                .as_array()
                .cloned()
                .unwrap_or_default(),
            warning: (version["deprecated"] == true)
                .then(|| warning.unwrap_or_else(|| format!("{group}/{name} {kind} is deprecated"))),
        })
    }
}

/// The kinds by resource: plural and group.
#[derive(Debug)]
pub(crate) struct Kinds(BTreeMap<String, Arc<Kind>>);

impl Default for Kinds {
    fn default() -> Self {
        let built_in = [
            ("", "v1", "Namespace", "namespaces", "ns"),
            ("", "v1", "Secret", "secrets", ""),
            ("", "v1", "ConfigMap", "configmaps", "cm"),
            ("", "v1", "ServiceAccount", "serviceaccounts", "sa"),
            ("", "v1", "Event", "events", "ev"),
            ("coordination.k8s.io", "v1", "Lease", "leases", ""),
            (
                "apiextensions.k8s.io",
                "v1",
                "CustomResourceDefinition",
                "customresourcedefinitions",
                "crd crds",
            ),
        ];
        let kinds = built_in.map(|(group, version, name, plural, short)| {
            let kind = Kind::built_in(group, version, name, plural, short);
            (kind.resource(), Arc::new(kind))
        });
        Self(kinds.into())
    }
}

impl Kinds {
    /// Serves what a CRD defines from now on, in place of what it defined before.
    pub(crate) fn define(&mut self, definition: &Value) {
        if let Some(kind) = Kind::custom(definition) {
            self.0.insert(kind.resource(), Arc::new(kind));
        }
    }

    /// Stops serving what a CRD defined. Returns its resource.
    pub(crate) fn forget(&mut self, definition: &Value) -> Option<String> {
        let resource = Kind::custom(definition)?.resource();
        self.0.remove(&resource).map(|_| resource)
    }

    pub(crate) fn find(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Kind>> {
        let kind = self.0.get(&with_group(plural, group))?;
        kind.version(version).map(|_| Arc::clone(kind))
    }

    pub(crate) fn by_resource(&self, resource: &str) -> Option<Arc<Kind>> {
        self.0.get(resource).cloned()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Kind>> {
        self.0.values()
    }
}

/// What the API server adds to a CRD that it serves.
pub(crate) fn established(definition: &Value, now: &str) -> Value {
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": "True",
            "reason": reason,
            "message": message,
            "lastTransitionTime": now,
        })
    };
    let versions = definition["spec"]["versions"].as_array();
    let stored = versions.into_iter().flatten();
    let stored = stored.filter(|version| version["storage"] == true);
    let stored: Vec<_> = stored.map(|version| version["name"].clone()).collect();
    json!({
        "acceptedNames": definition["spec"]["names"],
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": stored,
    })
}

fn with_group(name: &str, group: &str) -> String {
    if group.is_empty() {
        return name.to_owned();
    }
    format!("{name}.{group}")
}
