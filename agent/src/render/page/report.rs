//! What a page reports about itself.

use templating::Request;

use super::Page;
use crate::status::{SecretStatus, TemplateStatus, unix};
use crate::store::Store;

/// What there is to say of files that somebody else has removed or written.
const CHANGED: &str = "a file of this template was removed or changed by somebody else, and will be \
                       rendered again";

impl Page {
    /// What there is to say about it.
    pub(in crate::render) fn status(&self, store: &Store) -> TemplateStatus {
        let secrets: Vec<SecretStatus> = self
            .used
            .iter()
            .filter_map(|request| store.status(request))
            .collect();
        let trouble = secrets.iter().find_map(|secret| secret.error.clone());
        let is_in_place = self.is_in_place();
        let changed = (!is_in_place).then(|| CHANGED.to_owned());
        TemplateStatus {
            destination: self.settings.output.name(),
            rendered: self.was_rendered && is_in_place,
            renders: self.counts.renders,
            failures: self.counts.failures,
            last_success: self.counts.last_success.map(unix),
            error: self.failure.clone().or(trouble).or(changed),
            secret_age_seconds: secrets.iter().filter_map(|secret| secret.age_seconds).max(),
            lease_seconds: secrets
                .iter()
                .filter_map(|secret| secret.lease_seconds)
                .min(),
        }
    }

    /// Why this is not rendered, where more waiting is not expected to help.
    pub(in crate::render) fn failure(&self, store: &Store) -> Option<String> {
        if let Some(reason) = &self.failure {
            return Some(reason.clone());
        }
        let troubles = self
            .used
            .iter()
            .filter_map(|request| store.trouble(request));
        let trouble = troubles.into_iter().find(|trouble| trouble.exhausted)?;
        Some(format!(
            "{}: {}",
            self.settings.output.name(),
            trouble.reason
        ))
    }
}

/// What messages call a request. The path of a file may be made of a secret, unless the template
/// mentions it.
pub(crate) fn name_of(request: &Request, mentions: impl FnOnce(&str) -> bool) -> String {
    match request {
        Request::File { path, .. } if !mentions(path) => {
            "file (its path is a value of the template)".to_owned()
        }
        request => request.to_string(),
    }
}
