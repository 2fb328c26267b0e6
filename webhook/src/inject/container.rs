//! The agent's containers.

use contract::annotations::Annotations;
use contract::names;
use serde_json::{Value, json};

use super::arrangement::Sidecar;
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
    let (flavor, profile) = (asked.flavor, asked.profile);
    let names = profile.names();
    let (name, file, patch) = match role {
        Role::Init => (names.init, "config-init.hcl", &asked.init_patch),
        Role::Sidecar => (names.sidecar, "config.hcl", &asked.sidecar_patch),
    };
    let argument = if asked.configmap.is_empty() {
        flavor.argument(profile)
    } else {
        flavor.file_argument(profile, &format!("{CONFIG_PATH}/{file}"))
    };
    let mut container = json!({
        "name": name,
        "image": asked.image,
        "command": flavor.command(),
        "args": [argument],
    });
    // Put in place: the macro would copy them, tree by tree.
    container["env"] = environment::environment(asked, pod, role).into();
    container["resources"] = resources::resources(annotations, flavor, settings)?;
    container["volumeMounts"] = volumes::agent_mounts(asked, pod, role).into();
    if let Some(identity) = asked.identity {
        container["securityContext"] = identity.context(asked.extras.seccomp_profile);
    }
    if let Some(policy) = flavor.termination_message_policy() {
        container["terminationMessagePolicy"] = json!(policy);
    }
    if let Some(policy) = asked.extras.image_pull_policy {
        container["imagePullPolicy"] = json!(policy);
    }
    if let (Role::Sidecar, Some(Sidecar::Native { startup })) = (role, asked.agents.sidecar) {
        container["restartPolicy"] = json!("Always");
        if let Some(seconds) = startup {
            container["startupProbe"] = startup_probe(seconds);
        }
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

/// The application starts when the agent says that the first render is complete.
fn startup_probe(seconds: u64) -> Value {
    json!({
        "exec": {"command": [names::AGENT_BINARY, names::READY_COMMAND]},
        "periodSeconds": 1,
        "timeoutSeconds": 5,
        "failureThreshold": seconds,
    })
}

fn lifecycle(asked: &InjectRequest<'_>) -> Value {
    let Some(grace) = asked.revoke_after else {
        return json!({});
    };
    let vault = &asked.vault;
    let mut line = format!(
        "/bin/sleep {grace} && /bin/{} token revoke -address={}",
        asked.inside().program,
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
