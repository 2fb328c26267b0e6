//! A certificate with its key, as `pkiCert` gives it to a template.

use std::fmt;

use text_template::{List, Method, Record, RecordType, Signature, Type, Value};

/// The type's name in error texts is part of what people search for.
pub(crate) static PEM: RecordType = RecordType {
    name: "dependency.PemEncoded",
    fields: &[
        ("Cert", Type::String),
        ("Key", Type::String),
        ("CA", Type::String),
        ("CAChain", Type::STRINGS),
    ],
    // The certificate itself, so that it can be read like a secret: `.Data.Cert`.
    methods: &[Method {
        signature: Signature::new("Data", &[]),
        body: |receiver, _| Ok(receiver.clone()),
    }],
};

/// The parts of a certificate in PEM, each ending in a newline; empty where there is none.
///
/// It is made once; every template that uses it shares it.
pub struct Certificate(Record);

/// What a [`Certificate`] is made of.
#[derive(Clone, Copy, Default)]
pub struct CertificateParts<'a> {
    /// The leaf certificate.
    pub cert: &'a str,
    /// Its private key.
    pub key: &'a str,
    /// The authority that issued it.
    pub ca: &'a str,
    /// All distinct authorities, in the order in which they came.
    pub ca_chain: &'a [String],
}

impl Certificate {
    /// A certificate of these parts.
    pub fn new(parts: CertificateParts<'_>) -> Self {
        let chain = parts.ca_chain.iter().map(String::as_str);
        Self(Record::new(
            &PEM,
            vec![
                parts.cert.into(),
                parts.key.into(),
                parts.ca.into(),
                List::of_strings(chain).into(),
            ],
        ))
    }

    /// What `pkiCert` gives to a template.
    pub(crate) fn value(&self) -> Value {
        Value::Record(self.0.clone())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(..)")
    }
}

impl fmt::Debug for CertificateParts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificateParts(..)")
    }
}
