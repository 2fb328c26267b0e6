//! Who the agent's containers run as.

use contract::annotations::{self, Annotations};

use crate::pod::{PodView, SecurityContext as SecurityContextOfPod};
use crate::settings::Settings;
use crate::vocabulary::denial::RequestError;
use crate::vocabulary::flavor::Flavor;
use crate::vocabulary::objects::{Capabilities, SeccompProfile, SecurityContext};

/// User and group of the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) user: i64,
    pub(crate) group: i64,
    /// The field of the pod's spec that the user is from, where it is from one.
    pub(crate) user_field: Option<&'static str>,
}

/// The identity, or `None` where the security context is left to the cluster.
pub(crate) fn identity(
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
    flavor: Flavor,
    settings: &Settings,
) -> Result<Option<Identity>, RequestError> {
    let id = |spec, default| {
        // An empty text is zero, and zero is root: that is kept for established pods only.
        if !flavor.keeps_mistakes() && annotations.get(spec) == Some("") {
            return Ok(default);
        }
        annotations.int(spec, default)
    };
    let mut user_field = None;
    let mut user = id(&annotations::RUN_AS_USER, settings.run_as_user)?;
    let group = id(&annotations::RUN_AS_GROUP, settings.run_as_group)?;
    if annotations.bool(&annotations::RUN_AS_SAME_USER, settings.run_as_same_user)? {
        let (of_container, field) = first_containers_user(pod, flavor)?;
        user = of_container;
        user_field = Some(field);
    }
    let default = settings.set_security_context
        || [
            &annotations::RUN_AS_USER,
            &annotations::RUN_AS_SAME_USER,
            &annotations::RUN_AS_GROUP,
        ]
        .iter()
        .any(|spec| annotations.get(spec).is_some());
    let is_set = annotations.bool(&annotations::SET_SECURITY_CONTEXT, default)?;
    Ok(is_set.then_some(Identity {
        user,
        group,
        user_field,
    }))
}

/// The user that the first container runs as, and the field that has it: its own, else, which upstream
/// forgets, the pod's. The group does not matter: files belong to the user.
fn first_containers_user(
    pod: &PodView<'_>,
    flavor: Flavor,
) -> Result<(i64, &'static str), RequestError> {
    let container = pod.containers.first().ok_or(RequestError::NoContainers)?;
    let own = container.security_context.as_ref();
    let of_pod = pod.security_context.as_ref();
    let of_pod = of_pod.filter(|_| !flavor.keeps_mistakes());
    let user_of =
        |context: Option<&SecurityContextOfPod>, field| Some((context?.run_as_user?, field));
    let user = user_of(own, "containers[0].securityContext.runAsUser")
        .or_else(|| user_of(of_pod, "securityContext.runAsUser"));
    let missing = match own {
        Some(_) => RequestError::NoUser,
        None => RequestError::NoSecurityContext,
    };
    match user.ok_or(missing)? {
        (0, _) => Err(RequestError::Root),
        user => Ok(user),
    }
}

impl Identity {
    /// The container's security context.
    pub(crate) fn context(self, seccomp_profile: Option<&str>) -> SecurityContext<'_> {
        SecurityContext {
            run_as_user: self.user,
            run_as_group: self.group,
            run_as_non_root: self.user != 0 && self.group != 0,
            read_only_root_filesystem: true,
            allow_privilege_escalation: false,
            capabilities: Capabilities { drop: ["ALL"] },
            seccomp_profile: seccomp_profile.map(|kind| SeccompProfile { kind }),
        }
    }
}
