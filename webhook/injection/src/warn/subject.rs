//! What every check reads: the request, the pod with its annotations, and what the pod gets.

use contract::annotations::{AnnotationSpec, Annotations};
use contract::diagnostics::Code;

use crate::ask::InjectRequest;
use crate::pod::PodView;
use crate::shape::Additions;
use crate::vocabulary::warning::Warning;

/// What all checks look at.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a, 'p> {
    pub(super) asked: &'a InjectRequest<'p>,
    pub(super) annotations: &'a Annotations<'p>,
    pub(super) pod: &'a PodView<'p>,
    pub(super) additions: &'a Additions<'a>,
}

impl Subject<'_, '_> {
    /// Whether the pod itself says so, and not only the injector's flag.
    pub(super) fn has(&self, spec: &AnnotationSpec) -> bool {
        self.annotations.get(spec).is_some()
    }

    pub(super) fn about(&self, code: Code, spec: &AnnotationSpec, text: &str) -> Warning {
        Warning::new(code, text).at(self.annotations.key(spec))
    }

    pub(super) fn mistake(&self, code: Code, spec: &AnnotationSpec, text: &str) -> Warning {
        Warning::sure(code, text).at(self.annotations.key(spec))
    }
}
