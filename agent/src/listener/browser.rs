//! Requests that the page of a web site makes a browser send.
//!
//! A page may post to any address of the machine, but cannot set a header of Vault's without asking
//! first, and the browser names the page's site in headers that the page cannot change.

use hyper::HeaderMap;
use hyper::header::{HeaderName, ORIGIN};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_VAULT_REQUEST: HeaderName = HeaderName::from_static("x-vault-request");

/// To a request without the header.
pub(super) const HEADER_MISSING: &str = "the header X-Vault-Request: true is missing: send it (Vault's \
     command line and libraries do), or turn the check off with the annotation \
     agent-cache-require-request-header: \"false\", in a configuration of your own with \
     require_request_header = false";

/// To the page of a web site.
pub(super) const REFUSED: &str = "a request with Origin or with Sec-Fetch-Site other than same-origin \
     or none comes from a web page and is refused: a program sends X-Vault-Request: true instead. For \
     requests to Vault, the annotation agent-cache-require-request-header: \"false\" turns the check \
     off, in a configuration of your own require_request_header = false";

/// Whether a page made the browser send it. A person who types the address may be answered.
pub(super) fn sent(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
    headers.contains_key(ORIGIN) || sites.any(|site| site != "same-origin" && site != "none")
}

pub(super) fn has_request_header(headers: &HeaderMap) -> bool {
    let value = headers.get(X_VAULT_REQUEST);
    value.is_some_and(|value| value == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_told_from_a_program_and_from_a_person() {
        for (name, value, is_page) in [
            (ORIGIN, "https://evil.example", true),
            (ORIGIN, "null", true),
            (SEC_FETCH_SITE, "cross-site", true),
            (SEC_FETCH_SITE, "same-site", true),
            (SEC_FETCH_SITE, "same-origin", false),
            (SEC_FETCH_SITE, "none", false),
            (X_VAULT_REQUEST, "true", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name.clone(), value.parse().unwrap());
            assert_eq!(sent(&headers), is_page, "{name}: {value}");
        }
        let mut both = HeaderMap::new();
        both.append(SEC_FETCH_SITE, "none".parse().unwrap());
        both.append(SEC_FETCH_SITE, "cross-site".parse().unwrap());
        assert!(sent(&both));
    }
}
