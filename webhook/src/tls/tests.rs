use rcgen::{CertifiedKey as Made, generate_simple_self_signed};
use tempfile::TempDir;

use super::*;

fn mk_pair() -> (String, String) {
    let Made { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's certificate is no secret"
)]
fn write(directory: &TempDir, certificate: &str, key: &str) -> CertificateFiles {
    let (certificate_file, key_file) = (
        directory.path().join("tls.crt"),
        directory.path().join("tls.key"),
    );
    fs::write(&certificate_file, certificate).unwrap();
    fs::write(&key_file, key).unwrap();
    CertificateFiles::new(certificate_file, key_file)
}

#[test]
fn a_pair_is_served_only_when_it_goes_together() {
    let directory = TempDir::new().unwrap();
    let ((certificate, key), (_, other_key)) = (mk_pair(), mk_pair());
    write(&directory, &certificate, &key).load().unwrap();
    for (certificate, key, problem) in [
        (
            certificate.as_str(),
            other_key.as_str(),
            "certificate and key do not go together",
        ),
        ("", key.as_str(), "holds no PEM certificate"),
        (certificate.as_str(), "", "holds no PEM private key"),
    ] {
        let error = write(&directory, certificate, key)
            .load()
            .unwrap_err()
            .to_string();
        assert!(error.contains(problem), "{error}");
        assert!(!error.contains("PRIVATE"), "{error}");
    }
    let missing = CertificateFiles::new("/nowhere/tls.crt", "/nowhere/tls.key");
    assert!(
        missing
            .load()
            .unwrap_err()
            .to_string()
            .starts_with("cannot read /nowhere/tls.crt")
    );
}

#[test]
fn a_made_certificate_names_its_hosts_and_is_signed_by_its_authority() {
    let made = SelfSigned::new(&["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    assert_eq!(made.pair.cert.len(), 1);
    assert!(
        made.authority_pem
            .starts_with("-----BEGIN CERTIFICATE-----")
    );
    assert!(SelfSigned::new(&["no host\u{e9}".to_owned()]).is_err());
}
