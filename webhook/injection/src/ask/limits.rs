//! How much one pod may ask for. Anyone who may create a pod may write anything into it, and the API
//! server looks at its size only after its webhooks.

use crate::pod::AnnotationList;
use crate::vocabulary::denial::Denial;

/// Bytes of all keys and values together. Kubernetes itself takes no more
/// (`TotalAnnotationSizeLimitB` of apimachinery).
const MOST_ANNOTATION_BYTES: usize = 256 << 10;

/// Files that the agent of one pod renders.
pub(crate) const MOST_SECRETS: usize = 2000;

/// Refuses annotations that the API server will refuse, before any of them is read.
pub(crate) fn check_annotations(annotations: &AnnotationList<'_>) -> Result<(), Denial> {
    let bytes = annotations
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum::<usize>();
    if bytes > MOST_ANNOTATION_BYTES {
        return Err(Denial::Annotations {
            bytes,
            most: MOST_ANNOTATION_BYTES,
        });
    }
    Ok(())
}
