//! The certificate in an answer of the PKI engine: key, certificate and chain of one issuance.

use serde::Deserialize;
use templating::{Certificate, CertificateParts};
use thiserror::Error;
use vault_wire::JsonText;
use zeroize::Zeroizing;

/// An answer that is no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum CertificateError {
    /// Not the fields of the engine.
    #[error(
        "the answer is not a certificate: check that the path is one of a PKI engine (issue/ROLE)"
    )]
    NotPki,
    /// In another form.
    #[error("the certificate is not PEM: leave out format=, or ask for pem or pem_bundle")]
    NotPem,
    /// It would never be renewed.
    #[error("the answer does not say when the certificate expires")]
    NoExpiration,
}

#[derive(Deserialize)]
struct Issued {
    certificate: Zeroizing<String>,
    #[serde(default)]
    private_key: Zeroizing<String>,
    #[serde(default)]
    issuing_ca: String,
    #[serde(default)]
    ca_chain: Option<Vec<String>>,
    #[serde(default)]
    expiration: Option<serde_json::Number>,
}

/// One block of PEM text, with its newline.
pub(super) struct Block<'a> {
    pub(super) label: &'a str,
    pub(super) text: &'a str,
}

pub(crate) fn read(data: Option<&JsonText>) -> Result<Certificate, CertificateError> {
    let issued: Issued = data
        .and_then(|data| data.parse().ok())
        .ok_or(CertificateError::NotPki)?;
    if issued.expiration.is_none() {
        return Err(CertificateError::NoExpiration);
    }
    let mut key = None;
    let mut certificates = Vec::new();
    // A bundle has the key and the chain in the same field, the leaf first.
    for block in blocks(&issued.certificate) {
        match block.label {
            "CERTIFICATE" => certificates.push(block.text),
            label if label.ends_with("PRIVATE KEY") => key = Some(line(block.text)),
            _ => {}
        }
    }
    let (leaf, rest) = certificates.split_first().ok_or(CertificateError::NotPem)?;
    if let Some(block) = blocks(&issued.private_key).next() {
        key = Some(line(block.text));
    }
    let mut chain: Vec<String> = Vec::new();
    let sent = issued.ca_chain.unwrap_or_default();
    let issuers = sent.iter().map(String::as_str);
    for authority in issuers
        .chain([issued.issuing_ca.as_str()])
        .chain(rest.iter().copied())
    {
        let authority = line(authority);
        if !authority.is_empty() && !chain.contains(&*authority) {
            chain.push(authority.to_string());
        }
    }
    let ca = match line(&issued.issuing_ca) {
        ca if ca.is_empty() => chain.first().cloned().unwrap_or_default(),
        ca => ca.to_string(),
    };
    Ok(Certificate::new(CertificateParts {
        cert: &line(leaf),
        key: key.as_ref().map_or("", |key| key),
        ca: &ca,
        ca_chain: &chain,
    }))
}

/// Text that ends in one newline, as each part does for templates.
fn line(text: &str) -> Zeroizing<String> {
    let text = text.trim();
    Zeroizing::new(if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    })
}

pub(super) fn blocks(text: &str) -> impl Iterator<Item = Block<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find("-----BEGIN ")?;
        let from = &rest[start..];
        let label = from["-----BEGIN ".len()..].split("-----").next()?;
        let close = format!("-----END {label}-----");
        let end = from.find(&close)? + close.len();
        rest = &from[end..];
        Some(Block {
            label,
            text: &from[..end],
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use templating::{Context, Found, Options, Outcome, Request, Secrets, Template};

    use super::*;

    struct One(std::sync::Arc<Certificate>);

    impl Secrets for One {
        fn lookup(&self, _: &Request) -> Option<Found> {
            Some(Found::Pki(std::sync::Arc::clone(&self.0)))
        }
    }

    fn mk_pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----")
    }

    /// What a template sees of it.
    fn shown(data: &Value) -> Result<String, CertificateError> {
        let data = JsonText::new(data.to_string());
        let secrets = One(std::sync::Arc::new(read(Some(&data))?));
        let text = "{{ with pkiCert `pki/issue/a` }}{{ .Cert }}|{{ .Key }}|{{ .CA }}|\
                    {{ range .CAChain }}{{ . }},{{ end }}{{ end }}";
        let template = Template::parse(text, Options::default()).unwrap();
        let render = template.render(&Context::new(&secrets, &|_| None)).unwrap();
        match render.outcome {
            Outcome::Complete(text) => Ok(String::from_utf8(text.to_vec()).unwrap()),
            Outcome::Waiting { .. } => panic!("all is there"),
        }
    }

    #[test]
    fn fields_and_a_bundle_give_the_same_parts() {
        let (leaf, key) = (
            mk_pem("CERTIFICATE", "leaf"),
            mk_pem("RSA PRIVATE KEY", "key"),
        );
        let (ca, root) = (mk_pem("CERTIFICATE", "ca"), mk_pem("CERTIFICATE", "root"));
        let expected = format!("{leaf}\n|{key}\n|{ca}\n|{ca}\n,{root}\n,");
        let fields = json!({
            "certificate": leaf, "private_key": key, "issuing_ca": ca, "ca_chain": [ca, root],
            "expiration": 1,
        });
        assert_eq!(shown(&fields).unwrap(), expected);
        let bundle = json!({
            "certificate": format!("{key}\n{leaf}\n{ca}\n{root}"), "issuing_ca": ca, "expiration": 1,
        });
        assert_eq!(shown(&bundle).unwrap(), expected);
    }

    #[test]
    fn what_is_no_certificate_says_so() {
        let error = |data: Value| shown(&data).unwrap_err();
        assert_eq!(error(json!({"username": "a"})), CertificateError::NotPki);
        let der = json!({"certificate": "MIIB", "expiration": 1});
        assert_eq!(error(der), CertificateError::NotPem);
        let endless = json!({"certificate": mk_pem("CERTIFICATE", "leaf")});
        assert_eq!(error(endless), CertificateError::NoExpiration);
    }
}
