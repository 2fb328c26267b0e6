//! Signatures that are checked and certificates that verify.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey, VerificationAlgorithm,
};
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use std::time::Duration;
use vault_model::{Authority, Crypto, Issued, JwtError, PublicKey, Signed, Subject};

/// What a server does that real clients talk to.
#[derive(Debug)]
pub(crate) struct Real;

impl Crypto for Real {
    fn check(&self, token: &Signed<'_>, keys: &[PublicKey]) -> Result<(), JwtError> {
        let algorithm: &'static dyn VerificationAlgorithm = match token.algorithm {
            "ES256" => &ECDSA_P256_SHA256_FIXED,
            "RS256" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(JwtError::Algorithm),
        };
        let made = |key: &PublicKey| {
            let key = UnparsedPublicKey::new(algorithm, key.der());
            key.verify(token.message, token.signature).is_ok()
        };
        if keys.iter().any(made) {
            Ok(())
        } else {
            Err(JwtError::Signature)
        }
    }

    fn authority(&self, subject: &Subject) -> Result<Box<dyn Authority>, String> {
        let mut params = parameters(subject);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root = KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key));
        let root = root.map_err(|error| error.to_string())?;
        Ok(Box::new(Root {
            pem: root.pem(),
            issuer: root,
        }))
    }
}

struct Root {
    issuer: CertifiedIssuer<'static, KeyPair>,
    pem: String,
}

impl std::fmt::Debug for Root {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Root").finish_non_exhaustive()
    }
}

impl Authority for Root {
    fn certificate(&self) -> &str {
        &self.pem
    }

    fn issue(&self, subject: &Subject) -> Result<Issued, String> {
        let mut params = parameters(subject);
        let failed = |error: rcgen::Error| error.to_string();
        params.subject_alt_names = CertificateParams::new(subject.alternative_names.clone())
            .map_err(failed)?
            .subject_alt_names;
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Issued {
            certificate: certificate.pem(),
            private_key: key.serialize_pem(),
        })
    }
}

fn parameters(subject: &Subject) -> CertificateParams {
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, subject.common_name.as_str());
    // The type of these fields is rcgen's own business: this is how to count from its epoch.
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let since = |time: Timestamp| Duration::from_secs(u64::try_from(time.as_second()).unwrap_or(0));
    params.not_before = epoch + since(subject.not_before);
    params.not_after = epoch + since(subject.not_after);
    params
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::{Value, json};
    use vault_model::{Config, Model, Refusal};

    use super::*;
    use crate::ServiceAccountKeys;

    const HOUR: Duration = Duration::from_secs(3600);

    fn mk_mount(keys: &ServiceAccountKeys) -> (Model, Timestamp) {
        let now = Timestamp::now();
        let crypto = Box::new(Real);
        let mut model = Model::new(
            now,
            Config {
                crypto,
                ..Config::default()
            },
        );
        let mut write = |path, body| model.write(now, path, &body).unwrap();
        write("sys/auth/jwt", json!({ "type": "jwt" }));
        let trusted = json!({ "jwt_validation_pubkeys": keys.public_key_pem() });
        write("auth/jwt/config", trusted);
        let role = json!({ "user_claim": "sub", "bound_audiences": "vault" });
        write("auth/jwt/role/app", role);
        (model, now)
    }

    fn login(model: &mut Model, now: Timestamp, jwt: &str) -> Result<Value, Refusal> {
        let body = json!({ "role": "app", "jwt": jwt });
        model.write(now, "auth/jwt/login", &body)
    }

    #[test]
    fn a_token_of_either_algorithm_logs_in_with_its_own_key() {
        for keys in [
            ServiceAccountKeys::generate(),
            ServiceAccountKeys::generate_rsa(),
        ] {
            let (mut model, now) = mk_mount(&keys);
            let jwt = keys.mint_at("production", "api", &["vault"], now, HOUR);
            login(&mut model, now, &jwt).unwrap();
            let foreign = ServiceAccountKeys::generate();
            let jwt = foreign.mint_at("production", "api", &["vault"], now, HOUR);
            let refused = login(&mut model, now, &jwt).unwrap_err();
            assert!(refused.errors[0].contains("no known key"), "{refused}");
        }
    }

    #[test]
    fn an_unsigned_token_and_mixed_parts_are_refused() {
        let keys = ServiceAccountKeys::generate();
        let (mut model, now) = mk_mount(&keys);
        let mine = keys.mint_at("production", "web", &["vault"], now, HOUR);
        let other = keys.mint_at("production", "api", &["vault"], now, HOUR);
        let (mine, other): (Vec<&str>, Vec<&str>) =
            (mine.split('.').collect(), other.split('.').collect());
        let mixed = format!("{}.{}.{}", mine[0], other[1], mine[2]);
        let refused = login(&mut model, now, &mixed).unwrap_err();
        assert!(refused.errors[0].contains("no known key"), "{refused}");
        // {"alg":"none"}
        let none = format!("eyJhbGciOiJub25lIn0.{}.", mine[1]);
        let refused = login(&mut model, now, &none).unwrap_err();
        assert!(refused.errors[0].contains("signing algorithm"), "{refused}");
    }
}
