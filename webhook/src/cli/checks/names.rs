//! Names of images, objects and hosts.

use std::net::IpAddr;

use contract::diagnostics::startup;

use super::Problem;

/// Text in which no blank can be meant.
pub(super) fn one_line(text: &str) -> Result<(), Problem> {
    let what = if text != text.trim() {
        "begins or ends with a blank (remove it)"
    } else if text.contains(['\n', '\r']) {
        "has a line break in it (write it on one line)"
    } else if text.contains(char::is_control) {
        "has a character in it that cannot be printed (remove it)"
    } else {
        return Ok(());
    };
    Err(Problem::new(startup::NAME, format!("{text:?} {what}")))
}

/// A namespace of Vault. It is sent as a header, whose blanks at the ends do not count.
pub(super) fn namespace(text: &str) -> Result<(), Problem> {
    one_line(text.trim_matches(' '))
}

/// An image by its name, as container runtimes read it; empty is the default one.
pub(super) fn image(text: &str) -> Result<(), Problem> {
    if text.is_empty() || is_image(text) {
        return Ok(());
    }
    let text = format!(
        "{text:?} is not the name of an image (write REGISTRY/NAME:TAG, such as {})",
        injection::settings::STOCK_IMAGE
    );
    Err(Problem::new(startup::IMAGE, text))
}

fn is_image(text: &str) -> bool {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    let is_digest = |digest: &str| {
        digest.split_once(':').is_some_and(|(kind, hex)| {
            !kind.is_empty() && hex.len() >= 32 && hex.bytes().all(|it| it.is_ascii_hexdigit())
        })
    };
    let (path, last) = name
        .rsplit_once('/')
        .map_or(("", name), |(path, last)| (path, last));
    let (last, tag) = match last.split_once(':') {
        Some((last, tag)) => (last, Some(tag)),
        None => (last, None),
    };
    let is_tag = |tag: &str| {
        let rest = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'-');
        (1..=128).contains(&tag.len()) && !tag.starts_with(['.', '-']) && tag.bytes().all(rest)
    };
    let is_part = |part: &str| {
        let inside = |it: u8| {
            it.is_ascii_lowercase() || it.is_ascii_digit() || matches!(it, b'_' | b'.' | b'-')
        };
        let is_end = |it: char| it.is_ascii_alphanumeric();
        part.starts_with(is_end) && part.ends_with(is_end) && part.bytes().all(inside)
    };
    // The first part may be a registry, with a port and upper case.
    let is_registry = |part: &str| {
        let (host, port) = part.rsplit_once(':').unwrap_or((part, "1"));
        port.parse::<u16>().is_ok() && (is_host(&host.to_lowercase()) || host.starts_with('['))
    };
    let path_is_right = path.is_empty()
        || path
            .split('/')
            .enumerate()
            .all(|(at, part)| is_part(part) || (at == 0 && is_registry(part)));
    path_is_right && is_part(last) && tag.is_none_or(is_tag) && digest.is_none_or(is_digest)
}

/// The name of an object of Kubernetes; empty is none.
pub(super) fn object(text: &str) -> Result<(), Problem> {
    if text.is_empty() || (text.len() <= 253 && is_host(text)) {
        return Ok(());
    }
    let text = format!("{text:?} is not a name of a MutatingWebhookConfiguration");
    Err(Problem::new(startup::NAME, text))
}

/// Host names and IP addresses, separated by commas.
pub(super) fn hosts(text: &str) -> Result<(), Problem> {
    let is_one = |host: &str| {
        let name = host.strip_prefix("*.").unwrap_or(host).to_lowercase();
        // What no API server calls does no harm in a certificate.
        let name = name.trim_end_matches('.').replace('_', "-");
        host.is_empty() || host.parse::<IpAddr>().is_ok() || is_host(&name)
    };
    match text.split(',').map(str::trim).find(|host| !is_one(host)) {
        Some(host) => {
            let text = format!("{host:?} is not a name of a host, and not an IP address");
            Err(Problem::new(startup::NAME, text))
        }
        None => Ok(()),
    }
}

/// Labels of lower-case letters, digits and dashes, joined by dots.
fn is_host(text: &str) -> bool {
    text.split('.').all(|label| {
        let is_end = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit();
        label.len() <= 63
            && label.starts_with(is_end)
            && label.ends_with(is_end)
            && label.chars().all(|it| is_end(it) || it == '-')
    })
}
