//! Processor, memory and storage of the agent's containers.
//!
//! The annotation decides where it is there, else the injector's flag, else what is built in for
//! the flavour; an empty text leaves the entry out.

use contract::annotations::{self, AnnotationSpec, Annotations};
use serde_json::{Map, Value};

use super::denial::PatchError;
use super::flavor::Flavor;
use super::quantity;
use crate::settings::Settings;

/// The `resources` of a container.
pub(super) fn resources(
    annotations: &Annotations<'_>,
    flavor: Flavor,
    settings: &Settings,
) -> Result<Value, PatchError> {
    let built_in = flavor.resources();
    let flags = &settings.resources;
    let or = |flag: &Option<String>, built_in: &'static str| -> String {
        flag.clone().unwrap_or_else(|| built_in.to_owned())
    };
    let limits = block(
        annotations,
        [
            (
                "cpu",
                &annotations::LIMITS_CPU,
                or(&flags.limits_cpu, built_in.limits_cpu),
            ),
            (
                "memory",
                &annotations::LIMITS_MEM,
                or(&flags.limits_memory, built_in.limits_memory),
            ),
            (
                "ephemeral-storage",
                &annotations::LIMITS_EPHEMERAL,
                or(&flags.limits_ephemeral, ""),
            ),
        ],
    )?;
    let requests = block(
        annotations,
        [
            (
                "cpu",
                &annotations::REQUESTS_CPU,
                or(&flags.requests_cpu, built_in.requests_cpu),
            ),
            (
                "memory",
                &annotations::REQUESTS_MEM,
                or(&flags.requests_memory, built_in.requests_memory),
            ),
            (
                "ephemeral-storage",
                &annotations::REQUESTS_EPHEMERAL,
                or(&flags.requests_ephemeral, ""),
            ),
        ],
    )?;
    let blocks = [("limits", limits), ("requests", requests)];
    Ok(blocks
        .into_iter()
        .filter(|(_, block)| !block.is_empty())
        .map(|(name, block)| (name.to_owned(), Value::Object(block)))
        .collect())
}

fn block(
    annotations: &Annotations<'_>,
    entries: [(&str, &AnnotationSpec, String); 3],
) -> Result<Map<String, Value>, PatchError> {
    let mut block = Map::new();
    for (resource, spec, default) in entries {
        let text = annotations.get(spec).unwrap_or(&default);
        if text.is_empty() {
            continue;
        }
        let quantity = quantity::canonical(text).map_err(|source| PatchError::Quantity {
            key: annotations.key(spec),
            source,
        })?;
        block.insert(resource.to_owned(), Value::String(quantity));
    }
    Ok(block)
}
