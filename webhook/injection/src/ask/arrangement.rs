//! Which agent containers a pod gets, and in which shape.
//!
//! | asked | native sidecar | else |
//! |---|---|---|
//! | nothing special | one native sidecar | init container and sidecar |
//! | pre-populate `false` | one, without a probe | sidecar |
//! | pre-populate-only `true` | init container | init container |
//! | a Job's pod that is not restarted | init container and native sidecar | as above |

use contract::GoDuration;
use contract::annotations::{self, Annotations};

use super::words;
use crate::settings::{NativeSidecarSetting, Settings};
use crate::vocabulary::denial::RequestError;
use crate::vocabulary::flavor::Flavor;

/// Seconds that the startup probe of a native sidecar waits.
const STARTUP_TIMEOUT: u64 = 600;

/// The agent containers of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrangement {
    pub(crate) init: bool,
    pub(crate) sidecar: Option<Sidecar>,
}

/// The agent that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sidecar {
    /// A container beside the application's.
    Regular,
    /// An init container that is kept running.
    Native {
        /// How many seconds the application waits for the first render; `None` does not wait.
        startup: Option<u64>,
    },
}

/// Which of the two agent containers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Init,
    Sidecar,
}

/// What the pod is part of, as far as the arrangement depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Workload {
    pub(crate) is_job: bool,
    pub(crate) restarts: bool,
}

impl Arrangement {
    pub(crate) fn new(
        annotations: &Annotations<'_>,
        flavor: Flavor,
        workload: Workload,
        settings: &Settings,
    ) -> Result<Self, RequestError> {
        let pre_populate = annotations.bool(&annotations::PRE_POPULATE, true)?;
        let only = annotations.bool(&annotations::PRE_POPULATE_ONLY, false)?;
        let timeout = startup_timeout(annotations)?;
        if is_native(annotations, flavor, settings)? && !only {
            let startup = pre_populate.then_some(timeout);
            return Ok(Self {
                // A wrong role ends the init container and with it the pod; a native sidecar alone
                // would be started again for ever.
                init: pre_populate && workload.is_job && !workload.restarts,
                sidecar: Some(Sidecar::Native { startup }),
            });
        }
        Ok(Self {
            init: pre_populate,
            sidecar: (!only).then_some(Sidecar::Regular),
        })
    }

    pub(crate) fn has_sidecar(self) -> bool {
        self.sidecar.is_some()
    }

    pub(crate) fn is_native(self) -> bool {
        matches!(self.sidecar, Some(Sidecar::Native { .. }))
    }
}

fn is_native(
    annotations: &Annotations<'_>,
    flavor: Flavor,
    settings: &Settings,
) -> Result<bool, RequestError> {
    let spec = &annotations::NATIVE_SIDECAR;
    let asked = words::one_of(annotations, spec)?;
    let kubernetes = settings.kubernetes;
    let auto = flavor.has_native_sidecar() && kubernetes.runs_native_sidecars();
    match asked {
        Some("true") if !flavor.has_native_sidecar() => {
            Err(RequestError::NativeSidecarFlavor(annotations.key(spec)))
        }
        Some("true") if kubernetes.drops_native_sidecars() => {
            Err(RequestError::NativeSidecarServer(annotations.key(spec)))
        }
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        Some(_) => Ok(auto),
        None => Ok(match settings.native_sidecar {
            NativeSidecarSetting::Auto => auto,
            NativeSidecarSetting::Always => {
                flavor.has_native_sidecar() && !kubernetes.drops_native_sidecars()
            }
            NativeSidecarSetting::Never => false,
        }),
    }
}

/// Whether a native sidecar is wanted where the cluster has them, and nothing says whether it does.
pub(crate) fn is_undecided(
    annotations: &Annotations<'_>,
    flavor: Flavor,
    settings: &Settings,
) -> bool {
    let is_auto = match annotations.get(&annotations::NATIVE_SIDECAR) {
        Some(word) => word == "auto",
        None => settings.native_sidecar == NativeSidecarSetting::Auto,
    };
    is_auto && flavor.has_native_sidecar() && settings.kubernetes.may_run_native_sidecars()
}

/// Whole seconds, at least one.
fn startup_timeout(annotations: &Annotations<'_>) -> Result<u64, RequestError> {
    let spec = &annotations::STARTUP_TIMEOUT;
    let Some(text) = annotations.get(spec) else {
        return Ok(STARTUP_TIMEOUT);
    };
    let duration: GoDuration = text.parse().map_err(|source| RequestError::Duration {
        key: annotations.key(spec),
        source,
    })?;
    let seconds = duration
        .to_std()
        .map_or(0, |it| it.as_millis().div_ceil(1000));
    u64::try_from(seconds)
        .ok()
        .filter(|seconds| (1..=i32::MAX.unsigned_abs().into()).contains(seconds))
        .ok_or_else(|| RequestError::StartupTimeout(annotations.key(spec)))
}
