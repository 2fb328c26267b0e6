//! Why a connection failed, as a sentence that says what to check.

use std::error::Error as StdError;
use std::io::ErrorKind;

use rustls::{CertificateError, InvalidMessage};

/// The hint for a request that got no answer.
pub(crate) fn hint(error: &(dyn StdError + 'static)) -> String {
    let chain = || std::iter::successors(Some(error), |&error| cause(error));
    let tls = chain().find_map(|error| error.downcast_ref::<rustls::Error>());
    if let Some(error) = tls {
        return tls_hint(error);
    }
    if chain().any(|error| error.to_string().starts_with("dns error")) {
        return "the host name cannot be resolved; check the address and DNS".into();
    }
    let kind = chain()
        .find_map(|error| error.downcast_ref::<std::io::Error>())
        .map(std::io::Error::kind);
    match kind {
        Some(ErrorKind::ConnectionRefused) => {
            "connection refused; check address and port, and that Vault is running".into()
        }
        Some(ErrorKind::TimedOut) => {
            "the connection timed out; check the address, routes and network policies".into()
        }
        Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => {
            "there is no route to the host; check the address and network policies".into()
        }
        Some(ErrorKind::NotFound) => {
            "there is no such socket; check the address, and that Vault is running".into()
        }
        Some(ErrorKind::PermissionDenied) => {
            "connecting is not permitted; check network policies, or the socket's mode and owner"
                .into()
        }
        Some(
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof,
        ) => "the connection was closed before the answer was complete".into(),
        _ => {
            let innermost = chain().last().map(ToString::to_string).unwrap_or_default();
            format!("{innermost}; if the server speaks TLS, the address must begin with https://")
        }
    }
}

/// What lies below an error. An `io::Error` that carries another error gives that one's source as
/// its own, so that the carried error itself has to be asked for.
fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
    {
        Some(carried) => Some(carried),
        None => error.source(),
    }
}

fn tls_hint(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => "the server's certificate is of an unknown CA; \
                 check the CA certificate (ca_cert, VAULT_CACERT)"
                .into(),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the server's certificate is for another name; \
                 check the address, or set tls_server_name"
                    .into()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the server's certificate has expired; \
                 renew it, or check this machine's clock"
                    .into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "the server's certificate is not valid yet; check this machine's clock".into()
            }
            other => format!("the server's certificate is not accepted: {other}"),
        },
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "the server does not speak TLS; \
             check whether the address should begin with http://"
                .into()
        }
        rustls::Error::AlertReceived(alert) => {
            format!("the server refused TLS ({alert:?}); check the client certificate")
        }
        other => format!("TLS: {other}"),
    }
}
