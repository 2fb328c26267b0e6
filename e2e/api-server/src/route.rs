//! What a request is about, by its path and parameters.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::kinds::{Kind, Kinds};
use crate::refusal::Refusal;

/// A path of the API.
#[derive(Debug)]
pub(crate) enum Route {
    /// `/healthz` and the like.
    Health,
    Version,
    /// `/api`
    CoreVersions,
    /// `/apis`
    Groups,
    /// `/apis/GROUP`
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`
    Resources {
        group: String,
        version: String,
    },
    /// `/openapi/v3`, and what it refers to.
    OpenApi(Option<(String, String)>),
    Objects(Objects),
}

/// Objects of a kind, or one of them.
#[derive(Debug)]
pub(crate) struct Objects {
    pub(crate) kind: Arc<Kind>,
    pub(crate) version: String,
    /// Empty for all of them, and for objects of the whole cluster.
    pub(crate) namespace: String,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl Route {
    pub(crate) fn parse(path: &str, kinds: &Kinds) -> Result<Self, Refusal> {
        let decoded: Vec<_> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<_> = decoded.iter().map(String::as_str).collect();
        let (group, version, rest) = match &segments[..] {
            ["healthz" | "livez" | "readyz", ..] => return Ok(Self::Health),
            ["version"] => return Ok(Self::Version),
            ["api"] => return Ok(Self::CoreVersions),
            ["apis"] => return Ok(Self::Groups),
            ["apis", group] => return Ok(Self::Group((*group).to_owned())),
            ["openapi", "v3"] => return Ok(Self::OpenApi(None)),
            ["openapi", "v3", "api", version] => {
                return Ok(Self::OpenApi(Some((String::new(), (*version).to_owned()))));
            }
            ["openapi", "v3", "apis", group, version] => {
                let version = (*version).to_owned();
                return Ok(Self::OpenApi(Some(((*group).to_owned(), version))));
            }
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return Err(Refusal::no_such_path()),
        };
        let (namespace, rest) = match rest {
            [] => {
                return Ok(Self::Resources {
                    group: group.to_owned(),
                    version: version.to_owned(),
                });
            }
            // Below a namespace lies its status, too.
            ["namespaces", _] | ["namespaces", _, "status" | "finalize"] => ("", rest),
            ["namespaces", namespace, rest @ ..] => (*namespace, rest),
            rest => ("", rest),
        };
        let owned = |text: Option<&&str>| text.map(|text| (*text).to_owned());
        let plural = rest.first().ok_or_else(Refusal::no_such_path)?;
        let kind = kinds.find(group, version, plural);
        let kind = kind.ok_or_else(Refusal::no_such_path)?;
        let is_misplaced = !kind.is_namespaced && !namespace.is_empty()
            || kind.is_namespaced && namespace.is_empty() && rest.len() > 1
            || rest.len() > 3;
        if is_misplaced {
            return Err(Refusal::no_such_path());
        }
        Ok(Self::Objects(Objects {
            kind,
            version: version.to_owned(),
            namespace: namespace.to_owned(),
            name: owned(rest.get(1)),
            subresource: owned(rest.get(2)),
        }))
    }
}

/// The parameters of a request that count here.
#[derive(Debug, Default)]
pub(crate) struct Parameters {
    pub(crate) watch: bool,
    pub(crate) resource_version: String,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    pub(crate) field_manager: Option<String>,
    pub(crate) propagation_policy: Option<String>,
    pub(crate) dry_run: bool,
}

impl Parameters {
    pub(crate) fn parse(query: &str) -> Self {
        let mut parameters = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match &*key {
                "watch" => parameters.watch = matches!(value.as_str(), "true" | "1" | ""),
                "resourceVersion" => parameters.resource_version = value,
                "timeoutSeconds" => parameters.timeout_seconds = value.parse().ok(),
                "labelSelector" => parameters.label_selector = value,
                "fieldSelector" => parameters.field_selector = value,
                "fieldManager" => parameters.field_manager = Some(value),
                "propagationPolicy" => parameters.propagation_policy = Some(value),
                "dryRun" => parameters.dry_run = true,
                _ => {}
            }
        }
        parameters
    }
}
