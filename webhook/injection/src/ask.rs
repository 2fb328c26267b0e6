//! What a pod asks for: every annotation read into a type, or an error that names the annotation.
//!
//! The injector's settings stand in where an annotation is absent. Resources are the exception:
//! they are read when a container is made, because a pod that gets none may carry any text there.

pub(crate) mod arrangement;
pub(crate) mod cloud;
mod connection;
mod extras;
pub(crate) mod limits;
pub(crate) mod resources;
pub(crate) mod secrets;
mod security;
mod telemetry;
pub(crate) mod token;
mod tuning;
pub(crate) mod words;

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use contract::GoDuration;
use contract::annotations::{self, AnnotationSpec, Annotations};

use crate::pod::{Metadata, PodView};
use crate::settings::{FlavorSetting, Settings, default_image};
use crate::vocabulary::container_patch::ContainerPatch;
use crate::vocabulary::denial::{DefaultsError, Denial, RequestError, ValidationError};
use crate::vocabulary::flavor::Flavor;
use crate::vocabulary::origin::Origin;
use crate::vocabulary::profile::{Inside, Profile};

use arrangement::{Arrangement, Role, Workload};
use connection::{Connection, KUBERNETES, Login};
use extras::Extras;
use secrets::Secret;
use security::Identity;
use token::{Search, TokenVolume};
use tuning::{Cache, Tuning};

/// Seconds between the pod's end and the revocation.
const REVOKE_GRACE: u64 = 5;

/// Everything that one pod asks for.
#[derive(Debug)]
pub(crate) struct InjectRequest<'p> {
    pub(crate) profile: Profile,
    pub(crate) flavor: Flavor,
    pub(crate) origin: Origin<'p>,
    pub(crate) image: &'p str,
    /// Whether the injector itself names the image, and not the pod.
    pub(crate) is_default_image: bool,
    /// Whether the cluster decides about a native sidecar, and is not known.
    pub(crate) may_be_native: bool,
    namespace: &'p str,
    pub(crate) agents: Arrangement,
    /// Whether a Job made the pod, which ends with it.
    pub(crate) is_job: bool,
    pub(crate) init_first: bool,
    /// `None` is every container.
    pub(crate) containers: Option<BTreeSet<&'p str>>,
    pub(crate) share_process_namespace: Option<bool>,
    pub(crate) token: TokenVolume<'p>,
    pub(crate) secrets: Vec<Secret<'p>>,
    pub(crate) volume_path: &'p str,
    pub(crate) inject_token: bool,
    pub(crate) vault: Connection<'p>,
    pub(crate) login: Login<'p>,
    pub(crate) tuning: Tuning<'p>,
    pub(crate) cache: Cache<'p>,
    pub(crate) identity: Option<Identity>,
    /// Seconds from the pod's end to the revocation, where the token is to be revoked.
    pub(crate) revoke_after: Option<u64>,
    pub(crate) configmap: &'p str,
    pub(crate) extra_secret: &'p str,
    pub(crate) copy_mounts_from: &'p str,
    pub(crate) init_patch: ContainerPatch,
    pub(crate) sidecar_patch: ContainerPatch,
    pub(crate) extras: Extras<'p>,
}

impl<'p> InjectRequest<'p> {
    /// Reads all annotations.
    pub(crate) fn new(
        origin: Origin<'p>,
        namespace: &'p str,
        metadata: &Metadata<'_>,
        annotations: &Annotations<'p>,
        pod: &'p PodView<'_>,
        settings: &'p Settings,
    ) -> Result<Self, Denial> {
        check_defaults(annotations, settings)?;
        let init_patch = container_patch(annotations, &annotations::INIT_JSON_PATCH)?;
        let sidecar_patch = container_patch(annotations, &annotations::JSON_PATCH)?;
        let parts = Self::parse(origin, namespace, metadata, annotations, pod, settings)?;
        Ok(Self {
            init_patch,
            sidecar_patch,
            ..parts
        })
    }

    fn parse(
        origin: Origin<'p>,
        namespace: &'p str,
        metadata: &Metadata<'_>,
        annotations: &Annotations<'p>,
        pod: &'p PodView<'_>,
        settings: &'p Settings,
    ) -> Result<Self, RequestError> {
        let profile = settings.profile;
        let (flavor, image) = flavor_and_image(annotations, settings)?;
        let search = Search {
            metadata,
            pod,
            profile,
            flavor,
            origin,
            method: Login::kind(annotations, settings),
        };
        let token = TokenVolume::find(annotations, search)?;
        let text = |spec| annotations.get(spec).unwrap_or_default();
        let workload = workload(origin, metadata, pod);
        let revokes = annotations.bool(
            &annotations::REVOKE_ON_SHUTDOWN,
            settings.revoke_on_shutdown,
        )?;
        let grace = annotations.uint(&annotations::REVOKE_GRACE, REVOKE_GRACE)?;
        Ok(Self {
            profile,
            flavor,
            origin,
            image,
            is_default_image: annotations.get(&annotations::IMAGE).is_none(),
            may_be_native: arrangement::is_undecided(annotations, flavor, settings),
            namespace: annotations
                .get(&annotations::REQUEST_NAMESPACE)
                .unwrap_or(namespace),
            agents: Arrangement::new(annotations, flavor, workload, settings)?,
            is_job: workload.is_job,
            init_first: annotations.bool(&annotations::INIT_FIRST, false)?,
            containers: annotations
                .get(&annotations::INJECT_CONTAINERS)
                .map(|names| names.split(',').collect()),
            share_process_namespace: share_process_namespace(annotations, pod)?,
            token,
            secrets: secrets::secrets(annotations, flavor, settings)?,
            volume_path: secrets::volume_path(annotations, flavor),
            inject_token: annotations.bool(&annotations::INJECT_TOKEN, false)?,
            vault: Connection::new(annotations, settings)?,
            login: Login::new(annotations, settings)?,
            tuning: Tuning::new(annotations, flavor, settings)?,
            cache: Cache::new(annotations, flavor)?,
            identity: security::identity(annotations, pod, flavor, settings)?,
            revoke_after: revokes.then_some(grace),
            configmap: text(&annotations::CONFIGMAP),
            extra_secret: text(&annotations::EXTRA_SECRET),
            copy_mounts_from: text(&annotations::COPY_VOLUME_MOUNTS),
            init_patch: ContainerPatch::default(),
            sidecar_patch: ContainerPatch::default(),
            extras: Extras::new(annotations, flavor)?,
        })
    }

    /// Checks that nothing is missing without which the agent cannot work.
    pub(crate) fn validate(&self) -> Result<(), ValidationError> {
        let present = |text: &str, error| if text.is_empty() { Err(error) } else { Ok(()) };
        present(self.namespace, ValidationError::Namespace)?;
        present(self.image, ValidationError::Image)?;
        if self.configmap.is_empty() {
            present(self.login.kind, ValidationError::AuthType)?;
            if self.login.kind == KUBERNETES && !self.login.has_role() {
                return Err(ValidationError::Role);
            }
            present(self.login.path, ValidationError::AuthPath)?;
            present(self.vault.address, ValidationError::Address)?;
        }
        Ok(())
    }

    /// Mount paths of secrets that are not in the common volume, each once, in order.
    pub(crate) fn custom_volume_paths(&self) -> Vec<&'p str> {
        let mut seen = BTreeSet::from([self.volume_path]);
        let paths = self.secrets.iter().map(|secret| secret.volume_path);
        paths.filter(|path| seen.insert(path)).collect()
    }

    /// Whether the init container hands its cache to the sidecar through a volume.
    pub(crate) fn persists_cache(&self) -> bool {
        self.cache.enable && self.agents.init && self.agents.has_sidecar()
    }

    /// Whether the token is to be revoked, and the agent does it without a hook.
    pub(crate) fn revokes_itself(&self) -> bool {
        self.revoke_after.is_some() && self.flavor.is_our_agent()
    }

    /// Where the agent in this role answers scrapers and probes.
    pub(crate) fn metrics_port_of(&self, role: Role) -> Option<NonZeroU16> {
        let answers = role == Role::Sidecar && self.configmap.is_empty();
        self.tuning.metrics_port.filter(|_| answers)
    }

    /// Whether a container other than an init container gets the secrets.
    pub(crate) fn reads_secrets(&self, container: &str) -> bool {
        let named = self.containers.as_ref();
        named.is_none_or(|names| names.contains(container))
    }

    /// Whether there is an agent at all.
    pub(crate) fn has_agent(&self) -> bool {
        self.agents.init || self.agents.has_sidecar()
    }

    /// The names inside the agent's container.
    pub(crate) fn inside(&self) -> &'static Inside {
        self.profile.inside(self.flavor)
    }
}

fn workload(origin: Origin<'_>, metadata: &Metadata<'_>, pod: &PodView<'_>) -> Workload {
    let is_job = match origin {
        Origin::Pod => metadata
            .owner_references
            .iter()
            .any(|owner| &*owner.kind == "Job"),
        Origin::Template { kind } => matches!(kind, "Job" | "CronJob"),
    };
    Workload {
        is_job,
        restarts: &*pod.restart_policy != "Never",
    }
}

/// What the established injector checks while it fills in defaults.
fn check_defaults(annotations: &Annotations<'_>, settings: &Settings) -> Result<(), DefaultsError> {
    let missing = |spec, default: &str| annotations.get(spec).is_none() && default.is_empty();
    if missing(&annotations::SERVICE, &settings.vault_address) {
        return Err(DefaultsError::Address);
    }
    if missing(&annotations::AUTH_PATH, &settings.auth_path) {
        return Err(DefaultsError::AuthPath);
    }
    for (limit, spec) in [
        ("min", &annotations::AUTH_MIN_BACKOFF),
        ("max", &annotations::AUTH_MAX_BACKOFF),
    ] {
        let text = annotations.get(spec).unwrap_or_default();
        if !text.is_empty()
            && let Err(source) = text.parse::<GoDuration>()
        {
            return Err(DefaultsError::Backoff {
                limit,
                key: annotations.key(spec),
                source,
            });
        }
    }
    Ok(())
}

fn container_patch(
    annotations: &Annotations<'_>,
    spec: &AnnotationSpec,
) -> Result<ContainerPatch, DefaultsError> {
    ContainerPatch::parse(annotations.get(spec).unwrap_or_default()).map_err(|source| {
        DefaultsError::JsonPatch {
            key: annotations.key(spec),
            source,
        }
    })
}

/// The flavour that is asked for, or that the image means; and the image.
pub(crate) fn flavor_and_image<'p>(
    annotations: &Annotations<'p>,
    settings: &'p Settings,
) -> Result<(Flavor, &'p str), RequestError> {
    let asked = match words::one_of(annotations, &annotations::FLAVOR)? {
        None => settings.flavor,
        Some("native") => FlavorSetting::Native,
        Some(_) => FlavorSetting::Compatible,
    };
    let image = match annotations.get(&annotations::IMAGE) {
        Some(image) => image,
        None if settings.image.is_empty() => default_image(asked),
        None => &settings.image,
    };
    Ok((asked.resolve(image), image))
}

fn share_process_namespace(
    annotations: &Annotations<'_>,
    pod: &PodView<'_>,
) -> Result<Option<bool>, RequestError> {
    let spec = &annotations::SHARE_PROCESS_NAMESPACE;
    let Some(value) = annotations.get(spec) else {
        return Ok(None);
    };
    let share = contract::values::parse_bool(value).map_err(|source| {
        RequestError::ShareProcessNamespace {
            key: annotations.key(spec),
            value: value.to_owned(),
            source,
        }
    })?;
    if share && pod.share_process_namespace == Some(false) {
        return Err(RequestError::ShareProcessNamespaceDisabled);
    }
    Ok(Some(share))
}
