//! Where annotations have to stand for a pod to get them, which depends on the kind of the object.

use contract::annotations::{self, Classification};
use contract::diagnostics::{Code, manifests};

use super::Extent;
use super::path::Path;
use super::search::{Carrier, Template};
use crate::vocabulary::warning::Warning;

const ANNOTATIONS: [&str; 2] = ["metadata", "annotations"];

/// Of most workloads.
const TEMPLATE: [&str; 2] = ["spec", "template"];

/// What a workload's pods are known by.
const SELECTOR: [&str; 3] = ["spec", "selector", "matchLabels"];

/// Groups of Kubernetes itself, beside that without a name.
const GROUPS: [&str; 9] = [
    "apps",
    "autoscaling",
    "batch",
    "extensions",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Groups of objects that hold values of charts, patches, or parts of other objects.
const PARTIAL_GROUPS: [&str; 12] = [
    "apiextensions.crossplane.io",
    "builtin",
    "config.kubernetes.io",
    "fleet.cattle.io",
    "helm.cattle.io",
    "helm.crossplane.io",
    "helm.toolkit.fluxcd.io",
    "kustomize.config.k8s.io",
    "kustomize.toolkit.fluxcd.io",
    "kyverno.io",
    "mutations.gatekeeper.sh",
    "policies.kyverno.io",
];

/// Kinds of such objects in groups with others, or written without their group.
const PARTIAL_KINDS: [&str; 5] = [
    "Application",
    "ApplicationSet",
    "Component",
    "HelmRelease",
    "Kustomization",
];

/// Kinds of Kubernetes that pods have nothing to do with. What sets annotations on all objects sets
/// them on these, too.
const WITHOUT_PODS: [&str; 9] = [
    "ConfigMap",
    "Ingress",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
];

/// A kind of object, as far as that decides where the annotations of its pods stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind<'a> {
    name: &'a str,
    class: Class,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    /// Kubernetes' own, or one with a template in the same place: nothing but the annotations of the
    /// template reaches pods.
    Workload,
    /// Another: its controller may take the annotations of pods from anywhere.
    Custom,
    /// One that holds values of charts or patches: what it leaves out is elsewhere.
    Partial,
    /// No kind: a patch, or values of a chart.
    Unnamed,
}

/// What the place of a map of annotations means.
pub(super) enum Place {
    /// A pod gets them.
    Pod(Extent),
    /// No pod does. There is nothing to say about keys that are not known.
    Wrong(Option<Warning>),
}

impl<'a> Kind<'a> {
    pub(super) fn new(
        api_version: &str,
        name: &'a str,
        templates: &[Template<'_>],
        carriers: &[Carrier<'_>],
    ) -> Self {
        let group = api_version
            .split_once('/')
            .map_or(api_version, |(group, _)| group);
        let is_kubernetes =
            !name.is_empty() && (matches!(group, "" | "v1") || GROUPS.contains(&group));
        let is_pod = |template: &Template<'_>| name.is_empty() && template.path.is(&[]);
        let is_of_template = |carrier: &Carrier<'_>| {
            let below = ["metadata", "spec", "annotations", "labels"];
            carrier.path.is(&TEMPLATE)
                || below
                    .iter()
                    .any(|key| carrier.path.starts_with(&[TEMPLATE[0], TEMPLATE[1], key]))
        };
        let class = if PARTIAL_GROUPS.contains(&group) || PARTIAL_KINDS.contains(&name) {
            Class::Partial
        } else if is_kubernetes
            || templates
                .iter()
                .any(|it| it.path.is(&TEMPLATE) || is_pod(it))
            || carriers.iter().any(is_of_template)
        {
            Class::Workload
        } else if name.is_empty() {
            Class::Unnamed
        } else {
            Class::Custom
        };
        Self { name, class }
    }

    /// Whether containers there are a pod's: some kinds take lists of containers of their own.
    pub(super) fn makes_pods_at(self, path: &Path) -> bool {
        !path.is(&[]) || matches!(self.name, "Pod" | "")
    }

    /// Whether what is there may be added to more of a pod, as in a patch within another object.
    pub(super) fn leaves_out_at(self, path: &Path) -> bool {
        self.class == Class::Partial && path.is_within_patch()
    }

    /// How much is there if a template has no image.
    pub(super) fn extent_of_fragment(self, path: &Path) -> Extent {
        match self.class {
            Class::Custom if !path.is_within_patch() => Extent::Annotations,
            _ => Extent::Fragment,
        }
    }

    /// What a map means that is not the annotations of one of `templates`.
    pub(super) fn place(self, carrier: &Carrier<'_>, templates: &[Template<'_>]) -> Place {
        let path = &carrier.path;
        let is_own = path.is(&ANNOTATIONS);
        let wrong = |code, reason| Place::Wrong(self.wrong(carrier, templates, code, reason));
        match path.last().unwrap_or_default() {
            "path" => Place::Pod(Extent::Fragment),
            "matchLabels" if path.is(&SELECTOR) && !templates.is_empty() => wrong(
                manifests::AS_LABEL,
                "the injector reads annotations, not labels",
            ),
            "matchLabels" | "selector" | "nodeSelector" => Place::Wrong(None),
            "labels" | "podLabels" | "commonLabels" => wrong(
                manifests::AS_LABEL,
                "the injector reads annotations, not labels",
            ),
            last if last.ends_with("nnotations") => match self.class {
                Class::Workload if self.is_right(path, templates) => Place::Pod(Extent::Fragment),
                Class::Workload
                    if is_own || path.ends_with(&["jobTemplate", "metadata", "annotations"]) =>
                {
                    wrong(manifests::ON_WORKLOAD, NOT_OF_PODS)
                }
                Class::Workload => wrong(manifests::MISPLACED, NOT_READ),
                Class::Custom if is_own && !templates.is_empty() => {
                    wrong(manifests::ON_WORKLOAD, NOT_OF_PODS)
                }
                Class::Custom => Place::Pod(self.extent_of_fragment(path)),
                Class::Partial | Class::Unnamed => Place::Pod(Extent::Fragment),
            },
            last => match self.class {
                Class::Partial => Place::Pod(Extent::Fragment),
                Class::Unnamed | Class::Custom
                    if !matches!(last, "metadata" | "spec" | "template") =>
                {
                    Place::Pod(Extent::Fragment)
                }
                _ => wrong(manifests::MISPLACED, NOT_READ),
            },
        }
    }

    /// Whether a workload's pods get the annotations of a template without containers.
    fn is_right(self, path: &Path, templates: &[Template<'_>]) -> bool {
        let is_pod = self.name == "Pod" && path.is(&ANNOTATIONS);
        templates.is_empty() && (is_pod || path.ends_with(&["template", "metadata", "annotations"]))
    }

    /// Where the annotations belong.
    fn right_place(self, templates: &[Template<'_>]) -> String {
        if let Some(template) = templates.first() {
            return template.path.join(&ANNOTATIONS).to_string();
        }
        match self.name {
            "Pod" => "metadata.annotations".to_owned(),
            "CronJob" => "spec.jobTemplate.spec.template.metadata.annotations".to_owned(),
            "PodTemplate" => "template.metadata.annotations".to_owned(),
            "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Job" => "spec.template.metadata.annotations".to_owned(),
            _ => "metadata.annotations of the pod template of a workload".to_owned(),
        }
    }

    fn wrong(
        self,
        carrier: &Carrier<'_>,
        templates: &[Template<'_>],
        code: Code,
        reason: &str,
    ) -> Option<Warning> {
        let mut known = carrier.entries.iter().filter_map(|(key, _)| {
            let is_known = matches!(annotations::classify(key), Classification::Known { .. });
            let (_, short) = annotations::split_prefix(key)?;
            is_known.then_some((key, short))
        });
        let (key, short) = known.next()?;
        let (subject, object) = match known.count() {
            0 => (format!("{short} has"), "it"),
            more => (format!("{short} and {more} more have"), "them"),
        };
        let place = match carrier.path.to_string() {
            top if top.is_empty() => "the object itself".to_owned(),
            path => path,
        };
        let right = self.right_place(templates);
        let text =
            format!("{subject} no effect in {place}, because {reason}: write {object} in {right}");
        let warning = Warning::new(code, text).at(key.to_string());
        let is_bare = code == manifests::ON_WORKLOAD && WITHOUT_PODS.contains(&self.name);
        Some(if is_bare {
            warning.into_hint()
        } else {
            warning
        })
    }
}

const NOT_OF_PODS: &str = "pods do not get the annotations of the object that makes them";
const NOT_READ: &str = "the injector reads metadata.annotations of pods only";
