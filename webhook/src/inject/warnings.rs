//! What the user should know although the pod is let through: admission warnings.
//!
//! A warning has at most 120 characters, the length up to which API servers pass one on whole, and
//! never repeats a value.

use std::fmt;

use contract::annotations::{self, Annotations, Classification};
use contract::names;
use json_patch::PatchOperation;

use super::Plan;
use super::request::InjectRequest;
use super::secrets::{Content, Secret};
use super::volumes::SECRETS;
use crate::pod::{AnnotationList, PodView};
use crate::settings::is_our_image;

/// The longest warning that is passed on whole.
const MAX_CHARS: usize = 120;

/// One admission warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(String);

impl Warning {
    fn new(text: &str) -> Self {
        if text.chars().count() <= MAX_CHARS {
            return Self(text.to_owned());
        }
        let start: String = text.chars().take(MAX_CHARS - 1).collect();
        Self(format!("{start}…"))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Keys under our prefix that mean nothing: most likely misspelt, so the pod does not get what its
/// author thinks.
pub(super) fn about_keys(all: &AnnotationList<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (key, _) in all.iter() {
        let Classification::Unknown { nearest } = annotations::classify(key) else {
            continue;
        };
        let short = key.strip_prefix(names::ANNOTATION_PREFIX).unwrap_or(key);
        warnings.push(Warning::new(&match nearest {
            Some(nearest) if nearest == short => {
                format!("annotation {short} needs a -NAME behind it and is ignored")
            }
            Some(nearest) => {
                format!("unknown annotation {short} is ignored: did you mean {nearest}?")
            }
            None => format!("unknown annotation {short} is ignored"),
        }));
    }
    warnings.sort_by(|left, right| left.0.cmp(&right.0));
    warnings
}

/// What will most likely not do what the author thinks, although it is done as asked.
pub(super) fn about_request(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    plan: &Plan,
) -> Vec<Warning> {
    let mut texts: Vec<String> = Vec::new();
    for secret in &asked.secrets {
        texts.extend(about_secret(asked, secret));
    }
    if asked.flavor.has_shell() && is_our_image(asked.image) {
        texts.push("agent-flavor compatible needs a shell, which this agent image has not".into());
    }
    if asked.flavor.keeps_mistakes() {
        texts.extend(kept_mistakes(asked, annotations, pod, plan));
    } else if arguments_are_shell_lines(plan) {
        texts.push("the JSON patch sets a shell line as args/0, but there is no shell".into());
    }
    if pod.volumes.iter().any(|volume| &*volume.name == SECRETS) {
        texts.push(format!("the pod has a volume named {SECRETS} already"));
    }
    let init = pod.init_containers.iter().map(|init| &init.container);
    for container in pod.containers.iter().chain(init) {
        if [names::SIDECAR_CONTAINER, names::INIT_CONTAINER].contains(&&*container.name) {
            texts.push(format!(
                "the pod has a container named {} already",
                container.name
            ));
        }
    }
    texts.iter().map(|text| Warning::new(text)).collect()
}

fn about_secret(asked: &InjectRequest<'_>, secret: &Secret<'_>) -> Vec<String> {
    let name = secret.raw_name;
    let mut texts = Vec::new();
    if !asked.flavor.has_shell()
        && secret
            .command
            .contains(['$', '|', '&', ';', '<', '>', '*', '`'])
    {
        texts.push(format!(
            "agent-inject-command-{name} needs a shell: use agent-flavor compatible and a stock image"
        ));
    }
    if asked.flavor.keeps_mistakes()
        && let Content::Default { path, .. } = &secret.content
    {
        if path.contains(['"', '\\']) {
            texts.push(format!(
                "agent-inject-secret-{name}: quotes break the default template"
            ));
        }
        if (secret.left_delimiter, secret.right_delimiter) != ("{{", "}}") {
            texts.push(format!(
                "secret {name}: the default template ignores its delimiters"
            ));
        }
    }
    texts
}

/// Mistakes of the established injector that the compatible flavour keeps.
fn kept_mistakes(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    plan: &Plan,
) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let preserve = &annotations::PRESERVE_SECRET_CASE;
    let unread = annotations.bool(preserve, false).is_err()
        || asked.secrets.iter().any(|secret| {
            annotations
                .bool_for(preserve, secret.raw_name, false)
                .is_err()
        });
    if unread {
        texts.push("preserve-secret-case is neither true nor false and is ignored".into());
    }
    if asked.share_process_namespace.is_some() && !asked.init {
        texts.push("agent-share-process-namespace is ignored without an init container".into());
    }
    if asked.identity.is_some() && annotations.get(&annotations::RUN_AS_USER) == Some("") {
        texts.push("agent-run-as-user is empty, which means root".into());
    }
    let vault = &asked.vault;
    let untold = !vault.namespace.is_empty()
        || vault.tls_skip_verify
        || !vault.tls_server_name.is_empty()
        || !vault.ca_path.is_empty();
    if asked.revoke_after.is_some() && asked.sidecar && untold {
        texts.push(
            "agent-revoke-on-shutdown: the hook knows no namespace, ca-key, server name or skip-verify"
                .into(),
        );
    }
    if asked.init_first && !pod.init_containers.is_empty() && renames_init_container(plan) {
        texts.push("agent-init-json-patch renames the container: with agent-init-first it gets mounts twice".into());
    }
    texts
}

/// Whether the plan makes the list of init containers with an agent of another name in front.
fn renames_init_container(plan: &Plan) -> bool {
    plan.operations.iter().any(|operation| match operation {
        PatchOperation::Add(add) if add.path.as_str() == "/spec/initContainers" => {
            add.value[0]["name"] != names::INIT_CONTAINER
        }
        _ => false,
    })
}

/// Whether a container of the plan starts our binary with something that only a shell understands.
fn arguments_are_shell_lines(plan: &Plan) -> bool {
    plan.operations.iter().any(|operation| {
        let PatchOperation::Add(add) = operation else {
            return false;
        };
        let container = add.value.get(0).unwrap_or(&add.value);
        let starts_agent = container["command"][0] == names::AGENT_BINARY;
        let argument = container["args"][0].as_str().unwrap_or_default();
        starts_agent && !argument.starts_with('-')
    })
}
