//! The agent's containers.

use contract::annotations::Annotations;
use contract::names;
use serde_json::{Value, json};

use super::config::Role;
use super::denial::PatchError;
use super::request::InjectRequest;
use super::volumes::CONFIG_PATH;
use super::{environment, resources, schema, volumes};
use crate::pod::PodView;
use crate::settings::Settings;

/// One agent container, with the user's JSON patch applied.
pub(super) fn container(
    asked: &InjectRequest<'_>,
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    settings: &Settings,
    role: Role,
) -> Result<Value, PatchError> {
    let flavor = asked.flavor;
    let (name, file, patch) = match role {
        Role::Init => (names::INIT_CONTAINER, "config-init.hcl", &asked.init_patch),
        Role::Sidecar => (names::SIDECAR_CONTAINER, "config.hcl", &asked.sidecar_patch),
    };
    let argument = if asked.configmap.is_empty() {
        flavor.argument()
    } else {
        flavor.file_argument(&format!("{CONFIG_PATH}/{file}"))
    };
    let mut container = json!({
        "name": name,
        "image": asked.image,
        "command": flavor.command(),
        "args": [argument],
        "env": environment::environment(asked, pod, role),
        "resources": resources::resources(annotations, flavor, settings)?,
        "volumeMounts": volumes::agent_mounts(asked, pod, role),
    });
    if let Some(identity) = asked.identity {
        container["securityContext"] = identity.context(flavor);
    }
    if let Some(policy) = flavor.termination_message_policy() {
        container["terminationMessagePolicy"] = json!(policy);
    }
    // Hooks need a shell, and the established sidecar carries the field even where it is empty.
    if role == Role::Sidecar && flavor.has_shell() {
        container["lifecycle"] = lifecycle(asked);
    }
    if !patch.is_empty() {
        patch.apply(&mut container)?;
        container = schema::conform(container, &schema::CONTAINER)?;
    }
    Ok(container)
}

fn lifecycle(asked: &InjectRequest<'_>) -> Value {
    let Some(grace) = asked.revoke_after else {
        return json!({});
    };
    let vault = &asked.vault;
    let mut line = format!(
        "/bin/sleep {grace} && /bin/vault token revoke -address={}",
        vault.address
    );
    for (flag, value) in [
        (" -ca-cert=", vault.ca_cert),
        (" -client-cert=", vault.client_cert),
        (" -client-key=", vault.client_key),
    ] {
        if !value.is_empty() {
            line.push_str(flag);
            line.push_str(value);
        }
    }
    line.push_str(" -self");
    json!({"preStop": {"exec": {"command": ["/bin/sh", "-c", line]}}})
}
