//! Keys and certificates that a template makes.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rand::Rng as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use text_template::{CallError, Record, RecordType, Type, Value};

use super::certificate::{self, KIND};
use super::key::PrivateKey;
use super::pem;
use operator_api::DecodingStrategy;

use crate::decode;

/// A certificate and its key, both PEM.
pub(super) static CERTIFICATE: RecordType = RecordType {
    name: "sprig.certificate",
    fields: &[("Cert", Type::String), ("Key", Type::String)],
    methods: &[],
};

/// Bits of the keys of certificates, and of those that a template asks for.
const BITS: usize = 2048;
const BITS_ALONE: usize = 4096;

/// A new key, or a text that says why there is none.
pub(super) fn private_key(kind: &str) -> Result<String, CallError> {
    match kind {
        "" | "rsa" => rsa(BITS_ALONE)?.to_pem(),
        "ecdsa" => generated(&rcgen::PKCS_ECDSA_P256_SHA256),
        "ed25519" => generated(&rcgen::PKCS_ED25519),
        "dsa" => Ok(String::from(
            "failed to generate private key: DSA is not supported",
        )),
        other => Ok(format!("Unknown type {other}")),
    }
}

fn rsa(bits: usize) -> Result<PrivateKey, CallError> {
    let key = rsa::PrivateKey::new(&mut rand::rng(), bits)
        .map_err(|_| CallError::new("error generating rsa key"))?;
    Ok(PrivateKey::Rsa(Box::new(key)))
}

fn generated(algorithm: &'static rcgen::SignatureAlgorithm) -> Result<String, CallError> {
    let pair = KeyPair::generate_for(algorithm)
        .map_err(|_| CallError::new("failed to generate private key"))?;
    PrivateKey::of_pkcs8(pair.serialized_der())?.to_pem()
}

/// The key that a certificate is made for: one that the template has, or a new one.
pub(super) fn key_or_new(text: Option<&[u8]>) -> Result<PrivateKey, CallError> {
    match text {
        None => rsa(BITS),
        Some(text) => {
            PrivateKey::of_pem(text).map_err(|error| error.within("parsing private key: "))
        }
    }
}

/// What a certificate is for.
pub(super) struct Wanted<'a> {
    pub(super) common_name: &'a str,
    /// Addresses; lists of texts, or `nil`.
    pub(super) addresses: &'a Value,
    /// Names of hosts.
    pub(super) hosts: &'a Value,
    pub(super) days: i64,
    pub(super) is_authority: bool,
}

/// A certificate that its own key signs. The key is made once all else is right.
pub(super) fn self_signed(
    wanted: &Wanted<'_>,
    key: impl FnOnce() -> Result<PrivateKey, CallError>,
) -> Result<Value, CallError> {
    let parameters = parameters(wanted)?;
    let key = key()?;
    let signed = parameters.self_signed(&pair(&key)?);
    let signed = signed.map_err(|error| not_created(&error))?;
    Ok(record(pem::of_der(KIND, signed.der()), key.to_pem()?))
}

/// A certificate that an authority signs: a certificate and its key.
pub(super) fn signed(
    wanted: &Wanted<'_>,
    authority: &Record,
    key: impl FnOnce() -> Result<PrivateKey, CallError>,
) -> Result<Value, CallError> {
    let part = |name| {
        let text = authority.field(name).and_then(|(_, value)| value.as_text());
        text.map_or(&[][..], |text| text.as_bytes())
    };
    let (block, _) =
        pem::decode(part("Cert")).ok_or_else(|| CallError::new("unable to decode certificate"))?;
    certificate::parse(&block.bytes)
        .map_err(|error| error.within("error parsing certificate: decodedSignerCert.Bytes: "))?;
    let signer = PrivateKey::of_pem(part("Key"))
        .map_err(|error| error.within("error parsing private key: "))?;
    let issuer = Issuer::from_ca_cert_der(&block.bytes.as_slice().into(), pair(&signer)?)
        .map_err(|error| not_created(&error))?;
    let mut parameters = parameters(wanted)?;
    parameters.use_authority_key_identifier_extension = true;
    let key = key()?;
    let certificate = parameters
        .signed_by(&pair(&key)?, &issuer)
        .map_err(|error| not_created(&error))?;
    Ok(record(pem::of_der(KIND, certificate.der()), key.to_pem()?))
}

/// A certificate and a key that the template has, both in base64, if they can be read.
pub(super) fn given(certificate: &[u8], key: &[u8]) -> Result<Value, CallError> {
    let decoded = |text, what: &str| {
        let wrong = || CallError::new(format!("unable to decode base64 {what}"));
        decode(DecodingStrategy::Base64, text).map_err(|_| wrong())
    };
    let certificate = decoded(certificate, "certificate")?;
    let key = decoded(key, "private key")?;
    let (block, _) =
        pem::decode(&certificate).ok_or_else(|| CallError::new("unable to decode certificate"))?;
    certificate::parse(&block.bytes)
        .map_err(|error| error.within("error parsing certificate: decodedCert.Bytes: "))?;
    PrivateKey::of_pem(&key).map_err(|error| error.within("error parsing private key: "))?;
    Ok(record(certificate, key))
}

fn record(
    certificate: impl Into<text_template::Text>,
    key: impl Into<text_template::Text>,
) -> Value {
    let parts = vec![Value::string(certificate), Value::string(key)];
    Value::Record(Record::new(&CERTIFICATE, parts))
}

fn not_created(error: &rcgen::Error) -> CallError {
    CallError::new(format!("error creating certificate: {error}"))
}

fn pair(key: &PrivateKey) -> Result<KeyPair, CallError> {
    let der = key.to_pkcs8()?;
    KeyPair::try_from(der.as_slice()).map_err(|error| not_created(&error))
}

fn parameters(wanted: &Wanted<'_>) -> Result<CertificateParams, CallError> {
    let mut names = Vec::new();
    for address in texts(wanted.addresses, "error parsing ip")? {
        let wrong = || CallError::new("error parsing ip: ").value(address.as_str());
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        names.push(SanType::IpAddress(address));
    }
    for host in texts(wanted.hosts, "error processing alternate dns name")? {
        let wrong = || CallError::new("error creating certificate: no name of a host: ");
        let name = host.as_str().try_into().map_err(|_| wrong().value(host))?;
        names.push(SanType::DnsName(name));
    }
    names.sort_by_key(|name| matches!(name, SanType::IpAddress(_)));
    let mut parameters = CertificateParams::default();
    parameters.subject_alt_names = names;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, wanted.common_name);
    let mut serial = [0; 16];
    rand::rng().fill_bytes(&mut serial);
    // A serial number is positive and takes at most 16 bytes.
    serial[0] &= 0x7f;
    parameters.serial_number = Some(SerialNumber::from_slice(&serial));
    let now = SystemTime::now();
    let days = u64::try_from(wanted.days).unwrap_or(0);
    let end = days
        .checked_mul(24 * 60 * 60)
        .and_then(|seconds| now.checked_add(Duration::from_secs(seconds)))
        // The last moment that a certificate can have.
        .filter(|end| *end < SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799))
        .ok_or_else(|| CallError::new("error creating certificate: too many days"))?;
    parameters.not_before = now.into();
    parameters.not_after = end.into();
    parameters.key_usages = vec![
        KeyUsagePurpose::KeyEncipherment,
        KeyUsagePurpose::DigitalSignature,
    ];
    parameters.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    parameters.is_ca = IsCa::ExplicitNoCa;
    if wanted.is_authority {
        parameters.key_usages.push(KeyUsagePurpose::KeyCertSign);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    Ok(parameters)
}

/// The texts of a list; of `nil` none.
fn texts(list: &Value, what: &str) -> Result<Vec<String>, CallError> {
    let Value::List(list) = list else {
        return Ok(Vec::new());
    };
    let texts = list.items().iter().map(|item| match item {
        Value::String(text) => Ok(text.to_str_lossy().into_owned()),
        _ => Err(CallError::new(format!("{what}: an item is not a string"))),
    });
    texts.collect()
}
