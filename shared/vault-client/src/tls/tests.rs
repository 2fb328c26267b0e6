use super::*;

fn mk_ca() -> String {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params
        .self_signed(&rcgen::KeyPair::generate().unwrap())
        .unwrap()
        .pem()
}

fn mk_config() -> ClientConfig {
    ClientConfig::new("https://vault:8200")
}

#[test]
fn a_client_can_be_made_without_any_ca() {
    let tls = load(&mk_config()).unwrap();
    assert!(!tls.private_ca);
}

#[test]
fn a_named_ca_is_private_unless_verification_is_off() {
    let config = ClientConfig {
        ca_cert_bytes: Some(mk_ca().into_bytes()),
        ..mk_config()
    };
    assert!(load(&config).unwrap().private_ca);
    assert!(
        !load(&ClientConfig {
            skip_verify: true,
            ..config
        })
        .unwrap()
        .private_ca
    );
}

#[test]
fn a_directory_gives_the_certificates_of_its_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let config = ClientConfig {
        ca_path: Some(directory.path().to_owned()),
        ..mk_config()
    };
    std::fs::File::create(path("empty")).unwrap();
    assert!(
        load(&config)
            .err()
            .unwrap()
            .to_string()
            .contains("no certificate in it")
    );
    std::io::Write::write_all(
        &mut std::fs::File::create(path("ca.pem")).unwrap(),
        mk_ca().as_bytes(),
    )
    .unwrap();
    std::fs::create_dir(path("folder")).unwrap();
    assert!(load(&config).unwrap().private_ca);
}

#[test]
fn errors_name_the_file_and_the_reason() {
    let message = |config: ClientConfig| load(&config).err().unwrap().to_string();
    let missing = ClientConfig {
        ca_cert: Some("/nowhere/ca.pem".into()),
        ..mk_config()
    };
    assert!(message(missing).starts_with("CA certificate /nowhere/ca.pem: No such file"));
    let text = ClientConfig {
        ca_cert_bytes: Some(b"hello".to_vec()),
        ..mk_config()
    };
    assert_eq!(message(text), "CA certificate text: no certificate in it");
    let half = ClientConfig {
        client_cert: Some("/cert.pem".into()),
        ..mk_config()
    };
    assert_eq!(
        message(half),
        "client certificate and client key must be set together"
    );
    let name = ClientConfig {
        tls_server_name: Some("not a name".into()),
        ..mk_config()
    };
    assert!(message(name).contains("\"not a name\" is neither"));
}
