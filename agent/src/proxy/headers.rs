//! Which headers pass, and which the proxy sets.

use hyper::HeaderMap;
use hyper::header::{
    self, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue,
    USER_AGENT,
};
use vault_wire::Token;

pub(super) const X_VAULT_TOKEN: HeaderName = HeaderName::from_static("x-vault-token");
pub(super) const X_VAULT_NAMESPACE: HeaderName = HeaderName::from_static("x-vault-namespace");
const X_VAULT_WRAP_TTL: HeaderName = HeaderName::from_static("x-vault-wrap-ttl");

/// They belong to one connection and not to the message.
const HOP_BY_HOP: [HeaderName; 9] = [
    CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// What Vault gets of a request's headers. The namespace goes in front of that of the request.
pub(super) fn of_request(written: &HeaderMap, namespace: Option<&str>) -> HeaderMap {
    let mut headers = without_hops(written);
    for name in [HOST, CONTENT_LENGTH, EXPECT] {
        headers.remove(name);
    }
    let agent = concat!("Vault Agent API Proxy/", env!("CARGO_PKG_VERSION"));
    let mut who = agent.as_bytes().to_vec();
    if let Some(client) = headers.get(USER_AGENT) {
        who.extend_from_slice(b"; ");
        who.extend_from_slice(client.as_bytes());
    }
    if let Ok(who) = HeaderValue::from_bytes(&who) {
        headers.insert(USER_AGENT, who);
    }
    if let Some(outer) = namespace {
        let inner = headers.get(X_VAULT_NAMESPACE);
        let inner = inner.and_then(|inner| inner.to_str().ok());
        let inner = inner.unwrap_or_default().trim_matches('/');
        let whole = format!("{}/{inner}", outer.trim_matches('/'));
        if let Ok(whole) = HeaderValue::from_str(whole.trim_end_matches('/')) {
            headers.insert(X_VAULT_NAMESPACE, whole);
        }
    }
    headers
}

/// What an application gets of an answer's headers.
pub(super) fn of_answer(written: &HeaderMap) -> HeaderMap {
    without_hops(written)
}

/// Whether the application has sent a token of its own, in either of the two ways that Vault knows.
pub(super) fn has_token(headers: &HeaderMap) -> bool {
    let is_there = |name| {
        headers
            .get(name)
            .is_some_and(|value: &HeaderValue| !value.is_empty())
    };
    is_there(X_VAULT_TOKEN) || is_there(AUTHORIZATION)
}

/// Sends this token and no other.
pub(super) fn set_token(headers: &mut HeaderMap, token: &Token) {
    let mut value =
        HeaderValue::from_str(token.expose()).expect("a printable token must be a header value");
    value.set_sensitive(true);
    headers.remove(AUTHORIZATION);
    headers.insert(X_VAULT_TOKEN, value);
}

/// Asks for an answer that can be looked through here: not compressed, and whole.
pub(super) fn want_readable(headers: &mut HeaderMap) {
    for name in [header::ACCEPT_ENCODING, header::RANGE, header::IF_RANGE] {
        headers.remove(name);
    }
}

/// Asks for an answer itself and not for a token that unwraps it.
pub(super) fn want_unwrapped(headers: &mut HeaderMap) {
    headers.remove(X_VAULT_WRAP_TTL);
}

/// Whether an answer is compressed, with which it may say anything.
pub(super) fn is_packed(headers: &HeaderMap) -> bool {
    let is_other_than = |name: HeaderName, plain: &str| {
        let mut values = headers.get_all(name).into_iter();
        values.any(|value| !value.as_bytes().eq_ignore_ascii_case(plain.as_bytes()))
    };
    is_other_than(header::CONTENT_ENCODING, "identity")
        || is_other_than(header::TRANSFER_ENCODING, "chunked")
}

fn without_hops(written: &HeaderMap) -> HeaderMap {
    let mut headers = written.clone();
    // The connection may name more of them.
    let named = written.get_all(CONNECTION).iter();
    let named = named.filter_map(|value| value.to_str().ok());
    for name in named.flat_map(|value| value.split(',')) {
        headers.remove(name.trim());
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[test]
    fn headers_of_the_connection_stay_with_it_and_all_others_pass() {
        let written = mk_headers(&[
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("transfer-encoding", "chunked"),
            ("host", "localhost:8200"),
            ("content-length", "3"),
            ("x-vault-wrap-ttl", "60s"),
            ("x-vault-namespace", "team"),
            ("user-agent", "app/1"),
        ]);
        let passed = of_request(&written, None);
        let agent = concat!(
            "Vault Agent API Proxy/",
            env!("CARGO_PKG_VERSION"),
            "; app/1"
        );
        let wanted = mk_headers(&[
            ("x-vault-wrap-ttl", "60s"),
            ("x-vault-namespace", "team"),
            ("user-agent", agent),
        ]);
        assert_eq!(passed, wanted);
    }

    #[test]
    fn the_agents_namespace_stands_in_front_of_the_applications() {
        for (inner, whole) in [("team", "org/team"), ("/team/", "org/team"), ("", "org")] {
            let passed = of_request(&mk_headers(&[("x-vault-namespace", inner)]), Some("org/"));
            assert_eq!(passed["x-vault-namespace"], whole);
        }
        let passed = of_request(&HeaderMap::new(), Some("org"));
        assert_eq!(passed["x-vault-namespace"], "org");
    }

    #[test]
    fn only_an_answer_in_plain_bytes_can_be_looked_through() {
        for (name, value, packed) in [
            ("content-encoding", "gzip", true),
            ("content-encoding", "identity", false),
            ("transfer-encoding", "gzip, chunked", true),
            ("transfer-encoding", "Chunked", false),
            ("content-type", "application/gzip", false),
        ] {
            assert_eq!(is_packed(&mk_headers(&[(name, value)])), packed, "{value}");
        }
        let mut headers = mk_headers(&[("range", "bytes=5-"), ("accept-encoding", "gzip")]);
        want_readable(&mut headers);
        assert!(headers.is_empty());
    }

    #[test]
    fn the_agents_token_leaves_no_other_token_behind() {
        let mut headers = mk_headers(&[("authorization", "Bearer theirs")]);
        assert!(has_token(&headers));
        set_token(&mut headers, &Token::new("hvs.ours").unwrap());
        assert_eq!(headers, mk_headers(&[("x-vault-token", "hvs.ours")]));
        assert!(!format!("{headers:?}").contains("ours"));
        assert!(!has_token(&mk_headers(&[("x-vault-token", "")])));
    }
}
