//! Keys as Go's `crypto/x509` reads and writes them: PKCS#1, PKCS#8, SEC 1 and the public form.

use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use rsa::pkcs8::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, OctetStringRef};
use rsa::pkcs8::der::{Decode, Encode};
use rsa::pkcs8::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, PrivateKeyInfoRef};
use sec1::{EcParameters, EcPrivateKey};
use text_template::CallError;
use zeroize::Zeroizing;

use super::pem;

const ELLIPTIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A key or certificate in its binary form, wiped when it goes.
pub(super) type Der = Zeroizing<Vec<u8>>;

/// A curve of NIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Curve {
    P224,
    P256,
    P384,
    P521,
}

impl Curve {
    const ALL: [Self; 4] = [Self::P224, Self::P256, Self::P384, Self::P521];

    fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::P224 => "1.3.132.0.33",
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
        })
    }

    fn of_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid)
    }

    /// Bytes of a coordinate.
    pub(super) fn size(self) -> usize {
        match self {
            Self::P224 => 28,
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

/// The algorithm of keys on the curve with this number.
fn on_curve(oid: &ObjectIdentifier) -> AlgorithmIdentifierRef<'_> {
    AlgorithmIdentifierRef {
        oid: ELLIPTIC,
        parameters: Some(AnyRef::from(oid)),
    }
}

/// A private key.
pub(super) enum PrivateKey {
    Rsa(Box<rsa::PrivateKey>),
    Elliptic {
        curve: Curve,
        /// As long as a coordinate.
        scalar: Der,
        /// Uncompressed; `None` where the file does not have it.
        point: Option<Vec<u8>>,
    },
    /// The seed.
    Ed25519(Der),
}

/// A public key.
pub(super) enum PublicKey {
    Rsa(rsa::PublicKey),
    /// The point, uncompressed.
    Elliptic(Curve, Vec<u8>),
    Ed25519(Vec<u8>),
}

fn malformed() -> CallError {
    CallError::new("x509: malformed private key")
}

impl PrivateKey {
    /// A key in any of the three forms.
    pub(super) fn of_any_der(der: &[u8]) -> Result<Self, CallError> {
        Self::of_pkcs1(der)
            .or_else(|_| Self::of_pkcs8(der))
            .or_else(|_| Self::of_sec1(der, None))
            .map_err(|_| CallError::new("unable to parse private key type"))
    }

    /// The key of a PEM text, in the form that its first line names.
    pub(super) fn of_pem(text: &[u8]) -> Result<Self, CallError> {
        let (block, _) = pem::decode(text).ok_or_else(|| CallError::new("no PEM data in input"))?;
        let of_block = |words: &str, key: Result<Self, CallError>| {
            key.map_err(|error| error.within(format!("{words}: ")))
        };
        match block.kind.as_str() {
            "PRIVATE KEY" => of_block("decoding PEM as PKCS#8", Self::of_pkcs8(&block.bytes)),
            "RSA PRIVATE KEY" => of_block(
                "parsing RSA private key from PEM",
                Self::of_pkcs1(&block.bytes),
            ),
            "EC PRIVATE KEY" => of_block(
                "parsing EC private key from PEM",
                Self::of_sec1(&block.bytes, None),
            ),
            kind if kind.ends_with(" PRIVATE KEY") => {
                Err(CallError::new("invalid private key type ").value(kind))
            }
            kind => Err(CallError::new("no private key data in PEM block of type ").value(kind)),
        }
    }

    fn of_pkcs1(der: &[u8]) -> Result<Self, CallError> {
        let key = rsa::PrivateKey::from_pkcs1_der(der).map_err(|_| malformed())?;
        Ok(Self::Rsa(Box::new(key)))
    }

    pub(super) fn of_pkcs8(der: &[u8]) -> Result<Self, CallError> {
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| malformed())?;
        let content = info.private_key.as_bytes();
        match info.algorithm.oid {
            ELLIPTIC => {
                let curve = info.algorithm.parameters_oid().ok();
                let curve = curve.and_then(Curve::of_oid).ok_or_else(malformed)?;
                Self::of_sec1(content, Some(curve))
            }
            ED25519 => {
                let seed = <&OctetStringRef>::from_der(content).map_err(|_| malformed())?;
                if seed.as_bytes().len() != 32 {
                    return Err(malformed());
                }
                Ok(Self::Ed25519(Zeroizing::new(seed.as_bytes().to_vec())))
            }
            _ => {
                let key = rsa::PrivateKey::from_pkcs8_der(der).map_err(|_| malformed())?;
                Ok(Self::Rsa(Box::new(key)))
            }
        }
    }

    /// `curve` is what the text around the key says of it.
    fn of_sec1(der: &[u8], curve: Option<Curve>) -> Result<Self, CallError> {
        let key = EcPrivateKey::from_der(der).map_err(|_| malformed())?;
        let own = key.parameters.and_then(EcParameters::named_curve);
        let curve = curve
            .or_else(|| own.and_then(Curve::of_oid))
            .ok_or_else(malformed)?;
        Self::elliptic(curve, key.private_key, key.public_key.map(<[u8]>::to_vec))
    }

    /// A key of a curve; a scalar that is short gets zeros in front.
    pub(super) fn elliptic(
        curve: Curve,
        scalar: &[u8],
        point: Option<Vec<u8>>,
    ) -> Result<Self, CallError> {
        Ok(Self::Elliptic {
            curve,
            scalar: padded(scalar, curve.size()).ok_or_else(malformed)?,
            point: point.filter(|point| point.len() == 1 + 2 * curve.size()),
        })
    }

    /// PKCS#8.
    pub(super) fn to_pkcs8(&self) -> Result<Der, CallError> {
        let not_written = |_| malformed();
        let document = match self {
            Self::Rsa(key) => key.to_pkcs8_der().map_err(|_| malformed())?.to_bytes(),
            Self::Elliptic { curve, .. } => {
                let content = self.to_sec1(false)?;
                let content = OctetStringRef::new(&content).map_err(not_written)?;
                let oid = curve.oid();
                let info = PrivateKeyInfoRef::new(on_curve(&oid), content);
                Zeroizing::new(info.to_der().map_err(not_written)?)
            }
            Self::Ed25519(seed) => {
                let content = OctetStringRef::new(seed).and_then(|seed| seed.to_der());
                let content = Zeroizing::new(content.map_err(not_written)?);
                let content = OctetStringRef::new(&content).map_err(not_written)?;
                let algorithm = AlgorithmIdentifierRef {
                    oid: ED25519,
                    parameters: None,
                };
                let info = PrivateKeyInfoRef::new(algorithm, content);
                Zeroizing::new(info.to_der().map_err(not_written)?)
            }
        };
        Ok(document)
    }

    fn to_sec1(&self, with_curve: bool) -> Result<Der, CallError> {
        let Self::Elliptic {
            curve,
            scalar,
            point,
        } = self
        else {
            return Err(malformed());
        };
        let key = EcPrivateKey {
            private_key: scalar,
            parameters: with_curve.then(|| EcParameters::NamedCurve(curve.oid())),
            public_key: point.as_deref(),
        };
        let der = key.to_der().map_err(|_| malformed())?;
        Ok(Zeroizing::new(der))
    }

    /// A PEM text in the key's oldest form.
    pub(super) fn to_pem(&self) -> Result<String, CallError> {
        Ok(match self {
            Self::Rsa(key) => {
                let der = key.to_pkcs1_der().map_err(|_| malformed())?;
                pem::of_der("RSA PRIVATE KEY", der.as_bytes())
            }
            Self::Elliptic { .. } => pem::of_der("EC PRIVATE KEY", &self.to_sec1(true)?),
            Self::Ed25519(_) => pem::of_der("PRIVATE KEY", &self.to_pkcs8()?),
        })
    }
}

impl PublicKey {
    /// `SubjectPublicKeyInfo`.
    pub(super) fn to_der(&self) -> Result<Vec<u8>, CallError> {
        let wrong = || CallError::new("x509: malformed public key");
        let encoded = |algorithm, bits: &[u8]| {
            let subject_public_key = BitStringRef::from_bytes(bits).map_err(|_| wrong())?;
            let info = SubjectPublicKeyInfoRef {
                algorithm,
                subject_public_key,
            };
            info.to_der().map_err(|_| wrong())
        };
        match self {
            Self::Rsa(key) => {
                let document = key.to_public_key_der().map_err(|_| wrong())?;
                Ok(document.into_vec())
            }
            Self::Elliptic(curve, point) => {
                let oid = curve.oid();
                encoded(on_curve(&oid), point)
            }
            Self::Ed25519(key) => {
                let algorithm = AlgorithmIdentifierRef {
                    oid: ED25519,
                    parameters: None,
                };
                encoded(algorithm, key)
            }
        }
    }
}

/// A number with zeros in front, as long as asked for; `None` if it is longer.
pub(super) fn padded(number: &[u8], size: usize) -> Option<Der> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let digits = &number[zeros..];
    let mut padded = Zeroizing::new(vec![0; size]);
    let start = size.checked_sub(digits.len())?;
    padded[start..].copy_from_slice(digits);
    Some(padded)
}
