//! What a page reports about itself.

use std::path::Path;

use templating::Request;

use super::Page;
use crate::render::effect::NAMELESS;
use crate::status::{SecretStatus, TemplateStatus, unix};
use crate::store::Store;

impl Page {
    /// What there is to say about it.
    pub(in crate::render) fn status(&self, store: &Store) -> TemplateStatus {
        let secrets: Vec<SecretStatus> = self
            .used
            .iter()
            .filter_map(|request| store.status(request))
            .collect();
        let trouble = secrets.iter().find_map(|secret| secret.error.clone());
        let mut losses = self.placed.iter().filter_map(|file| {
            let (loss, name) = (file.loss()?, self.shown(file.path()));
            Some(format!(
                "{name}: {loss} by somebody else, and will be rendered again"
            ))
        });
        let lost = losses.next();
        TemplateStatus {
            destination: self.settings.output.name(),
            rendered: self.was_rendered && lost.is_none(),
            renders: self.counts.renders,
            failures: self.counts.failures,
            last_success: self.counts.last_success.map(unix),
            error: self.failure.clone().or(trouble).or(lost),
            secret_age_seconds: secrets.iter().filter_map(|secret| secret.age_seconds).max(),
            lease_seconds: secrets
                .iter()
                .filter_map(|secret| secret.lease_seconds)
                .min(),
        }
    }

    /// Its files that somebody else has removed or changed since it was asked last.
    pub(in crate::render) fn new_losses(&mut self) -> Vec<String> {
        let files = self.placed.iter_mut();
        let losses = files.filter_map(|file| Some((file.new_loss()?, file.path().to_owned())));
        let losses: Vec<_> = losses.collect();
        let texts = losses
            .iter()
            .map(|(loss, path)| format!("{} ({loss})", self.shown(path)));
        texts.collect()
    }

    /// What messages call one of its files. The path of a further one may be a secret, unless the
    /// template mentions it.
    fn shown(&self, path: &Path) -> String {
        let name = path.display().to_string();
        if self.file() == Some(path) || self.mentions(&name) {
            name
        } else {
            NAMELESS.to_owned()
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
