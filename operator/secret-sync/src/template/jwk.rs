//! JSON Web Keys as PEM.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::prelude::Engine as _;
use rsa::BoxedUint;
use serde_json::{Map, Value as Json};
use text_template::CallError;
use zeroize::Zeroizing;

use super::key::{Curve, Der, PrivateKey, PublicKey, padded};
use super::pem;

/// The public key, which must be all that the JWK has.
pub(super) fn public_pem(text: &[u8]) -> Result<String, CallError> {
    let jwk = Jwk::parse(text)?;
    if jwk.0.contains_key("d") {
        return Err(CallError::new(
            "x509: only public keys can be written: this key is private",
        ));
    }
    let key = match jwk.kind()? {
        "RSA" => {
            let (n, e) = (jwk.number("n")?, jwk.number("e")?);
            PublicKey::Rsa(rsa::PublicKey::new(n, e).map_err(|_| invalid("RSA"))?)
        }
        "EC" => {
            let curve = jwk.curve()?;
            PublicKey::Elliptic(curve, jwk.point(curve)?)
        }
        "OKP" => PublicKey::Ed25519(jwk.ed25519("x")?.to_vec()),
        other => return Err(unsupported(other)),
    };
    Ok(pem::of_der("PUBLIC KEY", &key.to_der()?))
}

/// The private key, in PKCS#8.
pub(super) fn private_pem(text: &[u8]) -> Result<String, CallError> {
    let jwk = Jwk::parse(text)?;
    if !jwk.0.contains_key("d") {
        return Err(CallError::new(
            "x509: only private keys can be written: this key is public",
        ));
    }
    let key = match jwk.kind()? {
        "RSA" => {
            let primes = vec![jwk.number("p")?, jwk.number("q")?];
            let [n, e, d] = [jwk.number("n")?, jwk.number("e")?, jwk.number("d")?];
            let key = rsa::PrivateKey::from_components(n, e, d, primes);
            PrivateKey::Rsa(Box::new(key.map_err(|_| invalid("RSA"))?))
        }
        "EC" => {
            let curve = jwk.curve()?;
            PrivateKey::elliptic(curve, &jwk.bytes("d")?, Some(jwk.point(curve)?))?
        }
        "OKP" => PrivateKey::Ed25519(jwk.ed25519("d")?),
        other => return Err(unsupported(other)),
    };
    Ok(pem::of_der("PRIVATE KEY", &key.to_pkcs8()?))
}

fn invalid(kind: &str) -> CallError {
    CallError::new(format!("the {kind} key is invalid"))
}

fn unsupported(kind: &str) -> CallError {
    CallError::new("x509: unknown key type ").value(kind)
}

struct Jwk(Map<String, Json>);

impl Jwk {
    fn parse(text: &[u8]) -> Result<Self, CallError> {
        // The library's own text would quote the key.
        let jwk =
            serde_json::from_slice(text).map_err(|_| CallError::new("the key is not JSON"))?;
        match jwk {
            Json::Object(members) => Ok(Self(members)),
            _ => Err(CallError::new("the key is not a JSON object")),
        }
    }

    fn text(&self, name: &str) -> Result<&str, CallError> {
        let member = self.0.get(name).and_then(Json::as_str);
        member.ok_or_else(|| CallError::new(format!("the key has no member {name:?}")))
    }

    fn kind(&self) -> Result<&str, CallError> {
        self.text("kty")
    }

    fn bytes(&self, name: &str) -> Result<Der, CallError> {
        let text = self.text(name)?.trim_end_matches('=');
        let text = Zeroizing::new(text.replace('+', "-").replace('/', "_"));
        let bytes = URL_SAFE_NO_PAD.decode(text.as_bytes());
        let bytes = bytes
            .map_err(|_| CallError::new(format!("the member {name:?} of the key is not base64")))?;
        Ok(Zeroizing::new(bytes))
    }

    fn number(&self, name: &str) -> Result<BoxedUint, CallError> {
        let bytes = self.bytes(name)?;
        // No key that people use is longer, and arithmetic takes time.
        if bytes.len() > 2048 {
            return Err(CallError::new("the key is longer than 16384 bits"));
        }
        Ok(BoxedUint::from_be_slice_vartime(&bytes))
    }

    fn curve(&self) -> Result<Curve, CallError> {
        match self.text("crv")? {
            "P-256" => Ok(Curve::P256),
            "P-384" => Ok(Curve::P384),
            "P-521" => Ok(Curve::P521),
            other => Err(CallError::new("invalid curve algorithm ").value(other)),
        }
    }

    fn point(&self, curve: Curve) -> Result<Vec<u8>, CallError> {
        let mut point = vec![4];
        for name in ["x", "y"] {
            let coordinate = padded(&self.bytes(name)?, curve.size());
            point.extend_from_slice(&coordinate.ok_or_else(|| invalid("EC"))?);
        }
        Ok(point)
    }

    /// 32 bytes of a key of the one curve of this kind that PEM is written of.
    fn ed25519(&self, name: &str) -> Result<Der, CallError> {
        match self.text("crv")? {
            "Ed25519" => {}
            other => return Err(unsupported(other)),
        }
        let bytes = self.bytes(name)?;
        if bytes.len() != 32 {
            return Err(invalid("Ed25519"));
        }
        Ok(bytes)
    }
}
