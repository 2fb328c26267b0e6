//! Addresses, paths, and the certificate that is trusted. An address may hold a password, so none is
//! repeated.

use std::net::Ipv6Addr;

use axum::http::Uri;
use base64::Engine as _;
use contract::diagnostics::startup;

use super::Problem;
use crate::tls::Certificate;

/// Paths of the server that metrics must not take.
const TAKEN: [&str; 4] = ["/mutate", "/validate", "/health/ready", "/health/live"];

/// `:8080`, `host:8080` or `[::1]:8080`.
pub(super) fn listen(text: &str) -> Result<(), Problem> {
    let is_one = text.rsplit_once(':').is_some_and(|(host, port)| {
        let bracketed = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
        let is_host = match bracketed {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => !host.contains([':', '/', '[', ']']) && !host.contains(char::is_whitespace),
        };
        is_host && port.parse::<u16>().is_ok()
    });
    if text.is_empty() || is_one {
        return Ok(());
    }
    let text = format!("{text:?} is not an address to listen on (write :8080 or 127.0.0.1:8080)");
    Err(Problem::new(startup::LISTEN, text))
}

/// The address of Vault; empty is reported by itself.
pub(super) fn vault(text: &str) -> Result<(), Problem> {
    // A socket is a file.
    if text.is_empty()
        || text
            .strip_prefix("unix:///")
            .is_some_and(|it| !it.is_empty())
    {
        return Ok(());
    }
    url(text).map_err(|reason| {
        let text = format!(
            "{reason}, so this is not the address of Vault (write https://vault.vault.svc:8200)"
        );
        Problem::new(startup::URL, text)
    })
}

pub(super) fn proxy(text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Ok(());
    }
    url(text).map_err(|reason| {
        let text =
            format!("{reason}, so this is not the address of a proxy (write http://proxy:3128)");
        Problem::new(startup::URL, text)
    })
}

/// Why a text is not a URL of a server that speaks HTTP.
fn url(text: &str) -> Result<(), String> {
    if text.contains(char::is_whitespace) {
        return Err("it has a blank in it".to_owned());
    }
    let Some((scheme, _)) = text.split_once("://") else {
        return Err("it does not begin with https:// or http://".to_owned());
    };
    if !matches!(scheme, "https" | "http") {
        return Err(format!(
            "it begins with {scheme}:// and not with https:// or http://"
        ));
    }
    let url: Uri = text.parse().map_err(|_| "it is not a URL".to_owned())?;
    let Some(authority) = url.authority().filter(|it| !it.host().is_empty()) else {
        return Err("it names no host".to_owned());
    };
    let host_and_port = authority.as_str().rsplit('@').next().unwrap_or_default();
    let rest = &host_and_port[authority.host().len().min(host_and_port.len())..];
    if !rest.is_empty() && rest[1..].parse::<u16>().is_err() {
        return Err("its port is not a number up to 65535".to_owned());
    }
    Ok(())
}

/// Where metrics are; empty turns them off.
pub(super) fn telemetry_path(text: &str) -> Result<(), Problem> {
    let problem = |text: String| Err(Problem::new(startup::PATH, text));
    if text.is_empty() {
        return Ok(());
    }
    if TAKEN.contains(&text) {
        return problem(format!(
            "{text:?} is not a path of metrics: the injector answers there itself (write /metrics)"
        ));
    }
    let plain = |it: char| it.is_ascii_alphanumeric() || "/-_.~".contains(it);
    if !text.starts_with('/') || !text.chars().all(plain) {
        return problem(format!(
            "{text:?} is not a path of metrics: it has to start with a slash (write /metrics)"
        ));
    }
    Ok(())
}

/// PEM, or base64 of it, as a pod's agent reads it.
pub(super) fn certificate(text: &str) -> Result<(), Problem> {
    let decoded = injection::inject::certificate_bytes(text);
    if text.is_empty() || !Certificate::all_from_pem(decoded.as_bytes()).is_empty() {
        return Ok(());
    }
    let is_der = base64::engine::general_purpose::STANDARD
        .decode(text.replace(['\r', '\n'], ""))
        .is_ok_and(|bytes| Certificate::from_der(bytes.into()).is_ok());
    let more = if is_der {
        "it is base64 of DER: convert it with openssl x509 -inform der"
    } else {
        "write the file's text, or what base64 < ca.crt prints"
    };
    let text = format!("the value is neither PEM of a certificate nor base64 of it ({more})");
    Err(Problem::new(startup::PEM, text))
}
