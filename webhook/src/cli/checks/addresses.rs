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

/// What the address of Vault begins with.
const HTTP: [&str; 2] = ["https", "http"];
/// The same of a proxy, as stock agents take it.
const PROXIES: [&str; 4] = ["https", "http", "socks5", "socks5h"];

/// The address of Vault, or several, separated by commas; empty is reported by itself.
pub(super) fn vault(text: &str) -> Result<(), Problem> {
    let problem = |reason: &str| {
        let text = format!("{reason} (write https://vault.vault.svc:8200)");
        Problem::new(startup::URL, text)
    };
    if text != text.trim() {
        return Err(problem(BLANK));
    }
    // A socket is a file.
    let is_socket = |it: &str| it.strip_prefix("unix:///").is_some_and(|it| !it.is_empty());
    let mut all = text
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .peekable();
    if !text.is_empty() && all.peek().is_none() {
        return Err(problem("it names no host"));
    }
    all.try_for_each(|address| {
        if is_socket(address) {
            return Ok(());
        }
        url(address, &HTTP).map_err(problem)
    })
}

/// The address of a proxy, which goes without a scheme, too.
pub(super) fn proxy(text: &str) -> Result<(), Problem> {
    if text.is_empty() {
        return Ok(());
    }
    let checked = if text.contains("://") {
        url(text, &PROXIES)
    } else {
        url(&format!("http://{text}"), &HTTP)
    };
    checked.map_err(|reason| {
        let text = format!("{reason} (write http://proxy:3128)");
        Problem::new(startup::URL, text)
    })
}

/// The same for our agent, which speaks to proxies of HTTP alone.
pub(super) fn proxy_of_ours(text: &str) -> Option<Problem> {
    let scheme = text.split_once("://")?.0.to_lowercase();
    scheme.starts_with("socks").then(|| {
        let text = "the agent of the native flavor has no SOCKS: it must begin with https:// or http:// \
                    (write http://proxy:3128, or set -agent-flavor=compatible)";
        Problem::new(startup::URL, text)
    })
}

const BLANK: &str = "it has a blank in it";

/// Why a text is not a URL with one of these schemes.
fn url(text: &str, schemes: &[&str]) -> Result<(), &'static str> {
    if text.contains(char::is_whitespace) {
        return Err(BLANK);
    }
    let is_right = text
        .split_once("://")
        .is_some_and(|(scheme, _)| schemes.contains(&scheme.to_lowercase().as_str()));
    if !is_right {
        return Err("it must begin with https:// or http://");
    }
    let url: Uri = text.parse().map_err(|_| "it is not a URL")?;
    let Some(authority) = url.authority().filter(|it| !it.host().is_empty()) else {
        return Err("it names no host");
    };
    let host_and_port = authority.as_str().rsplit('@').next().unwrap_or_default();
    let rest = &host_and_port[authority.host().len().min(host_and_port.len())..];
    if !rest.is_empty() && rest[1..].parse::<u16>().is_err() {
        return Err("its port is not a number up to 65535");
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
    if !text.starts_with('/') {
        return problem(format!(
            "{text:?} is not a path of metrics: it has to start with a slash (write /metrics)"
        ));
    }
    if let Some(other) = text.chars().find(|it| !plain(*it)) {
        return problem(format!(
            "{text:?} is not a path of metrics: it has {other:?} in it, and letters, digits and /-_.~ \
             are allowed (write /metrics)"
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
