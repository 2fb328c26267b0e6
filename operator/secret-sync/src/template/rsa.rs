//! Values that are encrypted for an RSA key.

use oaep_sha1::Sha1;
use rsa::Oaep;
use rsa::sha2::{Sha256, Sha512};
use text_template::CallError;

use super::key::PrivateKey;
use super::pem;

/// The value behind `secret`.
pub(super) fn decrypt(
    scheme: &[u8],
    hash: &[u8],
    secret: &[u8],
    key: &[u8],
) -> Result<Vec<u8>, CallError> {
    match scheme {
        b"None" => return Ok(secret.to_vec()),
        b"RSA-OAEP" => {}
        other => {
            let other = String::from_utf8_lossy(other);
            return Err(CallError::new("decryption scheme ")
                .value(other)
                .words(" is not supported"));
        }
    }
    let (block, _) =
        pem::decode(key).ok_or_else(|| CallError::new("failed to decode PEM block"))?;
    let key = PrivateKey::of_any_der(&block.bytes)
        .map_err(|error| error.within("could not parse private key: "))?;
    let PrivateKey::Rsa(key) = key else {
        return Err(CallError::new("could not parse RSA private key"));
    };
    let mut rng = rand::rng();
    let plain = match hash {
        b"SHA1" => key.decrypt_blinded(&mut rng, Oaep::<Sha1>::new(), secret),
        b"SHA512" => key.decrypt_blinded(&mut rng, Oaep::<Sha512>::new(), secret),
        _ => key.decrypt_blinded(&mut rng, Oaep::<Sha256>::new(), secret),
    };
    plain
        .map_err(|_| CallError::new("error decrypting data with RSA: crypto/rsa: decryption error"))
}
