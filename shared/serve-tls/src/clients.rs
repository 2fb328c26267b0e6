//! Certificates of clients: who signs them, kept at what a file holds.

use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, OtherError, RootCertStore, SignatureScheme,
};

use crate::files::{AuthorityFile, Contents, FileError};

/// The authorities whose certificates a client may present.
#[derive(Debug)]
pub struct ClientAuthorities {
    file: AuthorityFile,
    provider: Arc<CryptoProvider>,
    is_mandatory: bool,
    verifier: ArcSwap<Verifier>,
}

/// Sized, as `ArcSwap` needs it.
#[derive(Debug)]
struct Verifier(Arc<dyn ClientCertVerifier>);

impl ClientAuthorities {
    /// Reads the file and checks that all in it can be authorities. A client without a certificate
    /// gets through the handshake.
    pub fn load(file: AuthorityFile) -> Result<Arc<Self>, FileError> {
        Self::read(file, false)
    }

    /// The same, and refuses a client without a certificate at the handshake.
    pub fn load_mandatory(file: AuthorityFile) -> Result<Arc<Self>, FileError> {
        Self::read(file, true)
    }

    fn read(file: AuthorityFile, is_mandatory: bool) -> Result<Arc<Self>, FileError> {
        let provider = Arc::new(default_provider());
        let contents = Contents::read([file.path()])?;
        let verifier = verifier(&file, &contents, &provider)?;
        Ok(Arc::new(Self {
            file,
            provider,
            is_mandatory,
            verifier: ArcSwap::from_pointee(verifier),
        }))
    }

    pub(crate) fn file(&self) -> &AuthorityFile {
        &self.file
    }

    /// Takes what the file holds now, or keeps what is in use.
    pub(crate) fn replace(&self, contents: &Contents) -> Result<(), FileError> {
        let verifier = verifier(&self.file, contents, &self.provider)?;
        self.verifier.store(Arc::new(verifier));
        Ok(())
    }
}

fn verifier(
    file: &AuthorityFile,
    contents: &Contents,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, FileError> {
    let unusable = |source| FileError::Authority {
        path: file.path().to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    for certificate in file.parse(contents)? {
        roots.add(certificate).map_err(unusable)?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .allow_unauthenticated()
        .build()
        .map(Verifier)
        .map_err(|error| unusable(Error::Other(OtherError(Arc::new(error)))))
}

impl ClientCertVerifier for ClientAuthorities {
    fn client_auth_mandatory(&self) -> bool {
        self.is_mandatory
    }

    /// None: a list that is replaced cannot be lent, and clients then present what they have.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verifier = self.verifier.load_full();
        verifier
            .0
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = self.verifier.load_full();
        verifier
            .0
            .verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verifier = self.verifier.load_full();
        verifier
            .0
            .verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
