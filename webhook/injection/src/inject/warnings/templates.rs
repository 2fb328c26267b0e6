//! What a template that parses says of its secrets.

use std::collections::BTreeMap;

use contract::annotations::{self, AnnotationSpec, nearest_of};
use contract::diagnostics::Code;
use contract::diagnostics::secrets as codes;
use templating::Template;
use templating::lint::{ApiPath, EngineKind, Finding, Problem, Read, Report};

use super::{Subject, Warning};
use crate::inject::secrets::Secret;

/// The most characters of a path that a message shows.
const SHOWN: usize = 80;

/// The checks of a pod's templates.
pub(super) struct Checks<'a, 's, 'p> {
    subject: Subject<'s, 'p>,
    /// Certificates that `secret` issues, by their path.
    certificates: BTreeMap<String, Vec<Issued<'a>>>,
}

/// One certificate that a template issues.
struct Issued<'a> {
    secret: &'a str,
    arguments: Vec<String>,
    has_key: bool,
    has_certificate: bool,
}

impl<'a, 's, 'p> Checks<'a, 's, 'p> {
    pub(super) fn new(subject: Subject<'s, 'p>) -> Self {
        Self {
            subject,
            certificates: BTreeMap::new(),
        }
    }

    /// A template of the pod's own.
    pub(super) fn template(&mut self, secret: &'a Secret<'_>, template: &Template) -> Vec<Warning> {
        let Some(report) = template.lint() else {
            return Vec::new();
        };
        let findings = report.findings.iter();
        let mut warnings: Vec<_> = findings
            .map(|finding| {
                let key = self.key(&annotations::TEMPLATE, secret);
                told(secret.raw_name, finding).at(key)
            })
            .collect();
        warnings.extend(self.not_read(secret, &report));
        for read in report.reads {
            self.note(secret.raw_name, read);
        }
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
        if path.is_address() {
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
    fn not_read(&self, secret: &Secret<'_>, report: &Report) -> Option<Warning> {
        let (spec, name) = (&annotations::SECRET, secret.raw_name);
        let written = self.subject.annotations.get_for(spec, name)?;
        let path = ApiPath::new(written);
        // Some write any word, because the path of a secret with a template means nothing.
        if !report.is_complete || !path.as_str().contains('/') {
            return None;
        }
        let mut reads = report.reads.iter().map(|read| read.path.as_str());
        if reads.clone().any(|read| read == path.as_str()) {
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

    fn note(&mut self, secret: &'a str, read: Read) {
        let is_issued = ApiPath::new(&read.path).engine() == EngineKind::Certificate;
        let Some(arguments) = read.arguments.filter(|_| is_issued && !read.is_certificate) else {
            return;
        };
        let mut keys = read.keys.iter();
        let issued = Issued {
            secret,
            arguments,
            has_key: read.keys.contains("private_key"),
            has_certificate: keys.any(|key| key == "certificate"),
        };
        self.certificates.entry(read.path).or_default().push(issued);
    }

    /// What no template shows alone: the key of one certificate beside another certificate.
    pub(super) fn across(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for issued in self.certificates.values() {
            let key = issued.iter().find(|it| it.has_key && !it.has_certificate);
            let certificate = issued.iter().find(|it| it.has_certificate && !it.has_key);
            let (Some(key), Some(certificate)) = (key, certificate) else {
                continue;
            };
            if key.arguments == certificate.arguments {
                continue;
            }
            let text = format!(
                "agent-inject-template-{} and -{} write the private key of one certificate and \
                 another certificate, because their arguments differ: write pkiCert with the same \
                 arguments in both",
                key.secret, certificate.secret
            );
            let annotations = self.subject.annotations;
            let at = annotations.key_for(&annotations::TEMPLATE, key.secret);
            warnings.push(Warning::new(codes::TWO_CERTIFICATES, text).at(at));
        }
        warnings
    }

    fn key(&self, spec: &AnnotationSpec, secret: &Secret<'_>) -> String {
        self.subject.annotations.key_for(spec, secret.raw_name)
    }
}

/// The warning of a finding.
fn told(name: &str, finding: &Finding) -> Warning {
    let start = format!(
        "agent-inject-template-{name}, line {}, column {}: ",
        finding.line, finding.column
    );
    let likely = |code: Code, text: String| Warning::new(code, start.clone() + &text);
    let hint = |code: Code, text: String| Warning::hint(code, start.clone() + &text);
    match &finding.problem {
        Problem::MissingData { key, path } => {
            let (path, key) = (shown(path), shown(key));
            let text = format!(
                "{path} is KV v2, whose keys are in .Data.data: write .Data.data.{key} instead of \
                 .Data.{key}"
            );
            likely(codes::KEYS_OF_KV2, text)
        }
        Problem::NoData { path } => {
            let text = format!("{} has no .Data.data: write .Data.KEY", shown(path));
            likely(codes::NO_DATA_IN_DATA, text)
        }
        Problem::RangeOverSecret => {
            let text = "range over a secret, which is one value: write with";
            Warning::sure(codes::RANGE_OVER_SECRET, start + text)
        }
        Problem::Escape => {
            let text = "the template reads nothing and writes the text of a template: an escape \
                        for Helm is left over";
            likely(codes::ESCAPE_LEFT_OVER, text.to_owned())
        }
        Problem::Address { path } => {
            let text = format!(
                "{} has v1/ in front, as in an address: remove it",
                shown(path)
            );
            likely(codes::ADDRESS_AS_PATH, text)
        }
        Problem::Metadata { path } => {
            let text = format!(
                "{} is the metadata of a secret, without values",
                shown(path)
            );
            hint(codes::METADATA_PATH, text)
        }
        Problem::CertificateRead { path } => {
            let path = shown(path);
            let text = format!(
                "{path} issues a certificate and cannot be read: write pkiCert \"{path}\" \
                 \"common_name=NAME\""
            );
            likely(codes::CERTIFICATE_READ, text)
        }
        Problem::CertificateWrite { path } => {
            let text = format!(
                "secret issues another certificate each time: write pkiCert \"{}\"",
                shown(path)
            );
            hint(codes::CERTIFICATE_WRITTEN, text)
        }
    }
}

/// The start of a text that may be as long as anybody likes.
fn shown(text: &str) -> String {
    let mut signs = text.chars();
    let start: String = signs.by_ref().take(SHOWN).collect();
    if signs.next().is_some() {
        format!("{start}…")
    } else {
        start
    }
}
