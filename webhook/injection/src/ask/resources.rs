//! Processor, memory and storage of the agent's containers.
//!
//! The annotation decides where it is there, else the injector's flag, else what is built in for
//! the flavor; an empty text leaves the entry out.
//!
//! Kubernetes refuses a request above its limit. In the native flavor the weaker of the two gives way
//! then and becomes equal to the stronger: what is built in to a flag, a flag to an annotation, and
//! a request to a limit of the same origin. Two annotations are left as they are, for a denial.

use contract::annotations::{self, AnnotationSpec, Annotations};

use crate::settings::Settings;
use crate::vocabulary::denial::PatchError;
use crate::vocabulary::flavor::Flavor;
use crate::vocabulary::objects::{Quantities, Resources};
use crate::vocabulary::quantity;

/// Who says a quantity, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    BuiltIn,
    Flag,
    Annotation,
}

/// A limit or a request in canonical form, where there is one.
#[derive(Debug)]
struct Bound {
    text: Option<String>,
    origin: Origin,
}

/// The `resources` of a container.
pub(crate) fn resources(
    annotations: &Annotations<'_>,
    flavor: Flavor,
    settings: &Settings,
) -> Result<Resources, PatchError> {
    let built_in = flavor.resources();
    let flags = &settings.resources;
    let bound = |spec: &AnnotationSpec, flag: &Option<String>, built_in: &'static str| {
        let (text, origin) = match (annotations.get(spec), flag.as_deref()) {
            (Some(text), _) => (text, Origin::Annotation),
            (None, Some(text)) => (text, Origin::Flag),
            (None, None) => (built_in, Origin::BuiltIn),
        };
        let quantity = (!text.is_empty()).then(|| match origin {
            // As it is written: each pod pays for this.
            Origin::BuiltIn => Ok(text.to_owned()),
            Origin::Flag | Origin::Annotation => quantity::canonical(text),
        });
        let text = quantity
            .transpose()
            .map_err(|source| PatchError::Quantity {
                key: annotations.key(spec),
                value: text.to_owned(),
                source,
            })?;
        Ok::<_, PatchError>(Bound { text, origin })
    };
    let mut limits = [
        bound(
            &annotations::LIMITS_CPU,
            &flags.limits_cpu,
            built_in.limits_cpu,
        )?,
        bound(
            &annotations::LIMITS_MEM,
            &flags.limits_memory,
            built_in.limits_memory,
        )?,
        bound(&annotations::LIMITS_EPHEMERAL, &flags.limits_ephemeral, "")?,
    ];
    let mut requests = [
        bound(
            &annotations::REQUESTS_CPU,
            &flags.requests_cpu,
            built_in.requests_cpu,
        )?,
        bound(
            &annotations::REQUESTS_MEM,
            &flags.requests_memory,
            built_in.requests_memory,
        )?,
        bound(
            &annotations::REQUESTS_EPHEMERAL,
            &flags.requests_ephemeral,
            "",
        )?,
    ];
    if !flavor.keeps_mistakes() {
        for (limit, request) in limits.iter_mut().zip(&mut requests) {
            give_way(limit, request);
        }
    }
    Ok(Resources {
        limits: quantities(limits),
        requests: quantities(requests),
    })
}

/// Makes the weaker one equal to the stronger where the request is above the limit.
fn give_way(limit: &mut Bound, request: &mut Bound) {
    let strongest = limit.origin.max(request.origin);
    let are_equal = limit.origin == request.origin;
    if strongest == Origin::BuiltIn || are_equal && strongest == Origin::Annotation {
        return;
    }
    let (Some(most), Some(wanted)) = (&limit.text, &request.text) else {
        return;
    };
    if !exceeds(wanted, most) {
        return;
    }
    if request.origin > limit.origin {
        limit.text.clone_from(&request.text);
    } else {
        request.text.clone_from(&limit.text);
    }
}

/// Whether one quantity is more than another. Only quantities can be.
pub(crate) fn exceeds(quantity: &str, other: &str) -> bool {
    let nanos = (quantity::nanos(quantity), quantity::nanos(other));
    matches!(nanos, (Ok(quantity), Ok(other)) if quantity > other)
}

fn quantities([cpu, memory, ephemeral_storage]: [Bound; 3]) -> Quantities {
    Quantities {
        cpu: cpu.text,
        memory: memory.text,
        ephemeral_storage: ephemeral_storage.text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_in_is_written_as_kubernetes_writes_it() {
        for flavor in [Flavor::Native, Flavor::Compatible] {
            let built_in = flavor.resources();
            for text in [
                built_in.limits_cpu,
                built_in.limits_memory,
                built_in.requests_cpu,
                built_in.requests_memory,
            ] {
                assert_eq!(quantity::canonical(text).as_deref(), Ok(text));
            }
        }
    }
}
