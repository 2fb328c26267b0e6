//! The certificates that a pod's templates issue: which of them are one, and which are two.

use contract::annotations;
use contract::diagnostics::secrets as codes;
use templating::lint::{ApiPath, EngineKind, Read};

use crate::vocabulary::warning::Warning;
use crate::warn::subject::Subject;

/// All certificates, in the order of the templates.
#[derive(Default)]
pub(super) struct Certificates<'a>(Vec<Issued<'a>>);

/// One certificate that a template issues.
struct Issued<'a> {
    secret: &'a str,
    path: &'a str,
    /// In order, because the order they are written in means nothing.
    arguments: Vec<&'a str>,
    /// Whether `pkiCert` issues it.
    is_shared: bool,
    has_key: bool,
    has_certificate: bool,
    /// What there is to say if no other template issues the same.
    alone: Option<Warning>,
}

impl Issued<'_> {
    fn is_same(&self, other: &Self) -> bool {
        self.is_shared == other.is_shared && self.arguments == other.arguments
    }
}

impl<'a> Certificates<'a> {
    /// Takes what a template reads, and what there is to say of some of it by number.
    pub(super) fn note(
        &mut self,
        secret: &'a str,
        reads: Vec<Read<'a>>,
        mut warnings: Vec<(usize, Warning)>,
    ) {
        for (at, read) in reads.into_iter().enumerate() {
            let is_issued = || ApiPath::new(read.path).engine() == EngineKind::Certificate;
            if !read.is_certificate && !is_issued() {
                continue;
            }
            let Some(mut arguments) = read.arguments else {
                continue;
            };
            arguments.retain(|it| !it.is_empty());
            arguments.sort_unstable();
            let (key, certificate) = if read.is_certificate {
                ("Key", "Cert")
            } else {
                ("private_key", "certificate")
            };
            let alone = warnings.iter().position(|it| it.0 == at);
            self.0.push(Issued {
                secret,
                path: read.path,
                arguments,
                is_shared: read.is_certificate,
                has_key: read.keys.contains(&key),
                has_certificate: read.keys.contains(&certificate),
                alone: alone.map(|at| warnings.swap_remove(at).1),
            });
        }
    }

    /// What is wrong with them together: above all the key of one beside another certificate.
    pub(super) fn warnings(&mut self, subject: Subject<'_, '_>) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for (at, issued) in self.0.iter().enumerate() {
            let others = self.0.iter().enumerate().filter(|(other, _)| *other != at);
            let mut others = others
                .map(|it| it.1)
                .filter(|other| other.path == issued.path);
            if let Some(warning) = &issued.alone
                && !others.clone().any(|other| other.is_same(issued))
            {
                warnings.push(warning.clone());
            }
            if !issued.has_key || issued.has_certificate {
                continue;
            }
            let is_certificate = |it: &&Issued<'_>| it.has_certificate && !it.has_key;
            if others
                .clone()
                .any(|it| is_certificate(&it) && it.is_same(issued))
            {
                continue;
            }
            if let Some(certificate) = others.find(is_certificate) {
                warnings.push(two(subject, issued, certificate));
            }
        }
        warnings
    }
}

fn two(subject: Subject<'_, '_>, key: &Issued<'_>, certificate: &Issued<'_>) -> Warning {
    let why = if key.is_shared == certificate.is_shared {
        "their arguments differ"
    } else {
        "one is issued by secret and the other by pkiCert"
    };
    let start = if key.secret == certificate.secret {
        format!("agent-inject-template-{} writes", key.secret)
    } else {
        format!(
            "agent-inject-template-{} and -{} write",
            key.secret, certificate.secret
        )
    };
    let text = format!(
        "{start} the private key of one certificate and another certificate, because {why}: write \
         pkiCert with the same arguments in both"
    );
    let at = subject
        .annotations
        .key_for(&annotations::TEMPLATE, key.secret);
    Warning::new(codes::TWO_CERTIFICATES, text).at(at)
}
