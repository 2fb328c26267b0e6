//! Processor, memory and storage of the agent's containers.
//!
//! The annotation decides where it is there, else the injector's flag, else what is built in for
//! the flavor; an empty text leaves the entry out.

use contract::annotations::{self, AnnotationSpec, Annotations};

use super::denial::PatchError;
use super::flavor::Flavor;
use super::objects::{Quantities, Resources};
use super::quantity;
use crate::settings::Settings;

/// The `resources` of a container.
pub(super) fn resources(
    annotations: &Annotations<'_>,
    flavor: Flavor,
    settings: &Settings,
) -> Result<Resources, PatchError> {
    let built_in = flavor.resources();
    let flags = &settings.resources;
    let quantity = |spec: &AnnotationSpec, flag: &Option<String>, built_in| {
        let default = flag.as_deref().unwrap_or(built_in);
        let text = annotations.get(spec).unwrap_or(default);
        let quantity = (!text.is_empty()).then(|| quantity::canonical(text));
        quantity.transpose().map_err(|source| PatchError::Quantity {
            key: annotations.key(spec),
            value: text.to_owned(),
            source,
        })
    };
    Ok(Resources {
        limits: Quantities {
            cpu: quantity(
                &annotations::LIMITS_CPU,
                &flags.limits_cpu,
                built_in.limits_cpu,
            )?,
            memory: quantity(
                &annotations::LIMITS_MEM,
                &flags.limits_memory,
                built_in.limits_memory,
            )?,
            ephemeral_storage: quantity(
                &annotations::LIMITS_EPHEMERAL,
                &flags.limits_ephemeral,
                "",
            )?,
        },
        requests: Quantities {
            cpu: quantity(
                &annotations::REQUESTS_CPU,
                &flags.requests_cpu,
                built_in.requests_cpu,
            )?,
            memory: quantity(
                &annotations::REQUESTS_MEM,
                &flags.requests_memory,
                built_in.requests_memory,
            )?,
            ephemeral_storage: quantity(
                &annotations::REQUESTS_EPHEMERAL,
                &flags.requests_ephemeral,
                "",
            )?,
        },
    })
}
