//! What a template that parses says of its secrets.

mod certificates;
mod finding;

use contract::annotations::{self, AnnotationSpec, nearest_of};
use contract::diagnostics::secrets as codes;
use templating::Template;
use templating::lint::{ApiPath, EngineKind, Problem, Report, refused_read, shown};

use self::certificates::Certificates;
use self::finding::told;
use super::subject::Subject;
use crate::ask::secrets::Secret;
use crate::vocabulary::warning::Warning;

/// The checks of a pod's templates.
pub(super) struct Checks<'a, 's, 'p> {
    subject: Subject<'s, 'p>,
    certificates: Certificates<'a>,
}

impl<'a, 's, 'p> Checks<'a, 's, 'p> {
    pub(super) fn new(subject: Subject<'s, 'p>) -> Self {
        Self {
            subject,
            certificates: Certificates::default(),
        }
    }

    /// A template of the pod's own.
    pub(super) fn template(
        &mut self,
        secret: &'a Secret<'_>,
        template: &'a Template,
    ) -> Vec<Warning> {
        let Some(report) = template.lint() else {
            return Vec::new();
        };
        let mut warnings = Vec::new();
        let mut writes = Vec::new();
        for finding in &report.findings {
            let key = self.key(&annotations::TEMPLATE, secret);
            let warning = told(secret.raw_name, finding).at(key);
            match finding.problem {
                // Whether it is issued twice, the other templates tell.
                Problem::CertificateWrite { read, .. }
                    if report.reads[read].arguments.is_some() =>
                {
                    writes.push((read, warning));
                }
                _ => warnings.push(warning),
            }
        }
        warnings.extend(self.not_read(secret, &report));
        self.certificates
            .note(secret.raw_name, report.reads, writes);
        warnings
    }

    /// The path of a secret with a template that is made for it.
    pub(super) fn path(&self, secret: &Secret<'_>) -> Vec<Warning> {
        let (spec, name) = (&annotations::SECRET, secret.raw_name);
        let written = self.subject.annotations.get_for(spec, name);
        let written = written.unwrap_or_default();
        let (path, shown) = (ApiPath::new(written), shown(written.trim()));
        let says = format!("{}-{name}", spec.key);
        let mut warnings = Vec::new();
        if written.contains("://") {
            let text =
                format!("{says}: {shown} is the address of a secret: write what is behind /v1/");
            warnings.push(Warning::sure(codes::ADDRESS_AS_PATH, text));
        } else if let Some((path, field)) = written.split_once('#') {
            let path = path.strip_prefix("vault:").unwrap_or(path);
            let text = format!(
                "{says}: {shown} names a key of a secret: write the path {path}, and take {field} in \
                 agent-inject-template-{name}"
            );
            warnings.push(Warning::new(codes::ADDRESS_AS_PATH, text));
        } else if let Some(fault) = refused_read(written) {
            let text = format!("{says}: the agent refuses the path \"{shown}\": {fault}");
            warnings.push(Warning::sure(codes::PATH_REFUSED, text));
        } else if path.is_address() {
            let text = format!("{says}: {shown} has v1/ in front, as in an address: remove it");
            warnings.push(Warning::new(codes::ADDRESS_AS_PATH, text));
        } else if written.trim_start().starts_with('/') {
            let text = format!("{says}: {shown} begins with a slash: write it without");
            warnings.push(Warning::hint(codes::SLASH_IN_FRONT, text));
        }
        match path.engine() {
            EngineKind::Metadata => {
                let text = format!(
                    "{says}: {shown} is the metadata of a secret, without values: write data/"
                );
                warnings.push(Warning::new(codes::METADATA_PATH, text));
            }
            EngineKind::Certificate => {
                let text = format!(
                    "{says}: {shown} issues a certificate and cannot be read by the default \
                     template: write one with pkiCert \"{shown}\" \"common_name=NAME\""
                );
                warnings.push(Warning::new(codes::CERTIFICATE_READ, text));
            }
            _ => {}
        }
        let at = |it: Warning| it.at(self.key(spec, secret));
        warnings.into_iter().map(at).collect()
    }

    /// A template that does not read the path that its secret names.
    fn not_read(&self, secret: &Secret<'_>, report: &Report<'_>) -> Option<Warning> {
        let (spec, name) = (&annotations::SECRET, secret.raw_name);
        let written = self.subject.annotations.get_for(spec, name)?;
        let path = ApiPath::new(written);
        // Some write any word, because the path of a secret with a template means nothing.
        if !report.is_complete || !path.as_str().contains('/') {
            return None;
        }
        let mut reads = report.reads.iter().map(|read| read.path);
        if reads
            .clone()
            .any(|read| path.is_same_secret(ApiPath::new(read)))
        {
            return None;
        }
        let near = nearest_of(path.as_str(), reads.clone());
        let start = format!(
            "{}-{name}: the template does not read {}",
            spec.key,
            shown(path.as_str())
        );
        let warning = match (near, reads.next()) {
            (Some(near), _) => Warning::new(
                codes::NOT_READ,
                format!("{start}, but {}: one of them is misspelt", shown(near)),
            ),
            (None, Some(read)) => {
                Warning::hint(codes::NOT_READ, format!("{start}, but {}", shown(read)))
            }
            (None, None) => Warning::hint(codes::NOT_READ, start),
        };
        Some(warning.at(self.key(spec, secret)))
    }

    /// What no template shows alone.
    pub(super) fn across(&mut self) -> Vec<Warning> {
        self.certificates.warnings(self.subject)
    }

    fn key(&self, spec: &AnnotationSpec, secret: &Secret<'_>) -> String {
        self.subject.annotations.key_for(spec, secret.raw_name)
    }
}
